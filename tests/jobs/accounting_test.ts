import assert from "node:assert/strict";
import { accountingOf } from "../../src/jobs/accounting.ts";
import type { AccountedRun } from "../../src/jobs/accounting.ts";
import type { AccountingEntry } from "../../src/jobs/accounting_entry.ts";
import { decideStatus } from "../../src/jobs/job_status.ts";

const SUBMIT_S = Date.UTC(2026, 10, 28, 12) / 1000;
const OPTIONS = { zoneS: 0, withNodes: true };

function runOf(jobId: string, changes: Partial<AccountedRun> = {}): AccountedRun {
  return {
    ...{ jobId, jobIdRaw: jobId, state: "COMPLETED", exitCode: "0:0" },
    ...{ submitS: SUBMIT_S, startS: SUBMIT_S + 10, endS: SUBMIT_S + 20 },
    ...{ elapsed: 10, cpu: 1.5, reqMem: 1024, timeLimit: 600, nodes: 1, cpus: 2 },
    ...{ nodeList: "n1", partition: "short", cluster: "c", restarts: undefined, tres: "cpu=2" },
    steps: [],
    ...changes,
  };
}

/** What is told of job 151, of which accounting has these runs. */
function told(runs: readonly AccountedRun[], options = OPTIONS, others: AccountedRun[] = []) {
  const entries = runs.map((run): AccountingEntry => ({
    ...{ jobId: run.jobId, jobIdRaw: run.jobIdRaw, state: run.state },
    ...{ submitS: run.submitS, endS: run.endS, exitCode: run.exitCode ?? "" },
    ...{ elapsed: "00:00:10", nodeList: run.nodeList ?? "" },
  }));
  const isArray = runs.some(({ jobId }) => jobId.includes("_"));
  const submission = {
    jobId: "151",
    submittedAtMs: (SUBMIT_S - 1) * 1000,
    arrayTasks: isArray ? runs.map(({ jobId }) => Number(jobId.split("_")[1])) : null,
  };
  const known = Map.groupBy([...runs, ...others], ({ jobId }) => jobId);
  return accountingOf("151", decideStatus(submission, entries), known, options);
}

Deno.test("accountingOf() tells of a plain job what is known, the peak over its steps, no tasks", () => {
  const steps = [{ maxRss: 100 }, { maxRss: undefined }, { maxRss: 300 }];

  assert.deepEqual(told([runOf("151", { steps, state: "CANCELLED by 1000", exitCode: "0:15" })]), {
    accounting: {
      ...{ state: "CANCELLED", exitCode: "0:15", submit: "2026-11-28T12:00:00Z" },
      ...{ start: "2026-11-28T12:00:10Z", end: "2026-11-28T12:00:20Z" },
      ...{ elapsed: 10, cpu: 1.5, maxRss: 300, reqMem: 1024, timeLimit: 600, nodes: 1, cpus: 2 },
      ...{ nodeList: "n1", partition: "short", cluster: "c", tres: "cpu=2" },
    },
  });
});

Deno.test("accountingOf() moves times out of the zone that sacct printed them in", () => {
  const { accounting } = told([runOf("151")], { ...OPTIONS, zoneS: 3600 })!;

  assert.deepEqual([accounting.submit, accounting.end], [
    ...["2026-11-28T11:00:00Z", "2026-11-28T11:00:20Z"],
  ]);
});

Deno.test("accountingOf() of a run over the change from or to summer time has it end when it had run so long", () => {
  const endOf = (zoneS: number, offS: number) => {
    const run = runOf("151", { endS: SUBMIT_S + 20 + offS });
    const { accounting } = told([run], { ...OPTIONS, zoneS })!;
    return (Date.parse(accounting.end!) / 1000) - SUBMIT_S + zoneS;
  };

  assert.equal(endOf(7200, -3600), 20);
  assert.equal(endOf(3600, 3600), 20);
  assert.equal(endOf(-39_600, 1800), 20);
  // A zone without an offset, as London's in winter, and a job that was suspended for an hour.
  assert.equal(endOf(0, -3600), 20);
  assert.equal(endOf(0, 3600), 3620);
  // What is no change of a clock is as it was told.
  assert.equal(endOf(3600, 600), 620);
  assert.equal(endOf(3600, 0), 20);
});

