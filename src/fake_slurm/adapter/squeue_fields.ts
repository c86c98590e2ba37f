import { renderSlurmTime } from "../clock_text.ts";
import { judgeDependency } from "../dependency.ts";
import { displayId, elapsedSeconds, hasRun, type JobRecord, rawId } from "../job_records.ts";
import { restText } from "../job_records.ts";
import { absoluteLogPath, defaultPattern } from "../file_name_pattern.ts";
import { reasonOf } from "../job_reason.ts";
import { controllerState } from "../controller_state.ts";
import { isEnded, STATE_CODES } from "../job_state.ts";
import { cpusOf, DEFAULT_MEM_PER_CPU, nodesOf } from "../job_spec.ts";
import type { JobTable } from "../job_table.ts";
import type { Cluster } from "../state_directory.ts";
import { renderShortDuration } from "../time_limit.ts";
import { priorityOf } from "./sacct_values.ts";
import type { Task } from "../task.ts";
import { controllerTresText, memoryText } from "./tres_text.ts";

/** What all lines of one listing share. */
export interface QueueSetting {
  /** Holds the jobs to show, and those that a dependency names. */
  readonly table: JobTable;
  /** Its version decides the words of some reasons and the priorities. */
  readonly cluster: Cluster;
  /** Milliseconds since the epoch: for run times, and for what a job still waits for. */
  readonly nowMs: number;
  /** SLURM_TIME_FORMAT, `undefined` when not set. */
  readonly timeFormat: string | undefined;
}

/** One column of squeue: its header and how a job fills it. */
export interface QueueField {
  /** In squeue's capitals; not always the name that `--Format` knows. */
  readonly header: string;
  /** The text for one job, neither cut nor padded. */
  value(record: JobRecord, setting: QueueSetting): string;
}

const field = (header: string, value: QueueField["value"]): QueueField => ({ header, value });
const fixed = (header: string, text: string): QueueField => field(header, () => text);
const orNull = (text: string | null) => text ?? "(null)";

const time = (ms: number | null, { timeFormat }: QueueSetting) =>
  ms === null ? "N/A" : renderSlurmTime(ms, timeFormat);

function startTime({ task }: JobRecord, setting: QueueSetting): string {
  const waitsForBegin = (task.beginMs ?? 0) > setting.nowMs;
  return time(task.startMs ?? task.endMs ?? (waitsForBegin ? task.beginMs : null), setting);
}

function endTime({ task }: JobRecord, setting: QueueSetting): string {
  if (task.endMs !== null) return time(task.endMs, setting);
  const startMs = task.startMs ?? ((task.beginMs ?? 0) > setting.nowMs ? task.beginMs : null);
  if (startMs === null) return "N/A";
  if (task.timeLimit === null) return "NONE";
  return time(startMs + task.timeLimit * setting.cluster.minuteMs, setting);
}

function timeLeft({ task }: JobRecord, { nowMs }: QueueSetting): string {
  if (task.timeLimit === null) return "UNLIMITED";
  const seconds = task.timeLimit * 60 - elapsedSeconds(task, nowMs);
  return seconds < 0 ? "INVALID" : renderShortDuration(seconds);
}

const nodeList: QueueField["value"] = ({ task }, { cluster }) => hasRun(task) ? cluster.node : "";

/** In squeue a reason of several words has blanks between them. */
function queueReason({ task }: JobRecord, { cluster }: QueueSetting): string {
  return reasonOf(task, cluster.version).replaceAll("_", " ");
}

function nodesOrReason(record: JobRecord, setting: QueueSetting): string {
  const { task } = record;
  const reason = queueReason(record, setting);
  const isFailure = isEnded(task.state) && task.state !== "COMPLETED" && task.state !== "CANCELLED";
  if (task.state === "PENDING" || isFailure) return `(${reason})`;
  return nodeList(record, setting);
}

/** As sbatch was told it; where it was told nothing, the versions differ. */
function logPattern(which: "stdout" | "stderr"): QueueField["value"] {
  return (record, { cluster }) => {
    const { spec } = record.task;
    const isOlder = cluster.version === "22.05";
    const given = spec[which] ?? (isOlder ? spec.stdout : null);
    if (given === null && !isOlder && which === "stderr") return "(null)";
    const byDefault = isOlder ? `slurm-${rawId(record)}.out` : defaultPattern(spec.array !== null);
    return absoluteLogPath(given ?? byDefault, spec.workDir);
  };
}

