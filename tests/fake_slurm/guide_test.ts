import assert from "node:assert/strict";
import { join } from "node:path";
import { SBATCH_OPTIONS } from "../../src/fake_slurm/adapter/sbatch/sbatch_options.ts";
import { parseScenario } from "../../src/fake_slurm/scenario/parse_scenario.ts";
import { Sandbox } from "../support/sandbox.ts";
import { wrapDlslurm } from "../support/wrapped_programs.ts";

const GUIDE = await Deno.readTextFile(new URL("../../docs/fake_slurm.md", import.meta.url));

/** The JSON files of the guide, by name. */
function shownFiles(): [name: string, text: string][] {
  return [...GUIDE.matchAll(/<!-- file (\S+) -->\s*```json\n([\s\S]*?)```/g)]
    .map(([, name, text]) => [name!, text!]);
}

/** The examples of the guide, each with its commands and what they print. */
function shownExamples(): { line: string; output: string }[][] {
  const blocks = GUIDE.matchAll(/<!-- example -->\s*```console\n([\s\S]*?)```/g);
  return [...blocks].map(([, text]) =>
    text!.split(/^\$ /m).slice(1).map((part) => {
      const end = part.indexOf("\n");
      return { line: part.slice(0, end), output: part.slice(end + 1).trimEnd() };
    })
  );
}

Deno.test("docs/fake_slurm.md: every JSON block is a scenario that is taken", () => {
  const files = shownFiles();
  assert.equal(files.length, (GUIDE.match(/```json/g) ?? []).length);
  for (const [name, text] of files) parseScenario(text, name);
});

Deno.test("docs/fake_slurm.md: the examples print what is shown", async (test) => {
  const examples = shownExamples();
  assert.equal(examples.length, (GUIDE.match(/```console/g) ?? []).length);
  await using sandbox = await Sandbox.create();
  await wrapDlslurm(sandbox);
  for (const [name, text] of shownFiles()) await Deno.writeTextFile(join(sandbox.root, name), text);
  for (const [at, commands] of examples.entries()) {
    await test.step(`example ${at + 1}`, async () => {
      // One shell for all commands of an example: the first line changes its environment.
      const script = commands.map(({ line }) => `${line}\nprintf '\\001'`).join("\n");

      const { stdout, stderr } = await sandbox.run(["sh", "-c", script]);

      const printed = stdout.split("\x01").slice(0, -1).map((text) => text.trimEnd());
      assert.deepEqual(printed, commands.map(({ output }) => output), stderr);
      await Deno.remove(join(sandbox.root, "slurm-1.out")).catch(() => undefined);
    });
  }
});

/** Options of sbatch that do what they do in Slurm. */
const WORKING = [
  ...["account", "array", "begin", "chdir", "clusters", "comment", "cpus-per-task", "dependency"],
  ...["error", "export", "help", "hold", "input", "job-name", "kill-on-invalid-dep", "mem"],
  ...["mem-per-cpu", "nodes"],
  ...["ntasks", "ntasks-per-node", "no-requeue", "open-mode", "output", "parsable", "partition"],
  ...[
    "priority",
    "qos",
    "quiet",
    "requeue",
    "reservation",
    "signal",
    "tasks-per-node",
    "test-only",
    "time",
  ],
  ...["usage", "version", "wait", "wrap"],
];

Deno.test("docs/fake_slurm.md: no option of sbatch is ignored without being named", () => {
  const [, list = ""] =
    /These options of sbatch are taken and have no effect:([^.]*)\./.exec(GUIDE) ?? [];
  const named = [...list.matchAll(/`--([\w-]+)`/g)].map(([, name]) => name!);
  const options = Object.values(SBATCH_OPTIONS).flat();
  const taken = new Set(options.filter((one) => !one.isUnsupported).map(({ long }) => long));

  assert.deepEqual([...named, ...WORKING].sort(), [...taken].sort());
});

Deno.test("docs/fake_slurm.md: every setting and every key of a scenario is described", () => {
  for (const name of ["DIR", "VERSION", "SCENARIO", "CPUS", "PARTITIONS", "KILL_WAIT"]) {
    assert.ok(GUIDE.includes(`\`DLSLURM_FAKE_SLURM_${name}\``), name);
  }
  for (
    const key of [
      ...["clusterName", "description", "storage", "lagSeconds", "olderRows", "maxArraySize"],
      ...["maxSubmitJobs", "skipCalls", "calls", "banner", "delaySeconds", "hang", "fail"],
      ...["afterWork", "keepsOutput", "parsable", "order", "taskIndex", "afterSeconds", "runs"],
      ...["requeue", "requeueAfterSeconds", "completingSeconds", "purgedAfterSeconds"],
    ]
  ) assert.ok(GUIDE.includes(`\`${key}\``), key);
});
