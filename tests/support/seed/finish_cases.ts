import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestDataset } from "../datasets.ts";
import {
  assertClean,
  assertOutput,
  datasetId,
  expectedMessage,
  scheduleSeed,
  withoutEvidence,
} from "./workflow.ts";
import type { SeedCase, SeedJobs, SeedWorld } from "./workflow.ts";

const PLATINUM_STATES = (id: string) => `${id}_1: FAILED; 2 COMPLETED`;

/** schedule, list, finish: what everybody does. */
export const FINISH_CASES: readonly SeedCase[] = [
  {
    name: "finish the four seed jobs → gold and silver committed, bronze and platinum reported",
    isAboutContents: true,
    run: finishesTheFour,
  },
  {
    name: "finish JOBID of one of two completed jobs → that one is committed",
    run: finishesOne,
  },
  {
    name: "finish of running and pending jobs → listed, impossible, nothing changes",
    run: leavesActiveJobs,
  },
  {
    name: "finish with -m after schedule with -m → both paragraphs stand before the record",
    run: keepsMessages,
  },
];

async function finishesTheFour(world: SeedWorld): Promise<void> {
  const { dataset, slurm } = world;
  const jobs = await scheduleSeed(dataset);
  await slurm.waitUntilEnded(...Object.values(jobs));

  assertOutput(await dataset.dlslurm(["finish", "--list-open-jobs"]), 0, [
    "The following jobs are open:",
    "",
    "slurm-job-id   slurm-job-status",
    `${jobs.gold.padEnd(14)} COMPLETED`,
    `${jobs.silver.padEnd(14)} COMPLETED`,
    `${jobs.bronze.padEnd(14)} FAILED`,
    `${jobs.platinum.padEnd(14)} ARRAY FAILED (SOME COMPLETE)`,
  ]);
  const finish = await dataset.dlslurm(["finish"]);

  assertOutput(finish, 1, [
    `slurm-finish(impossible): [Slurm job(s) for job ${jobs.bronze} are not complete.` +
    `Statuses: ${jobs.bronze}: FAILED]`,
    `slurm-finish(impossible): [Slurm job(s) for job ${jobs.platinum} are not complete.` +
    `Statuses: ${PLATINUM_STATES(jobs.platinum)}]`,
    ...goldFiles(jobs).map((path) => `add(ok): ${path} (file)`),
    "save(ok): . (dataset)",
    ...silverFiles(jobs).map((path) => `add(ok): ${path} (file)`),
    "save(ok): . (dataset)",
    "action summary:",
    "  add (ok: 11)",
    "  save (ok: 2)",
    "  slurm-finish (impossible: 2)",
  ]);
  assert.match(finish.stderr, /--close-failed-jobs/);
  assert.deepEqual((await dataset.log()).slice(0, 3), [
    `[DATALAD SLURM RUN] Slurm job ${jobs.silver}: Completed`,
    `[DATALAD SLURM RUN] Slurm job ${jobs.gold}: Completed`,
    "Add files",
  ]);
  await assertCommit(dataset, "HEAD~1", "gold", jobs.gold, goldFiles(jobs));
  await assertCommit(dataset, "HEAD", "silver", jobs.silver, silverFiles(jobs));
  await assertStorage(dataset);
  await acceptsPlatinumAndClosesBronze(world, jobs);
}

/** The end of the workflow: one failed job is kept, the other given up. */
async function acceptsPlatinumAndClosesBronze(world: SeedWorld, jobs: SeedJobs): Promise<void> {
  const { dataset } = world;
  const close = await dataset.dlslurm(["finish", jobs.bronze, "--close-failed-jobs"]);

  assertOutput(close, 0, [
    `slurm-finish(ok): [Closing failed / cancelled jobs. Statuses: ${jobs.bronze}: FAILED]`,
  ]);
  assert.equal(
    await Deno.readTextFile(join(dataset.root, "models/abrupt/bronze/05_02/run.txt")),
    `run ${jobs.bronze} stopped early\n`,
  );
  const accept = await dataset.dlslurm(["finish", "--commit-failed-jobs"]);

  assert.equal(accept.code, 0, accept.stderr);
  assert.equal(
    withoutEvidence(await dataset.git("log", "-1", "--format=%B")),
    expectedMessage(`Slurm job ${jobs.platinum}: Array failed (some complete)`, {
      cmd: "sbatch submit_array_platinum.slurm",
      dsid: await datasetId(dataset),
      jobId: jobs.platinum,
      outputs: ["models/abrupt/platinum"],
      slurmOutputs: [
        `slurm-${jobs.platinum}_0.out`,
        `slurm-${jobs.platinum}_1.out`,
        `slurm-${jobs.platinum}_2.out`,
        `slurm-job-${jobs.platinum}.env.json`,
      ],
    }) + "\n",
  );
  // What a closed job left is the user's to remove.
  await dataset.git("clean", "--quiet", "-d", "--force");
  await assertClean(world);
  assertOutput(await dataset.dlslurm(["finish"]), 0, [
    `slurm-finish(notneeded): ${dataset.root} (dataset) [there are no open jobs]`,
  ]);
}

async function assertCommit(
  dataset: TestDataset,
  revision: string,
  name: string,
  jobId: string,
  files: readonly string[],
): Promise<void> {
  assert.equal(
    withoutEvidence(await dataset.git("log", "-1", "--format=%B", revision)),
    expectedMessage(`Slurm job ${jobId}: Completed`, {
      cmd: `sbatch submit_${name}.slurm`,
      dsid: await datasetId(dataset),
      jobId,
      outputs: [`models/abrupt/${name}`],
      slurmOutputs: [`slurm-${jobId}.out`, `slurm-job-${jobId}.env.json`],
    }) + "\n",
  );
  const changed = await dataset.git("diff-tree", "-r", "--name-status", `${revision}~`, revision);
  assert.deepEqual(changed.split("\n"), files.map((path) => `A\t${path}`));
  assert.equal(
    await dataset.git("log", "-1", "--format=%an <%ae> %cn <%ce>", revision),
    "Ada Tester <ada@example.org> Ada Tester <ada@example.org>",
  );
}

