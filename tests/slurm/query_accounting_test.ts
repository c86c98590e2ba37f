import assert from "node:assert/strict";
import { accountingOf } from "../../src/jobs/accounting.ts";
import { decideStatus } from "../../src/jobs/job_status.ts";
import { parseAccounting, queryAccounting } from "../../src/slurm/query_accounting.ts";
import { parseSacct } from "../../src/slurm/query_sacct.ts";
import { fakeRunner } from "../support/fake_runner.ts";

/** As Slurm 24.11 prints it, on a site that gathers memory. */
const NEWER = `\
137|137|COMPLETED|2026-11-28T23:28:25|2026-11-28T23:28:25|2026-11-28T23:28:30|0:0|5|00:00.784||300M|UNLIMITED|1|1|n01|debug|bench|billing=1,cpu=1,node=1|0
137.batch|137.batch|COMPLETED|2026-11-28T23:28:25|2026-11-28T23:28:25|2026-11-28T23:28:30|0:0|5|00:00.782|68616K|||1|1|n01||bench|cpu=1,mem=0,node=1|
137.0|137.0|COMPLETED|2026-11-28T23:28:29|2026-11-28T23:28:29|2026-11-28T23:28:30|0:0|1|00:00.001|1788K|||1|1|n01||bench|cpu=1,mem=0,node=1|
106|106|CANCELLED by 0|2026-11-28T22:33:21|None|2026-11-28T22:33:21|0:0|0|00:00:00||100M|5|0|0|None assigned|debug|bench||0
`;
/** As Slurm 22.05 prints it, which knows no Restarts, on a site that gathers nothing. */
const OLDER = `\
619|619|FAILED|2026-11-28T22:37:34|2026-11-28T22:37:35|2026-11-28T22:37:35|1:0|0|00:00:00||20M|UNLIMITED|1|1|n01|debug|bench|billing=1,cpu=1,node=1
619.batch|619.batch|FAILED|2026-11-28T22:37:35|2026-11-28T22:37:35|2026-11-28T22:37:35|1:0|0|00:00:00||||1|1|n01||bench|cpu=1,mem=0,node=1
`;

const OLDER_FIELDS = [
  ...["JobID", "JobIDRaw", "State", "Submit", "Start", "End", "ExitCode", "ElapsedRaw", "TotalCPU"],
  ...["MaxRSS", "ReqMem", "TimelimitRaw", "AllocNodes", "AllocCPUS", "NodeList", "Partition"],
  ...["Cluster", "AllocTRES"],
];

/** What a record would say of a job. */
function evidence(text: string, jobId: string, fields?: readonly string[]) {
  const runs = parseAccounting(text, fields);
  const statusRows = runs.map((run) =>
    [
      ...[run.jobId, run.jobIdRaw, run.state],
      ...[run.submitS, run.endS].map((time) =>
        time === null ? "Unknown" : new Date(time * 1000).toISOString().slice(0, 19)
      ),
      ...[run.exitCode ?? "", "00:00:01", "", run.nodeList ?? ""],
    ].join("|")
  );
  const entries = parseSacct(`${statusRows.join("\n")}\n`).filter((row) =>
    row.jobId.split("_")[0] === jobId
  );
  const status = decideStatus({ jobId, submittedAtMs: 0, arrayTasks: null }, entries);
  const byId = Map.groupBy(runs, (run) => run.jobId);
  return accountingOf(jobId, status, byId, { zoneS: 0, withNodes: true });
}

Deno.test("parseAccounting() reads 24.11, memory from the step that had most", () => {
  assert.deepEqual(evidence(NEWER, "137"), {
    accounting: {
      ...{ state: "COMPLETED", exitCode: "0:0", elapsed: 5, cpu: 0.784, maxRss: 68_616 * 1024 },
      ...{ submit: "2026-11-28T23:28:25Z", start: "2026-11-28T23:28:25Z" },
      ...{ end: "2026-11-28T23:28:30Z", reqMem: 300 * 1024 ** 2, nodes: 1, cpus: 1 },
      ...{ nodeList: "n01", partition: "debug", cluster: "bench", restarts: 0 },
      tres: "billing=1,cpu=1,node=1",
    },
  });
});

Deno.test("parseAccounting() takes a job for one that never began if it had no node, as 22.05 prints it", () => {
  const [run] = parseAccounting(
    "107|107|CANCELLED|2026-11-28T22:33:21|2026-11-28T22:33:30|2026-11-28T22:33:30|0:0|0|00:00:00|" +
      "|100M|5|0|1|None assigned|debug|bench|\n",
    OLDER_FIELDS,
  );

  const { startS, elapsed, nodes, cpus, reqMem } = run!;
  assert.deepEqual([startS, elapsed, nodes, cpus], [null, undefined, undefined, undefined]);
  assert.equal(reqMem, 100 * 1024 ** 2);
});

