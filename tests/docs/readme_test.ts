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
  sandbox.env["SEED"] = new URL("fixtures/seed", ROOT).pathname;
  const page = await ShownPage.read(new URL("README.md", ROOT));
  const commands = page.commands();
  assert.ok(commands.length >= 4, "README.md has its examples");

  const printed = await page.type(sandbox);

  assert.equal(printed.length, commands.length, printed.at(-1));
  for (const [at, { line, output }] of commands.entries()) {
    assert.equal(printed[at], output, line);
  }
});

Deno.test("README.md: help texts and error codes are up to date", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL("scripts/docs.ts", ROOT).pathname, "--check"],
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stdout) + decoder.decode(stderr));
});

Deno.test("README.md: every command has its row and every option is shown", () => {
  for (const command of defineProgram(() => Promise.resolve()).commands) {
    assert.match(README, new RegExp(`\\| \`dlslurm ${command.name()}\` +\\|`));
    for (const option of command.options) {
      if (!option.hidden) {
        assert.ok(README.includes(option.flags), `${command.name()} ${option.flags}`);
      }
    }
  }
});

Deno.test("error catalogue: each reason is a sentence without a final period", () => {
  const reasons = Object.values(ERROR_CODES);
  assert.equal(new Set(reasons).size, reasons.length);
  for (const reason of reasons) assert.match(reason, /^[A-Z].*[^.]$/);
});
