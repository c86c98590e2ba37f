import assert from "node:assert/strict";
import { assertRefused } from "../../support/refusal.ts";
import { World } from "../../support/world.ts";

const OPEN = "=== Do not change lines below ===";
const CLOSE = "^^^ Do not change lines above ^^^";

const BROKEN = [
  { name: "no valid JSON", record: `${OPEN}\n{"cmd": "sbatch x",\n${CLOSE}`, why: /no valid JSON/ },
  { name: "an empty record", record: `${OPEN}\n\n${CLOSE}`, why: /no valid JSON/ },
  { name: "a record without cmd", record: `${OPEN}\n{"slurm_job_id": 5}\n${CLOSE}`, why: /"cmd"/ },
  {
    name: "a record with a number as cmd",
    record: `${OPEN}\n{"cmd": 5, "slurm_job_id": 5}\n${CLOSE}`,
    why: /"cmd"/,
  },
  {
    name: "a record of a newer form",
    record: `${OPEN}\n{"cmd": {"argv": []}, "slurm_job_id": 5, "dlslurm": {"form": 2}}\n${CLOSE}`,
    why: /it is of form 2, this dlslurm knows form 1: use the newer one/,
  },
  { name: "no marker lines", record: '{"cmd": "sbatch x"}', why: /marker lines are missing/ },
];

for (const { name, record, why } of BROKEN) {
  Deno.test(`e2e: reschedule of a commit with ${name} → refused, names the commit`, async () => {
    await using world = await World.create();
    const { dataset, slurm } = world;
    const message = `[DATALAD SLURM RUN] Slurm job 5: Completed\n\n${record}\n`;
    await dataset.git("commit", "--quiet", "--allow-empty", "-m", message);
    const commit = await dataset.git("rev-parse", "HEAD");

    for (const args of [["reschedule"], ["reschedule", "--since="]]) {
      await assertRefused(dataset, slurm, args, {
        code: 1,
        says: [
          new RegExp(`record of commit ${commit}`),
          why,
          new RegExp(`hint: git show ${commit}`),
        ],
      });
    }
  });
}

Deno.test("e2e: reschedule of a record whose command has a bad placeholder → refused, names it", async () => {
  await using world = await World.create();
  const { dataset, slurm } = world;
  const record = JSON.stringify({ cmd: "sbatch {nothing}", slurm_job_id: 5, outputs: ["out"] });
  const message = `[DATALAD SLURM RUN] Slurm job 5: Completed\n\n${OPEN}\n${record}\n${CLOSE}\n`;
  await dataset.git("commit", "--quiet", "--allow-empty", "-m", message);

  await assertRefused(dataset, slurm, ["reschedule"], { code: 1, says: [/\{nothing\}/] });
});

for (
  const { name, output } of [
    { name: "above the dataset", output: "../../etc/passwd" },
    { name: "inside .git", output: ".git/hooks" },
  ]
) {
  Deno.test(`e2e: reschedule of a record with an output ${name} → refused`, async () => {
    await using world = await World.create();
    const { dataset, slurm } = world;
    const record = JSON.stringify({
      cmd: "sbatch submit_gold.slurm",
      slurm_job_id: 5,
      outputs: [output],
    });
    const message = `[DATALAD SLURM RUN] Slurm job 5: Completed\n\n${OPEN}\n${record}\n${CLOSE}\n`;
    await dataset.git("commit", "--quiet", "--allow-empty", "-m", message);

    await assertRefused(dataset, slurm, ["reschedule"], {
      code: 1,
      says: [new RegExp(`output "${output.replaceAll(".", "\\.")}"`)],
    });
  });
}

Deno.test("e2e: reschedule of a revision that does not exist → refused, nothing is submitted", async () => {
  await using world = await World.create();
  for (const [revision, code] of [["nowhere", 2], ["--exec=x", 2]] as const) {
    const outcome = await world.dataset.dlslurm(["reschedule", "--", revision]);

    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, new RegExp(revision));
  }
  assert.deepEqual(await world.slurm.submittedJobs(), []);
});
