import { userInfo } from "node:os";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { renderSlurmTime } from "../clock_text.ts";
import { controllerState } from "../controller_state.ts";
import { hasRun, type JobRecord, rawId } from "../job_records.ts";
import { findState, isEnded, STATE_CODES } from "../job_state.ts";
import { JobTable } from "../job_table.ts";
import type { Task } from "../task.ts";
import { ensureManager } from "../manager_lock.ts";
import { type SlurmVersion, versionLine } from "../slurm_version.ts";
import type { Cluster } from "../state_directory.ts";
import { refuseOtherClusters } from "./clusters.ts";
import { getopt, refuseUnsupported, versionedTable } from "./getopt.ts";
import { isSelected, type JobSelection, parseSelection, splitIds } from "./job_id_list.ts";
import { findKnownJobs } from "./known_jobs.ts";
import { LETTER_FIELDS, type QueueSetting } from "./squeue_fields.ts";
import { parseLetterFormat, parseNamedFormat, type QueuePart } from "./squeue_format.ts";
import { isJobSelected, listSteps } from "./squeue_steps.ts";
import { fit } from "./text_table.ts";

const SPECS = versionedTable(
  `
  A/account: a/all r/array M/clusters: federation o/format: O/Format: h/noheader help hide
  i/iterate: j/jobs:: json yaml l/long L/licenses: local me n/name: noconvert w/nodelist: p/partition:
  P/priority q/qos: R/reservation: sibling S/sort: start t/states: s/steps:: u/user: usage v/verbose
  V/version
`,
  {
    "22.05": "array-unique",
    "24.11": "array-unique expand-patterns helpformat helpstate only-job-state",
  },
);

/** Options that choose or show other things, which the fake does not keep. */
const UNSUPPORTED_OPTIONS = [
  ...["array-unique", "expand-patterns", "helpformat", "helpstate", "iterate", "json"],
  ...["only-job-state", "yaml"],
];

const DEFAULT_FORMAT = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
const START_FORMAT = "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R";
const LONG_FORMAT = "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R";

const USAGE: Readonly<Record<SlurmVersion, string>> = {
  "22.05": `Usage: squeue [-A account] [--clusters names] [-i seconds] [--job jobid]
              [-n name] [-o format] [-p partitions] [--qos qos]
              [--reservation reservation] [--sort fields] [--start]
              [--step step_id] [-t states] [-u user_name] [--usage]
              [-L licenses] [-w nodes] [--federation] [--local] [--sibling]
\t      [-ahjlrsv]
`,
  "24.11": `Usage: squeue [-A account] [--clusters names] [-i seconds] [--job jobid]
              [-n name] [-o format] [--only-job-state] [-p partitions]
              [--qos qos] [--reservation reservation] [--sort fields] [--start]
              [--step step_id] [-t states] [-u user_name] [--usage]
              [-L licenses] [-w nodes] [--federation] [--local] [--sibling]
              [--expand-patterns] [--json=data_parser] [--yaml=data_parser]
              [-ahjlrsv]
`,
};

type Asked = ReadonlyMap<string, string>;

