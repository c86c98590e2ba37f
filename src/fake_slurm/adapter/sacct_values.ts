import { renderSlurmTime } from "../clock_text.ts";
import { absoluteLogPath, defaultPattern } from "../file_name_pattern.ts";
import { displayId, elapsedSeconds, hasRun, type JobRecord, rawId } from "../job_records.ts";
import { isEnded } from "../job_state.ts";
import { cpusOf, nodesOf } from "../job_spec.ts";
import type { Task } from "../task.ts";
import type { Step } from "../step_table.ts";
import type { SlurmVersion } from "../slurm_version.ts";
import type { Cluster } from "../state_directory.ts";
import { renderDuration } from "../time_limit.ts";
import { memoryText, requestedMemory, tresText } from "./tres_text.ts";

/** One line of sacct: a job, its batch step, or what one srun ran. */
export interface SacctRow {
  /** The job; in a line about what srun ran, with the times and the end of that. */
  readonly record: JobRecord;
  /** Whether the line is about a part of the job: `.batch`, or `.0` and so on. */
  readonly isStep: boolean;
  /** What srun ran, where the line is about that. */
  readonly step?: Step;
  /** All that srun ran in the job; empty for a line about one of them. */
  readonly steps: readonly Step[];
}

/** The line of a step: it has its own times and end, and the job's resources. */
export function toStepRow(record: JobRecord, step: Step): SacctRow {
  const task = {
    ...record.task,
    startMs: step.startMs,
    endMs: step.endMs,
    batchState: step.state,
    batchCode: step.exitCode,
    batchSignal: step.exitSignal,
  };
  return { record: { ...record, task }, isStep: true, step, steps: [] };
}

/** `.batch`, `.0`, or nothing for a job's own line. */
function stepSuffix({ isStep, step }: SacctRow): string {
  return isStep ? `.${step?.number ?? "batch"}` : "";
}

function layoutOf({ isStep, step, record }: SacctRow): string {
  if (!isStep) return "";
  if (step === undefined) return "Unknown";
  if (!record.task.spec.batch) return "Block";
  return step.tasks > 1 && step.tasks === record.task.spec.tasks ? "Block" : "Cyclic";
}

/** The highest exit status of what srun ran; a signal counts less than any. */
function derivedExitCode({ steps }: SacctRow): string {
  const highest = Math.max(0, ...steps.map((step) => step.exitCode * 256 + step.exitSignal));
  return `${Math.floor(highest / 256)}:${highest % 256}`;
}

/** What all lines of one listing share. */
export interface SacctSetting {
  /** Its version decides what some fields say. */
  readonly cluster: Cluster;
  /** Milliseconds since the epoch: up to then unfinished jobs have taken. */
  readonly nowMs: number;
  /** SLURM_TIME_FORMAT. */
  readonly timeFormat: string | undefined;
  /** `--units`, one of K M G T P, or `undefined`. */
  readonly unit: string | undefined;
}

type Value = (row: SacctRow, setting: SacctSetting) => string;

const time = (ms: number | null, { timeFormat }: SacctSetting, missing: string) =>
  ms === null ? missing : renderSlurmTime(ms, timeFormat);

const seconds: (row: SacctRow, setting: SacctSetting) => number = ({ record }, { nowMs }) =>
  elapsedSeconds(record.task, nowMs);

const none = () => "";
const always = (text: string): Value => () => text;
/** A value that only the job's own line has. */
const job = (value: Value): Value => (row, setting) => row.isStep ? "" : value(row, setting);
/** A value that only steps have. */
const ofStep = (text: string): Value => (row) => row.isStep ? text : "";

const nodes: Value = ({ record: { task } }) => String(nodesOf(task.spec));
const allocatedNodes: Value = (row, setting) => hasRun(row.record.task) ? nodes(row, setting) : "0";
const isNewer = ({ cluster }: SacctSetting) => cluster.version === "24.11";

/** 24.11 allocates nothing to a job that has not started. */
const cpus: Value = ({ record: { task } }, setting) =>
  isNewer(setting) && !hasRun(task) ? "0" : String(task.cpus);