/** Texts in git and binaries in the annex, as far as the dataset's kind knows the difference. */
async function assertStorage(dataset: TestDataset): Promise<void> {
  const modeOf = async (path: string) =>
    (await dataset.git("ls-tree", "HEAD", "--", path)).split(" ")[0];
  const link = "120000";
  const file = "100644";
  const expected = {
    "plain git": { text: file, binary: file },
    "git-annex": { text: link, binary: link },
    text2git: { text: file, binary: link },
  }[dataset.kind];

  assert.equal(await modeOf("models/abrupt/gold/05_02/run.txt"), expected.text);
  assert.equal(await modeOf("models/abrupt/gold/05_02/fields.bin"), expected.binary);
}

function goldFiles({ gold }: SeedJobs): string[] {
  return [
    "models/abrupt/gold/05_02/fields.bin",
    "models/abrupt/gold/05_02/run.txt",
    "models/abrupt/gold/05_02/temperature.csv",
    `slurm-${gold}.out`,
    `slurm-job-${gold}.env.json`,
  ];
}

function silverFiles({ silver }: SeedJobs): string[] {
  return [
    "models/abrupt/silver/05_02/coarse/fields.bin",
    "models/abrupt/silver/05_02/coarse/settings.txt",
    "models/abrupt/silver/05_02/fine grid/fields.bin",
    "models/abrupt/silver/05_02/fine grid/settings.txt",
    `slurm-${silver}.out`,
    `slurm-job-${silver}.env.json`,
  ];
}

async function finishesOne({ dataset, slurm }: SeedWorld): Promise<void> {
  const gold = await dataset.schedule("-o", "models/abrupt/gold", "sbatch", "submit_gold.slurm");
  const silver = await dataset.schedule(
    "-o",
    "models/abrupt/silver",
    "sbatch",
    "submit_silver.slurm",
  );
  await slurm.waitUntilEnded(gold, silver);

  const finish = await dataset.dlslurm(["finish", silver]);

  assert.equal(finish.code, 0, finish.stderr);
  const [newest, ...others] = await dataset.log();
  assert.equal(newest, `[DATALAD SLURM RUN] Slurm job ${silver}: Completed`);
  assert.equal(others.some((subject) => subject.includes("SLURM RUN")), false);
  assert.equal((await dataset.tree()).some((path) => path.includes("gold/")), false);
  assertOutput(await dataset.dlslurm(["finish", "--list-open-jobs"]), 0, [
    "The following jobs are open:",
    "",
    "slurm-job-id   slurm-job-status",
    `${gold.padEnd(14)} COMPLETED`,
  ]);
}

async function leavesActiveJobs({ dataset, slurm, sandbox }: SeedWorld): Promise<void> {
  const release = join(sandbox.root, "release it");
  await dataset.write(
    "wait.slurm",
    '#!/bin/sh\nwhile [ ! -e "$1" ]; do sleep 0.05; done\nmkdir slow && echo done >slow/result.txt\n',
  );
  const running = await dataset.schedule("-o", "slow", "sbatch", "wait.slurm", release);
  const pending = await dataset.schedule(
    "-o",
    "models/abrupt/gold",
    "sbatch",
    `--dependency=afterok:${running}`,
    "submit_gold.slurm",
  );
  await slurm.waitForState(running, "RUNNING");
  await slurm.waitForState(pending, "PENDING");
  const head = await dataset.git("rev-parse", "HEAD");

  assertOutput(await dataset.dlslurm(["finish", "--list-open-jobs"]), 0, [
    "The following jobs are open:",
    "",
    "slurm-job-id   slurm-job-status",
    `${running.padEnd(14)} RUNNING`,
    `${pending.padEnd(14)} PENDING`,
  ]);
  for (const option of [[], ["--close-failed-jobs"], ["--commit-failed-jobs"]]) {
    assertOutput(await dataset.dlslurm(["finish", ...option]), 1, [
      `slurm-finish(impossible): [Slurm job(s) for job ${running} are not complete.` +
      `Statuses: ${running}: RUNNING]`,
      `slurm-finish(impossible): [Slurm job(s) for job ${pending} are not complete.` +
      `Statuses: ${pending}: PENDING]`,
      "action summary:",
      "  slurm-finish (impossible: 2)",
    ]);
  }
  assert.equal(await dataset.git("rev-parse", "HEAD"), head);
  await Deno.writeTextFile(release, "");
  await slurm.waitUntilEnded(running, pending);
  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.ok((await dataset.tree()).includes("slow/result.txt"));
}

async function keepsMessages({ dataset, slurm }: SeedWorld): Promise<void> {
  const gold = await dataset.schedule(
    "-m",
    "The reference run",
    "-o",
    "models/abrupt/gold",
    "sbatch",
    "submit_gold.slurm",
  );
  await slurm.waitUntilEnded(gold);

  const finish = await dataset.dlslurm(["finish", "-m", "Looked at and found good"]);

  assert.equal(finish.code, 0, finish.stderr);
  const message = await dataset.git("log", "-1", "--format=%B");
  assert.equal(
    message.slice(0, message.indexOf("=== Do not change")),
    `[DATALAD SLURM RUN] Slurm job ${gold}: Completed\n\nLooked at and found good\n\n` +
      "The reference run\n\n",
  );
}
