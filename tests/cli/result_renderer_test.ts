import assert from "node:assert/strict";
import type { GlobalSettings } from "../../src/cli/global_options.ts";
import { RecordRenderer, TextRenderer } from "../../src/cli/result_renderer.ts";
import { ResultReporter, StoppedAtFailure } from "../../src/cli/result_reporter.ts";
import { parseTemplate } from "../../src/cli/result_template.ts";
import type { ResultRecord } from "../../src/commands/context.ts";
import { UserError } from "../../src/errors.ts";

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

const SETTINGS: GlobalSettings = {
  outputFormat: "tailored",
  onFailure: "continue",
  reportStatus: undefined,
  reportTypes: [],
  folders: [],
  overrides: [],
};

/** Reports results and gives what was written. */
function report(records: readonly ResultRecord[], settings: Partial<GlobalSettings> = {}) {
  const { written, io } = recordingIo();
  const all = { ...SETTINGS, ...settings };
  const isText = ["tailored", "generic"].includes(all.outputFormat);
  const renderer = isText
    ? new TextRenderer(io, { hasSummary: all.outputFormat === "tailored", hasColours: false })
    : new RecordRenderer(io, all.outputFormat, "/here");
  const reporter = new ResultReporter(renderer, all);
  for (const record of records) reporter.report(record);
  reporter.finish();
  return { ...written, hasFailed: reporter.hasFailed };
}

Deno.test("results as text: lines and a summary as DataLad prints them", () => {
  const { out, err, hasFailed } = report([ADDED, SAVED, ADDED, REFUSED, REFUSED]);

  assert.equal(
    out,
    "add(ok): out/x.txt (file)\nsave(ok): . (dataset)\nadd(ok): out/x.txt (file)\n" +
      "slurm-finish(impossible): [not complete]\nslurm-finish(impossible): [not complete]\n" +
      "action summary:\n  add (ok: 2)\n  save (ok: 1)\n  slurm-finish (impossible: 2)\n",
  );
  assert.equal(err, "hint: wait\n");
  assert(hasFailed);
});

Deno.test("results as text: a single one is not summed up, generic ones never", () => {
  assert.equal(report([SAVED]).out, "save(ok): . (dataset)\n");
  assert(!report([SAVED]).hasFailed);
  assert.equal(
    report([SAVED, ADDED], { outputFormat: "generic" }).out,
    "save(ok): . (dataset)\nadd(ok): out/x.txt (file)\n",
  );
});

Deno.test("results as text: the summary sorts the states of an action", () => {
  const records = (["ok", "notneeded", "error", "ok"] as const).map((status) => ({
    action: "save",
    status,
  }));

  assert.match(report(records).out, /save \(error: 1, notneeded: 1, ok: 2\)\n$/);
});

Deno.test("results as text: coloured as DataLad colours them", () => {
  const { written, io } = recordingIo();
  const renderer = new TextRenderer(io, { hasSummary: true, hasColours: true });

  renderer.show(ADDED);

  const bold = (text: string) => `\x1b[1m${text}\x1b[22m`;
  const colour = (text: string, code: number) => `\x1b[${code}m${bold(text)}\x1b[39m`;
  assert.equal(
    written.out,
    `${bold("add")}(${colour("ok", 32)}): out/x.txt (${colour("file", 35)})\n`,
  );
});

Deno.test("results as json: one object a line, keys sorted, ASCII, nothing else", () => {
  const { out, err } = report([SAVED, { ...REFUSED, message: "ü \u{1f600}\n\x7f" }], {
    outputFormat: "json",
  });

  assert.equal(
    out,
    '{"action": "save", "commit": "c0ffee", "path": "/data set", "refds": "/data set", ' +
      '"slurm_job_id": "7", "status": "ok", "type": "dataset"}\n' +
      '{"action": "slurm-finish", "error_code": "UNKNOWN_JOB", "hint": "wait", ' +
      '"message": "\\u00fc \\ud83d\\ude00\\n\\u007f", "path": "/here", ' +
      '"slurm_states": {"7_0": "RUNNING"}, "status": "impossible"}\n',
  );
  assert.equal(err, "");
});

Deno.test("results as json_pp: the same, indented by two", () => {
  assert.equal(
    report([{ ...REFUSED, refds: "/data set", changedInputs: ["a", "b"] }], {
      outputFormat: "json_pp",
    }).out,
    `{
  "action": "slurm-finish",
  "changed_inputs": [
    "a",
    "b"
  ],
  "error_code": "UNKNOWN_JOB",
  "hint": "wait",
  "message": "not complete",
  "path": "/data set",
  "refds": "/data set",
  "slurm_states": {
    "7_0": "RUNNING"
  },
  "status": "impossible",
  "type": "dataset"
}
`,
  );
});

Deno.test("results as nothing at all, or by a template", () => {
  const disabled = report([ADDED, REFUSED], { outputFormat: "disabled" });
  assert.deepEqual(disabled, { out: "", err: "", hasFailed: true });
  const outputFormat = "{status:>10}|{path}|{slurm_states[7_0]}|{{{nope:-^7}}}";
  assert.equal(
    report([ADDED, REFUSED], { outputFormat }).out,
    "        ok|/data set/out/x.txt|N/A|{--N/A--}\nimpossible|/here|RUNNING|{--N/A--}\n",
  );
});

for (const template of ["{", "}", "a{b", "{}", "{path.x}", "{path:x^y}", "{a[b}", "{path!r}"]) {
  Deno.test(`parseTemplate() refuses "${template}"`, () => {
    assert.throws(() => parseTemplate(template), UserError);
  });
}

Deno.test("--report-status and --report-type choose what is shown, and nothing else", () => {
  const all = [ADDED, SAVED, REFUSED, { ...SAVED, status: "notneeded" as const }];
  const shown = (settings: Partial<GlobalSettings>) =>
    report(all, { outputFormat: "{action}:{status}", ...settings }).out.split("\n").slice(0, -1);

  assert.deepEqual(shown({ reportStatus: "failure" }), ["slurm-finish:impossible"]);
  assert.deepEqual(shown({ reportStatus: "success" }), ["add:ok", "save:ok", "save:notneeded"]);
  assert.deepEqual(shown({ reportStatus: "notneeded" }), ["save:notneeded"]);
  assert.deepEqual(shown({ reportTypes: ["file"] }), ["add:ok"]);
  assert.deepEqual(shown({ reportTypes: ["file"], reportStatus: "failure" }), []);
  assert(report(all, { reportStatus: "ok" }).hasFailed);
  assert.match(report(all, { reportStatus: "ok" }).out, /slurm-finish \(impossible: 1\)/);
});

Deno.test("--on-failure: ignore hides a failure from the exit status, stop ends the command", () => {
  assert(!report([REFUSED], { onFailure: "ignore" }).hasFailed);
  assert(report([REFUSED], { onFailure: "continue" }).hasFailed);
  assert.throws(() => report([ADDED, REFUSED, SAVED], { onFailure: "stop" }), StoppedAtFailure);
});
