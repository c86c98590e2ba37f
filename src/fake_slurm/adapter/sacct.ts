import { userInfo } from "node:os";
import { parseSlurmTime } from "../clock_text.ts";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { hasRun, toRecords } from "../job_records.ts";
import { findState, isEnded, type JobState } from "../job_state.ts";
import { JobTable } from "../job_table.ts";
import type { Task } from "../task.ts";
import { ensureManager } from "../manager_lock.ts";
import { versionLine } from "../slurm_version.ts";
import { accountingView } from "../scenario/accounting_view.ts";
import type { Cluster } from "../state_directory.ts";
import { StepTable } from "../step_table.ts";
import { getopt, refuseUnsupported, versionedTable } from "./getopt.ts";
import { findCandidates, isRecordSelected, type JobSelection } from "./job_id_list.ts";
import { parseSelection, splitIds } from "./job_id_list.ts";
import { BRIEF_FORMAT, DEFAULT_FORMAT, LONG_FORMAT } from "./sacct_fields.ts";
import { parseFormat, renderFieldNames, type SacctField } from "./sacct_fields.ts";
import { type SacctRow, type SacctSetting, sacctValue, toStepRow } from "./sacct_values.ts";
import { fitWithPlus } from "./text_table.ts";

const SPECS = versionedTable(
  `
  a/allusers A/accounts: b/brief B/batch-script c/completion C/cluster: constraints: delimiter:
  D/duplicates E/endtime: env-vars e/helpformat f/file: F/flags: federation g/gid: group: h/help
  i/nnodes: I/ncpus: j/jobs: k/timelimit-min: K/timelimit-max: l/long L/allclusters local
  M/clusters: n/noheader N/nodelist: name: noconvert o/format: p/parsable P/parsable2 q/qos:
  r/partition: R/reason: s/state: S/starttime: T/truncate units: u/user: uid: U/helpunits usage
  v/verbose V/version W/wckeys: whole-hetjob:: x/associations: X/allocations
`,
  { "22.05": "", "24.11": "array expand-patterns helpreason helpstate" },
);

/** Options that choose or show other things, which the fake does not keep. */
const UNSUPPORTED_OPTIONS = [
  ...[
    "array",
    "batch-script",
    "expand-patterns",
    "completion",
    "constraints",
    "env-vars",
    "file",
    "flags",
    "gid",
  ],
  ...["group", "helpreason", "helpstate", "helpunits", "ncpus", "nnodes", "reason"],
  ...["timelimit-max", "timelimit-min", "truncate", "wckeys", "associations"],
];

type Asked = ReadonlyMap<string, string>;

/** Runs `sacct ARGS…`: lists jobs from accounting, which forgets nothing. */
export function runSacct(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): number {
  const { options, words } = getopt(args, {
    program: "sacct",
    specs: SPECS[cluster.version],
    pointsAtHelp: false,
  });
  const asked = new Map(options.map(({ name, value }) => [name, value]));
  refuseUnsupported("sacct", asked, UNSUPPORTED_OPTIONS);
  if (words.length > 0) {
    const unknown = words.map((word) => `sacct: error:  ${word}\n`).join("");
    throw new SlurmRefusal(`sacct: error: Unknown arguments:\n${unknown}`);
  }
  const { io, env } = context;
  if (asked.has("version")) return print(io, versionLine(cluster.version));
  if (asked.has("helpformat")) return print(io, renderFieldNames(cluster.version));
  if (asked.has("help") || asked.has("usage")) return print(io, USAGE);
  const format = asked.get("format") ??
    (asked.has("brief") ? BRIEF_FORMAT : asked.has("long") ? LONG_FORMAT : undefined) ??
    (env.get("SACCT_FORMAT") || DEFAULT_FORMAT);
  const fields = parseFormat(format, cluster.version);
  const setting: SacctSetting = {
    cluster,
    nowMs: Date.now(),
    timeFormat: env.get("SLURM_TIME_FORMAT"),
    unit: asked.get("units")?.toUpperCase(),
  };
  if (cluster.scenario.accounting.storage === "disabled") {
    throw new SlurmRefusal("Slurm accounting storage is disabled\n");
  }
  using table = new JobTable(cluster.directory);
  ensureManager(table, cluster, context);
  const rows = findRows(table, asked, setting);
  return print(io, render(rows, fields, asked, setting));
}

const USAGE = "Usage:\n\tsacct [options]\n\tUse --help for help\n";

function print(io: FakeSlurmContext["io"], text: string): number {
  io.out(text);
  return 0;
}

function findRows(table: JobTable, asked: Asked, setting: SacctSetting): SacctRow[] {
  const selections = asked.has("jobs")
    ? splitIds(asked.get("jobs")!).map(readSelection)
    : undefined;
  const isWanted = toFilter(asked, setting);
  if (isElsewhere(asked, setting.cluster)) return [];
  const found = selections === undefined ? table.find("1") : findCandidates(table, selections);
  const tasks = accountingView(found, setting.cluster, setting.nowMs);
  const showsAll = asked.has("duplicates");
  const records = toRecords(
    tasks.filter((task) => (showsAll || !task.superseded) && isWanted(task)),
  );
  const steps = new StepTable(table.database).findAll();
  const rows: SacctRow[] = [];
  for (const record of records) {
    const matching = selections?.filter((selection) => isRecordSelected(record, selection));
    if (matching?.length === 0) continue;
    const own = steps.get(record.task.row) ?? [];
    const named = matching?.every(({ step }) => step !== undefined) === true
      ? matching.map(({ step }) => step)
      : undefined;
    if (named === undefined) rows.push({ record, isStep: false, steps: own });
    if (!hasRun(record.task) || asked.has("allocations")) continue;
    const isNamed = (name: string) => named?.includes(name) ?? true;
    if (isNamed("batch") && record.task.spec.batch) rows.push({ record, isStep: true, steps: own });
    for (const step of own) {
      if (isNamed(String(step.number))) rows.push(toStepRow(record, step));
    }
  }
  return rows;
}