Deno.test("accountingOf() names no node where none is to be named", () => {
  const options = { ...OPTIONS, withNodes: false };

  assert.equal("nodeList" in told([runOf("151")], options)!.accounting, false);
  assert.equal(
    "nodeList" in told([runOf("151_0"), runOf("151_1", { state: "FAILED" })], options)!.accounting,
    false,
  );
});

Deno.test("accountingOf() leaves out what is not known, instead of a nought", () => {
  const { accounting } = told([runOf("151", { startS: null, cpu: undefined, nodeList: "" })])!;

  assert.deepEqual(["start", "cpu", "maxRss", "nodeList"].filter((name) => name in accounting), []);
});

Deno.test("accountingOf() takes no run of another job that had the ID", () => {
  const former = runOf("151", { jobIdRaw: "151", submitS: SUBMIT_S - 86_400, cpu: 99 });

  assert.equal(told([runOf("151")], OPTIONS, [former])!.accounting.cpu, 1.5);
  const status = decideStatus({ jobId: "151", submittedAtMs: 0, arrayTasks: null }, []);
  assert.equal(accountingOf("151", status, new Map([["151", [former]]]), OPTIONS), undefined);
});

Deno.test("accountingOf() sums an array up, and names the tasks that ended otherwise", () => {
  const { accounting, tasks } = told([
    runOf("151_0", { steps: [{ maxRss: 100 }], timeLimit: 600 }),
    runOf("151_1", { steps: [{ maxRss: 300 }], elapsed: 30, endS: SUBMIT_S + 40 }),
    runOf("151_2", { state: "FAILED", exitCode: "1:0", nodeList: "n2", elapsed: 5, cpus: 4 }),
  ])!;

  assert.deepEqual(
    [accounting.elapsed, accounting.cpu, accounting.maxRss, accounting.nodeList],
    [45, 4.5, 300, "n1,n2"],
  );
  assert.equal(accounting.exitCode, "1:0", "the first that is not 0:0");
  assert.equal(accounting.end, "2026-11-28T12:00:40Z", "the latest");
  assert.deepEqual([accounting.timeLimit, "cpus" in accounting], [600, false], "what all agree on");
  assert.deepEqual([tasks!.count, tasks!.elapsed], [3, { min: 5, max: 30 }]);
  assert.deepEqual(Object.keys(tasks!.differing!), ["2"]);
  const differing = tasks!.differing!["2"]!;
  assert.deepEqual([differing.state, "partition" in differing], ["FAILED", false]);
});

Deno.test("accountingOf() names at most 100 tasks that differ, and counts them then", () => {
  const runs = Array.from(
    { length: 300 },
    (_, task) => runOf(`151_${task}`, task < 101 ? { state: "FAILED", exitCode: "1:0" } : {}),
  );
  const { tasks } = told(runs)!;

  assert.equal(Object.keys(tasks!.differing!).length, 100);
  assert.equal(tasks!.differingCount, 101);
  assert.equal(told(runs.slice(1))!.tasks!.differingCount, undefined);
});

Deno.test("accountingOf() counts time of components once, and CPUs and memory of all", () => {
  const leader = runOf("151+0", { jobIdRaw: "151", reqMem: 1024, nodeList: "n1" });
  const other = runOf("151+1", {
    ...{ jobIdRaw: "152", elapsed: 8, cpus: 6, nodes: 3, reqMem: 2048, nodeList: "n[2-4]" },
  });
  const { accounting, ...rest } = told([leader, other])!;
  const { elapsed, cpus, reqMem, cpu, nodeList, nodes, tres } = accounting;

  assert.deepEqual(rest, {});
  assert.deepEqual([elapsed, cpus, reqMem, cpu, nodeList], [10, 8, 3072, 3, "n1,n[2-4]"]);
  assert.deepEqual([nodes, tres], [undefined, undefined], "components may share nodes");
  const { accounting: { cpus: unknown } } = told([leader, { ...other, cpus: undefined }])!;
  assert.equal(unknown, undefined);
});
