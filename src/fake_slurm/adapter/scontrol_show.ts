import { arch, freemem, loadavg, release, totalmem, type, uptime } from "node:os";
import { renderSlurmTime } from "../clock_text.ts";
import { SlurmRefusal } from "../context.ts";
import type { JobRecord } from "../job_records.ts";
import type { JobTable } from "../job_table.ts";
import { usedCpus } from "../schedule.ts";
import { SLURM_VERSIONS } from "../slurm_version.ts";
import type { Cluster } from "../state_directory.ts";
import { type JobSelection, parseSelection } from "./job_id_list.ts";
import { findKnownJobs } from "./known_jobs.ts";
import { renderJob, type ShowSetting } from "./scontrol_record.ts";
import { findRunningSteps, renderStep, stepId } from "./step_listing.ts";

/** Writes `scontrol show job [ID]`. */
export function showJobs(id: string | undefined, setting: ShowSetting): string {
  const { table, cluster, nowMs } = setting;
  if (id === undefined) {
    const all = findKnownJobs(table, cluster, nowMs);
    if (all.length === 0) return "No jobs in the system\n";
    return all.map((record) => renderJob(record, setting)).join("");
  }
  const selection = readSelection(id);
  const records = findKnownJobs(table, cluster, nowMs, selection.jobId);
  if (records.length === 0) {
    throw new SlurmRefusal("slurm_load_jobs error: Invalid job id specified\n");
  }
  const shown = selection.indices === undefined
    ? asSlurmOrders(records, selection.jobId)
    : selection.indices.flatMap((index) => findIndex(records, index));
  if (shown.length === 0) throw new SlurmRefusal(`Job ${id} not found\n`);
  return shown.map((record) => renderJob(record, setting)).join("");
}

function readSelection(id: string): JobSelection {
  try {
    return parseSelection(id);
  } catch {
    throw new SlurmRefusal("scontrol_print_job error: Invalid job id specified\n");
  }
}

/** The array's own job ID first, then its tasks, the latest first; for a raw ID that task alone. */
function asSlurmOrders(records: readonly JobRecord[], jobId: number): JobRecord[] {
  if (!records.some(({ task }) => task.baseId === jobId)) return [...records];
  const isOwn = ({ task }: JobRecord) => (task.jobId ?? task.baseId) === jobId;
  const others = records.filter((record) => !isOwn(record));
  others.sort((a, b) => (b.task.jobId ?? 0) - (a.task.jobId ?? 0));
  return [...records.filter(isOwn), ...others];
}

/** One task of an array, also out of its waiting rest. */
function findIndex(records: readonly JobRecord[], index: number): JobRecord[] {
  return records.flatMap((record) => {
    if (record.rest === null) return record.task.taskIndex === index ? [record] : [];
    const task = { ...record.task, taskIndex: index };
    return record.rest.includes(index) ? [{ task, rest: null }] : [];
  });
}

/**
 * Writes `scontrol show step [JOBID[.STEP]]`: what runs.
 *
 * @throws {SlurmRefusal} In scontrol's words, if there is none.
 */
export function showSteps(id: string | undefined, setting: ShowSetting): string {
  const { table, cluster, nowMs } = setting;
  const selection = id === undefined ? undefined : readSelection(id);
  const records = findKnownJobs(table, cluster, nowMs, selection?.jobId);
  const steps = findRunningSteps(table, records).filter((running) =>
    selection?.step === undefined || stepId(running).endsWith(`.${selection.step}`)
  );
  if (steps.length === 0) {
    if (id === undefined) return "No job steps in the system\n";
    throw new SlurmRefusal("slurm_get_job_steps error: Invalid job id specified\n");
  }
  // The script comes first.
  const scripts = steps.filter(({ step }) => step === undefined);
  const others = steps.filter(({ step }) => step !== undefined);
  return [...scripts, ...others].map((running) => renderStep(running, cluster)).join("");
}

/** Writes the part of `scontrol show config` that holds for a simulation. */
export function showConfig(table: JobTable, cluster: Cluster, nowMs: number): string {
  const hasAccounting = cluster.scenario.accounting.storage !== "disabled";
  const values: readonly (readonly [string, string | number])[] = [
    ["AccountingStorageEnforce", "none"],
    ["AccountingStorageType", `accounting_storage/${hasAccounting ? "slurmdbd" : "none"}`],
    ["ClusterName", cluster.name],
    ["DefMemPerCPU", 100],
    ["FirstJobId", 1],
    ["JobFileAppend", 0],
    ["JobRequeue", 1],
    ["KillWait", `${cluster.killWaitMs / 1000} sec`],
    ["MaxArraySize", cluster.maxArraySize],
    ["MaxJobCount", 200_000],
    ["MaxJobId", 67_043_328],
    ["MaxStepCount", 40_000],
    ["MaxTasksPerNode", 512],
    ["MinJobAge", `${cluster.minJobAgeMs / 1000} sec`],
    ["NEXT_JOB_ID", table.nextJobId()],
    ["OverTimeLimit", "0 min"],
    ["PreemptMode", "OFF"],
    ["PreemptType", "preempt/none"],
    ["PriorityType", `priority/${cluster.version === "24.11" ? "multifactor" : "basic"}`],
    ["RequeueExit", "(null)"],
    ["SchedulerType", "sched/backfill"],
    ["SelectType", "select/cons_tres"],
    ["SelectTypeParameters", "CR_CORE"],
    ["SlurmctldHost[0]", cluster.node],
    ["SLURM_VERSION", SLURM_VERSIONS[cluster.version]],
    ["StateSaveLocation", cluster.directory],
    ["TmpFS", "/tmp"],
  ];
  const when = renderSlurmTime(nowMs, undefined);
  const lines = values.map(([name, value]) => `${name.padEnd(23)} = ${value}\n`);
  return `Configuration data as of ${when}\n${lines.join("")}\n` +
    `Slurmctld(primary) at ${cluster.node} is UP\n`;
}