/** Runs `squeue ARGS…`: lists the jobs that have not ended, or with `--states` others too. */
export function runSqueue(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): number {
  const { options, words } = getopt(args, { program: "squeue", specs: SPECS[cluster.version] });
  const { io, env } = context;
  const asked = new Map(options.map(({ name, value }) => [name, value]));
  // `-j 5` and `-j5` both work: the argument is optional and may be the next word.
  if (asked.get("jobs") === "" && words.length > 0) asked.set("jobs", words.join(","));
  else if (words.length > 0) {
    throw new SlurmRefusal(
      `squeue: error: Unrecognized option: ${words[0]}\n${USAGE[cluster.version]}`,
    );
  }
  if (asked.has("version")) {
    io.out(versionLine(cluster.version));
    return 0;
  }
  if (asked.has("help") || asked.has("usage")) {
    io.out(USAGE[cluster.version]);
    return 0;
  }
  refuseUnsupported("squeue", asked, UNSUPPORTED_OPTIONS);
  refuseOtherClusters("squeue", asked.get("clusters"), cluster);
  using table = new JobTable(cluster.directory);
  ensureManager(table, cluster, context);
  const nowMs = Date.now();
  const setting = { table, cluster, nowMs, timeFormat: env.get("SLURM_TIME_FORMAT") };
  if (asked.has("steps")) {
    const selections = readSelections(asked.get("jobs"));
    const records = findKnownJobs(table, cluster, nowMs).filter((record) =>
      selections === undefined || isJobSelected(record, selections)
    );
    io.out(listSteps(asked, records, setting));
    return 0;
  }
  const parts = readFormat(asked, context);
  const records = sortRecords(findRecords(asked, setting, context), asked, setting, context);
  const date = asked.has("long") && !asked.has("noheader")
    ? `${renderSlurmTime(nowMs, "%a %b %d %H:%M:%S %Y")}\n`
    : "";
  const title = asked.has("clusters") && !asked.has("noheader") ? `CLUSTER: ${cluster.name}\n` : "";
  io.out(date + title + render(records, parts, asked, setting));
  return 0;
}

function readFormat(asked: Asked, { env, io }: FakeSlurmContext): QueuePart[] {
  const complain = (name: string) =>
    io.err(`squeue: error: Invalid job format specification: ${name}\n`);
  const named = asked.get("Format") ??
    (asked.has("format") ? undefined : env.get("SQUEUE_FORMAT2"));
  if (named !== undefined && named !== "") return parseNamedFormat(named, complain);
  const letters = asked.get("format") ?? (asked.has("start") ? START_FORMAT : undefined) ??
    (asked.has("long") ? LONG_FORMAT : undefined) ??
    (env.get("SQUEUE_FORMAT") || DEFAULT_FORMAT);
  return parseLetterFormat(letters, complain);
}

function findRecords(asked: Asked, setting: QueueSetting, context: FakeSlurmContext): JobRecord[] {
  const { table, cluster, nowMs } = setting;
  const selections = readSelections(asked.get("jobs"));
  const only = selections?.length === 1 ? selections[0]!.jobId : undefined;
  const known = findKnownJobs(table, cluster, nowMs, only);
  if (only !== undefined && known.length === 0) {
    throw new SlurmRefusal("slurm_load_jobs error: Invalid job id specified\n");
  }
  const wants = toFilter(asked, setting, context);
  const picked = known.filter((record) =>
    wants(record) && (selections?.some((one) => isPicked(record, one)) ?? true)
  );
  return asked.has("array") ? picked.flatMap((record) => spread(record, table)) : picked;
}

/** A listing shows an array's rest also for one index of it. */
function isPicked(record: JobRecord, selection: JobSelection): boolean {
  if (record.rest === null || selection.indices === undefined) {
    return isSelected(record.task, selection);
  }
  return record.task.baseId === selection.jobId &&
    selection.indices.some((index) => record.rest!.includes(index));
}

/** `--array`: one line for each task of a rest. */
function spread(record: JobRecord, table: JobTable): JobRecord[] {
  if (record.rest === null) return [record];
  const tasks = table.find(
    "base_id = ? AND job_id IS NULL AND state = ?",
    record.task.baseId,
    record.task.state,
  );
  return tasks.map((task: Task) => ({ task, rest: null }));
}

function readSelections(text: string | undefined): JobSelection[] | undefined {
  if (text === undefined || text === "") return undefined;
  return splitIds(text).map((word) => {
    try {
      return parseSelection(word);
    } catch {
      throw new SlurmRefusal(`squeue: error: Invalid job id: ${word}\n`);
    }
  });
}

