import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import { Sandbox } from "../support/sandbox.ts";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { wrapDlslurm } from "../support/wrapped_programs.ts";
import { caseFolder } from "./slurm_recordings.ts";

interface Case {
  readonly name: string;
  /** Arguments of the recorded submission. */
  readonly sbatch: string;
  /** What finish says, one call after the other; status and words. */
  readonly finish: readonly (readonly [number, RegExp])[];
  readonly stage: "finished" | "open";
}

const CASES: readonly Case[] = [
  {
    name: "single_job",
    sbatch: "--parsable job.sh",
    finish: [[1, /PENDING|RUNNING/], [1, /RUNNING/], [0, /save\(ok\)/]],
    stage: "finished",
  },
  {
    name: "array_one_failure",
    sbatch: "--parsable --array=0-4 job.sh",
    finish: [[1, /_2: (FAILED|UNKNOWN)/], [1, /_2: FAILED/]],
    stage: "open",
  },
  {
    name: "array_limit",
    sbatch: "--parsable --array=0-5%2 --hold job.sh",
    finish: [[1, /PENDING/], [1, /RUNNING/]],
    stage: "open",
  },
  { name: "cancelled", sbatch: "--parsable job.sh", finish: [[1, /CANCELLED/]], stage: "open" },
  {
    name: "timeout",
    sbatch: "--parsable --time=1 job.sh",
    finish: [[1, /TIMEOUT/]],
    stage: "open",
  },
  { name: "failed_signal", sbatch: "--parsable job.sh", finish: [[1, /FAILED/]], stage: "open" },
  {
    name: "requeued",
    sbatch: "--parsable --requeue job.sh",
    finish: [[1, /PENDING/], [0, /save\(ok\)/]],
    stage: "finished",
  },
  {
    name: "held",
    sbatch: "--parsable --hold job.sh",
    finish: [[1, /PENDING/], [0, /save\(ok\)/]],
    stage: "finished",
  },
  {
    // scontrol has forgotten it already when schedule asks.
    name: "purged",
    sbatch: "--parsable job.sh",
    finish: [[0, /save\(ok\)/]],
    stage: "finished",
  },
  {
    name: "node_fail",
    sbatch: "--parsable --no-requeue job.sh",
    finish: [[1, /NODE_FAIL/]],
    stage: "open",
  },
];

async function prepare(): Promise<{ sandbox: Sandbox; dataset: TestDataset }> {
  const sandbox = await Sandbox.create();
  await wrapDlslurm(sandbox);
  const dataset = await TestDataset.create(sandbox, "plain git", { "job.sh": "#!/bin/sh\n" });
  return { sandbox, dataset };
}

async function replay(dataset: TestDataset, folder: string, script: string) {
  const command = ["fixtures", "replay", folder, "--partial", "--", "sh", "-c", script];
  return await dataset.dlslurm(command);
}

for (const { name, sbatch, finish, stage } of CASES) {
  for (const version of VERSIONS) {
    Deno.test(`e2e: finish of ${name} as Slurm ${version} answered → ${stage}`, async () => {
      const { sandbox, dataset } = await prepare();
      await using _sandbox = sandbox;
      const finishes = finish.map((_, index) => `dlslurm finish >said.${index} 2>&1; echo "$?"`);

      const { stdout, stderr } = await replay(
        dataset,
        caseFolder(version, name),
        `dlslurm schedule -o out sbatch ${sbatch} >&2; mkdir out; echo r >out/r; ${
          finishes.join("\n")
        }`,
      );

      const statuses = stdout.trim().split("\n").map(Number);
      for (const [index, [status, words]] of finish.entries()) {
        const said = await Deno.readTextFile(join(dataset.root, `said.${index}`));
        assert.match(said, words);
        assert.equal(statuses[index], status, said);
      }
      const [job, ...others] = storedJobs(dataset);
      assert.equal(others.length, 0);
      assert.equal(job!.stage, stage, stderr);
      // The output, and the log that scontrol told of.
      assert.equal(storedClaims(dataset).includes("out"), stage === "open");
      assert.equal((await dataset.tree()).includes("out/r"), stage === "finished");
    });
  }
}

for (const version of VERSIONS) {
  Deno.test(`e2e: finish while accounting is down as Slurm ${version} answered → open, then finished`, async () => {
    const { sandbox, dataset } = await prepare();
    await using _sandbox = sandbox;

    const { stdout } = await replay(
      dataset,
      caseFolder(version, "accounting_down"),
      "sbatch --parsable job.sh >/dev/null; dlslurm schedule -o out sbatch --parsable job.sh >&2\n" +
        "mkdir out; echo r >out/r\n" +
        "dlslurm finish 2>said; echo $?; cat said; dlslurm finish; echo $?",
    );

    assert.match(stdout, /^1\nerror: Cannot ask Slurm: sacct ended with exit status 1\n/);
    assert.match(stdout, /Connection refused/);
    assert.match(stdout, /save\(ok\)[\s\S]*\n0\n$/);
  });
}

for (const version of VERSIONS) {
  Deno.test(`e2e: the seed script gives the same commits as on Slurm ${version}`, async () => {
    await using sandbox = await Sandbox.create();
    await wrapDlslurm(sandbox);
    sandbox.env["DLSLURM"] = join(sandbox.programs, "dlslurm");
    const scripts = fileURLToPath(new URL("../../scripts/record_fixtures", import.meta.url));
    const work = join(sandbox.root, "data set");
    await Deno.mkdir(work);

    const { code, stdout, stderr } = await sandbox.dlslurm([
      ...["fixtures", "replay", caseFolder(version, "dlslurm_seed"), "--"],
      ...["sh", "-e", "-c", `. "${scripts}/cases.sh"; . "$0"`, `${scripts}/cases/dlslurm_seed.sh`],
    ], { cwd: work });

    assert.equal(code, 0, stderr);
    assert.match(stdout, /_2: FAILED/);
    const tree = await sandbox.require(["git", "ls-tree", "-r", "--name-only", "HEAD"], {
      cwd: work,
    });
    assert.ok(tree.split("\n").includes("models/good/result.txt"));
    assert.ok(!tree.includes("models/array"));
    assert.equal(await Deno.readTextFile(join(work, "models/good/result.txt")), "result\n");
    const log = await sandbox.require(["git", "log", "-1", "--format=%B"], { cwd: work });
    assert.match(log, /\[DATALAD SLURM RUN\][\s\S]*"cmd": "sbatch -o logs\/good\.out good\.sh"/);
  });
}
