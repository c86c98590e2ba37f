import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import { Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";
import { CallLog } from "../support/wrapped_programs.ts";

const FILES = {
  "job.sh": "#!/bin/sh\nmkdir -p out && cat data/a.txt settings.env >out/sum\n",
  "settings.env": "GRID=1\n",
  "data/a.txt": "1\n",
  "data/sub dir/ä b.txt": "2\n",
  "other.txt": "x\n",
};
const COMMAND = ["-i", "data", "-o", "out", "sbatch", "--comment=settings.env", "./job.sh"];

interface Setting {
  readonly sandbox: Sandbox;
  readonly slurm: TestSlurm;
  readonly dataset: TestDataset;
}

/** A dataset with one recorded job, the last commit. */
async function afterOneJob(test: (setting: Setting) => Promise<void>): Promise<void> {
  await using sandbox = await Sandbox.create();
  await using slurm = await TestSlurm.startFake(sandbox);
  const dataset = await TestDataset.create(sandbox, "plain git", FILES);
  await slurm.waitUntilEnded(await dataset.schedule(...COMMAND));
  assert.equal((await dataset.dlslurm(["finish"])).code, 0);
  await test({ sandbox, slurm, dataset });
}

/** What `reschedule --report` says of each record: paths, or nothing. */
async function reported(
  dataset: TestDataset,
  ...args: string[]
): Promise<(string[] | undefined)[]> {
  const outcome = await dataset.dlslurm(["reschedule", "--report", "-f", "json", ...args]);
  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
  const results = outcome.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  return results.map((result) => result["changed_inputs"]);
}

Deno.test("e2e: reschedule after nothing changed → nothing is said", () =>
  afterOneJob(async ({ dataset }) => {
    await dataset.write("other.txt", "y\n");
    await dataset.git("commit", "-qam", "Change what the job does not read");
    // Time stamps and modes are no content.
    await Deno.utime(join(dataset.root, "data/a.txt"), 1, 1);

    assert.deepEqual(await reported(dataset, "HEAD~1"), [undefined]);
    const { code, stderr } = await dataset.dlslurm(["reschedule", "HEAD~1"]);

    assert.equal(code, 0);
    assert.equal(stderr, "job 1 again: sbatch --comment=settings.env ./job.sh\n");
  }));

Deno.test("e2e: reschedule after an input was changed → says so and goes on", () =>
  afterOneJob(async ({ dataset, slurm }) => {
    const commit = await dataset.git("rev-parse", "HEAD");
    await dataset.write("data/sub dir/ä b.txt", "3\n");
    await dataset.git("commit", "-qam", "Change");
    await dataset.write("job.sh", `${FILES["job.sh"]}exit 0\n`);
    const changed = ["data/sub dir/ä b.txt", "job.sh"];
    const index = await Deno.readFile(join(dataset.root, ".git/index"));

    assert.deepEqual(await reported(dataset, commit), [changed]);
    const outcome = await dataset.dlslurm(["reschedule", commit, "-f", "json"]);

    assert.equal(outcome.code, 0, outcome.stderr);
    assert.deepEqual(JSON.parse(outcome.stdout)["changed_inputs"], changed);
    assert.ok(
      outcome.stderr.startsWith(
        `warning: changed since Slurm job 1 (${commit.slice(0, 10)}) was submitted: ${
          changed.join(", ")
        }\n`,
      ),
      outcome.stderr,
    );
    assert.deepEqual(await Deno.readFile(join(dataset.root, ".git/index")), index);
    assert.equal((await slurm.submittedJobs()).length, 2);
  }));

Deno.test("e2e: reschedule of several jobs → each with its own changes, as many processes as for one", () =>
  afterOneJob(async ({ dataset, slurm, sandbox }) => {
    await dataset.write("settings.env", "GRID=2\n");
    await dataset.git("commit", "-qam", "Change the grid");
    await slurm.waitUntilEnded(await dataset.schedule(...COMMAND));
    await dataset.dlslurm(["finish"]);
    await dataset.write("data/a.txt", "9\n");
    const calls = await CallLog.watch(sandbox, ["git"]);

    const both = await reported(dataset, "--since=");
    const many = (await calls.read()).length;
    await calls.clear();
    const last = await reported(dataset, "HEAD~2");

    assert.deepEqual(both, [["data/a.txt", "settings.env"], ["data/a.txt"]]);
    assert.deepEqual(last, [["data/a.txt", "settings.env"]]);
    assert.equal(many, (await calls.read()).length);
  }));
