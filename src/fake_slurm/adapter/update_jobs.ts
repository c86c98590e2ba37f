import { inTransaction } from "../../store/open_store.ts";
import { parseSlurmTime } from "../clock_text.ts";
import { SlurmRefusal } from "../context.ts";
import { parseDependency } from "../dependency.ts";
import type { JobSpec } from "../job_spec.ts";
import type { JobTable } from "../job_table.ts";
import type { Cluster } from "../state_directory.ts";
import type { Task, TaskChange } from "../task.ts";
import { parseTimeLimit } from "../time_limit.ts";
import { requireTasks } from "./change_jobs.ts";

/** One `KEY=VALUE` of an update. */
interface Update {
  /** In lower case. */
  readonly key: string;
  readonly value: string;
  /** As it was given, for complaints. */
  readonly word: string;
}

/** Applies `scontrol update jobid=ID KEY=VALUE…`; `job ID` and `jobname=NAME` name jobs, too. */
export function updateJobs(table: JobTable, cluster: Cluster, words: readonly string[]): void {
  const joined = /^job(id)?$/i.test(words[0] ?? "") && words.length > 1
    ? [`jobid=${words[1]}`, ...words.slice(2)]
    : words;
  const updates = joined.map(readUpdate);
  const subject = updates.find(({ key }) => NAMING.includes(key)) ??
    updates.find(({ key }) => key === "jobname" || key === "name");
  if (subject === undefined) {
    throw new SlurmRefusal(
      "No valid entity in update command\n" +
        'Input line must include "NodeName", "PartitionName", "Reservation", "JobId", or ' +
        '"SlurmctldDebug"\n',
    );
  }
  const changes = updates.filter((update) => update !== subject);
  if (changes.length === 0) throw new SlurmRefusal("No changes specified\n");
  inTransaction(table.database, () => {
    const ids = NAMING.includes(subject.key)
      ? subject.value.split(/,(?![^[]*\])/)
      : [`jobname=${subject.value}`];
    for (const id of ids) {
      const tasks = requireTasks(table, id);
      for (const update of changes) applyUpdate(update, tasks, table, cluster);
    }
  });
}

const NAMING = ["jobid", "job"];

function readUpdate(word: string): Update {
  const at = word.search(/[+-]?=/);
  if (at === -1) throw new SlurmRefusal(`Invalid input: ${word}\nRequest aborted\n`);
  const value = word.slice(word.indexOf("=") + 1);
  const sign = word[at] === "=" ? "" : word[at];
  return { key: word.slice(0, at).toLowerCase(), value: `${sign}${value}`, word };
}

function applyUpdate(
  update: Update,
  tasks: readonly Task[],
  table: JobTable,
  cluster: Cluster,
): void {
  const changed = new Set<number>();
  for (const task of tasks) {
    const own = readTaskChange(update, task);
    if (own !== undefined) table.update(task.row, own);
    // What an array's tasks share is written once: it is as long as their list.
    else if (!changed.has(task.baseId)) {
      table.updateSpec(task.baseId, requireSpecChange(update, task, cluster));
      changed.add(task.baseId);
    }
  }
}

function requireSpecChange(update: Update, task: Task, cluster: Cluster): Partial<JobSpec> {
  const shared = readSpecChange(update, task, cluster);
  if (shared !== undefined) return shared;
  throw new SlurmRefusal(
    `Update of this parameter is not supported: ${update.word}\nRequest aborted\n`,
  );
}

/** What is each task's own. */
function readTaskChange({ key, value }: Update, task: Task): TaskChange | undefined {
  const jobId = task.jobId ?? task.baseId;
  switch (key) {
    case "timelimit":
      return { timeLimit: readTimeLimit(value, task) };
    case "jobname":
    case "name":
      return { name: value };
    case "starttime": {
      const beginMs = parseSlurmTime(value, { now: Date.now(), allowPast: false });
      return { beginMs, eligibleMs: beginMs, ...(task.hold === "" ? { reason: "BeginTime" } : {}) };
    }
    case "dependency":
      if (value === "") {
        return { dependency: null, reason: task.hold === "" ? "None" : task.reason };
      }
      try {
        parseDependency(value);
      } catch {
        throw new SlurmRefusal(`Job dependency problem for job ${jobId}\n`);
      }
      return { dependency: value, reason: "Dependency" };
    case "priority":
      return value === "0"
        ? { hold: "user", reason: "JobHeldUser" }
        : { hold: "", reason: task.dependency === null ? "None" : "Dependency" };
    default:
      return undefined;
  }
}

/** `+10` and `-10` are minutes more or less. */
function readTimeLimit(value: string, { timeLimit }: Task): Task["timeLimit"] {
  try {
    const [, sign = "", text = ""] = /^([+-]?)(.*)$/.exec(value) ?? [];
    const minutes = parseTimeLimit(text);
    if (sign === "" || minutes === null) return minutes;
    if (timeLimit === null) return null;
    return Math.max(1, timeLimit + (sign === "+" ? minutes : -minutes));
  } catch {
    throw new SlurmRefusal("scontrol: error: Invalid TimeLimit value\n");
  }
}

/** What the tasks of an array have in common. */
function readSpecChange(
  { key, value }: Update,
  task: Task,
  { partitions }: Cluster,
): Partial<JobSpec> | undefined {
  switch (key) {
    case "account":
      return { account: value.toLowerCase() };
    case "arraytaskthrottle": {
      const { array } = task.spec;
      const limit = Number(value);
      return array === null ? {} : { array: { ...array, limit: limit > 0 ? limit : null } };
    }
    case "comment":
      return { comment: value };
    case "excnodelist":
      return { excludeNodes: value === "" ? null : value };
    case "mailuser":
      return { mailUser: value };
    case "nice":
      return { nice: Number(value) || 0 };
    case "partition":
      if (!partitions.includes(value) && !partitions.includes("*")) {
        const jobId = task.jobId ?? task.baseId;
        throw new SlurmRefusal(`Invalid partition name specified for job ${jobId}\n`);
      }
      return { partition: value };
    case "qos":
      return { qos: value };
    case "reqnodelist":
      return { nodeList: value === "" ? null : value };
    case "requeue":
      return { requeue: value !== "0" };
    case "stdout":
      return { stdout: value };
    case "stderr":
      return { stderr: value };
    case "workdir":
      return { workDir: value };
    default:
      return undefined;
  }
}