/** Writes `scontrol show partition [NAME]`. */
export function showPartitions(
  name: string | undefined,
  cluster: Cluster,
  oneLine: boolean,
): string {
  const shown = cluster.partitions.filter((one) => name === undefined || one === name);
  if (shown.length === 0) throw new SlurmRefusal(`Partition ${name} not found\n`);
  const { cpus, node } = cluster;
  const isNewer = cluster.version === "24.11";
  return shown.map((partition) =>
    [
      `PartitionName=${partition}`,
      "AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL",
      `AllocNodes=ALL Default=${partition === cluster.partitions[0] ? "YES" : "NO"} QoS=N/A`,
      `DefaultTime=NONE DisableRootJobs=NO ExclusiveUser=NO ${
        isNewer ? "ExclusiveTopo=NO " : ""
      }GraceTime=0 Hidden=NO`,
      "MaxNodes=UNLIMITED MaxTime=UNLIMITED MinNodes=0 LLN=NO MaxCPUsPerNode=UNLIMITED" +
      (isNewer ? " MaxCPUsPerSocket=UNLIMITED" : ""),
      `Nodes=${node}`,
      "PriorityJobFactor=1 PriorityTier=1 RootOnly=NO ReqResv=NO OverSubscribe=NO",
      "OverTimeLimit=NONE PreemptMode=OFF",
      `State=UP TotalCPUs=${cpus} TotalNodes=1 SelectTypeParameters=NONE`,
      "JobDefaults=(null)",
      "DefMemPerCPU=100 MaxMemPerNode=UNLIMITED",
      `TRES=cpu=${cpus},mem=${totalMegabytes()}M,node=1,billing=${cpus}`,
    ].join(oneLine ? " " : "\n   ") + (oneLine ? "\n" : "\n\n")
  ).join("");
}

/** Whole megabytes, as Slurm shows memory. */
export function megabytes(bytes: number): number {
  return Math.floor(bytes / 1_048_576);
}

const totalMegabytes = () => megabytes(totalmem());

/** Writes `scontrol show node [NAME]`; its hardware is that of this machine, as one core a socket. */
export function showNodes(
  name: string | undefined,
  table: JobTable,
  cluster: Cluster,
  oneLine: boolean,
): string {
  const { cpus, node, version } = cluster;
  if (name !== undefined && name !== node) throw new SlurmRefusal(`Node ${name} not found\n`);
  const used = usedCpus(table, cpus);
  const isNewer = version === "24.11";
  const total = totalMegabytes();
  const booted = renderSlurmTime(Date.now() - uptime() * 1000, undefined);
  const last = table.database.prepare(
    "SELECT max(coalesce(end_ms, start_ms)) AS ms FROM tasks WHERE start_ms IS NOT NULL",
  ).get();
  const busy = used > 0 ? Date.now() : Number(last?.["ms"] ?? 0);
  const lastBusy = busy === 0 ? "Unknown" : renderSlurmTime(busy, undefined);
  const lines = [
    `NodeName=${node} Arch=${arch() === "x64" ? "x86_64" : "aarch64"} CoresPerSocket=1 `,
    `CPUAlloc=${used} CPUEfctv=${cpus} CPUTot=${cpus} CPULoad=${loadavg()[0]!.toFixed(2)}`,
    "AvailableFeatures=(null)",
    "ActiveFeatures=(null)",
    "Gres=(null)",
    `NodeAddr=${node} NodeHostName=${node} Version=${SLURM_VERSIONS[version]}`,
    `OS=${type()} ${release()} `,
    `RealMemory=${total} AllocMem=0 FreeMem=${megabytes(freemem())} Sockets=${cpus} Boards=1`,
    `State=${nodeState(used, cpus)} ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A`,
    `Partitions=${cluster.partitions.join(",")} `,
    `BootTime=${booted} SlurmdStartTime=${booted}`,
    `LastBusyTime=${lastBusy}${isNewer ? " ResumeAfterTime=None" : ""}`,
    `CfgTRES=cpu=${cpus},mem=${total}M,billing=${cpus}`,
    `AllocTRES=${used === 0 ? "" : `cpu=${used}`}`,
    ...(isNewer ? [] : ["CapWatts=n/a"]),
    "CurrentWatts=0 AveWatts=0",
    ...(isNewer ? [""] : ["ExtSensorsJoules=n/s ExtSensorsWatts=0 ExtSensorsTemp=n/s"]),
  ];
  return oneLine ? `${lines.join(" ")}\n` : `${lines.join("\n   ")}\n\n`;
}

/** `IDLE`, `MIXED` or `ALLOCATED`. */
export function nodeState(used: number, cpus: number): string {
  return used === 0 ? "IDLE" : used < cpus ? "MIXED" : "ALLOCATED";
}
