import assert from "node:assert/strict";
import type { Runner, RunResult } from "../../src/process/runner.ts";
import { querySqueue } from "../../src/slurm/query_squeue.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { readRecording } from "./recordings.ts";

function answering(result: Partial<RunResult>): Runner {
  const defaults = { code: 0, signal: null, stdout: new Uint8Array(), stderr: "" };
  return { run: () => Promise.resolve({ ...defaults, ...result }) };
}

function ask(result: Partial<RunResult>) {
  return querySqueue({ runner: answering(result), timeoutMs: 1_000 }, null);
}

const bytes = (text: string) => new TextEncoder().encode(text);

for (const version of VERSIONS) {
  Deno.test(`querySqueue() reads arrays of Slurm ${version}`, async () => {
    const arrayId = readRecording(version, "array_pending_scontrol").argv.at(-1)!;
    const { stdout } = readRecording(version, "array_running_squeue");

    const rows = await ask({ stdout: bytes(stdout) });

    const own = rows.filter((row) => row.jobId.startsWith(`${arrayId}_`))
      .map((row) => `${row.jobId} ${row.state}`).sort();
    assert.deepEqual(own, [
      `${arrayId}_0 RUNNING`,
      `${arrayId}_1 RUNNING`,
      `${arrayId}_[2-3%2] PENDING`,
    ]);
    const running = rows.filter((row) => row.jobId.startsWith(`${arrayId}_`) && row.nodeList);
    assert.deepEqual(running.map((row) => row.nodeList), ["node01", "node01"]);
    assert.equal(new Set([...running.map((row) => row.jobIdRaw), arrayId]).size, 3);
  });
}

Deno.test("querySqueue() passes over the cluster's name and banners", async () => {
  const row = "7_1|RUNNING|8|n[1-2]|2026-11-28T18:00:05|1|";
  const rows = await ask({ stdout: bytes(`CLUSTER: big\nWelcome\n ${row}\n`) });

  assert.deepEqual(rows, [
    {
      ...{ jobId: "7_1", state: "RUNNING", jobIdRaw: "8", nodeList: "n[1-2]", restarts: 1 },
      ...{ exitCode: "", elapsed: "" },
      submitS: Date.UTC(2026, 10, 28, 18, 0, 5) / 1000,
    },
  ]);
});

Deno.test("querySqueue() does not read a failure as an empty queue", async () => {
  await assert.rejects(ask({ code: 1, stderr: "slurm_load_jobs error: Unable to contact" }), {
    code: "SLURM_UNAVAILABLE",
    detail: /Unable to contact/,
  });
});

Deno.test("querySqueue() does not read an error with exit status 0 as an empty queue", async () => {
  const error = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n";
  for (const result of [{ stdout: bytes(error) }, { stderr: error }]) {
    await assert.rejects(ask(result), { code: "SLURM_UNAVAILABLE", message: /connect failure/ });
  }
  assert.deepEqual(await ask({}), []);
  assert.deepEqual(await ask({ stdout: bytes("CLUSTER: big\n"), stderr: "a warning\n" }), []);
});

Deno.test("querySqueue() reads rows beside errors on stderr, whatever stands above them", async () => {
  const row = "7|RUNNING|7|n1|2026-11-28T18:00:05|0|";
  const stderr = "squeue: error: Parsing error at unrecognized key: Foo\n";

  const rows = await ask({ stdout: bytes(`error: a | b\n${row}\n`), stderr });

  assert.deepEqual(rows.map(({ jobId }) => jobId), ["7"]);
});
