import assert from "node:assert/strict";
import { assertOutput } from "./workflow.ts";
import type { SeedCase, SeedWorld } from "./workflow.ts";

/** finish takes what is the job's, and nothing else. */
export const OWN_FILES_CASES: readonly SeedCase[] = [
  {
    name: "finish beside the user's own work → staged, changed and new files stay as they were",
    isAboutContents: true,
    run: leavesOwnWork,
  },
  {
    name: "schedule with two outputs and a finished one → no sign of other jobs' files",
    run: commitsOwnFilesOnly,
  },
];

async function leavesOwnWork({ dataset, slurm }: SeedWorld): Promise<void> {
  await dataset.write("notes.txt", "first\n");
  await dataset.git("-c", "annex.largefiles=nothing", "add", "notes.txt");
  await dataset.git("commit", "--quiet", "-m", "Add notes");
  const gold = await dataset.schedule("-o", "models/abrupt/gold", "sbatch", "submit_gold.slurm");
  await slurm.waitUntilEnded(gold);
  await dataset.write("staged.txt", "staged\n");
  await dataset.git("-c", "annex.largefiles=nothing", "add", "staged.txt");
  await dataset.write("staged.txt", "staged, then changed\n");
  await dataset.write("notes.txt", "second\n");
  await dataset.write("models/abrupt/other/new.txt", "not the job's\n");
  await dataset.git("rm", "--quiet", "--cached", "submit_silver.slurm");
  const status = () =>
    dataset.git("status", "--porcelain", "-uall", "--", ".", ":!models/abrupt/gold", ":!slurm-*");
  const before = await status();
  const staged = await dataset.git("ls-files", "--stage", "staged.txt", "notes.txt");

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.equal(await status(), before);
  assert.equal(before.split("\n").length, 5, before);
  assert.equal(await dataset.git("ls-files", "--stage", "staged.txt", "notes.txt"), staged);
  assert.equal((await dataset.tree()).includes("staged.txt"), false);
  assert.equal((await dataset.tree()).includes("submit_silver.slurm"), true);
}

async function commitsOwnFilesOnly({ dataset, slurm }: SeedWorld): Promise<void> {
  const gold = await dataset.schedule(
    "-o",
    "models/abrupt/gold/05_02/run.txt",
    "-o",
    "./models/../models/abrupt/gold/05_02/temperature.csv",
    "sbatch",
    "submit_gold.slurm",
  );
  await slurm.waitUntilEnded(gold);

  const finish = await dataset.dlslurm(["finish"]);

  assertOutput(finish, 0, [
    "add(ok): models/abrupt/gold/05_02/run.txt (file)",
    "add(ok): models/abrupt/gold/05_02/temperature.csv (file)",
    `add(ok): slurm-${gold}.out (file)`,
    `add(ok): slurm-job-${gold}.env.json (file)`,
    "save(ok): . (dataset)",
    "action summary:",
    "  add (ok: 4)",
    "  save (ok: 1)",
  ]);
  assert.equal(
    await dataset.git("status", "--porcelain"),
    "?? models/abrupt/gold/05_02/fields.bin",
  );
}
