import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import { countsOf, LookDisplay } from "../../../src/commands/jobs/look_display.ts";
import type { JobStatus } from "../../../src/jobs/job_status.ts";
import type { View } from "../../../src/session/view.ts";
import type { Look, WaitedJob } from "../../../src/waiting/wait_for_jobs.ts";
import { openJob } from "../../support/jobs.ts";
import { testSession } from "../../support/test_session.ts";

function waited(
  jobId: string,
  state: string | undefined,
  isOver = false,
  isGone = false,
): WaitedJob {
  const status = state === undefined ? undefined : {
    ...{ phase: "active", groupState: state, entries: [] },
    states: new Map([[jobId, state]]),
  } as JobStatus;
  return { job: openJob({ jobId, jobKey: Number(jobId) }), status, isOver, isGone };
}

function lookAt(
  jobs: readonly WaitedJob[],
  pauseMs: number | undefined = 5_000,
  waitedMs = 0,
): Look {
  return { jobs, newlyOver: [], waitedMs, pauseMs };
}

Deno.test("countsOf() counts by state; gone jobs and those that nobody could ask about, too", () => {
  const jobs = [
    ...[waited("1", "RUNNING"), waited("2", "COMPLETED"), waited("3", "RUNNING")],
    ...[waited("4", undefined), waited("5", "RUNNING", true, true)],
  ];

  assert.equal(countsOf(jobs), "5 jobs: 1 COMPLETED, 2 RUNNING, 1 UNKNOWN, 1 ended meanwhile");
  assert.equal(countsOf([waited("1", "PENDING")]), "1 job: 1 PENDING");
});

Deno.test("LookDisplay says a line for each change where there is no terminal", async () => {
  const session = testSession();
  const display = new LookDisplay({ ...session, live: undefined } as unknown as CommandContext);

  for (const state of ["PENDING", "PENDING", "RUNNING"]) {
    await display.show(lookAt([waited("1", state)]));
  }
  await display.show(lookAt([]));
  display.clear();

  assert.deepEqual(session.notes, [
    ...["2027-01-15T08:00:00Z 1 job: 1 PENDING", "2027-01-15T08:00:00Z 1 job: 1 RUNNING"],
  ]);
});

/** What a terminal is shown after a look: the job IDs of the table, and the line below. */
async function drawn(look: Look) {
  const drawn: [ids: unknown[], footer: string][] = [];
  let isCleared = false;
  const live = {
    draw: (view: View, footer: string) => {
      drawn.push([
        (view as { rows: readonly (readonly string[])[] }).rows.slice(1).map(([id]) => id),
        footer,
      ]);
      return Promise.resolve();
    },
    clear: () => void (isCleared = true),
  };
  const display = new LookDisplay({ ...testSession(), live } as unknown as CommandContext);
  await display.show(look);
  display.clear();
  return { drawn: drawn[0], isCleared };
}

Deno.test("LookDisplay draws the jobs that are not over, and counts all below", async () => {
  const jobs = [waited("1", "COMPLETED", true), waited("2", "RUNNING")];

  assert.deepEqual(await drawn(lookAt(jobs, 90_000, 3 * 3_600_000 + 20 * 60_000)), {
    drawn: [["2"], "2 jobs: 1 COMPLETED, 1 RUNNING; waited 3h 20m, next look in 90s"],
    isCleared: true,
  });
  const footer = (ms: number) =>
    drawn(lookAt(jobs, ms)).then((each) => each.drawn![1].split(" in ")[1]);
  assert.equal(await footer(1), "1s");
  assert.equal(await footer(121_000), "2m");
});

Deno.test("LookDisplay draws nothing more after the last look", async () => {
  assert.equal(
    (await drawn({ ...lookAt([waited("1", "RUNNING")]), pauseMs: undefined })).drawn,
    undefined,
  );
});
