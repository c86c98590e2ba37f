import { renderDuration, renderSlurmTime } from "../../manager/clock_text.ts";
import { defaultPattern } from "../../manager/file_name_pattern.ts";
import { cpusOf, type JobSpec, nodesOf } from "../../manager/job_spec.ts";
import { isEnded } from "../../manager/job_state.ts";
import type { Task } from "../../manager/task.ts";
import { displayId, elapsedSeconds, hasRun, type JobRecord, rawId } from "../job_records.ts";
import { eligibleSince, logPattern, nodeOf, priorityOf } from "../listing.ts";
import type { ProgramCall } from "../program_call.ts";
import { memoryText, requestedMemory } from "../tres_text.ts";

/** One line of sacct. */
export interface SacctRow {
  /** The job. */
  readonly record: JobRecord;
  /** Whether the line is about its script alone: `.batch`. */
  readonly isBatch: boolean;
}

/** What a field is made from. */
interface Line extends SacctRow {
  readonly task: Task;
  readonly spec: JobSpec;
  readonly call: ProgramCall;
}

type Value = (line: Line) => string;

const time = (ms: number | null, missing: string) => ms === null ? missing : renderSlurmTime(ms);
const seconds = ({ task, call }: Line) => elapsedSeconds(task, call.nowMs);
const none: Value = () => "00:00:00";
/** A value that only the job's own line has. */
const job = (value: Value): Value => (line) => line.isBatch ? "" : value(line);
const nodes: Value = ({ spec }) => String(nodesOf(spec));
const isNewer = ({ call }: Line) => call.cluster.version === "24.11";
/** 24.11 allocates nothing to a job that has not started. */
const cpus: Value = (line) => isNewer(line) && !hasRun(line.task) ? "0" : String(line.task.cpus);
const waited = job(({ task: { startMs, eligibleMs } }) => {
  const toSeconds = (ms: number | null) => Math.floor((ms ?? 0) / 1000);
  const isKnown = startMs !== null && eligibleMs !== null;
  return renderDuration(isKnown ? Math.max(0, toSeconds(startMs) - toSeconds(eligibleMs)) : 0);
});

/** Every field that has a value here, by lower-case name; the others are empty. */
const VALUES: Readonly<Record<string, Value>> = {
  account: ({ spec }) => spec.account,
  alloccpus: cpus,
  allocnodes: (line) => hasRun(line.task) ? nodes(line) : "0",
  cluster: ({ call }) => call.cluster.name,
  comment: job(({ spec }) => spec.comment ?? ""),
  cputime: (line) => renderDuration(seconds(line) * line.task.cpus),
  cputimeraw: (line) => String(seconds(line) * line.task.cpus),
  elapsed: (line) => renderDuration(seconds(line)),
  elapsedraw: (line) => String(seconds(line)),
  eligible: ({ task, isBatch }) => time(isBatch ? task.startMs : eligibleSince(task), "Unknown"),
  end: ({ task }) => time(task.endMs, "Unknown"),
  exitcode: exitCode,
  gid: job(({ spec }) => String(spec.gid)),
  group: job(({ spec }) => spec.group),
  jobid: ({ record, isBatch }) => displayId(record) + (isBatch ? ".batch" : ""),
  jobidraw: ({ record, isBatch }) => rawId(record) + (isBatch ? ".batch" : ""),
  jobname: ({ task, isBatch }) => isBatch ? "batch" : task.name,
  ncpus: cpus,
  nnodes: nodes,
  nodelist: ({ task, call }) => nodeOf(task, call.cluster, "None assigned"),
  ntasks: ({ isBatch }) => isBatch ? "1" : "",
  partition: job(({ spec }) => spec.partition),
  planned: waited,
  priority: job(({ task, call }) => String(priorityOf(task, call.cluster))),
  qos: job(({ spec }) => spec.qos),
  reason: job(reasonText),
  reqcpus: ({ spec }) => String(cpusOf(spec)),
  reqmem: job(({ spec, call }) =>
    memoryText(requestedMemory(spec), call.asked.get("units")?.toUpperCase())
  ),
  reqnodes: nodes,
  reserved: waited,
  restarts: job(({ task }) => String(task.restarts)),
  start: ({ task }) => time(task.startMs, task.endMs === null ? "Unknown" : "None"),
  state: stateText,
  // 24.11 shows the pattern as it was given.
  stderr: job(({ task, spec }) => logPattern(task, spec.stderr)),
  stdin: job(({ task, spec }) => logPattern(task, spec.stdin)),
  stdout: job(({ task, spec }) =>
    logPattern(task, spec.stdout ?? defaultPattern(spec.array !== null))
  ),
  submit: ({ task, isBatch }) => time(isBatch ? task.startMs : task.submitMs, "Unknown"),
  submitline: job(({ spec }) => spec.submitLine),
  ...{ suspended: none, systemcpu: none, totalcpu: none, usercpu: none },
  timelimit: job((line) => timeLimit(line, (minutes) => renderDuration(minutes * 60))),
  timelimitraw: job((line) => timeLimit(line, String)),
  uid: job(({ spec }) => String(spec.uid)),
  user: job(({ spec }) => spec.user),
  workdir: job(({ spec }) => spec.workDir),
};

/** The text of one field in one line. */
export function sacctValue(name: string, row: SacctRow, call: ProgramCall): string {
  const { task } = row.record;
  return VALUES[name.toLowerCase()]?.({ ...row, task, spec: task.spec, call }) ?? "";
}

/** Why a job waits, or waited when it was cancelled. */
function reasonText(line: Line): string {
  const { task } = line;
  if (hasRun(task) || (isEnded(task.state) && task.state !== "CANCELLED")) return "None";
  return !isNewer(line) || task.reason === "JobArrayTaskLimit" ? task.reason : "None";
}

function stateText({ task, isBatch }: Line): string {
  if (isBatch) return task.batchState ?? task.state;
  if (task.state !== "CANCELLED" || task.cancelledBy === null) return task.state;
  return `CANCELLED by ${task.cancelledBy}`;
}

function exitCode({ task, isBatch }: Line): string {
  if (isBatch) return `${task.batchCode}:${task.batchSignal}`;
  // Accounting does not blame the job for the signal that Slurm itself sent.
  if (task.state === "CANCELLED" || task.state === "TIMEOUT") return "0:0";
  // sacct takes the highest bit of an exit status for a sign of a signal; scontrol does not.
  return `${task.exitCode >= 128 ? task.exitCode - 128 : task.exitCode}:${task.exitSignal}`;
}

/** A job that never started shows that its limit would come from the partition. */
function timeLimit(line: Line, render: (minutes: number) => string): string {
  const { task, spec, record: { rest } } = line;
  if (task.timeLimit !== null) return render(task.timeLimit);
  // 22.05 fixes the limit of an array's rest when the first task starts.
  const isBegun = rest !== null && rest.length < (spec.array?.indices.length ?? 0);
  return hasRun(task) || (isBegun && !isNewer(line)) ? "UNLIMITED" : "Partition_Limit";
}
