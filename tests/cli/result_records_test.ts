import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import * as v from "valibot";
import { ERROR_CODES } from "../../src/errors.ts";
import { EngineWorld } from "../engine/engine_world.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";

// The contract of docs/result_records.md: scripts of users rest on it. Fields are only ever added.

const PATH = v.pipe(v.string(), v.startsWith("/"));
const DURATION = v.pipe(v.string(), v.regex(/^(\d+-)?\d\d:\d\d:\d\d$|^[A-Za-z_]+$/));
const STATUSES = ["ok", "notneeded", "impossible", "error"] as const;
const FIELDS = {
  action: v.picklist([
    "slurm-schedule",
    "slurm-schedule [dry-run]",
    "dlslurm",
    "slurm-finish",
    "slurm-finish [submit]",
    "slurm-reschedule",
    "slurm-list",
    "slurm-wait",
    "slurm-recover",
    "slurm-adopt",
    "slurm-handover",
    "slurm-retry",
    "slurm-doctor",
    "slurm-show",
    "slurm-verify",
    "slurm-export",
    "slurm-compare",
    "slurm-report",
    "slurm-claims",
    "install",
    "add",
    "delete",
    "save",
  ]),
  status: v.picklist(STATUSES),
  path: PATH,
  type: v.optional(v.picklist(["dataset", "file", "directory"])),
  refds: v.optional(PATH),
  message: v.optional(v.string()),
  count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  "slurm_job_id": v.optional(v.pipe(v.string(), v.regex(/^\d+(_\d+)?$/))),
  "slurm_states": v.optional(v.record(v.string(), v.string())),
  "slurm_state": v.optional(v.string()),
  "slurm_user": v.optional(v.string()),
  "submitted_by": v.optional(v.string()),
  "handed_over_in": v.optional(v.string()),
  "adopted_by": v.optional(v.string()),
  "slurm_reason": v.optional(v.string()),
  onto: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/))),
  branch: v.optional(v.string()),
  worktree: v.optional(v.string()),
  group: v.optional(v.string()),
  "group_kind": v.optional(v.picklist(["table", "label", "script", "command"])),
  counts: v.optional(v.record(v.string(), v.number())),
  "cpu_seconds": v.optional(v.number()),
  "report": v.optional(v.string()),
  "allocated_seconds": v.optional(v.number()),
  "requested_seconds": v.optional(v.number()),
  "slurm_job_name": v.optional(v.string()),
  stage: v.optional(v.picklist(["waiting", "submitting", "open", "finished", "closed"])),
  elapsed: v.optional(DURATION),
  "time_limit": v.optional(DURATION),
  "exit_code": v.optional(v.pipe(v.string(), v.regex(/^\d+:\d+$/))),
  "ended_at": v.optional(v.pipe(v.string(), v.isoTimestamp())),
  outputs: v.optional(v.array(v.string())),
  cmd: v.optional(v.string()),
  "cmd_expanded": v.optional(v.string()),
  inputs: v.optional(v.array(v.string())),
  "extra_inputs": v.optional(v.array(v.string())),
  "alt_dir": v.optional(PATH),
  pwd: v.optional(v.string()),
  label: v.optional(v.string()),
  after: v.optional(v.array(v.strictObject({
    "job_id": v.string(),
    label: v.optional(v.string()),
    type: v.optional(v.string()),
  }))),
  "submitted_at": v.optional(v.pipe(v.string(), v.isoTimestamp())),
  commit: v.optional(v.pipe(v.string(), v.hash(["sha1"]))),
  "table_line": v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  "removed_worktree": v.optional(v.string()),
  "shared_claim": v.optional(
    v.object({ claim: v.string(), remote: v.string(), clone: v.string() }),
  ),
  submission: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  "settled_by": v.optional(v.picklist(["accounting", "controller and accounting"])),
  candidates: v.optional(v.array(v.string())),
  "changed_inputs": v.optional(v.array(v.string())),
  check: v.optional(v.pipe(v.string(), v.regex(/^[a-z][a-z-]+$/))),
  finding: v.optional(v.picklist(["ok", "note", "problem"])),
  consequence: v.optional(v.string()),
  "committed_at": v.optional(v.pipe(v.string(), v.isoTimestamp())),
  text: v.optional(v.string()),
  explanation: v.optional(v.string()),
  script: v.optional(v.record(v.string(), v.unknown())),
  sources: v.optional(v.array(v.object({ path: v.string() }))),
  files: v.optional(v.array(v.object({ path: v.string() }))),
  logs: v.optional(v.array(v.string())),
  "log_end": v.optional(v.string()),
  accounting: v.optional(v.record(v.string(), v.unknown())),
  evidence: v.optional(v.record(v.string(), v.unknown())),
  repeats: v.optional(v.array(v.object({ commit: v.string() }))),
  repetitions: v.optional(v.array(v.object({ commit: v.string() }))),
  lineage: v.optional(v.strictObject({ nodes: v.array(v.unknown()), edges: v.array(v.unknown()) })),
  reproduces: v.optional(v.object({ commit: v.string(), identical: v.number() })),
  identical: v.optional(v.array(v.string())),
  verdict: v.optional(v.picklist(["identical", "differs", "missing", "new"])),
  compared: v.optional(v.picklist(["name", "text", "numbers"])),
  size: v.optional(v.number()),
  format: v.optional(v.picklist(["ro-crate"])),
  form: v.optional(v.picklist(["folder", "zip", "document"])),
  described: v.optional(v.number()),
  contained: v.optional(v.number()),
  "size_before": v.optional(v.number()),
  "line_breaks": v.optional(v.picklist(["other", "last"])),
  "no_text": v.optional(v.picklist(["too large", "not here", "no text"])),
  "compared_with": v.optional(v.object({ commit: v.string() })),
  differences: v.optional(v.array(v.strictObject({
    what: v.string(),
    before: v.string(),
    after: v.string(),
  }))),
  "error_code": v.optional(v.picklist(Object.keys(ERROR_CODES))),
  hint: v.optional(v.string()),
  detail: v.optional(v.string()),
};
const ResultRecord = v.strictObject(FIELDS);

