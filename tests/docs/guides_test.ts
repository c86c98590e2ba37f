import assert from "node:assert/strict";
import { Sandbox } from "../support/sandbox.ts";
import { ShownPage, withoutAccidents } from "../support/shown_page.ts";
import { TestSlurm } from "../support/slurm.ts";
import { testIfAvailable } from "../support/requirements.ts";
import type { Requirement } from "../support/requirements.ts";

const GUIDES = new URL("../../docs/guides/", import.meta.url);

/** What the guides' readers have beside git. */
const NEEDED: Readonly<Record<string, readonly Requirement[]>> = {
  "containers.md": ["git-annex", "datalad"],
  "inputs_and_outputs.md": ["git-annex", "datalad"],
  "switching.md": ["git-annex", "datalad"],
};

const names = [...Deno.readDirSync(GUIDES)].map(({ name }) => name).sort();

for (const name of names) {
  testIfAvailable(
    NEEDED[name] ?? [],
    `docs/guides/${name}: the examples print what is shown`,
    async () => {
      await using sandbox = await Sandbox.create();
      await using _slurm = await TestSlurm.startFake(sandbox);
      const page = await ShownPage.read(new URL(name, GUIDES));
      const commands = page.commands();
      assert.ok(commands.length > 0, "the guide has examples");

      const printed = await page.type(sandbox);

      // For whoever writes the guides: what was printed replaces what is shown, to be read again.
      if (Deno.env.get("DLSLURM_TEST_UPDATE_GUIDES") === "1") await page.update(printed);
      assert.equal(printed.length, commands.length, printed.at(-1));
      for (const [at, { line, output }] of commands.entries()) {
        assert.equal(withoutAccidents(printed[at]!), withoutAccidents(output), `$ ${line}`);
      }
    },
  );
}

Deno.test("docs/guides: README names each guide", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  for (const name of names) assert.ok(readme.includes(`(docs/guides/${name})`), name);
});
