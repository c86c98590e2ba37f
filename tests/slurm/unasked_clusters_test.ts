import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import type { JobStatus } from "../../src/jobs/job_status.ts";
import { reportUnasked, unaskedIn } from "../../src/slurm/unasked_clusters.ts";
import { testSession } from "../support/test_session.ts";

const error = new UserError("SLURM_UNAVAILABLE", "Cannot ask Slurm", { detail: "squeue: no" });

function statusOf(doubt?: JobStatus["doubt"]): JobStatus {
  const state = {
    phase: "unknown",
    groupState: "UNKNOWN",
    states: new Map(),
    entries: [],
  } as const;
  return doubt === undefined ? state : { ...state, doubt };
}

function unasked(cluster: string | null): JobStatus {
  return statusOf({ kind: "not asked", cluster, error });
}

Deno.test("unaskedIn() tells of each cluster once, and of none that was asked", () => {
  const statuses = [unasked("big"), undefined, statusOf(), unasked("big"), unasked(null)];

  assert.deepEqual(unaskedIn(statuses).map(({ cluster }) => cluster), ["big", null]);
  assert.deepEqual(unaskedIn([statusOf({ kind: "not queued", state: "RUNNING" })]), []);
});

Deno.test("reportUnasked() gives Slurm's words and what helps", () => {
  const session = testSession();

  reportUnasked({ root: "/d" }, [unasked("big"), unasked(null)], "slurm-list", session);

  assert.deepEqual(
    session.results.map(({ status, message, detail }) => `${status} ${message}: ${detail}`),
    [
      "impossible nothing is known of the jobs of cluster big: Cannot ask Slurm: squeue: no",
      "impossible nothing is known of the jobs of this cluster: Cannot ask Slurm: squeue: no",
    ],
  );
  assert.match(session.results[0]!.hint!, /finish ID --close-unknown-jobs/);
});
