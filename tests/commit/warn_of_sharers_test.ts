import assert from "node:assert/strict";
import { warnOfSharers } from "../../src/commit/warn_of_sharers.ts";
import type { JobStatus } from "../../src/jobs/job_status.ts";
import { testSession } from "../support/test_session.ts";

function status(phase: JobStatus["phase"], state: string): JobStatus {
  const entries = [{ state }] as unknown as JobStatus["entries"];
  return { phase, groupState: state, states: new Map(), entries };
}

const RUNNING = status("active", "RUNNING");

interface Case {
  readonly name: string;
  readonly outputs: readonly string[];
  readonly status: JobStatus | undefined;
  readonly warned: RegExp | null;
}

const CASES: readonly Case[] = [
  {
    name: "the same folder",
    outputs: ["x", "o"],
    status: RUNNING,
    warned: /job 9 is open \(RUNNING\) and claims "o", too: .* job 1, 2$/,
  },
  { name: "one inside", outputs: ["o/deep/y"], status: RUNNING, warned: /job 1, 2$/ },
  { name: "one around", outputs: ["p"], status: RUNNING, warned: /job 2$/ },
  { name: "the dataset", outputs: ["."], status: RUNNING, warned: /job 1, 2$/ },
  { name: "others", outputs: ["o2", "p/r"], status: RUNNING, warned: null },
  { name: "it, not begun", outputs: ["o"], status: status("active", "PENDING"), warned: null },
  { name: "it, failed", outputs: ["o"], status: status("failed", "FAILED"), warned: null },
  { name: "it, not asked", outputs: ["o"], status: undefined, warned: /nobody has asked/ },
];

for (const { name, outputs, status, warned } of CASES) {
  Deno.test(`warnOfSharers() of a job that claims ${name}`, () => {
    const session = testSession();
    const committed = [{ jobId: "1", outputs: ["o"] }, { jobId: "2", outputs: ["o", "p/q"] }];

    warnOfSharers(committed, [{ job: { jobId: "9", outputs }, status }], session);

    assert.equal(session.warnings.length, warned === null ? 0 : 1);
    if (warned !== null) assert.match(session.warnings[0]!, warned);
  });
}