/** The records on standard output; anything else there fails. */
function recordsOf(stdout: string): v.InferOutput<typeof ResultRecord>[] {
  return stdout.split("\n").slice(0, -1).map((line) => v.parse(ResultRecord, JSON.parse(line)));
}

/** What differs from run to run, made the same. */
function withoutAccidents(stdout: string, root: string): string {
  return stdout.replaceAll(root, "/dataset").replaceAll(/\b[0-9a-f]{40}\b/g, "OID")
    .replaceAll(/\b[0-9a-f]{10}\b/g, "OID").replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "DATE")
    .replaceAll(`"submitted_by": "${userInfo().username}"`, '"submitted_by": "USER"');
}

/** A world in which every command has something to say. */
async function createWorld(): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  for (const output of ["a", "b", "c"]) await world.schedule(output);
  await world.write("a/x", "1\n");
  await world.slurm.setRows("2", "2|FAILED");
  await world.slurm.setRows("3", "3|RUNNING");
  return world;
}

const CASES: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  /** Runs before it. */
  readonly after?: readonly string[];
}[] = [
  { name: "list", args: ["list"], code: 0 },
  { name: "list --all after finish", after: ["finish"], args: ["list", "--all"], code: 0 },
  { name: "schedule", args: ["schedule", "-o", "d", "sbatch", "job.sh"], code: 0 },
  { name: "schedule, refused", args: ["schedule", "-o", "a", "sbatch", "job.sh"], code: 1 },
  { name: "finish", args: ["finish"], code: 1 },
  { name: "list --summary", args: ["list", "--summary"], code: 0 },
  { name: "report", args: ["report", "-o", "report.html"], code: 0 },
  { name: "wait", args: ["wait", "1", "2"], code: 1 },
  { name: "finish --submit", args: ["finish", "--submit"], code: 0 },
  { name: "finish --ended", args: ["finish", "3", "--ended"], code: 0 },
  { name: "finish and close", args: ["finish", "--close-failed-jobs"], code: 1 },
  { name: "finish --list-open-jobs", args: ["finish", "--list-open-jobs"], code: 0 },
  { name: "finish without open jobs", args: ["finish", "99"], code: 1 },
  { name: "reschedule", after: ["finish"], args: ["reschedule"], code: 0 },
  { name: "reschedule --onto", after: ["finish"], args: ["reschedule", "--onto="], code: 0 },
  { name: "reschedule --report", after: ["finish"], args: ["reschedule", "--report"], code: 0 },
  { name: "reschedule without a record", args: ["reschedule"], code: 1 },
  { name: "show", after: ["finish"], args: ["show", "1"], code: 0 },
  { name: "show of an open job", args: ["show", "2"], code: 0 },
  { name: "show --lineage", after: ["finish"], args: ["show", "1", "--lineage"], code: 0 },
  { name: "show of nothing", args: ["show", "nothing"], code: 1 },
  { name: "verify without a repetition", after: ["finish"], args: ["verify", "1"], code: 1 },
  { name: "verify --run", after: ["finish"], args: ["verify", "1", "--run"], code: 0 },
  { name: "verify --run of an open job", args: ["verify", "2", "--run"], code: 1 },
  { name: "compare", after: ["finish"], args: ["compare", "1", "HEAD"], code: 0 },
  {
    name: "export",
    after: ["finish"],
    args: ["export", "--ro-crate", "crate.json"],
    code: 0,
  },
  { name: "export without a form", args: ["export"], code: 2 },
  { name: "recover", args: ["recover"], code: 0 },
  { name: "adopt", args: ["adopt"], code: 0 },
  {
    name: "list of jobs that wait for each other",
    after: ["schedule", "--label", "clean", "--after", "any:1", "-o", "x", "sbatch", "job.sh"],
    args: ["list"],
    code: 0,
  },
  { name: "wrong usage", args: ["finish", "4x"], code: 2 },
  {
    name: "schedule --dry-run",
    args: [
      "schedule",
      "--dry-run=basic",
      "-i",
      "job.*",
      "-x",
      ".",
      "-o",
      "d",
      "sbatch",
      "{inputs}",
    ],
    code: 0,
  },
];

