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

Deno.test("parseSacct() keeps a job name with separators whole", () => {
  const { stdout } = readRecording("24.11", "awkward_names_sacct");

  assert.equal(parseSacct(stdout)[0]!.jobName, "my | job a=b JobId=1");
});

Deno.test("parseSacct() passes over a banner and blank lines", () => {
  const rows = parseSacct(
    "Welcome to the cluster!\n\n7|7|COMPLETED|Unknown|Unknown|0:0|00:00:01||n1|a\n\n8|8|RUNNING|None||||||b\n",
  );

  assert.deepEqual(rows.map((row) => [row.jobId, row.submitS]), [["7", null], ["8", null]]);
});

Deno.test("parseSacct() finds nothing in nothing", () => {
  assert.deepEqual(parseSacct(""), []);
  assert.deepEqual(parseSacct("\n \n"), []);
});

const NONSENSE: readonly (readonly [string, string])[] = [
  ["text", "sacct: command moved to /opt/new\n"],
  ["a row that is cut off", "7|7|COMPLETED\n"],
  ["a row without a state", "7|7||Unknown|Unknown|0:0|00:00:01||n1|a\n"],
  ["text with separators", "a|b|c|d|e|f|g|h|i\n"],
  ["text behind a row", "7|7|COMPLETED|Unknown|Unknown|0:0|00:00:01||n1|a\nslurmdbd went away\n"],
  ["job steps", "7.batch|7.batch|COMPLETED|Unknown|Unknown|0:0|00:00:01||n1|batch\n"],
];

for (const [what, stdout] of NONSENSE) {
  Deno.test(`parseSacct() refuses ${what}`, () => {
    assert.throws(() => parseSacct(stdout), { name: "UserError", code: "SLURM_UNAVAILABLE" });
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

  await querySacct({ runner, timeoutMs: 1_000 }, jobIds, Date.now(), null);

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

  const rows = await querySacct({ runner, timeoutMs: 1_000 }, ["7"], Date.now(), null);

  assert.equal(rows.length, 300_000);
  assert.equal(rows.at(-1)!.jobId, "7_299999");
});

Deno.test("querySacct() is not led astray by the user's environment", async () => {
  const runner = new OneAnswer({});
  const sinceMs = Date.UTC(2026, 10, 22, 12);

  await querySacct({ runner, timeoutMs: 1_000 }, ["7"], sinceMs, "big");

  const { argv, options } = runner.calls[0]!;
  assert.equal(options.env!["TZ"], "UTC");
  assert.equal(options.env!["LC_ALL"], "C");
  assert("SACCT_FORMAT" in options.env! && options.env["SACCT_FORMAT"] === undefined);
  assert("SLURM_TIME_FORMAT" in options.env && options.env["SLURM_TIME_FORMAT"] === undefined);
  assert.equal(argv[argv.indexOf("-M") + 1], "big");
  assert(argv[argv.indexOf("-S") + 1]! <= "2026-11-22T12:00:00");
});

Deno.test("querySacct() tells a site without accounting from a failure", async () => {
  const disabled = new OneAnswer({
    code: 1,
    stderr: "Slurm accounting storage is disabled\n",
  });
  const broken = new OneAnswer({ code: 1, stderr: "sacct: error: slurmdbd: Connection refused\n" });

  await assert.rejects(
    querySacct({ runner: disabled, timeoutMs: 1_000 }, ["7"], 0, null),
    AccountingDisabledError,
  );
  await assert.rejects(querySacct({ runner: broken, timeoutMs: 1_000 }, ["7"], 0, null), {
    code: "SLURM_UNAVAILABLE",
    detail: /Connection refused/,
  });
});
