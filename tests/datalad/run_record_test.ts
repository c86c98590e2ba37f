import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  badRecord,
  commandOfDataladRun,
  parseMessage,
  parseRecord,
  recordOfDataladRun,
  renderMessage,
} from "../../src/datalad/run_record.ts";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import type { TableRow } from "../../src/jobs/job.ts";

const RECORD: RunRecord = {
  chain: [],
  cmd: "sbatch submit_silver.slurm",
  dsid: "61576cad-ea4f-4425-8f35-16b9955c9926",
  extraInputs: [],
  inputs: [],
  outputs: ["models/abrupt/silver", "models/abrupt/silver/slurm-10524535.out"],
  pwd: ".",
  slurmJobId: "10524535",
  slurmOutputs: ["models/abrupt/silver/slurm-10524535.out"],
  altDir: null,
  cluster: null,
  row: null,
  subdataset: null,
};

Deno.test("renderMessage() writes the record as the Python extension does", () => {
  const message = renderMessage(RECORD, { groupState: "COMPLETED", paragraphs: ["One", "Two"] });

  assert.equal(
    message,
    `[DATALAD SLURM RUN] Slurm job 10524535: Completed

One

Two

=== Do not change lines below ===
{
 "chain": [],
 "cmd": "sbatch submit_silver.slurm",
 "commit_id": null,
 "dsid": "61576cad-ea4f-4425-8f35-16b9955c9926",
 "extra_inputs": [],
 "inputs": [],
 "outputs": [
  "models/abrupt/silver",
  "models/abrupt/silver/slurm-10524535.out"
 ],
 "pwd": ".",
 "slurm_job_id": 10524535,
 "slurm_outputs": [
  "models/abrupt/silver/slurm-10524535.out"
 ]
}
^^^ Do not change lines above ^^^
`,
  );
});

for (
  const [groupState, shown] of [
    ["COMPLETED", "Completed"],
    ["TIMEOUT", "Timeout"],
    ["OUT_OF_MEMORY", "Out_of_memory"],
    ["ARRAY FAILED (SOME COMPLETE)", "Array failed (some complete)"],
    ["ARRAY FAILED (MULTIPLE CAUSES)", "Array failed (multiple causes)"],
  ] as const
) {
  Deno.test(`renderMessage() and parseMessage() write ${groupState} like a sentence`, () => {
    const message = renderMessage(RECORD, { groupState, paragraphs: [] });

    assert.equal(message.split("\n")[0], `[DATALAD SLURM RUN] Slurm job 10524535: ${shown}`);
    assert.equal(parseMessage(message)!.state, shown);
  });
}

Deno.test("parseMessage() reads the evidence that renderMessage() wrote beside the row", () => {
  const evidence = { version: "0.2.0", accounting: { state: "COMPLETED", maxRss: 4096 } };
  const row: TableRow = { table: "t.csv", line: 2, values: { a: "1" }, cmd: "sbatch {a}" };
  const message = renderMessage({ ...RECORD, row, evidence }, {
    groupState: "COMPLETED",
    paragraphs: [],
  });

  assert.match(message, /"max_rss": 4096/);
  assert.deepEqual(parseMessage(message)!.record, { ...RECORD, row, evidence });
});

const text = fc.string({ unit: "grapheme" });
const words = fc.array(text, { maxLength: 3 });
const records: fc.Arbitrary<RunRecord> = fc.record({
  chain: fc.array(fc.stringMatching(/^[0-9a-f]{40}$/), { maxLength: 3 }),
  cmd: fc.oneof(text, fc.constant("echo '=== Do not change lines below ==='\n^^^\n{}")),
  dsid: fc.option(fc.uuid()),
  extraInputs: words,
  inputs: words,
  outputs: words,
  pwd: text,
  slurmJobId: fc.tuple(fc.integer({ min: 1, max: 0xffffffff }), fc.option(fc.nat()))
    .map(([jobId, task]) => task === null ? String(jobId) : `${jobId}_${task}`),
  slurmOutputs: words,
  altDir: fc.option(text.filter((path) => path !== "")),
  cluster: fc.option(text),
  row: fc.option<TableRow | null>(
    fc.record({
      table: text,
      line: fc.nat(),
      values: fc.dictionary(fc.stringMatching(/^[a-z]+ ?[a-z]*$/), text, { noNullPrototype: true }),
      cmd: text,
    }, { noNullPrototype: true }),
    { nil: null },
  ),
  subdataset: fc.option(text),
}, { noNullPrototype: true });

