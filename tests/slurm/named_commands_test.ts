import assert from "node:assert/strict";
import { quote } from "shlex";
import { UserError } from "../../src/errors.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { textOf } from "../../src/process/runner.ts";
import { inPlaceOf, readNamedCommands } from "../../src/slurm/named_commands.ts";
import { TestFolder } from "../support/test_folder.ts";

function read(settings: Record<string, string>) {
  const config = { get: (name: string) => settings[`${name}`] };
  return readNamedCommands(config);
}

function sacctBy(text: string, env: Record<string, string | undefined> = {}) {
  return inPlaceOf(["sacct", "-n", "a b"], env, read({ "dlslurm.slurm.sacct": text }));
}

Deno.test("inPlaceOf() leaves programs alone that no command stands for", () => {
  const commands = read({ "dlslurm.slurm.squeue": "other" });

  assert.deepEqual(inPlaceOf(["sacct", "-n"], { TZ: "UTC" }, commands), {
    argv: ["sacct", "-n"],
    env: { TZ: "UTC" },
  });
});

Deno.test("inPlaceOf() adds arguments as words, and leaves variables to the environment", () => {
  assert.deepEqual(sacctBy("chroot '/my node' /usr/bin/sacct", { TZ: "UTC", X: undefined }), {
    argv: ["chroot", "/my node", "/usr/bin/sacct", "-n", "a b"],
    env: { TZ: "UTC", X: undefined },
  });
});

Deno.test("inPlaceOf() writes one line for the far shell of ssh", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["ssh login1 sacct", ["ssh", "login1", "sacct -n 'a b'"]],
    ["ssh login1", ["ssh", "login1", "sacct -n 'a b'"]],
    ["/usr/bin/ssh -p 22 -o BatchMode=yes -4 me@login1 nice sacct", [
      ...["/usr/bin/ssh", "-p", "22", "-o", "BatchMode=yes", "-4", "me@login1"],
      "nice sacct -n 'a b'",
    ]],
    ["ssh -p22 -vi key login1 -T sacct", [
      ...["ssh", "-p22", "-vi", "key", "login1", "-T"],
      "sacct -n 'a b'",
    ]],
    ["ssh -- login1 sacct", ["ssh", "--", "login1", "sacct -n 'a b'"]],
    [`ssh login1 '"/opt/my slurm/sacct"'`, [
      ...["ssh", "login1"],
      `"/opt/my slurm/sacct" -n 'a b'`,
    ]],
  ];
  for (const [text, argv] of cases) assert.deepEqual(sacctBy(text), { argv, env: {} }, text);
});

Deno.test("readNamedCommands() refuses what a shell would have to read, here or there, and what is no command", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["ssh $HOST sacct", /a shell would have to read its \$/],
    ["sacct | cat", /a shell would have to read its \|/],
    ["ssh login1 'module load slurm; sacct'", /the far shell would have to read its ;/],
    ["ssh login1 'sacct $X'", /the far shell would have to read its \$/],
    ["ssh", /it names no machine for ssh/],
    ["ssh -p 22", /it names no machine for ssh/],
    ["ssh -p", /it names no machine for ssh/],
    ["ssh --", /it names no machine for ssh/],
    ["", /it names no program/],
    ["''", /it names no program/],
    ["'sacct", /"/],
  ];
  for (const [text, reason] of refused) {
    assert.throws(
      () => read({ "dlslurm.slurm.sacct": text }),
      (error) =>
        error instanceof UserError && error.code === "BAD_CONFIG" && reason.test(error.message),
      text,
    );
  }
});

Deno.test("inPlaceOf() through a far shell: the arguments arrive as they are, variables are set and gone", async () => {
  await using folder = await TestFolder.create();
  // As ssh does it: words are joined, a login shell reads them, nothing of the environment goes along.
  await Deno.writeTextFile(
    folder.at("ssh"),
    '#!/bin/sh\nshift\nexec env -i PATH="$PATH" SACCT_FORMAT=x sh -c "$*"\n',
    { mode: 0o755 },
  );
  await Deno.writeTextFile(
    folder.at("sacct"),
    '#!/bin/sh\nprintf "%s\\n" "TZ=$TZ" "format=${SACCT_FORMAT-gone}"\nprintf "<%s>" "$@"\n',
    { mode: 0o755 },
  );
  const args = ["", "a  b", "it's", '$HOME "q" `x` \\', "*", "!x", "line 1\nline 2", "\x1f", "é"];
  const commands = read({
    // Here it is read once, and by the far shell once more.
    "dlslurm.slurm.sacct": `${quote(folder.at("ssh"))} login1 ${quote(quote(folder.at("sacct")))}`,
  });

  const { argv, env } = inPlaceOf(
    ["sacct", ...args],
    { TZ: "UTC it's", SACCT_FORMAT: undefined },
    commands,
  );
  const { code, stdout, stderr } = await new DenoRunner().run(argv, { env });

  assert.equal(code, 0, stderr);
  assert.equal(
    textOf(stdout),
    `TZ=UTC it's\nformat=gone\n${args.map((arg) => `<${arg}>`).join("")}`,
  );
});