/** Every field that has a value here, by lower-case name; the others are empty. */
const VALUES: Readonly<Record<string, Value>> = {
  account: ({ record }) => record.task.spec.account,
  alloccpus: cpus,
  allocnodes: allocatedNodes,
  alloctres: ({ record: { task }, isStep }) => {
    if (!hasRun(task)) return "";
    return isStep ? `cpu=${task.cpus},mem=0,node=1` : tresText(task, "allocated");
  },
  associd: always("1"),
  avecpufreq: ofStep("0"),
  cluster: (_row, { cluster }) => cluster.name,
  comment: job(({ record }) => record.task.spec.comment ?? ""),
  constraints: job(({ record }) => record.task.spec.constraint ?? ""),
  consumedenergy: ofStep("0"),
  consumedenergyraw: ofStep("0"),
  cputime: (row, setting) => renderDuration(seconds(row, setting) * row.record.task.cpus),
  cputimeraw: (row, setting) => String(seconds(row, setting) * row.record.task.cpus),
  dbindex: ({ record }) => String(record.task.row),
  derivedexitcode: job(derivedExitCode),
  elapsed: (row, setting) => renderDuration(seconds(row, setting)),
  elapsedraw: (row, setting) => String(seconds(row, setting)),
  eligible: ({ record: { task }, isStep }, setting) =>
    time(isStep ? task.startMs : eligibleSince(task), setting, "Unknown"),
  end: ({ record }, setting) => time(record.task.endMs, setting, "Unknown"),
  exitcode: exitCode,
  flags: job(({ record }, setting) => {
    const received = isNewer(setting) ? "StartReceived" : "StartRecieved";
    return hasRun(record.task) ? `SchedMain,${received}` : received;
  }),
  gid: job(({ record }) => String(record.task.spec.gid)),
  group: job(({ record }) => record.task.spec.group),
  jobid: (row) => displayId(row.record) + stepSuffix(row),
  jobidraw: (row) => rawId(row.record) + stepSuffix(row),
  jobname: ({ record, isStep, step }) => isStep ? step?.name ?? "batch" : record.task.name,
  layout: layoutOf,
  mcslabel: none,
  ncpus: cpus,
  nnodes: nodes,
  nodelist: ({ record }, { cluster }) => hasRun(record.task) ? cluster.node : "None assigned",
  ntasks: ({ isStep, step }) => isStep ? String(step?.tasks ?? 1) : "",
  partition: job(({ record }) => record.task.spec.partition),
  planned: job((row) => renderDuration(waitedSeconds(row))),
  plannedcpu: job((row) => renderDuration(waitedSeconds(row) * row.record.task.cpus)),
  plannedcpuraw: job((row) => String(waitedSeconds(row) * row.record.task.cpus)),
  priority: job(({ record }, { cluster }) => String(priorityOf(record, cluster.version))),
  qos: job(({ record }) => record.task.spec.qos),
  qosraw: job(always("1")),
  reason: job(reasonText),
  reqcpufreq: job(always("Unknown")),
  reqcpufreqmin: (row) => row.isStep ? "0" : "Unknown",
  reqcpufreqmax: (row) => row.isStep ? "0" : "Unknown",
  reqcpufreqgov: (row) => row.isStep ? "0" : "Unknown",
  reqcpus: ({ record }) => String(cpusOf(record.task.spec)),
  reqmem: job(({ record }, { unit }) => memoryText(requestedMemory(record.task.spec), unit)),
  reqnodes: nodes,
  reqtres: job(({ record }) => tresText(record.task, "requested")),
  reserved: job((row) => renderDuration(waitedSeconds(row))),
  resvcpu: job((row) => renderDuration(waitedSeconds(row) * row.record.task.cpus)),
  resvcpuraw: job((row) => String(waitedSeconds(row) * row.record.task.cpus)),
  restarts: job(({ record }) => String(record.task.restarts)),
  start: ({ record: { task } }, setting) =>
    time(task.startMs, setting, task.endMs === null ? "Unknown" : "None"),
  state: stateText,
  stderr: job(({ record }) => logText(record, "stderr")),
  stdin: job(({ record }) => logText(record, "stdin")),
  stdout: job(({ record }) => logText(record, "stdout")),
  submit: ({ record: { task }, isStep }, setting) =>
    time(isStep ? task.startMs : task.submitMs, setting, "Unknown"),
  submitline: ({ record, isStep, step }) =>
    isStep ? step?.submitLine ?? "" : record.task.spec.submitLine,
  suspended: always("00:00:00"),
  systemcpu: always("00:00:00"),
  timelimit: job(({ record }, setting) => {
    const { timeLimit } = record.task;
    return timeLimit === null ? unlimited(record, setting) : renderDuration(timeLimit * 60);
  }),
  timelimitraw: job(({ record }, setting) =>
    record.task.timeLimit === null ? unlimited(record, setting) : String(record.task.timeLimit)
  ),
  totalcpu: always("00:00:00"),
  tresusageinmax: none,
  uid: job(({ record }) => String(record.task.spec.uid)),
  user: job(({ record }) => record.task.spec.user),
  usercpu: always("00:00:00"),
  workdir: job(({ record }) => record.task.spec.workDir),
};

