import assert from "node:assert/strict";
import { JsonRenderer, TextRenderer } from "../../src/cli/result_renderer.ts";
import type { ResultRecord } from "../../src/commands/context.ts";

/** Keeps what is written. */
function recordingIo() {
  const written = { out: "", err: "" };
  return {
    written,
    io: { out: (text: string) => written.out += text, err: (text: string) => written.err += text },
  };
}

const ADDED: ResultRecord = {
  action: "add",
  status: "ok",
  path: "/data set/out/x.txt",
  refds: "/data set",
  type: "file",
};
const SAVED: ResultRecord = {
  action: "save",
  status: "ok",
  path: "/data set",
  refds: "/data set",
  type: "dataset",
  slurmJobId: "7",
  commit: "c0ffee",
};
const REFUSED: ResultRecord = {
  action: "slurm-finish",
  status: "impossible",
  message: "not complete",
  hint: "wait",
  slurmStates: { "7_0": "RUNNING" },
  errorCode: "UNKNOWN_JOB",
};

Deno.test("TextRenderer prints lines and a summary as DataLad does", () => {
  const { written, io } = recordingIo();
  const renderer = new TextRenderer(io);

  for (const record of [ADDED, SAVED, ADDED, REFUSED, REFUSED]) renderer.report(record);
  renderer.finish();

  assert.equal(
    written.out,
    "add(ok): out/x.txt (file)\nsave(ok): . (dataset)\nadd(ok): out/x.txt (file)\n" +
      "slurm-finish(impossible): [not complete]\nslurm-finish(impossible): [not complete]\n" +
      "action summary:\n  add (ok: 2)\n  save (ok: 1)\n  slurm-finish (impossible: 2)\n",
  );
  assert.equal(written.err, "hint: wait\n");
  assert(renderer.hasFailed);
});

Deno.test("TextRenderer sums up nothing for a single result", () => {
  const { written, io } = recordingIo();
  const renderer = new TextRenderer(io);

  renderer.report(SAVED);
  renderer.finish();

  assert.equal(written.out, "save(ok): . (dataset)\n");
  assert(!renderer.hasFailed);
});

Deno.test("TextRenderer sorts the states of an action", () => {
  const { written, io } = recordingIo();
  const renderer = new TextRenderer(io);

  for (const status of ["ok", "notneeded", "error", "ok"] as const) {
    renderer.report({ action: "save", status });
  }
  renderer.finish();

  assert.match(written.out, /save \(error: 1, notneeded: 1, ok: 2\)\n$/);
});

Deno.test("JsonRenderer prints one object a line and nothing else", () => {
  const { written, io } = recordingIo();
  const renderer = new JsonRenderer(io);

  renderer.report(SAVED);
  renderer.report(REFUSED);
  renderer.finish();

  const [saved, refused, ...rest] = written.out.split("\n");
  assert.deepEqual(rest, [""]);
  assert.equal(written.err, "");
  assert.deepEqual(JSON.parse(saved!), {
    action: "save",
    status: "ok",
    path: "/data set",
    refds: "/data set",
    type: "dataset",
    "slurm_job_id": "7",
    commit: "c0ffee",
  });
  assert.equal(JSON.parse(refused!).error_code, "UNKNOWN_JOB");
  assert.deepEqual(JSON.parse(refused!).slurm_states, { "7_0": "RUNNING" });
  assert(renderer.hasFailed);
});
