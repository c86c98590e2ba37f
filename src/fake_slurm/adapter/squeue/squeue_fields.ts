import { renderShortDuration, renderSlurmTime } from "../../manager/clock_text.ts";
import { judgeDependency } from "../../manager/dependency.ts";
import { defaultPattern } from "../../manager/file_name_pattern.ts";
import { cpusOf, DEFAULT_MEM_PER_CPU, nodesOf } from "../../manager/job_spec.ts";
import { isEnded, STATE_CODES } from "../../manager/job_state.ts";
import { displayId, elapsedSeconds, type JobRecord, rawId } from "../job_records.ts";
import { restText } from "../job_records.ts";
import { controllerState, logPattern, nodeOf, priorityOf, reasonOf } from "../listing.ts";
import type { ProgramCall } from "../program_call.ts";
import { memoryText } from "../tres_text.ts";

/** One column of squeue: its header and how a job fills it. */
export interface QueueField {
  /** In squeue's capitals; not always the name that `--Format` knows. */
  readonly header: string;
  /** The text for one job, neither cut nor padded. */
  value(record: JobRecord, call: ProgramCall): string;
}

const field = (header: string, value: QueueField["value"]): QueueField => ({ header, value });
const fixed = (header: string, text: string): QueueField => field(header, () => text);
const orNull = (text: string | null) => text ?? "(null)";

const time = (ms: number | null) => ms === null ? "N/A" : renderSlurmTime(ms);

/** Its start, or the begin time that it waits for. */
function plannedStart({ task }: JobRecord, { nowMs }: ProgramCall): number | null {
  return task.startMs ?? ((task.beginMs ?? 0) > nowMs ? task.beginMs : null);
}

function endTime(record: JobRecord, call: ProgramCall): string {
  const { endMs, timeLimit } = record.task;
  const startMs = plannedStart(record, call);
  if (endMs !== null || startMs === null) return time(endMs);
  return timeLimit === null ? "NONE" : time(startMs + timeLimit * call.cluster.minuteMs);
}

function timeLeft({ task }: JobRecord, { nowMs }: ProgramCall): string {
  if (task.timeLimit === null) return "UNLIMITED";
  const seconds = task.timeLimit * 60 - elapsedSeconds(task, nowMs);
  return seconds < 0 ? "INVALID" : renderShortDuration(seconds);
}

/** In squeue a reason of several words has blanks between them. */
function queueReason({ task }: JobRecord, { cluster }: ProgramCall): string {
  return reasonOf(task, cluster.version).replaceAll("_", " ");
}

function nodesOrReason(record: JobRecord, call: ProgramCall): string {
  const { task } = record;
  const isFailure = isEnded(task.state) && task.state !== "COMPLETED" && task.state !== "CANCELLED";
  if (task.state === "PENDING" || isFailure) return `(${queueReason(record, call)})`;
  return nodeOf(task, call.cluster, "");
}

/** As sbatch was told it; where it was told nothing, the versions differ. */
function logName(which: "stdout" | "stderr"): QueueField["value"] {
  return (record, { cluster }) => {
    const { spec } = record.task;
    const isOlder = cluster.version === "22.05";
    const given = spec[which] ?? (isOlder ? spec.stdout : null);
    if (given === null && !isOlder && which === "stderr") return "(null)";
    const byDefault = isOlder ? `slurm-${rawId(record)}.out` : defaultPattern(spec.array !== null);
    return logPattern(record.task, given ?? byDefault);
  };
}

const dependency: QueueField["value"] = ({ task }, { table }) =>
  task.state === "PENDING" ? judgeDependency(table, task).text : "(null)";

const arrayTask: QueueField["value"] = (record) =>
  record.rest !== null ? restText(record) : String(record.task.taskIndex ?? "N/A");