for (const { name, args, code, after } of CASES) {
  Deno.test(`-f json: ${name} → records as documented`, async (t) => {
    await using world = await createWorld();
    if (after !== undefined) await world.dlslurm(...after);

    const outcome = await world.dlslurm("-f", "json", ...args);

    assert.equal(outcome.code, code, outcome.stderr);
    const records = recordsOf(outcome.stdout);
    assert.ok(records.length > 0);
    const hasFailure = records.some(({ status }) => status === "impossible" || status === "error");
    assert.equal(hasFailure, code !== 0);
    await t.assertSnapshot(withoutAccidents(outcome.stdout, world.root));
  });
}

Deno.test("-f json: doctor → each finding, and nothing that is not documented", async () => {
  await using world = await EngineWorld.create();

  const { stdout } = await world.dlslurm("-f", "json", "doctor");

  for (const { finding, status, check } of recordsOf(stdout)) {
    assert.ok(check !== undefined);
    assert.equal(status, finding === "problem" ? "impossible" : "ok");
  }
});

Deno.test("-f json: recover → what a program needs to settle each submission", async () => {
  await using world = await EngineWorld.create();
  await wrapProgram(world.sandbox, "sbatch", "echo accepted, perhaps");
  for (const output of ["a", "b"]) {
    await world.dlslurm("schedule", "-o", output, "sbatch", "job.sh", output);
  }
  await unwrapProgram(world.sandbox, "sbatch");

  const unclear = await world.dlslurm("-f", "json", "recover");

  assert.equal(unclear.code, 1, unclear.stderr);
  const records = recordsOf(unclear.stdout);
  assert.deepEqual(
    records.map(({ submission, status, stage, cmd, pwd, outputs }) => {
      return { submission, status, stage, cmd, pwd, outputs };
    }),
    ["a", "b"].map((output, at) => ({
      submission: at + 1,
      status: "impossible",
      stage: "submitting",
      cmd: `sbatch job.sh ${output}`,
      pwd: ".",
      outputs: [output],
    })),
  );
  const settle = async (...args: string[]) =>
    recordsOf((await world.must("-f", "json", "recover", ...args)).stdout)[0]!;
  const [kept, forgotten] = [
    await settle("1", "--job-id", "7"),
    await settle("2", "--not-submitted"),
  ];
  assert.deepEqual([kept.status, kept.submission, kept.slurm_job_id], ["ok", 1, "7"]);
  assert.deepEqual([forgotten.status, forgotten.submission], ["ok", 2]);
  assert.deepEqual((await settle()).status, "notneeded");
});