const dependency: QueueField["value"] = ({ task }, { table, nowMs }) =>
  task.state === "PENDING" ? judgeDependency(table, task, nowMs).text : "(null)";

const arrayTask: QueueField["value"] = (record) =>
  record.task.taskIndex === null
    ? "N/A"
    : record.rest === null
    ? String(record.task.taskIndex)
    : restText(record);

const memory: QueueField["value"] = ({ task: { spec } }) =>
  memoryText(spec.memPerNode ?? spec.memPerCpu ?? DEFAULT_MEM_PER_CPU);

/** The fields of `--format`, by letter. */
export const LETTER_FIELDS: Readonly<Record<string, QueueField>> = {
  "%": fixed("", ""),
  A: field("JOBID", (record) => String(rawId(record))),
  a: field("ACCOUNT", ({ task }) => task.spec.account),
  B: field("EXEC_HOST", ({ task }, { cluster }) => hasRun(task) ? cluster.node : "n/a"),
  b: field(
    "TRES_PER_NODE",
    ({ task }) => task.spec.gres === null ? "N/A" : `gres:${task.spec.gres}`,
  ),
  C: field("CPUS", ({ task }) => String(cpusOf(task.spec))),
  c: field("MIN_CPUS", ({ task }) => String(task.spec.cpusPerTask ?? 1)),
  D: field("NODES", ({ task }) => String(nodesOf(task.spec))),
  d: fixed("MIN_TMP_DISK", "0"),
  E: field("DEPENDENCY", dependency),
  e: field("END_TIME", endTime),
  F: field("ARRAY_JOB_ID", ({ task }) => String(task.baseId)),
  f: field("FEATURES", ({ task }) => orNull(task.spec.constraint)),
  G: field("GROUP", ({ task }) => String(task.spec.gid)),
  g: field("GROUP", ({ task }) => task.spec.group),
  H: fixed("SOCKETS_PER_NODE", "*"),
  h: field("OVER_SUBSCRIBE", ({ task }) => task.spec.exclusive ? "NO" : "OK"),
  I: fixed("CORES_PER_SOCKET", "*"),
  i: field("JOBID", displayId),
  J: fixed("THREADS_PER_CORE", "*"),
  j: field("NAME", ({ task }) => task.name),
  K: field("ARRAY_TASK_ID", arrayTask),
  k: field("COMMENT", ({ task }) => orNull(task.spec.comment)),
  L: field("TIME_LEFT", timeLeft),
  l: field(
    "TIME_LIMIT",
    ({ task }) => task.timeLimit === null ? "UNLIMITED" : renderShortDuration(task.timeLimit * 60),
  ),
  M: field("TIME", ({ task }, { nowMs }) => renderShortDuration(elapsedSeconds(task, nowMs))),
  m: field("MIN_MEMORY", memory),
  N: field("NODELIST", nodeList),
  n: field("REQ_NODES", ({ task }) => task.spec.nodeList ?? ""),
  O: fixed("CONTIGUOUS", "0"),
  o: field("COMMAND", ({ task }) => orNull(task.spec.command)),
  P: field("PARTITION", ({ task }) => task.spec.partition),
  p: field(
    "PRIORITY",
    (record, { cluster }) => (priorityOf(record, cluster.version) / 2 ** 32).toFixed(14),
  ),
  Q: field("PRIORITY", (record, { cluster }) => String(priorityOf(record, cluster.version))),
  q: field("QOS", ({ task }) => task.spec.qos),
  R: field("NODELIST(REASON)", nodesOrReason),
  r: field("REASON", queueReason),
  S: field("START_TIME", startTime),
  s: fixed("", ""),
  T: field("STATE", ({ task }, { nowMs }) => controllerState(task, nowMs)),
  t: field("ST", ({ task }, { nowMs }) => STATE_CODES[controllerState(task, nowMs)]),
  U: field("UID", ({ task }) => String(task.spec.uid)),
  u: field("USER", ({ task }) => task.spec.user),
  V: field("SUBMIT_TIME", ({ task }, setting) => time(task.submitMs, setting)),
  v: fixed("RESERVATION", "(null)"),
  W: field("LICENSES", ({ task }) => orNull(task.spec.licenses)),
  w: fixed("WCKEY", "(null)"),
  X: fixed("CORE_SPEC", "N/A"),
  x: field("EXC_NODES", ({ task }) => task.spec.excludeNodes ?? ""),
  Y: fixed("SCHEDNODES", "(null)"),
  y: field("NICE", ({ task }) => String(task.spec.nice)),
  Z: field("WORK_DIR", ({ task }) => task.spec.workDir),
  z: fixed("S:C:T", "*:*:*"),
};

