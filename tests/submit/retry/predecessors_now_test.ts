import assert from "node:assert/strict";
import { join } from "node:path";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { UserError } from "../../../src/errors.ts";
import type { Phase } from "../../../src/jobs/job_state.ts";
import type { JobStatus } from "../../../src/jobs/job_status.ts";
import {
  openJobsBehind,
  pastWaitsOf,
  predecessorsNow,
} from "../../../src/submit/retry/predecessors_now.ts";
import { openJob } from "../../support/jobs.ts";
import { TestFolder } from "../../support/test_folder.ts";
import { RetriedJobs } from "../retried_jobs.ts";

const STATES = { active: "RUNNING", failed: "FAILED", completed: "COMPLETED", unknown: "UNKNOWN" };

/** What job 9 waits for by now: `afterok:3`, what ended behind `|`, what its own words become behind `=>`. */
function now(
  { store }: RetriedJobs,
  after: readonly string[],
  own = "",
  phases: Readonly<Record<string, Phase>> = {},
): string {
  const wait = {
    own,
    after: after.map((text) => ({ type: text.split(":")[0]!, jobId: text.split(":")[1]! })),
  };
  const statuses = new Map(
    openJobsBehind(store, [wait]).map(({ jobKey, jobId }) => {
      const phase = phases[jobId] ?? "active";
      const states = new Map([[jobId, STATES[phase]]]);
      return [jobKey, { phase, groupState: STATES[phase], states, entries: [] } as JobStatus];
    }),
  );
  try {
    const { open, ended, idsNow } = predecessorsNow(openJob({ jobId: "9" }), wait, {
      ...{ store, statuses },
    });
    const shown = [open, ended].map((list) =>
      list.map(({ type, jobId }) => `${type}:${jobId}`).join()
    ).join("|");
    const ids = /[0-9]+/g;
    return idsNow === undefined
      ? shown
      : `${shown} => ${own.replace(ids, (id) => idsNow(id).join(":"))}`;
  } catch (error) {
    if (error instanceof UserError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

Deno.test("predecessorsNow() names the jobs by the IDs that they have since they were submitted again", async () => {
  await using jobs = await RetriedJobs.create();
  const retried = jobs.note("1");
  jobs.note("2");
  jobs.retry(retried, "3");
  const finished = jobs.note("4");
  jobs.store.end([finished], "finished", 1);

  assert.equal(now(jobs, ["afterok:1", "afterany:2"]), "afterok:3,afterany:2|");
  assert.equal(now(jobs, ["afterok:4", "afterok:77"]), "|afterok:4,afterok:77");
  // Jobs of other datasets stay as the command has them; one of those that are enough does, too.
  assert.equal(now(jobs, [], "afterok:1:77"), "afterok:3| => afterok:3:77");
  assert.equal(now(jobs, ["afterok:1"], "afterok:1"), "afterok:3| => afterok:3");
  assert.equal(now(jobs, [], "afterok:1:4"), "afterok:3|afterok:4 => afterok:3:");
  assert.equal(now(jobs, [], "afterok:1?afterok:4"), "| => afterok:3?afterok:4");
  assert.equal(now(jobs, [], "after:1"), "| => after:3");
});

Deno.test("predecessorsNow() refuses what would be waited for in vain, and that alone", async () => {
  await using jobs = await RetriedJobs.create();
  jobs.note("1");
  const closed = jobs.note("2");
  jobs.store.end([closed], "closed", 1);
  const waiting = jobs.note("3");
  jobs.retry(waiting, null);
  const failed = { 1: "failed" } as const;

  const inVain =
    /^BAD_DEPENDENCY: Cannot submit job 9 again: job 1, which it waits for, has failed/;
  assert.match(now(jobs, ["afterok:1"], "", failed), inVain);
  assert.match(now(jobs, [], "afterok:1", failed), inVain);
  assert.equal(now(jobs, ["afterany:1"], "", failed), "afterany:1|");
  assert.equal(now(jobs, ["afternotok:1"], "", failed), "afternotok:1|");
  assert.match(now(jobs, ["afterok:2"]), /^BAD_DEPENDENCY: .* job 2: it was closed/);
  assert.match(now(jobs, ["afterok:3"]), /^BAD_DEPENDENCY: .* waits for its submission/);
});

Deno.test("pastWaitsOf() reads what the command says, or today's batch script", async () => {
  await using folder = await TestFolder.create({
    "sub/job.sh": "#!/bin/sh\n#SBATCH --dependency=afterok:1\n",
  });
  const dataset = { root: folder.root } as Dataset;
  const jobs = [
    openJob({ jobKey: 1, pwd: "sub" }),
    openJob({ jobKey: 2, pwd: "sub", cmd: "sbatch -d afterany:2 job.sh" }),
    openJob({ jobKey: 3, cmd: "sbatch job.sh", after: [{ jobId: "5" }] }),
    openJob({ jobKey: 4, altDir: join(folder.root, "sub") }),
  ];

  const waits = await pastWaitsOf(dataset, jobs);

  assert.deepEqual([...waits.values()].map(({ own }) => own), [
    ...["afterok:1", "afterany:2", "", "afterok:1"],
  ]);
  assert.deepEqual(waits.get(3)!.after, [{ jobId: "5" }]);
});