/** Lines on which no command begins, and what their record names. */
const WRONG_LINES: readonly (readonly [args: readonly string[], action: string, says: RegExp])[] = [
  [["-f", "json", "finish", "--bogus"], "slurm-finish", /unknown option '--bogus'/],
  [["finish", "--bogus", "-f", "json"], "slurm-finish", /unknown option '--bogus'/],
  [["slurm-finish", "--bogus", "-fjson"], "slurm-finish", /unknown option '--bogus'/],
  [["--output-format=json", "nosuch"], "dlslurm", /unknown command 'nosuch'/],
  [["nosuch", "-f", "json"], "dlslurm", /unknown command 'nosuch'/],
  [["-f", "json"], "dlslurm", /no command was given/],
  [["-f", "json", "adopt", "surplus"], "slurm-adopt", /too many arguments/],
  [["-f", "json", "schedule", "--dry-run"], "slurm-schedule", /argument missing/],
  [["-f", "json", "schedule", "--dry-run", "x"], "slurm-schedule", /choices are basic, command/],
  [["-f", "json", "finish", "--branches", "--octopus"], "slurm-finish", /cannot be used with/],
  [["-f", "json", "list", "--state", "NOPE"], "slurm-list", /"NOPE": it is no state/],
  [["list", "--json", "--state", "NOPE"], "slurm-list", /"NOPE": it is no state/],
  [["-f", "json", "list", "-c", "x"], "slurm-list", /"x": it is not NAME=VALUE/],
  [["-f", "json", "completion", "tcsh"], "dlslurm", /choices are bash, zsh, fish/],
  [["-f", "json", "help", "nosuch"], "dlslurm", /unknown command 'nosuch'/],
  [["-f", "json", "fixtures", "--help"], "dlslurm", /Cannot use --output-format with fixtures/],
  [["-f", "json", "schedule"], "slurm-schedule", /no command was given/],
  [["schedule", "-f", "json", "-o", "x"], "slurm-schedule", /no command was given/],
];

Deno.test("-f json: wrong usage → one record, wherever -f stands, and nothing else", async () => {
  await using world = await EngineWorld.create();
  for (const [args, action, says] of WRONG_LINES) {
    const { code, stdout, stderr } = await world.dlslurm(...args);

    assert.equal(code, 2, args.join(" "));
    const records = recordsOf(stdout);
    assert.equal(records.length, 1, args.join(" "));
    const [record] = records;
    assert.equal(record!.action, action, args.join(" "));
    assert.match(record!.message!, says);
    assert.equal(record!.error_code, "USAGE");
    assert.ok(record!.hint);
    assert.equal(stderr, "");
  }
});

