import assert from "node:assert/strict";
import { ProgramNotFoundError, ProgramTimeoutError } from "../../src/process/runner.ts";
import { inCalls, requireAnswer, runSlurm, slurmFailed } from "../../src/slurm/slurm_command.ts";
import { fakeRunner } from "../support/fake_runner.ts";

Deno.test("inCalls() asks for each ID once, 500 a call", () => {
  const ids = Array.from({ length: 1_001 }, (_, at) => String(at));

  const calls = [...inCalls(ids)];

  assert.deepEqual(calls.map((call) => call.length), [500, 500, 1]);
  assert.deepEqual(calls.flat(), ids);
  assert.deepEqual([...inCalls([])], []);
});

Deno.test("runSlurm() asks in UTC and English, and lets no variable choose other jobs", async () => {
  using runner = fakeRunner({ to: ["squeue"], code: 1 });
  const signal = new AbortController().signal;

  const { code } = await runSlurm({ runner, timeoutMs: 50, signal }, ["squeue", "-h"]);

  assert.equal(code, 1, "a failure is a result");
  const { env, timeoutMs, signal: given } = runner.calls[0]!.options;
  assert.deepEqual([env!["TZ"], env!["LC_ALL"], timeoutMs, given], ["UTC", "C", 50, signal]);
  for (const name of ["SLURM_CLUSTERS", "SQUEUE_STATES", "SACCT_FORMAT", "SLURM_TIME_FORMAT"]) {
    assert(name in env! && env![name] === undefined, name);
  }
  assert(!("SLURM_CONF" in env!));
});

Deno.test("runSlurm() says that Slurm is not loaded, or does not answer", async () => {
  const late = new ProgramTimeoutError(["sacct", "-X"], 2_000);
  using runner = fakeRunner(
    { to: ["sacct"], throws: new ProgramNotFoundError("sacct") },
    { to: ["sacct"], throws: late },
    { to: ["sacct"], throws: new TypeError("a bug") },
  );
  const client = { runner, timeoutMs: 2_000 };

  await assert.rejects(runSlurm(client, ["sacct"]), {
    code: "SLURM_UNAVAILABLE",
    message: 'Cannot ask Slurm: there is no "sacct" on PATH',
  });
  await assert.rejects(runSlurm(client, ["sacct"]), {
    code: "SLURM_UNAVAILABLE",
    message: "Cannot ask Slurm: sacct gave no answer within 2 s",
    hint: /dlslurm\.slurm\.timeout/,
  });
  await assert.rejects(runSlurm(client, ["sacct"]), TypeError);
});

Deno.test("slurmFailed() shows what was said, on whichever stream", () => {
  const result = { code: 1, signal: null, stdout: new TextEncoder().encode("out\n"), stderr: "" };

  assert.equal(slurmFailed("sacct", { ...result, stderr: "err\n" }).detail, "err");
  assert.equal(slurmFailed("sacct", result).detail, "out");
});

const LOAD_ERROR = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)";

Deno.test("requireAnswer() takes nothing for none, and text or an error without a row for no answer", () => {
  const answers: readonly (readonly [string, string, string | undefined])[] = [
    ["", "", undefined],
    ["\n", "a warning of a plugin\n", undefined],
    ["CLUSTER: big\n", "", undefined],
    [`${LOAD_ERROR}\n`, "", `Cannot read squeue's answer, which begins with "${LOAD_ERROR}"`],
    ["CLUSTER: big\nno | row\n", "", `Cannot read squeue's answer, which begins with "no | row"`],
    ["", `${LOAD_ERROR}\n`, `Cannot ask Slurm: squeue printed no answer, and "${LOAD_ERROR}"`],
    [
      ...["\n", "a warning\nsqueue: error: Invalid user: 12345\n"] as const,
      'Cannot ask Slurm: squeue printed no answer, and "squeue: error: Invalid user: 12345"',
    ],
  ];
  for (const [stdout, stderr, message] of answers) {
    const ask = () => requireAnswer("squeue", { stdout, stderr }, false);

    if (message === undefined) ask();
    else assert.throws(ask, { name: "UserError", code: "SLURM_UNAVAILABLE", message });
    // Beside a row all that is a banner, or a warning.
    requireAnswer("squeue", { stdout, stderr }, true);
  }
});
