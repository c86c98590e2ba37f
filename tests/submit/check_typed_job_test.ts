import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TroubleWorld } from "../fake_slurm/trouble/trouble_world.ts";
import { storedJobs } from "../support/snapshots.ts";

const HOUR_MS = 3_600_000;
const LOST = { program: "sbatch", afterWork: { exitStatus: 1, stderr: "Socket timed out\n" } };

/** A job that is finished, 1, and a submission, 2, whose answer was lost: its job is 2. */
async function createWorld(): Promise<TroubleWorld> {
  const world = await TroubleWorld.create({});
  await world.schedule(TroubleWorld.WORK);
  await world.waitUntil("1|COMPLETED");
  await world.dlslurm("finish");
  // Nothing is settled before the next command.
  await world.setScenario({ programs: [LOST], accounting: { lagSeconds: 600 } });
  await world.trySchedule(TroubleWorld.WORK);
  await world.setScenario({});
  return world;
}

function change(world: TroubleWorld, what: string): void {
  using database = new DatabaseSync(join(world.dataset.root, ".git/dlslurm/jobs.sqlite"));
  database.exec(`UPDATE job SET ${what}`);
}

async function recover(world: TroubleWorld, id: string, ...words: string[]) {
  const { code, stdout, stderr } = await world.dlslurm("recover", "2", "--job-id", id, ...words);
  const [job] = storedJobs(world.dataset).filter(({ stage }) => stage !== "finished");
  return { code, said: stdout + stderr, stored: `${job!.jobId} ${job!.stage}` };
}

Deno.test("recover --job-id of another job of the store → refused, whoever is sure; its own job is taken", async () => {
  await using world = await createWorld();
  for (const words of [[], ["--yes"]]) {
    const { code, said, stored } = await recover(world, "1", ...words);

    assert.equal(code, 1);
    assert.match(
      said,
      /job 1 for submission 2: it is that of another submission, which is finished/,
    );
    assert.equal(stored, "null submitting");
  }

  const { code, said, stored } = await recover(world, "2");

  assert.deepEqual([code, stored], [0, "2 open"], said);
  assert.doesNotMatch(said, /warning/);
});

Deno.test("recover --job-id of a job with another command or time → refused, unless the user is sure", async () => {
  await using world = await createWorld();
  await world.sandbox.require(["sbatch", "--wrap", "true"], { cwd: world.dataset.root });

  const command = await recover(world, "3");
  assert.equal(command.code, 1);
  assert.match(command.said, /Slurm reports another command, "sbatch --wrap true"\. Nothing was/);
  assert.match(command.said, /hint: .*dlslurm recover 2 --job-id 3 --yes/);
  change(world, `submitted_at_ms = submitted_at_ms + ${HOUR_MS} WHERE stage = 'submitting'`);
  const time = await recover(world, "2");
  assert.match(time.said, /it was submitted at .*, and the submission began at/);
  assert.equal(time.stored, "null submitting");

  const sure = await recover(world, "3", "--yes");
  assert.deepEqual([sure.code, sure.stored], [0, "3 open"], sure.said);
});

Deno.test("recover --job-id of a job that Slurm does not know → taken, with a warning", async () => {
  await using world = await createWorld();

  const { code, said, stored } = await recover(world, "999");

  assert.deepEqual([code, stored], [0, "999 open"], said);
  assert.match(said, /warning: Slurm knows no job 999: accounting may lag; if .* mistyped/);
});

Deno.test("recover --job-id of an ID that an old job of the store had, too → taken if Slurm's time says so", async () => {
  await using world = await createWorld();
  change(world, "job_id = '2' WHERE job_id = '1'");
  const soon = await recover(world, "2");
  assert.equal(soon.stored, "null submitting", soon.said);
  const columns = ["submitted_at_ms", "accepted_at_ms"].map((name) =>
    `${name} = ${name} - ${HOUR_MS}`
  );
  change(world, `${columns.join(", ")} WHERE stage = 'finished'`);

  const later = await recover(world, "2");

  assert.deepEqual([later.code, later.stored], [0, "2 open"], later.said);
});
