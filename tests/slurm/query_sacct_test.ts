import assert from "node:assert/strict";
import { decideStatus } from "../../src/jobs/job_status.ts";
import type { Runner, RunOptions, RunResult } from "../../src/process/runner.ts";
import {
  AccountingDisabledError,
  parseSacct,
  parseSlurmTime,
  querySacct,
} from "../../src/slurm/query_sacct.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { readRecording } from "./recordings.ts";

/** What each recorded job came to: phase, group state, and the array tasks that it has. */
type Expected = readonly [string, string, string, readonly number[] | null];
const RECORDED: readonly Expected[] = [
  ["single_job", "completed", "COMPLETED", null],
  ["failed_job", "failed", "FAILED", null],
  ["signal_job", "failed", "FAILED", null],
  ["awkward_names", "completed", "COMPLETED", null],
  ["running_job", "active", "RUNNING", null],
  ["cancelled_job", "failed", "CANCELLED", null],
  ["timeout_job", "failed", "TIMEOUT", null],
  // Accounting may still lack the row of the second run.
  ["requeued_pending", "active", "PENDING or REQUEUED", null],
  ["requeued_done", "completed", "COMPLETED", null],
  ["unknown_job", "unknown", "UNKNOWN", null],
  ["array_pending", "active", "PENDING", [0, 1, 2, 3]],
  ["array_running", "active", "RUNNING", [0, 1, 2, 3]],
  ["array_done", "failed", "ARRAY FAILED (SOME COMPLETE)", [0, 1, 2, 3]],
  ["array_cancelled_pending", "failed", "CANCELLED", [0, 3, 39, 50, 85]],
  ["het_job", "failed", "CANCELLED", null],
];

for (const version of VERSIONS) {
  for (const [name, phase, groupState, arrayTasks] of RECORDED) {
    Deno.test(`parseSacct() reads ${name} of Slurm ${version}`, () => {
      const { argv, stdout } = readRecording(version, `${name}_sacct`);
      const jobId = argv.at(-1)!;

      const rows = parseSacct(stdout);

      const submittedAtMs = (rows[0]?.submitS ?? 0) * 1000;
      const status = decideStatus({ jobId, submittedAtMs, arrayTasks }, rows);
      assert.equal(status.phase, phase);
      assert(groupState.split(" or ").includes(status.groupState), status.groupState);
      assert(rows.every((row) => row.submitS !== null && row.jobId.startsWith(jobId)));
    });
  }

  Deno.test(`parseSacct() tells exit code and signal of Slurm ${version}`, () => {
    const exitCode = (name: string) => parseSacct(readRecording(version, name).stdout)[0]!.exitCode;

    assert.equal(exitCode("failed_job_sacct"), "3:0");
    assert.equal(exitCode("signal_job_sacct"), "0:9");
    assert.equal(exitCode("single_job_sacct"), "0:0");
  });

  Deno.test(`parseSacct() tells when jobs of Slurm ${version} ended, and that one runs`, () => {
    const rowsOf = (name: string) => parseSacct(readRecording(version, name).stdout);

    const { submitS, endS } = rowsOf("timeout_job_sacct")[0]!;
    assert(endS! - submitS! > 60, `it may take a minute: ${endS! - submitS!} s`);
    assert.equal(rowsOf("running_job_sacct")[0]!.endS, null);
    assert(rowsOf("array_done_sacct").every((row) => row.endS! >= row.submitS!));
  });

  Deno.test(`parseSacct() gives each task of Slurm ${version} its own job ID`, () => {
    const rows = parseSacct(readRecording(version, "array_done_sacct").stdout);

    assert.equal(new Set(rows.map((row) => row.jobIdRaw)).size, 4);
    assert(rows.every((row) => /^[0-9]+$/.test(row.jobIdRaw)));
  });
}

Deno.test("querySacct() asks for no free text, which may hold what looks like rows", async () => {
  const runner = new OneAnswer({});

  await querySacct({ runner, timeoutMs: 1_000 }, ["7"], null);

  const fields = runner.calls[0]!.argv.find((word) => word.startsWith("--format="))!;
  // sacct(1), "Job Accounting Fields": what users write.
  assert.doesNotMatch(fields, /JobName|Comment|SubmitLine|WorkDir|Std|Container|Extra|WCKey/i);
});

Deno.test("parseSacct() passes over a banner and blank lines", () => {
  const rows = parseSacct(
    "Welcome to the cluster!\n\n7|7|COMPLETED|Unknown|Unknown|0:0|00:00:01||n1\n\n8|8|RUNNING|None|||||\n" +
      "Goodbye!\n",
  );

  assert.deepEqual(rows.map((row) => [row.jobId, row.submitS]), [["7", null], ["8", null]]);
});

Deno.test("parseSacct() finds nothing in nothing", () => {
  assert.deepEqual(parseSacct(""), []);
  assert.deepEqual(parseSacct("\n \n"), []);
});

const NONSENSE: readonly (readonly [string, string])[] = [
  ["text", "sacct: command moved to /opt/new\n"],
  ["text with separators", "a|b|c|d|e|f|g|h|i\n"],
  ["job steps", "7.batch|7.batch|COMPLETED|Unknown|Unknown|0:0|00:00:01||n1|batch\n"],
];

