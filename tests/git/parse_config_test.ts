import assert from "node:assert/strict";
import * as fc from "fast-check";
import { join } from "node:path";
import { parseConfig } from "../../src/git/parse_config.ts";
import { Sandbox } from "../support/sandbox.ts";

/** Blanks but " " within a value are left out: later releases of git keep them, earlier ones do not. */
const piece = fc.constantFrom(
  ...[
    "[a]\n",
    "[",
    "]",
    '[x "Y z"]\n',
    '[x "q\\"\\z"]',
    "[s.T.u]\n",
    "[include]\npath = /etc/passwd\n",
  ],
  ...[
    "k = v\n",
    "Key-1\n",
    "k=",
    "v",
    " ",
    "\n",
    "\r\n",
    "\n\t",
    '"',
    "\\n",
    "\\t",
    '\\"',
    "\\\\",
    "\\\n",
  ],
  ...["\\x", "#", ";", " # c\n", "'", "\u00e9", "=", ".", "-", "_", "1", "k", "\ufeff"],
);

Deno.test("parseConfig() reads what git reads, and refuses what git refuses", async () => {
  await using sandbox = await Sandbox.create();
  const file = join(sandbox.root, "config");
  let accepted = 0;
  fc.assert(
    fc.property(fc.boolean(), fc.array(piece, { maxLength: 12 }), (hasSection, pieces) => {
      const text = `${hasSection ? "[a]\n" : ""}${pieces.join("")}`;
      Deno.writeTextFileSync(file, text);
      const { success, stdout } = new Deno.Command("git", {
        args: ["config", "-f", file, "--no-includes", "--list", "-z"],
        env: sandbox.env,
        stderr: "null",
      }).outputSync();

      if (!success) {
        assert.throws(() => parseConfig(text), SyntaxError);
        return;
      }
      accepted++;
      assert.deepEqual(sorted(parseConfig(text)), listed(new TextDecoder().decode(stdout)));
    }),
    { numRuns: 600 },
  );
  assert(accepted > 50, `${accepted} texts were read`);
});

function sorted(values: ReadonlyMap<string, readonly string[]>): string[] {
  return [...values].flatMap(([name, list]) => list.map((value) => `${name}\n${value}`)).sort();
}

function listed(output: string): string[] {
  return output.split("\0").slice(0, -1)
    .map((item) => item.includes("\n") ? item : `${item}\ntrue`).sort();
}

Deno.test("parseConfig() tells the line that it cannot read", () => {
  assert.throws(() => parseConfig("[a]\n\tb = 1\n<<<<<<< ours\n"), {
    name: "SyntaxError",
    message: /line 3/,
  });
  assert.throws(() => parseConfig('[a]\n\tb = "open\n'), { message: /line 2/ });
});