const grantOf = (task: Task) => hasRun(task) ? "allocated" : "requested";

/** The fields of `--Format`, by lower-case name: letters where one means the same. */
export const NAMED_FIELDS: Readonly<Record<string, string | QueueField>> = {
  ...{ account: "a", arrayjobid: "F", arraytaskid: "K", command: "o", comment: "k", cores: "I" },
  ...{ dependency: "E", endtime: "e", exchost: "B", feature: "f", groupid: "G", groupname: "g" },
  ...{ gres: "b", jobid: "A", licenses: "W", minmemory: "m", mincpus: "c" },
  ...{ name: "j", nice: "y", nodelist: "N", numcpus: "C", numnodes: "D", oversubscribe: "h" },
  ...{ partition: "P", priority: "p", prioritylong: "Q", qos: "q", reason: "r", reasonlist: "R" },
  ...{ reqnodes: "n", reservation: "v", starttime: "S", state: "T", statecompact: "t" },
  ...{ submittime: "V", timeleft: "L", timelimit: "l", timeused: "M", userid: "U" },
  ...{ username: "u", wckey: "w", workdir: "Z", "tres-per-node": "b" },
  ...{ batchhost: "B", contiguous: "O", corespec: "X", mintmpdisk: "d", schednodes: "Y", sct: "z" },
  ...{ sockets: "H", threads: "J" },
  accruetime: field("ACCRUE_TIME", ({ task }, setting) => time(task.eligibleMs, setting)),
  allocnodes: field("ALLOC_NODES", ({ task }) => task.spec.submitHost),
  allocsid: field("ALLOC_SID", ({ task }) => String(task.spec.sessionId)),
  batchflag: field("BATCH_FLAG", ({ task }) => task.spec.batch ? "1" : "0"),
  boardspernode: fixed("BOARDS_PER_NODE", "0"),
  "cpus-per-task": field(
    "CPUS_PER_TASK",
    ({ task }) => String(task.spec.cpusPerTask ?? 1),
  ),
  deadline: fixed("DEADLINE", "N/A"),
  delayboot: fixed("DELAY_BOOT", "0:00"),
  derivedec: fixed("DERIVED_EC", "0"),
  jobarrayid: "i",
  lastschedeval: field(
    "LAST_SCHED_EVAL",
    ({ task }, setting) => time(task.startMs ?? task.submitMs, setting),
  ),
  maxcpus: field("MAX_CPUS", ({ task }) => String(cpusOf(task.spec))),
  maxnodes: field("MAX_NODES", ({ task }) => String(nodesOf(task.spec))),
  mcslabel: fixed("MCSLABEL", "(null)"),
  mintime: fixed("TIME_MIN", "0:00"),
  network: fixed("NETWORK", "(null)"),
  ntpernode: field("NTASKS_PER_NODE", ({ task }) => String(task.spec.tasksPerNode ?? 0)),
  pendingtime: field(
    "PENDING_TIME",
    ({ task }, { nowMs }) =>
      String(Math.max(0, Math.floor(((task.startMs ?? nowMs) - task.submitMs) / 1000))),
  ),
  profile: fixed("PROFILE", "NotSet"),
  reboot: fixed("REBOOT", "0"),
  reqswitch: fixed("REQ_SWITCH", "0"),
  tres: field("TRES_ALLOC", ({ task }) => controllerTresText(task, grantOf(task))),
  "tres-alloc": field("TRES_ALLOC", ({ task }) => controllerTresText(task, grantOf(task))),
  wait4switch: fixed("TIME_WAIT", "0"),
  cluster: field("CLUSTER", (_record, { cluster }) => cluster.name),
  eligibletime: field("ELIGIBLE_TIME", ({ task }, setting) => time(task.eligibleMs, setting)),
  "exit_code": field("EXIT_CODE", ({ task }) => String(task.exitCode)),
  numtasks: field("TASKS", ({ task }) => String(task.spec.tasks)),
  requeue: field("REQUEUE", ({ task }) => task.spec.requeue ? "1" : "0"),
  restartcnt: field("RESTART_COUNT", ({ task }) => String(task.restarts)),
  stderr: field("STDERR", logPattern("stderr")),
  stdin: field("STDIN", ({ task }) => task.spec.stdin),
  stdout: field("STDOUT", logPattern("stdout")),
};
