import assert from "node:assert/strict";
import { requestsOf } from "../../src/report/requests.ts";
import { reportedJob } from "./reported_job.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

Deno.test("requestsOf() what would have sufficed is a fifth more than the most", () => {
  const asked = { timeLimit: 7200, reqMem: 8 * GIB, cpus: 2 };
  const [request] = requestsOf([
    reportedJob({ ...asked, elapsed: 600, longest: 600, maxRss: GIB }),
    reportedJob({ ...asked, elapsed: 2400, longest: 2400, maxRss: 2 * GIB }),
  ]);

  assert.deepEqual(request?.jobs, [0, 1]);
  assert.equal(request?.longest, 2400);
  assert.equal(request?.enoughTime, 50 * 60); // 48 minutes, in steps of five
  assert.equal(request?.enoughMemory, 2500 * MIB);
});

Deno.test("requestsOf() where a limit has stopped a job nobody knows", () => {
  const asked = { timeLimit: 600, reqMem: GIB };
  const [timeout] = requestsOf([
    reportedJob({ ...asked, longest: 600, maxRss: 1, state: "TIMEOUT", phase: "failed" }),
    reportedJob({ ...asked, longest: 100, maxRss: 1 }),
  ]);
  const [memory] = requestsOf([
    reportedJob({ ...asked, longest: 6, maxRss: GIB, state: "OUT_OF_MEMORY", phase: "failed" }),
  ]);

  assert.equal(timeout?.enoughTime, undefined);
  assert.notEqual(timeout?.enoughMemory, undefined);
  assert.equal(memory?.enoughMemory, undefined);
  assert.notEqual(memory?.enoughTime, undefined);
});

Deno.test("requestsOf() keeps steps and requests apart, the costliest first", () => {
  const requests = requestsOf([
    reportedJob({ step: "a.sh", timeLimit: 60, longest: 1, elapsed: 1, cpus: 1 }),
    reportedJob({ step: "b.sh", timeLimit: 60, longest: 9, elapsed: 9, cpus: 8 }),
    reportedJob({ step: "a.sh", timeLimit: 90, longest: 2, elapsed: 2, cpus: 1 }),
    reportedJob({ step: "c.sh" }),
  ]);

  assert.deepEqual(
    requests.map(({ step, timeLimit }) => [step, timeLimit]),
    [["b.sh", 60], ["a.sh", 90], ["a.sh", 60]],
  );
});
