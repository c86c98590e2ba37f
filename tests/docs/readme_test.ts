import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { defineProgram } from "../../src/cli/program.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import { Sandbox } from "../support/sandbox.ts";
import { ShownPage } from "../support/shown_page.ts";
import { TestSlurm } from "../support/slurm.ts";

const ROOT = new URL("../../", import.meta.url);
const README = await Deno.readTextFile(new URL("README.md", ROOT));

Deno.test("README.md: the examples print what is shown", async () => {
  await using sandbox = await Sandbox.create();
  await using _slurm = await TestSlurm.startFake(sandbox);
  sandbox.env["SEED"] = fileURLToPath(new URL("fixtures/seed", ROOT));
  const page = await ShownPage.read(new URL("README.md", ROOT));
  const commands = page.commands();
  assert.ok(commands.length >= 3, "README.md has its examples");

  const printed = await page.type(sandbox);

  assert.equal(printed.length, commands.length, printed.at(-1));
  for (const [at, { line, output }] of commands.entries()) {
    assert.equal(printed[at], output, line);
  }
});

Deno.test("README.md: fits on a few screens", () => {
  assert.ok(README.trimEnd().split("\n").length <= 200);
});

Deno.test("README.md: every command has its row, docs/commands.md its section with each option", async () => {
  const page = await Deno.readTextFile(new URL("docs/commands.md", ROOT));
  for (const command of (await defineProgram(() => Promise.resolve())).commands) {
    const name = `dlslurm ${command.name()}`;
    assert.ok(README.includes(`| [\`${name}\`](docs/`), name);
    const section = page.split(`\n## ${name}\n`)[1]?.split("\n## ")[0] ?? "";
    assert.match(section, /^Exit status: /m, name);
    for (const option of command.options) {
      if (!option.hidden) assert.ok(section.includes(option.flags), `${name} ${option.flags}`);
    }
  }
});

Deno.test("error catalogue: each reason is a sentence without a final period", () => {
  const reasons = Object.values(ERROR_CODES);
  assert.equal(new Set(reasons).size, reasons.length);
  for (const reason of reasons) assert.match(reason, /^[A-Z].*[^.]$/);
});