Deno.test("-f json: -C names the place of a record on which no command begins", async () => {
  await using world = await EngineWorld.create();

  const { stdout } = await world.dlslurm("-C", "..", "-f", "json", "nosuch");

  assert.equal(recordsOf(stdout)[0]!.path, dirname(world.root));
});

Deno.test("-f json: behind the submission command it belongs to that", async () => {
  await using world = await EngineWorld.create();

  const { code, stdout, stderr } = await world.dlslurm("schedule", "--bogus", "sbatch", "-fjson");

  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /unknown option '--bogus'/);
});

Deno.test("-f json: an error that --report-status leaves out is told in words", async () => {
  await using sandbox = await Sandbox.create();

  const { code, stdout, stderr } = await sandbox.dlslurm(
    ["-f", "json", "--report-status", "ok", "finish"],
  );

  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^error: Cannot find a dataset/);
});

Deno.test("-f json: schedule --dry-run of a table → a record for each row, and nothing is kept", async () => {
  await using world = await EngineWorld.create({ "t.csv": "run\nr1\nr2\n" });
  const words = ["--from", "t.csv", "-o", "out/{run}", "sbatch", "job.sh", "{run}"];

  const records = [];
  for (const detail of ["basic", "command"]) {
    const { stdout } = await world.must("-f", "json", "schedule", "--dry-run", detail, ...words);
    records.push(recordsOf(stdout));
  }

  assert.deepEqual(
    records[0]!.map((one) => [one.action, one.table_line, one.cmd_expanded, one.outputs]),
    [
      ["slurm-schedule [dry-run]", 2, "sbatch job.sh r1", ["out/r1"]],
      ["slurm-schedule [dry-run]", 3, "sbatch job.sh r2", ["out/r2"]],
    ],
  );
  assert.deepEqual(records[1], records[0]);
  assert.equal((await world.must("-f", "json", "list", "--all")).stdout, "");
});

Deno.test("-f json_pp: the records of -f json, indented", async () => {
  await using world = await createWorld();

  const plain = recordsOf((await world.must("-f", "json", "list")).stdout);
  const { stdout } = await world.must("list", "-f", "json_pp");

  const pretty = stdout.split(/^(?=\{$)/m).map((text) => JSON.parse(text));
  assert.deepEqual(pretty, plain);
  assert.match(stdout, /^\{\n {2}"action": "slurm-list",\n {2}"cmd": /);
});

Deno.test("-f TEMPLATE: what ends a command is told in words, whatever the template begins with", async () => {
  await using sandbox = await Sandbox.create();

  const { code, stdout, stderr } = await sandbox.dlslurm(["-f", "json {status}", "list"]);

  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^error: Cannot find a dataset: .*\nhint: /);
});

Deno.test("docs/result_records.md names every field and every action, and no other", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/result_records.md", import.meta.url));
  const [fields, actions] = text.slice(text.indexOf("## Fields"), text.indexOf("## Error codes"))
    .split(/^\| action /m);
  const namesIn = (table: string) =>
    [...table.matchAll(/^\| ((?:`[^`]+`(?:, )?)+) /gm)]
      .flatMap(([, names]) => [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)).sort();

  assert.deepEqual(namesIn(fields!), Object.keys(FIELDS).sort());
  assert.deepEqual(namesIn(actions!), [...FIELDS.action.options].sort());
});

testIfAvailable(
  ["datalad"],
  "-f json and json_pp: written as datalad writes its records",
  async () => {
    await using world = await EngineWorld.create({}, "text2git");
    await world.write("ü \u{1f600}", "x\n");
    for (const format of ["json", "json_pp"]) {
      const theirs = (await world.sandbox.require(["datalad", "-f", format, "status"], {
        cwd: world.root,
      })).split(/^(?=\{)/m).find((text) => text.includes("\\u00fc"))!;
      const { renderResultJson } = await import("../../src/datalad/python_json.ts");

      assert.equal(renderResultJson(JSON.parse(theirs), format === "json_pp"), theirs.trimEnd());
    }
  },
);
