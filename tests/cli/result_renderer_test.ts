import assert from "node:assert/strict";
import type { GlobalSettings } from "../../src/cli/global_options.ts";
import { RecordRenderer, TextRenderer } from "../../src/cli/result_renderer.ts";
import { ResultReporter } from "../../src/cli/result_reporter.ts";
import type { ResultRecord } from "../../src/session/result_record.ts";

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
function report(
  records: readonly ResultRecord[],
  settings: Partial<GlobalSettings> = {},
  isSeen = false,
) {
  const { written, io } = recordingIo();
  const all = { ...SETTINGS, ...settings };
  const isText = ["tailored", "generic"].includes(all.outputFormat);
  const renderer = isText
    ? new TextRenderer(io, { hasSummary: all.outputFormat === "tailored", hasColours: false })
    : new RecordRenderer(io, all.outputFormat, "/here", isSeen);
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

const STRANGE: ResultRecord = {
  ...ADDED,
  path: "/data set/a\x1b[2J\nsave(ok): forged\x9b\u202eb",
  message: "x\r\ny\tz",
  hint: "\x07",
  detail: "one\x1b]0;t\x07\nsave(ok): two\t3\rsave(ok): 4",
};

Deno.test("results as text: names and words of others are one line, and move no cursor", () => {
  const { out, err } = report([STRANGE]);

  assert.equal(
    out,
    "add(ok): a\\x1b[2J\\nsave(ok): forged\\x9b\\u202eb (file) [x\\r\\ny\\tz]\n" +
      "  one\\x1b]0;t\\x07\n  save(ok): two\t3\\rsave(ok): 4\n",
  );
  assert.equal(err, "hint: \\x07\n");
});

Deno.test("results as records: exact for programs, a template that is seen is not", () => {
  const template = { outputFormat: "{path}" };

  const json = report([STRANGE], { outputFormat: "json" }, true);

  assert.deepEqual(JSON.parse(json.out).path, STRANGE.path);
  assert.equal(report([STRANGE], template).out, `${STRANGE.path}\n`);
  assert.equal(
    report([STRANGE], template, true).out,
    "/data set/a\\x1b[2J\\nsave(ok): forged\\x9b\\u202eb\n",
  );
});
