import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";

const JOB = '#!/bin/sh\nmkdir -p out\necho "$1" >"out/$1"\n';

interface Setting {
  readonly sandbox: Sandbox;
  readonly dataset: TestDataset;
  readonly slurm: TestSlurm;
}

/** A plain repository with a job script, and the embedded Slurm. */
async function inDataset(test: (setting: Setting) => Promise<void>): Promise<void> {
  await using sandbox = await Sandbox.create();
  await using slurm = await TestSlurm.startFake(sandbox);
  const files = { "job.sh": JOB, "in.txt": "input\n", "out/one": "before\n" };
  const dataset = await TestDataset.create(sandbox, "plain git", files);
  await test({ sandbox, dataset, slurm });
}

async function scheduleTwo({ dataset, slurm }: Setting): Promise<void> {
  const jobs = [];
  for (const name of ["one", "two"]) {
    jobs.push(
      await dataset.schedule("-o", `out/${name}`, "sbatch", "-o", "/dev/null", "job.sh", name),
    );
  }
  await slurm.waitUntilEnded(...jobs);
}

Deno.test("e2e: finish --branches → a branch for each job, the current one and its files stay", () =>
  inDataset(async (setting) => {
    const { dataset } = setting;
    const head = await dataset.git("rev-parse", "HEAD");
    await scheduleTwo(setting);

    assert.equal((await dataset.dlslurm(["finish", "--branches"])).code, 0);

    assert.equal(await dataset.git("rev-parse", "HEAD"), head);
    assert.equal(await dataset.git("status", "--porcelain"), "");
    assert.equal(await Deno.readTextFile(join(dataset.root, "out/one")), "before\n");
    for (const [jobId, name] of [["1", "one"], ["2", "two"]]) {
      const branch = `slurm-job-branch-${jobId}`;
      assert.equal(await dataset.git("rev-parse", `${branch}~1`), head);
      assert.equal(await dataset.git("show", `${branch}:out/${name}`), name);
    }
  }));

Deno.test("e2e: finish --octopus → one merge of all jobs, clean status, no branches left", () =>
  inDataset(async (setting) => {
    const { dataset } = setting;
    const head = await dataset.git("rev-parse", "HEAD");
    await scheduleTwo(setting);

    assert.equal((await dataset.dlslurm(["finish", "--octopus"])).code, 0);

    const parents = (await dataset.git("log", "-1", "--format=%P")).split(" ");
    assert.equal(parents.length, 3);
    assert.equal(parents[0], head);
    for (const parent of parents.slice(1)) {
      assert.equal(await dataset.git("rev-parse", `${parent}~1`), head);
    }
    assert.equal(
      await dataset.git("log", "-1", "--format=%s"),
      "Merge all branches from finished jobs",
    );
    assert.equal(await dataset.git("show", "HEAD:out/one"), "one");
    assert.equal(await dataset.git("show", "HEAD:out/two"), "two");
    assert.equal(await dataset.git("status", "--porcelain"), "");
    assert.equal(await dataset.git("branch", "--format=%(refname:short)"), "main");
  }));

Deno.test("e2e: schedule --alt-dir → the job runs there, finish brings its outputs back", () =>
  inDataset(async ({ sandbox, dataset, slurm }) => {
    const altDir = join(sandbox.root, "scratch space");
    await Deno.mkdir(altDir);
    const script = "mkdir -p out; cp in.txt out/copy; pwd >out/where";
    const jobId = await dataset.schedule(
      ...["-a", altDir, "-i", "in.txt", "-o", "out/copy", "-o", "out/where"],
      ...["sbatch", "--wrap", script],
    );
    await slurm.waitUntilEnded(jobId);

    assert.equal((await dataset.tree()).includes("out/copy"), false);
    assert.equal((await dataset.dlslurm(["finish"])).code, 0);

    assert.equal(await dataset.git("show", "HEAD:out/copy"), "input");
    assert.equal(await dataset.git("show", "HEAD:out/where"), altDir);
    assert.ok((await dataset.tree()).includes(`slurm-${jobId}.out`), "the log comes back, too");
    assert.equal(await dataset.git("status", "--porcelain"), "");
  }));

Deno.test("e2e: schedule --alt-dir inside the dataset → refused, nothing is submitted", () =>
  inDataset(async ({ dataset, slurm }) => {
    const { code, stderr } = await dataset.dlslurm([
      "schedule",
      "-a",
      "out",
      "-o",
      "x",
      "sbatch",
      "job.sh",
    ]);

    assert.equal(code, 1);
    assert.match(stderr, /Cannot use alternative folder .* it is inside the dataset/);
    assert.deepEqual(await slurm.submittedJobs(), []);
  }));

const SIDECAR_NAME =
  "e2e: datalad.run.record-sidecar → the record is kept beside the message, and read again";
testIfAvailable(["xz"], SIDECAR_NAME, () =>
  inDataset(async (setting) => {
    const { dataset } = setting;
    await dataset.git("config", "datalad.run.record-sidecar", "true");
    await scheduleTwo(setting);

    assert.equal((await dataset.dlslurm(["finish"])).code, 0);

    const id = /=== Do not change lines below ===\n"([0-9a-f]{32})"\n/
      .exec(await dataset.git("log", "-1", "--format=%B"))?.[1];
    assert.ok((await dataset.tree()).includes(`.datalad/runinfo/${id}`));
    const script = await dataset.dlslurm(["reschedule", "--script", "-"]);
    assert.match(script.stdout, /^sbatch -o \/dev\/null job\.sh two$/m);
  }));

Deno.test("e2e: reschedule --report → says what would be submitted, and submits nothing", () =>
  inDataset(async (setting) => {
    const { dataset, slurm } = setting;
    await scheduleTwo(setting);
    await dataset.dlslurm(["finish"]);
    const before = await slurm.submittedJobs();

    const { code, stdout } = await dataset.dlslurm(["reschedule", "--since=", "--report"]);

    assert.equal(code, 0);
    assert.equal(stdout.match(/would be submitted/g)?.length, 2);
    assert.deepEqual(await slurm.submittedJobs(), before);
  }));