function readSelection(text: string): JobSelection {
  if (/^\d+_\D/.test(text)) {
    const id = text.split("_")[0];
    throw new SlurmRefusal(`sacct: fatal: Bad job array element specified: ${id}\n`);
  }
  try {
    return parseSelection(text);
  } catch {
    throw new SlurmRefusal(`sacct: fatal: Bad job/step specified: ${text}\n`);
  }
}

function isElsewhere(asked: Asked, cluster: Cluster): boolean {
  const names = asked.get("clusters")?.split(",") ?? asked.get("cluster")?.split(",");
  return names !== undefined && !names.some((name) => name === cluster.name || name === "all");
}

/** Time window, states and the simple filters. */
function toFilter(asked: Asked, { cluster, nowMs }: SacctSetting): (task: Task) => boolean {
  const at = (text: string) => parseSlurmTime(text, { now: nowMs, allowPast: true });
  const states = asked.get("state")?.split(",").map(readState);
  const start = asked.get("starttime");
  const end = asked.get("endtime");
  const fromMs = start !== undefined ? at(start) : defaultStart(asked, nowMs);
  // A limit on a whole second includes what happened within it.
  const until = end ?? (states === undefined ? undefined : start);
  const untilMs = until !== undefined ? at(until) + 999 : nowMs + 1000;
  const names = asked.get("name")?.split(",");
  const partitions = asked.get("partition")?.split(",");
  const accounts = asked.get("accounts")?.split(",");
  const qos = asked.get("qos")?.split(",");
  const nodes = asked.get("nodelist")?.split(",");
  const users = readUsers(asked);
  return (task) =>
    (states === undefined
      ? overlaps(task, fromMs, untilMs)
      : states.some((state) => wasIn(task, state, fromMs, untilMs))) &&
    (names?.includes(task.name) ?? true) &&
    (partitions?.includes(task.spec.partition) ?? true) &&
    (accounts?.includes(task.spec.account) ?? true) && (qos?.includes(task.spec.qos) ?? true) &&
    (nodes === undefined || (hasRun(task) && nodes.includes(cluster.node))) &&
    (users?.some((user) => user === task.spec.user || user === String(task.spec.uid)) ?? true);
}

/** sacct(1), "default time window": the epoch with `--jobs`, now with `--state`, else the last midnight. */
function defaultStart(asked: Asked, nowMs: number): number {
  if (asked.has("jobs")) return 0;
  return asked.has("state") ? nowMs : new Date(nowMs).setHours(0, 0, 0, 0);
}

function overlaps(task: Task, fromMs: number, untilMs: number): boolean {
  const begun = task.eligibleMs ?? task.submitMs;
  // A job that waits for its begin time is already in the list.
  const known = task.endMs === null ? Math.min(begun, task.submitMs) : begun;
  return known <= untilMs && (task.endMs === null || task.endMs >= fromMs);
}

function wasIn(task: Task, state: JobState, fromMs: number, untilMs: number): boolean {
  const startMs = task.startMs ?? task.endMs ?? Infinity;
  if (state === "PENDING") return task.submitMs <= untilMs && startMs >= fromMs;
  if (state === "RUNNING") {
    return hasRun(task) && startMs <= untilMs && (task.endMs ?? Infinity) >= fromMs;
  }
  return task.state === state && isEnded(state) && task.endMs! >= fromMs && task.endMs! <= untilMs;
}

function readState(text: string): JobState {
  const state = findState(text.trim());
  if (state !== undefined) return state;
  throw new SlurmRefusal(`sacct: fatal: unrecognized job state value '${text}'\n`);
}

function readUsers(asked: Asked): string[] | undefined {
  const users = asked.get("user") ?? asked.get("uid");
  if (users === undefined) return undefined;
  const me = userInfo();
  for (const user of users.split(",")) {
    // Nobody else ever has a job here; a number may be anybody's.
    if (user === me.username || user === "root" || /^\d+$/.test(user)) continue;
    throw new SlurmRefusal(`sacct: error: Invalid user id: ${user}\n`);
  }
  return users.split(",");
}

function render(
  rows: readonly SacctRow[],
  fields: readonly SacctField[],
  asked: Asked,
  setting: SacctSetting,
): string {
  const separator = asked.get("delimiter") ?? "|";
  const parsable2 = asked.has("parsable2");
  const isParsable = parsable2 || asked.has("parsable");
  const line = (values: readonly string[]) => {
    if (isParsable) return values.join(separator) + (parsable2 ? "\n" : `${separator}\n`);
    return values.map((value, at) => `${fitWithPlus(value, fields[at]!.width)} `).join("") + "\n";
  };
  const lines: string[] = [];
  if (!asked.has("noheader")) {
    lines.push(line(fields.map(({ header }) => header)));
    if (!isParsable) {
      lines.push(fields.map(({ width }) => `${"-".repeat(Math.abs(width))} `).join("") + "\n");
    }
  }
  const names = fields.map(({ header }) => header.toLowerCase());
  for (const row of rows) lines.push(line(names.map((name) => sacctValue(name, row, setting))));
  return lines.join("");
}
