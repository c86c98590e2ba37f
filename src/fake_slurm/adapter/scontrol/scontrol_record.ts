import { renderDuration, renderSlurmTime } from "../../manager/clock_text.ts";
import { judgeDependency } from "../../manager/dependency.ts";
import { elapsedSeconds, hasRun, type JobRecord, rawId, restText } from "../job_records.ts";
import { shownPaths } from "../../manager/file_name_pattern.ts";
import { isEnded } from "../../manager/job_state.ts";
import { cpusOf, DEFAULT_MEM_PER_CPU } from "../../manager/job_spec.ts";
import { controllerState, eligibleSince, priorityOf, reasonOf } from "../listing.ts";
import type { ProgramCall } from "../program_call.ts";
import { controllerTresText, memoryText } from "../tres_text.ts";

/** Writes one record of `scontrol show job`. */
export function renderJob(record: JobRecord, call: ProgramCall): string {
  const lines = [
    ...identityLines(record, call),
    stateLine(record, call),
    ...timeLines(record, call),
    ...resourceLines(record, call),
    ...fileLines(record, call),
  ];
  return call.asked.has("oneliner") ? `${lines.join(" ")} \n` : `${lines.join("\n   ")}\n   \n\n`;
}

function identityLines(record: JobRecord, { cluster }: ProgramCall): string[] {
  const { task } = record;
  const { spec } = task;
  const limit = spec.array?.limit ?? null;
  const index = record.rest === null ? String(task.taskIndex) : restText(record);
  const array = task.taskIndex === null ? "" : ` ArrayJobId=${task.baseId} ArrayTaskId=${index}` +
    (limit === null ? "" : ` ArrayTaskThrottle=${limit}`);
  return [
    `JobId=${rawId(record)}${array} JobName=${task.name}`,
    `UserId=${spec.user}(${spec.uid}) GroupId=${spec.group}(${spec.gid}) MCS_label=N/A`,
    `Priority=${priorityOf(task, cluster)} Nice=0 ` +
    `Account=${spec.account} QOS=${spec.qos}`,
  ];
}

function stateLine({ task }: JobRecord, { table, cluster, nowMs }: ProgramCall): string {
  const isWaiting = task.state === "PENDING";
  const dependency = isWaiting ? judgeDependency(table, task).text : "(null)";
  const state = controllerState(task, nowMs);
  return `JobState=${state} Reason=${reasonOf(task, cluster.version)} Dependency=${dependency}`;
}

function timeLines(
  { task }: JobRecord,
  { cluster, nowMs }: ProgramCall,
): string[] {
  const time = (ms: number | null) => ms === null ? "Unknown" : renderSlurmTime(ms);
  const limit = task.timeLimit === null ? "UNLIMITED" : renderDuration(task.timeLimit * 60);
  // A job that was cancelled while it waited starts and ends at once in the controller's eyes.
  const startMs = task.startMs ?? task.endMs ?? ((task.beginMs ?? 0) > nowMs ? task.beginMs : null);
  const expectedEndMs = task.startMs === null || isEnded(task.state) || task.timeLimit === null
    ? null
    : task.startMs + task.timeLimit * cluster.minuteMs;
  const scheduled = time(task.startMs ?? task.submitMs);
  // 24.11 does not count the age of arrays here.
  const isAgeless = cluster.version === "24.11" && task.taskIndex !== null;
  const accruedSince = isAgeless ? null : task.eligibleMs;
  return [
    `Requeue=${task.spec.requeue ? 1 : 0} Restarts=${task.restarts} BatchFlag=1 Reboot=0 ` +
    `ExitCode=${task.exitCode}:${task.exitSignal}`,
    `RunTime=${renderDuration(elapsedSeconds(task, nowMs))} TimeLimit=${limit} TimeMin=N/A`,
    `SubmitTime=${time(task.submitMs)} EligibleTime=${time(eligibleSince(task))}`,
    `AccrueTime=${time(accruedSince)}`,
    `StartTime=${time(startMs)} EndTime=${time(task.endMs ?? expectedEndMs)} Deadline=N/A`,
    `SuspendTime=None SecsPreSuspend=0 LastSchedEval=${scheduled} Scheduler=Main`,
  ];
}

function resourceLines({ task }: JobRecord, { cluster }: ProgramCall): string[] {
  const { spec } = task;
  const started = hasRun(task);
  const memory = spec.memPerNode === null
    ? `MinMemoryCPU=${memoryText(spec.memPerCpu ?? DEFAULT_MEM_PER_CPU)}`
    : `MinMemoryNode=${memoryText(spec.memPerNode)}`;
  const leastCpus = spec.tasksPerNode === null
    ? spec.cpusPerTask ?? 1
    : spec.tasksPerNode * (spec.cpusPerTask ?? 1);
  const isNewer = cluster.version === "24.11";
  // 24.11 shows the range as long as it has not looked at the job.
  const isUntouched = isNewer && task.hold !== "" && task.state === "PENDING" &&
    task.restarts === 0;
  const nodes = nodesText(spec.nodes ?? (isUntouched ? "1" : null), started);
  const asked = controllerTresText(task, "requested");
  const granted = controllerTresText(task, "allocated");
  return [
    `Partition=${spec.partition} AllocNode:Sid=${spec.submitHost}:${spec.sessionId}`,
    "ReqNodeList=(null) ExcNodeList=(null)",
    `NodeList=${started ? cluster.node : ""}`,
    ...(started ? [`BatchHost=${cluster.node}`] : []),
    `NumNodes=${nodes} NumCPUs=${cpusOf(spec)} NumTasks=${spec.tasks} ` +
    `CPUs/Task=${spec.cpusPerTask ?? 1} ReqB:S:C:T=0:0:*:*`,
    ...(isNewer
      ? [`ReqTRES=${asked}`, `AllocTRES=${started ? granted : "(null)"}`]
      : [`TRES=${started ? granted : asked}`]),
    `Socks/Node=* NtasksPerN:B:S:C=${spec.tasksPerNode ?? 0}:0:*:* CoreSpec=*`,
    `MinCPUsNode=${leastCpus} ${memory} MinTmpDiskNode=0`,
    "Features=(null) DelayBoot=00:00:00",
    "OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null)",
  ];
}

/** A waiting job shows the range it asked for, one that started what it got. */
function nodesText(asked: string | null, started: boolean): string {
  const [least = "1", most] = (asked ?? "").split("-").map((word) => word || "1");
  if (started || asked === null) return least;
  return `${least}-${most ?? least}`;
}

function fileLines(record: JobRecord, { cluster }: ProgramCall): string[] {
  const { task } = record;
  const { spec } = task;
  const paths = shownPaths(task, cluster.version, record.rest === null ? task.taskIndex : null);
  return [
    `Command=${spec.command ?? "(null)"}`,
    `WorkDir=${spec.workDir}`,
    ...(spec.comment === null ? [] : [`Comment=${spec.comment} `]),
    ...[`StdErr=${paths.stderr}`, `StdIn=${paths.stdin}`, `StdOut=${paths.stdout}`],
    ...(cluster.version === "24.11" ? [] : ["Power="]),
  ];
}