/** The fields of `--format`, by letter. */
export const LETTER_FIELDS: Readonly<Record<string, QueueField>> = {
  "%": fixed("", ""),
  A: field("JOBID", (record) => String(rawId(record))),
  a: field("ACCOUNT", ({ task }) => task.spec.account),
  B: field("EXEC_HOST", ({ task }, { cluster }) => nodeOf(task, cluster, "n/a")),
  C: field("CPUS", ({ task }) => String(cpusOf(task.spec))),
  c: field("MIN_CPUS", ({ task }) => String(task.spec.cpusPerTask ?? 1)),
  D: field("NODES", ({ task }) => String(nodesOf(task.spec))),
  E: field("DEPENDENCY", dependency),
  e: field("END_TIME", endTime),
  F: field("ARRAY_JOB_ID", ({ task }) => String(task.baseId)),
  g: field("GROUP", ({ task }) => task.spec.group),
  i: field("JOBID", displayId),
  j: field("NAME", ({ task }) => task.name),
  K: field("ARRAY_TASK_ID", arrayTask),
  k: field("COMMENT", ({ task }) => orNull(task.spec.comment)),
  L: field("TIME_LEFT", timeLeft),
  l: field(
    "TIME_LIMIT",
    ({ task }) => task.timeLimit === null ? "UNLIMITED" : renderShortDuration(task.timeLimit * 60),
  ),
  M: field("TIME", ({ task }, { nowMs }) => renderShortDuration(elapsedSeconds(task, nowMs))),
  m: field(
    "MIN_MEMORY",
    ({ task: { spec } }) => memoryText(spec.memPerNode ?? spec.memPerCpu ?? DEFAULT_MEM_PER_CPU),
  ),
  N: field("NODELIST", ({ task }, { cluster }) => nodeOf(task, cluster, "")),
  o: field("COMMAND", ({ task }) => orNull(task.spec.command)),
  P: field("PARTITION", ({ task }) => task.spec.partition),
  p: field("PRIORITY", ({ task }, call) => (priorityOf(task, call.cluster) / 2 ** 32).toFixed(14)),
  Q: field("PRIORITY", ({ task }, { cluster }) => String(priorityOf(task, cluster))),
  q: field("QOS", ({ task }) => task.spec.qos),
  R: field("NODELIST(REASON)", nodesOrReason),
  r: field("REASON", queueReason),
  S: field(
    "START_TIME",
    (record, call) => time(record.task.startMs ?? record.task.endMs ?? plannedStart(record, call)),
  ),
  T: field("STATE", ({ task }, { nowMs }) => controllerState(task, nowMs)),
  t: field("ST", ({ task }, { nowMs }) => STATE_CODES[controllerState(task, nowMs)]),
  U: field("UID", ({ task }) => String(task.spec.uid)),
  u: field("USER", ({ task }) => task.spec.user),
  V: field("SUBMIT_TIME", ({ task }) => time(task.submitMs)),
  Y: fixed("SCHEDNODES", "(null)"),
  Z: field("WORK_DIR", ({ task }) => task.spec.workDir),
};

/** By lower-case name: letters where one means the same. */
const NAMED_FIELDS: Readonly<Record<string, string | QueueField>> = {
  ...{
    account: "a",
    arrayjobid: "F",
    arraytaskid: "K",
    batchhost: "B",
    command: "o",
    comment: "k",
  },
  ...{ dependency: "E", endtime: "e", exchost: "B", groupname: "g" },
  ...{ jobarrayid: "i", jobid: "A", mincpus: "c", minmemory: "m", name: "j" },
  ...{ nodelist: "N", numcpus: "C", numnodes: "D", partition: "P" },
  ...{ priority: "p", prioritylong: "Q", qos: "q", reason: "r", reasonlist: "R" },
  ...{ schednodes: "Y", starttime: "S", state: "T", statecompact: "t", submittime: "V" },
  ...{ timeleft: "L", timelimit: "l", timeused: "M", userid: "U", username: "u", workdir: "Z" },
  cluster: field("CLUSTER", (_record, { cluster }) => cluster.name),
  restartcnt: field("RESTART_COUNT", ({ task }) => String(task.restarts)),
  stderr: field("STDERR", logName("stderr")),
  stdout: field("STDOUT", logName("stdout")),
};

/** The field of `--Format` with this lower-case name. */
export function findNamedField(name: string): QueueField | undefined {
  const found = NAMED_FIELDS[name];
  return typeof found === "string" ? LETTER_FIELDS[found] : found;
}