Deno.test("parseMessage() reads back what renderMessage() wrote", () => {
  const paragraph = fc.stringMatching(/^[A-Za-zäöü0-9 :{}"=^]*[A-Za-z]$/);
  fc.assert(
    fc.property(records, fc.array(paragraph, { maxLength: 3 }), (record, paragraphs) => {
      const message = renderMessage(record, { groupState: "FAILED", paragraphs });

      const parsed = parseMessage(message);

      assert.deepEqual(parsed!.record, record);
      assert.equal(parsed!.state, "Failed");
      assert.equal(parsed!.text, paragraphs.join("\n\n").trim());
    }),
  );
});

Deno.test("renderMessage() keeps the job ID of a task a number, and its row under our own key", () => {
  const row = { table: "t.csv", line: 3, values: { sample: "b" }, cmd: "sbatch j.sh {sample}" };
  const message = renderMessage({ ...RECORD, slurmJobId: "17_2", row }, {
    groupState: "COMPLETED",
    paragraphs: [],
  });

  assert.match(message, /^\[DATALAD SLURM RUN\] Slurm job 17_2: Completed\n/);
  const record = JSON.parse(message.slice(message.indexOf("{"), message.lastIndexOf("}") + 1));
  assert.equal(record["slurm_job_id"], 17);
  assert.deepEqual(record["dlslurm"], { "array_task": 2, row });
});

Deno.test("parseMessage() bears a paragraph that shows the marker lines", () => {
  const paragraph = "As said there:\n=== Do not change lines below ===\nand so on";
  const message = renderMessage(RECORD, { groupState: "COMPLETED", paragraphs: [paragraph] });

  assert.deepEqual(parseMessage(message)!.record, RECORD);
});

/** The record of a commit of the Python extension with some keys changed or taken away. */
function pythonMessage(changes: Readonly<{ [key: string]: unknown }>): string {
  const json = {
    "alt_dir": "",
    chain: [],
    cmd: "sbatch a.slurm",
    "commit_id": null,
    dsid: "61576cad-ea4f-4425-8f35-16b9955c9926",
    "extra_inputs": [],
    inputs: ["in"],
    outputs: ["./models/gold"],
    pwd: ".",
    "slurm_job_id": 42,
    "slurm_outputs": ["./models/gold/slurm-42.out"],
    ...changes,
  };
  return "[DATALAD SLURM RUN] Slurm job 42: Completed\n\n=== Do not change lines below ===\n" +
    `${JSON.stringify(json, null, 1)}\n^^^ Do not change lines above ^^^\n`;
}

function recordOf(message: string): RunRecord {
  const record = parseMessage(message)?.record;
  if (record === undefined || "sidecarId" in record) throw new Error("no record in the message");
  return record;
}

Deno.test("parseMessage() reads a record of release 0.2.5", () => {
  const record = recordOf(pythonMessage({}));

  assert.equal(record.slurmJobId, "42");
  assert.equal(record.altDir, null);
  assert.equal(record.cluster, null);
  assert.deepEqual(record.inputs, ["in"]);
});

Deno.test("parseMessage() reads a record of an older release, without alt_dir", () => {
  assert.equal(recordOf(pythonMessage({ "alt_dir": undefined })).altDir, null);
});

Deno.test("parseMessage() bears keys that it does not know", () => {
  assert.equal(recordOf(pythonMessage({ exit: 0, later: { a: [1] } })).cmd, "sbatch a.slurm");
  assert.equal(recordOf(pythonMessage({ dlslurm: { later: 1 } })).cluster, null);
});

Deno.test("parseMessage() bears lists and texts that are null", () => {
  const record = recordOf(
    pythonMessage({ inputs: null, "extra_inputs": null, chain: null, dsid: null, pwd: null }),
  );

  assert.deepEqual([record.inputs, record.extraInputs, record.chain], [[], [], []]);
  assert.equal(record.dsid, null);
  assert.equal(record.pwd, ".");
});

Deno.test("parseMessage() takes a job ID that is a text", () => {
  assert.equal(recordOf(pythonMessage({ "slurm_job_id": "42" })).slurmJobId, "42");
});

Deno.test("parseMessage() reads the ID of a sidecar", () => {
  const message = "[DATALAD SLURM RUN] Slurm job 42: Completed\n\n" +
    '=== Do not change lines below ===\n"0a1b2c"\n^^^ Do not change lines above ^^^\n';

  assert.deepEqual(parseMessage(message)!.record, { sidecarId: "0a1b2c" });
});

Deno.test("parseMessage() passes over other commits", () => {
  for (const message of ["Add files\n", "", "[DATALAD RUNCMD] x\n\n=== Do not change"]) {
    assert.equal(parseMessage(message), undefined);
  }
});

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ["without markers", "[DATALAD SLURM RUN] Slurm job 42: Completed\n", /marker lines/],
  ["without an end", pythonMessage({}).replace("^^^ Do", "Do"), /marker lines/],
  ["that is cut off", pythonMessage({}).replace("\n}\n", "\n"), /no valid JSON/],
  ["without a command", pythonMessage({ cmd: undefined }), /"cmd"/],
  ["without a job ID", pythonMessage({ "slurm_job_id": undefined }), /"slurm_job_id"/],
  ["whose outputs are a text", pythonMessage({ outputs: "models" }), /"outputs"/],
  ["whose outputs are numbers", pythonMessage({ outputs: [1] }), /"outputs.0"/],
];

for (const [name, message, reason] of BROKEN) {
  Deno.test(`parseMessage() refuses a record ${name}`, () => {
    assert.throws(() => parseMessage(message), { name: "SyntaxError", message: reason });
  });
}

for (const json of ["[]", "3", "null", "true", ""]) {
  Deno.test(`parseRecord() refuses "${json}"`, () => {
    assert.throws(() => parseRecord(json), SyntaxError);
  });
}

Deno.test("commandOfDataladRun() reads what datalad run and containers-run write, and nothing else", () => {
  const message = (json: unknown, subject = "[DATALAD RUNCMD] Fit") =>
    `${subject}\n\n=== Do not change lines below ===\n${JSON.stringify(json)}\n` +
    "^^^ Do not change lines above ^^^\n";
  const cmd = "apptainer exec env/fit.sif sort in";

  assert.equal(commandOfDataladRun(message({ cmd, chain: [], exit: 0 })), cmd);
  assert.equal(commandOfDataladRun(message({ cmd: ["sort", "in"] })), "sort in");
  const others = ["abc123", null, {}, { cmd: 1 }].map((json) => message(json));
  for (
    const text of [...others, message({ cmd }, "Fit"), "[DATALAD RUNCMD] x", pythonMessage({})]
  ) {
    assert.equal(commandOfDataladRun(text), undefined, text);
  }
  assert.equal(commandOfDataladRun(message({ cmd }).replace('"cmd"', "cmd")), undefined);
});

Deno.test("recordOfDataladRun() has what it read, and is undefined where that cannot be told", () => {
  const message = (json: unknown) =>
    `[DATALAD RUNCMD] Fit\n\n=== Do not change lines below ===\n${JSON.stringify(json)}\n` +
    "^^^ Do not change lines above ^^^\n";
  const read = { cmd: "fit", inputs: ["a"], "extra_inputs": ["env/fit.sif"], pwd: "sub" };

  const record = recordOfDataladRun(message({ ...read, dlslurm: { version: "9" } }))!;

  assert.deepEqual([record.cmd, record.inputs, record.extraInputs, record.pwd, record.evidence], [
    ...["fit", ["a"], ["env/fit.sif"], "sub", undefined],
  ]);
  assert.equal(recordOfDataladRun(message({ cmd: "fit" }))?.pwd, ".");
  assert.equal(recordOfDataladRun(message({ ...read, inputs: "a" })), undefined);
  assert.equal(recordOfDataladRun(pythonMessage({})), undefined);
});

Deno.test("badRecord() names the commit", () => {
  const error = badRecord("3f2a91c", new SyntaxError("it is no valid JSON"));

  assert.equal(error.code, "BAD_RECORD");
  assert.match(error.message, /3f2a91c: it is no valid JSON$/);
  assert.match(error.hint!, /3f2a91c/);
});
