import assert from "node:assert/strict";
import { dirname } from "node:path";
import { JobStore } from "../../src/store/job_store.ts";
import { recoverSubmissions } from "../../src/submit/recover_submissions.ts";
import { tracesOf } from "../../src/submit/submission_traces.ts";
import { bareDataset } from "../support/bare_dataset.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import type { Answer } from "../support/fake_runner.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";
import { TEST_PROCESS, testSession } from "../support/test_session.ts";

const DEAD: Answer = { to: ["/bin/sh"], code: 3, stderr: "kill: No such process\n" };
const ELSEWHERE: Answer = { to: ["/bin/sh"], code: 3, stderr: "kill: Operation not permitted\n" };

const NOBODY: Answer = { to: ["/bin/sh"] };

/** A dataset in which one process has left a submission that printed this. */
async function recover(printed: string | undefined, answers: readonly Answer[], pid = 777) {
  await using folder = await TestFolder.create();
  const dataset = bareDataset(folder);
  using store = JobStore.open(dataset.commonDir);
  const submitter = JSON.stringify({ ...TEST_PROCESS, pid });
  const key = store.beginSubmission(jobRequest(), submitter, 1);
  const { stdoutFile } = tracesOf(dataset, key);
  await Deno.mkdir(dirname(stdoutFile), { recursive: true });
  if (printed !== undefined) await Deno.writeTextFile(stdoutFile, printed);
  using runner = fakeRunner(...answers);
  const session = testSession({ runner });

  const unclear = await recoverSubmissions({ dataset, store, session });

  return {
    unclear: unclear.length,
    open: store.listOpen("").map(({ jobId }) => jobId),
    submitting: store.listSubmitting().length,
    hasTraces: await Deno.lstat(stdoutFile).then(() => true, () => false),
    warnings: session.warnings,
  };
}

Deno.test("recoverSubmissions() makes a job open whose ID was printed, and says so", async () => {
  const { warnings, ...found } = await recover("Submitted batch job 42\n", [DEAD, NOBODY]);

  assert.deepEqual(found, { unclear: 0, open: ["42"], submitting: 0, hasTraces: false });
  assert.match(
    warnings.join(),
    /^an interrupted submission was found to be job 42 \(sbatch job\.sh\)$/,
  );
});

Deno.test("recoverSubmissions() forgets one that was not begun, if its process is certainly dead", async () => {
  const dead = await recover(undefined, [DEAD]);
  const elsewhere = await recover(undefined, [ELSEWHERE]);

  assert.deepEqual([dead.unclear, dead.submitting, dead.open], [0, 0, []]);
  assert.deepEqual([elsewhere.unclear, elsewhere.submitting], [1, 1]);
});

Deno.test("recoverSubmissions() keeps one that was begun and printed no ID", async () => {
  for (const printed of ["", "Submitted batch", "sbatch: waiting\n"]) {
    const { unclear, submitting, hasTraces } = await recover(printed, [DEAD]);

    assert.deepEqual([unclear, submitting, hasTraces], [1, 1, true], printed);
  }
});

Deno.test("recoverSubmissions() leaves one alone whose process is at work", async () => {
  const alive: Answer = {
    to: ["/bin/sh"],
    stdout: `777 (dlslurm) S ${Array(18).fill("0").join(" ")} ${TEST_PROCESS.startTicks} 0`,
  };

  const { unclear, submitting, open } = await recover("Submitted batch job 42\n", [alive]);

  assert.deepEqual([unclear, submitting, open], [0, 1, []]);
});

Deno.test("recoverSubmissions() does not take a job ID from a command that is still at work", async () => {
  const printed = "Submitted batch job 42\n";

  const found = await recover(printed, [DEAD, { to: ["/bin/sh"], stdout: "4711\n" }]);

  const { unclear, open, submitting, hasTraces } = found;
  assert.deepEqual([unclear, open, submitting, hasTraces], [1, [], 1, true]);
});