/** The text of one field in one line. */
export function sacctValue(name: string, row: SacctRow, setting: SacctSetting): string {
  return VALUES[name.toLowerCase()]?.(row, setting) ?? "";
}

/**
 * The priority: with 22.05's priority/basic earlier jobs come first, 24.11's priority/multifactor has
 * no factors here. Held jobs have none.
 */
export function priorityOf({ task }: JobRecord, version: SlurmVersion): number {
  if (task.hold !== "") return 0;
  return version === "24.11" ? 1 : 4_294_901_760 - task.baseId;
}

/** Tasks that wait for room in their array are not eligible yet. */
export function eligibleSince(task: Task): number | null {
  return task.state === "PENDING" && task.reason === "JobArrayTaskLimit" ? null : task.eligibleMs;
}

/** Why a job waits, or waited when it was cancelled. */
function reasonText({ record: { task } }: SacctRow, setting: SacctSetting): string {
  if (hasRun(task) || (isEnded(task.state) && task.state !== "CANCELLED")) return "None";
  const isKept = !isNewer(setting) || task.reason === "JobArrayTaskLimit";
  return isKept ? task.reason : "None";
}

/** 24.11 shows the pattern as it was given. */
function logText(record: JobRecord, which: "stdin" | "stdout" | "stderr"): string {
  const { spec } = record.task;
  const pattern = which === "stdout"
    ? spec.stdout ?? defaultPattern(spec.array !== null)
    : spec[which];
  return pattern === null ? "" : absoluteLogPath(pattern, spec.workDir);
}

function stateText({ record: { task }, isStep, step }: SacctRow): string {
  if (isStep) {
    const state = task.batchState ?? task.state;
    const isCancelled = state === "CANCELLED" && step != null && step.cancelledBy !== null;
    return isCancelled ? `CANCELLED by ${step.cancelledBy}` : state;
  }
  if (task.state !== "CANCELLED" || task.cancelledBy === null) return task.state;
  return `CANCELLED by ${task.cancelledBy}`;
}

function exitCode({ record: { task }, isStep }: SacctRow): string {
  if (isStep) return `${task.batchCode}:${task.batchSignal}`;
  // Accounting does not blame the job for the signal that Slurm itself sent.
  const isSlurmsDoing = task.state === "CANCELLED" || task.state === "TIMEOUT";
  if (isSlurmsDoing) return "0:0";
  // sacct takes the highest bit of an exit status for a sign of a signal; scontrol does not.
  return `${task.exitCode >= 128 ? task.exitCode - 128 : task.exitCode}:${task.exitSignal}`;
}

/** A job that never started shows that its limit would come from the partition. */
function unlimited({ task, rest }: JobRecord, setting: SacctSetting): string {
  // 22.05 fixes the limit of an array's rest when the first task starts.
  const isBegun = rest !== null && rest.length < (task.spec.array?.indices.length ?? 0);
  return hasRun(task) || (isBegun && !isNewer(setting)) ? "UNLIMITED" : "Partition_Limit";
}

function waitedSeconds({ record: { task } }: SacctRow): number {
  if (task.startMs === null || task.eligibleMs === null) return 0;
  return Math.max(0, Math.floor(task.startMs / 1000) - Math.floor(task.eligibleMs / 1000));
}
