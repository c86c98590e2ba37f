import assert from "node:assert/strict";
import { defineProgram } from "../../src/cli/program.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import { TestDataset } from "../support/datasets.ts";
import { Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";

const ROOT = new URL("../../", import.meta.url);
const README = await Deno.readTextFile(new URL("README.md", ROOT));

interface ShownCommand {
  readonly line: string;
  readonly output: string;
}

/** The commands of the examples, in order, with the output that README.md shows. */
function shownCommands(): ShownCommand[] {
  const blocks = README.matchAll(/<!-- example -->\s*```console\n([\s\S]*?)```/g);
  return [...blocks].flatMap(([, text]) =>
    text!.split(/^\$ /m).slice(1).map((part) => {
      const end = part.indexOf("\n");
      return { line: part.slice(0, end), output: part.slice(end + 1) };
    })
  );
}

Deno.test("README.md: the examples print what is shown", async () => {
  await using sandbox = await Sandbox.create();
  await using slurm = await TestSlurm.startFake(sandbox);
  const dataset = await TestDataset.createSeed(sandbox, "plain git");
  const commands = shownCommands();
  assert.ok(commands.length >= 4, "README.md has its examples");
  for (const { line, output } of commands) {
    const argv = line.split(" ");
    const outcome = argv[0] === "dlslurm"
      ? await dataset.dlslurm(argv.slice(1))
      : await sandbox.run(["sh", "-c", line], { cwd: dataset.root });
    assert.equal(outcome.code, 0, outcome.stderr);
    const printed = outcome.stdout.replaceAll(dataset.root, "/home/me/climate");
    assert.equal(printed.trimEnd(), output.trimEnd(), line);
    const jobId = /^Submitted batch job (\d+)$/m.exec(outcome.stdout)?.[1];
    if (jobId !== undefined) await slurm.waitUntilEnded(jobId);
  }
});

Deno.test("README.md: help texts and error codes are up to date", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL("scripts/docs.ts", ROOT).pathname, "--check"],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
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