Deno.test("parseAccounting() has no zeros for what a job that never began did not use", () => {
  assert.deepEqual(evidence(NEWER, "106"), {
    accounting: {
      ...{ state: "CANCELLED", exitCode: "0:0", submit: "2026-11-28T22:33:21Z" },
      ...{ end: "2026-11-28T22:33:21Z", reqMem: 100 * 1024 ** 2, timeLimit: 300 },
      ...{ partition: "debug", cluster: "bench", restarts: 0 },
    },
  });
});

Deno.test("parseAccounting() reads 22.05, and takes a CPU time of nothing for not gathered", () => {
  assert.deepEqual(evidence(OLDER, "619", OLDER_FIELDS), {
    accounting: {
      ...{ state: "FAILED", exitCode: "1:0", elapsed: 0, submit: "2026-11-28T22:37:34Z" },
      ...{ start: "2026-11-28T22:37:35Z", end: "2026-11-28T22:37:35Z", nodes: 1, cpus: 1 },
      ...{ reqMem: 20 * 1024 ** 2, nodeList: "n01", partition: "debug", cluster: "bench" },
      tres: "billing=1,cpu=1,node=1",
    },
  });
});

for (
  const [field, text, key, value] of [
    ["TotalCPU", "02:03:04", "cpu", 7_384],
    ["TotalCPU", "1-00:00:01", "cpu", 86_401],
    ["TotalCPU", "01:02.500", "cpu", 62.5],
    ["TotalCPU", "INVALID", "cpu", undefined],
    ["ReqMem", "4Gn", "reqMem", 8 * 1024 ** 3],
    ["ReqMem", "4Gc", "reqMem", 16 * 1024 ** 3],
    ["ReqMem", "3.50G", "reqMem", 3.5 * 1024 ** 3],
    ["ReqMem", "0", "reqMem", undefined],
    ["TimelimitRaw", "Partition_Limit", "timeLimit", undefined],
    ["ElapsedRaw", "", "elapsed", undefined],
    ["NodeList", "n[01-03,7]", "nodeList", "n[01-03,7]"],
  ] as const
) {
  Deno.test(`parseAccounting() reads ${field} ${JSON.stringify(text)} as ${value}`, () => {
    const cells = OLDER_FIELDS.map((name) => name === field ? text : CELLS[name] ?? "");
    assert.equal(parseAccounting(cells.join("|"), OLDER_FIELDS)[0]![key], value);
  });
}

const CELLS: Readonly<Record<string, string>> = {
  ...{ JobID: "1", State: "COMPLETED", Start: "2026-11-28T22:37:35" },
  ...{ AllocNodes: "2", AllocCPUS: "4" },
};

Deno.test("accountingOf() takes of a requeued job the run that its status is of, and that one's steps", () => {
  const line = (id: string, submit: string, state: string, elapsed: string, rss: string) =>
    `${id}|${id}|${state}|${submit}|${submit}|${submit}|0:0|${elapsed}|00:01.000|${rss}|1G||1|1|n|p|c|cpu=1|1`;
  const text = [
    line("7", "2026-11-28T10:00:00", "PREEMPTED", "100", ""),
    line("7.batch", "2026-11-28T10:00:00", "CANCELLED", "100", "900M"),
    line("7", "2026-11-28T11:00:00", "COMPLETED", "50", ""),
    line("7.batch", "2026-11-28T11:00:00", "COMPLETED", "50", "100M"),
  ].join("\n");
  const { accounting } = evidence(text, "7")!;
  assert.deepEqual([accounting.elapsed, accounting.maxRss], [50, 100 * 1024 ** 2]);
  assert.equal(accounting.submit, "2026-11-28T11:00:00Z");
});

Deno.test("queryAccounting() asks again without fields that sacct refuses, and once for 500 jobs", async () => {
  const calls: string[] = [];
  const runner = {
    run: (argv: readonly string[]) => {
      const format = argv.find((word) => word.startsWith("--format="))!;
      calls.push(`${format.includes("Restarts")} ${argv.at(-1)!.split(",").length}`);
      const isRefused = format.includes("Restarts");
      return Promise.resolve({
        code: isRefused ? 1 : 0,
        stdout: new TextEncoder().encode(isRefused ? "" : OLDER),
        stderr: isRefused ? 'sacct: error: Invalid field requested: "Restarts"\n' : "",
      });
    },
  };
  const ids = Array.from({ length: 501 }, (_, at) => `${at}`);
  const runs = await queryAccounting({ runner: runner as never, timeoutMs: 1_000 }, ids, null);
  assert.deepEqual(calls, ["true 500", "false 500", "false 1"]);
  assert.equal(runs.length, 2);
  assert.equal(runs[0]!.reqMem, 20 * 1024 ** 2);
});

Deno.test("queryAccounting() does not take an error with exit status 0 for jobs that are not known", async () => {
  const error = "sacct: error: Problem talking to the database: Connection refused\n";
  for (const said of [{ stdout: error }, { stderr: error }]) {
    using runner = fakeRunner({ to: ["sacct"], ...said });

    await assert.rejects(queryAccounting({ runner, timeoutMs: 1_000 }, ["7"], null), {
      code: "SLURM_UNAVAILABLE",
      message: /Connection refused/,
    });
  }
});
