import assert from "node:assert/strict";
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
    "slurm-finish",
    "slurm-reschedule",
    "slurm-list",
    "slurm-recover",
    "slurm-adopt",
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
  "slurm_job_id": v.optional(v.pipe(v.string(), v.regex(/^\d+(_\d+)?$/))),
  "slurm_states": v.optional(v.record(v.string(), v.string())),
  "slurm_state": v.optional(v.string()),
  "slurm_job_name": v.optional(v.string()),
  stage: v.optional(v.picklist(["waiting", "submitting", "open", "finished", "closed"])),
  elapsed: v.optional(DURATION),
  "time_limit": v.optional(DURATION),
  "exit_code": v.optional(v.pipe(v.string(), v.regex(/^\d+:\d+$/))),
  outputs: v.optional(v.array(v.string())),
  cmd: v.optional(v.string()),
  pwd: v.optional(v.string()),
  "submitted_at": v.optional(v.pipe(v.string(), v.isoTimestamp())),
  commit: v.optional(v.pipe(v.string(), v.hash(["sha1"]))),
  "table_line": v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  submission: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  "changed_inputs": v.optional(v.array(v.string())),
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
    .replaceAll(/\b[0-9a-f]{10}\b/g, "OID").replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "DATE");
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
  { name: "finish and close", args: ["finish", "--close-failed-jobs"], code: 1 },
  { name: "finish --list-open-jobs", args: ["finish", "--list-open-jobs"], code: 0 },
  { name: "finish without open jobs", args: ["finish", "99"], code: 1 },
  { name: "reschedule", after: ["finish"], args: ["reschedule"], code: 0 },
  { name: "reschedule --report", after: ["finish"], args: ["reschedule", "--report"], code: 0 },
  { name: "reschedule without a record", args: ["reschedule"], code: 1 },
  { name: "recover", args: ["recover"], code: 0 },
  { name: "adopt", args: ["adopt"], code: 0 },
  { name: "wrong usage", args: ["finish", "x"], code: 2 },
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
    [...table.matchAll(/^\| ((?:`[\w-]+`(?:, )?)+) /gm)]
      .flatMap(([, names]) => [...names!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!)).sort();

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