function toFilter(
  asked: Asked,
  { cluster, nowMs }: QueueSetting,
  { env, io }: FakeSlurmContext,
): (record: JobRecord) => boolean {
  const states = readStates(asked.get("states") ?? env.get("SQUEUE_STATES"), cluster.version);
  const qos = (asked.get("qos") ?? env.get("SQUEUE_QOS"))?.split(",");
  const nodes = asked.get("nodelist")?.split(",");
  const names = (asked.get("name") ?? env.get("SQUEUE_NAMES"))?.split(",");
  const partitions = (asked.get("partition") ?? env.get("SQUEUE_PARTITION"))?.split(",");
  const accounts = (asked.get("account") ?? env.get("SQUEUE_ACCOUNT"))?.split(",");
  const users = asked.has("me")
    ? [userInfo().username]
    : (asked.get("user") ?? env.get("SQUEUE_USERS"))?.split(",");
  const unknown = nodes?.find((name) => name !== cluster.node);
  if (unknown !== undefined) {
    throw new SlurmRefusal(`squeue: error: Invalid node name ${unknown}\n`);
  }
  const licenses = asked.get("licenses")?.split(",");
  const isOther = asked.has("reservation"); // there are none
  for (const user of users ?? []) {
    if (user === userInfo().username || user === "root" || /^\d+$/.test(user)) continue;
    io.err(`squeue: error: Invalid user: ${user}\n\n`);
  }
  return (record) => {
    const { task } = record;
    const { spec } = task;
    const state = controllerState(task, nowMs);
    if (isOther || (asked.has("start") && state !== "PENDING")) return false;
    return (states?.includes(state) ?? !isEnded(state)) &&
      (licenses?.includes(spec.licenses ?? "") ?? true) &&
      (names?.includes(task.name) ?? true) &&
      (partitions?.includes(spec.partition) ?? true) &&
      (accounts?.includes(spec.account) ?? true) && (qos?.includes(spec.qos) ?? true) &&
      (nodes === undefined || (hasRun(task) && nodes.includes(cluster.node))) &&
      (users?.some((user) => user === spec.user || user === String(spec.uid)) ?? true);
  };
}

function readStates(text: string | undefined, version: SlurmVersion): string[] | undefined {
  if (text === undefined || text === "") return undefined;
  if (text.toLowerCase() === "all") return Object.keys(STATE_CODES);
  return text.split(",").map((word) => {
    const state = findState(word);
    if (state !== undefined) return state;
    const names = Object.keys(STATE_CODES).join(",");
    throw new SlurmRefusal(
      `squeue: error: Invalid job state specified: ${word}\n` +
        `squeue: error: Valid job states include: ${
          version === "24.11" ? names.toLowerCase() : names
        }\n\n`,
    );
  });
}

function sortRecords(
  records: JobRecord[],
  asked: Asked,
  setting: QueueSetting,
  { env }: FakeSlurmContext,
): JobRecord[] {
  // squeue(1): by partition, then short state, then falling priority.
  const keys =
    (asked.get("sort") || (env.get("SQUEUE_SORT") || (asked.has("start") ? "S" : "P,t,-Q"))).split(
      ",",
    );
  const valueOf = (record: JobRecord, letter: string): number | string => {
    if (letter === "i" || letter === "A") return rawId(record);
    const text = LETTER_FIELDS[letter]?.value(record, setting) ?? "";
    return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  };
  return records.sort((a, b) => {
    for (const key of keys) {
      const letter = key.replace(/^[+-]/, "");
      const [left, right] = [valueOf(a, letter), valueOf(b, letter)];
      if (left === right) continue;
      return (left < right ? -1 : 1) * (key.startsWith("-") ? -1 : 1);
    }
    return a.task.baseId - b.task.baseId;
  });
}

function render(
  records: readonly JobRecord[],
  parts: readonly QueuePart[],
  asked: Asked,
  setting: QueueSetting,
): string {
  const line = (textOf: (part: QueuePart) => string) =>
    parts.map((part) => {
      const text = textOf(part);
      return (part.width === 0 ? text : fit(text, part.width)) + part.suffix;
    }).join("") + "\n";
  const lines = records.map((record) => line((part) => part.field?.value(record, setting) ?? ""));
  return (asked.has("noheader") ? "" : line((part) => part.field?.header ?? "")) + lines.join("");
}