for (const [what, stdout] of NONSENSE) {
  Deno.test(`parseSacct() refuses ${what}`, () => {
    assert.throws(() => parseSacct(stdout), { name: "UserError", code: "SLURM_UNAVAILABLE" });
  });
}

for (
  const [what, line] of [
    ["a row that is cut off", "7|7|COMPL"],
    ["a row without a state", "7|7||Unknown|Unknown|0:0|00:00:01||n1"],
  ] as const
) {
  Deno.test(`parseSacct() of ${what} → that job alone is unknown`, () => {
    const rows = parseSacct(`${line}\n8|8|COMPLETED|Unknown|Unknown|0:0|00:00:01||n1\n`);

    assert.deepEqual(rows.map(({ jobId, state }) => `${jobId} ${state}`), [
      "7 UNKNOWN",
      "8 COMPLETED",
    ]);
  });
}

Deno.test("parseSlurmTime() reads UTC, and nothing else as a time", () => {
  assert.equal(parseSlurmTime("1970-01-02T00:00:01"), 86_401);
  for (const text of ["", "Unknown", "None", "N/A", "2026-11-22", "11/22-09:38:04"]) {
    assert.equal(parseSlurmTime(text), null);
  }
});

/** Answers every call alike and keeps what was asked. */
class OneAnswer implements Runner {
  readonly calls: { readonly argv: readonly string[]; readonly options: RunOptions }[] = [];
  readonly #result: RunResult;

  constructor(result: Partial<RunResult>) {
    this.#result = { code: 0, signal: null, stdout: new Uint8Array(), stderr: "", ...result };
  }

  run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
    this.calls.push({ argv, options });
    return Promise.resolve(this.#result);
  }
}

Deno.test("querySacct() asks for 500 jobs a call, each exactly once", async () => {
  const runner = new OneAnswer({});
  const jobIds = Array.from({ length: 1_001 }, (_, index) => String(index + 1));

  await querySacct({ runner, timeoutMs: 1_000 }, jobIds, null);

  const asked = runner.calls.map(({ argv }) => argv[argv.indexOf("-j") + 1]!.split(","));
  assert.deepEqual(asked.map((ids) => ids.length), [500, 500, 1]);
  assert.deepEqual(asked.flat(), jobIds);
});

Deno.test("querySacct() takes an array of more tasks than a call takes arguments", async () => {
  const lines = Array.from(
    { length: 300_000 },
    (_, task) => `7_${task}|${task + 8}|COMPLETED|Unknown|Unknown|0:0|00:00:01|1:00|n1|job\n`,
  );
  const runner = new OneAnswer({ stdout: new TextEncoder().encode(lines.join("")) });

  const rows = await querySacct({ runner, timeoutMs: 1_000 }, ["7"], null);

  assert.equal(rows.length, 300_000);
  assert.equal(rows.at(-1)!.jobId, "7_299999");
});

Deno.test("querySacct() is not led astray by the user's environment", async () => {
  const runner = new OneAnswer({});

  await querySacct({ runner, timeoutMs: 1_000 }, ["7"], "big");

  const { argv, options } = runner.calls[0]!;
  assert.equal(options.env!["TZ"], "UTC");
  assert.equal(options.env!["LC_ALL"], "C");
  // What squeue, scontrol and sacct read of their environment, 22.05 to 26.05, and of another cluster's.
  const read = [
    ...[
      "SACCT_FEDERATION",
      "SACCT_FORMAT",
      "SACCT_LOCAL",
      "SCONTROL_FEDERATION",
      "SCONTROL_FUTURE",
    ],
    ...[
      "SCONTROL_LOCAL",
      "SCONTROL_SIB",
      "SCONTROL_SIBLING",
      "SLURM_CLUSTERS",
      "SLURM_TIME_FORMAT",
    ],
    ...["SQUEUE_ACCOUNT", "SQUEUE_ARRAY", "SQUEUE_ARRAY_UNIQUE", "SQUEUE_FEDERATION"],
    ...["SQUEUE_FORMAT", "SQUEUE_FORMAT2", "SQUEUE_LICENSES", "SQUEUE_LOCAL", "SQUEUE_NAMES"],
    ...["SQUEUE_PARTITION", "SQUEUE_PRIORITY", "SQUEUE_QOS", "SQUEUE_SIB", "SQUEUE_SIBLING"],
    ...["SQUEUE_SORT", "SQUEUE_STATES", "SQUEUE_USERS"],
  ];
  for (const name of read) assert(name in options.env! && options.env![name] === undefined, name);
  assert.equal(argv[argv.indexOf("-M") + 1], "big");
  // A time would be read in the time zone of the machine that sacct runs on.
  assert.doesNotMatch(argv.join(" "), /\d{4}-\d\d-\d\d/);
});

Deno.test("querySacct() tells a site without accounting from a failure", async () => {
  const disabled = new OneAnswer({
    code: 1,
    stderr: "Slurm accounting storage is disabled\n",
  });
  const broken = new OneAnswer({ code: 1, stderr: "sacct: error: slurmdbd: Connection refused\n" });

  await assert.rejects(
    querySacct({ runner: disabled, timeoutMs: 1_000 }, ["7"], null),
    AccountingDisabledError,
  );
  await assert.rejects(querySacct({ runner: broken, timeoutMs: 1_000 }, ["7"], null), {
    code: "SLURM_UNAVAILABLE",
    detail: /Connection refused/,
  });
});
