import assert from "node:assert/strict";
import type { WaitingJob } from "../../../src/jobs/job.ts";
import { linesOf, SubmissionsUnderWay } from "../../../src/submit/rows/submissions_under_way.ts";
import { openJob } from "../../support/jobs.ts";
import { testSession } from "../../support/test_session.ts";

function row(line: number | null): WaitingJob {
  const origin = line === null ? null : { table: "t", line, values: {}, cmd: "" };
  return openJob({ jobKey: line ?? 0, row: origin }) as unknown as WaitingJob;
}

Deno.test("SubmissionsUnderWay says what is waited for when it is interrupted", async () => {
  const interruption = new AbortController();
  const session = testSession({ interrupted: interruption.signal });
  using underWay = new SubmissionsUnderWay(session);
  const hanging = Promise.withResolvers<void>();
  await underWay.during([row(1)], "sbatch over", Promise.resolve());
  await assert.rejects(underWay.during([row(1)], "sbatch failed", Promise.reject(new Error("x"))));
  const working = [
    underWay.during([row(2)], "sbatch a\nb", hanging.promise),
    underWay.during([row(3), row(5)], "sbatch c", hanging.promise),
  ];

  interruption.abort();

  assert.equal(session.notes.length, 1);
  assert.match(
    session.notes[0]!,
    /^stopping: waiting for 2 submissions to end: line 2: sbatch a.*b, /,
  );
  assert.match(
    session.notes[0]!,
    /lines 3 to 5: sbatch c\nCtrl-C once more leaves them to: dlslurm recover$/,
  );
  hanging.resolve();
  await Promise.all(working);
});

Deno.test("SubmissionsUnderWay says nothing where nothing is waited for, or no more", async () => {
  const interruption = new AbortController();
  const session = testSession({ interrupted: interruption.signal });
  {
    using underWay = new SubmissionsUnderWay(session);
    await underWay.during([row(1)], "sbatch x", Promise.resolve());
  }
  const before = new SubmissionsUnderWay(session);
  const working = before.during([row(1)], "sbatch x", new Promise<void>(() => {}));
  before[Symbol.dispose]();
  interruption.abort();

  assert.deepEqual(session.notes, []);
  void working;
});

Deno.test("linesOf() names lines of a table, and nothing of what came of none", () => {
  assert.equal(linesOf([row(2)]), "line 2: ");
  assert.equal(linesOf([row(2), row(3), row(9)]), "lines 2 to 9: ");
  assert.equal(linesOf([row(null)]), "");
  assert.equal(linesOf([]), "");
});
