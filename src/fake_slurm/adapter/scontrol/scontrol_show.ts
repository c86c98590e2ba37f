import { renderSlurmTime } from "../../manager/clock_text.ts";
import { orRefuse, SlurmRefusal } from "../../context.ts";
import type { JobRecord } from "../job_records.ts";
import { SLURM_VERSIONS } from "../../manager/slurm_version.ts";
import { type JobSelection, parseSelection } from "../job_id_list.ts";
import { findKnownJobs } from "../listing.ts";
import type { ProgramCall } from "../program_call.ts";
import { renderJob } from "./scontrol_record.ts";

/** Writes `scontrol show job [ID]`. */
export function showJobs(id: string | undefined, call: ProgramCall): string {
  if (id === undefined) {
    const all = findKnownJobs(call);
    if (all.length === 0) return "No jobs in the system\n";
    return all.map((record) => renderJob(record, call)).join("");
  }
  const selection = readSelection(id);
  const records = findKnownJobs(call, selection.jobId);
  if (records.length === 0) {
    throw new SlurmRefusal("slurm_load_jobs error: Invalid job id specified\n");
  }
  const shown = selection.indices === undefined
    ? asSlurmOrders(records, selection.jobId)
    : selection.indices.flatMap((index) => findIndex(records, index));
  if (shown.length === 0) throw new SlurmRefusal(`Job ${id} not found\n`);
  return shown.map((record) => renderJob(record, call)).join("");
}

function readSelection(id: string): JobSelection {
  const refusal = new SlurmRefusal("scontrol_print_job error: Invalid job id specified\n");
  return orRefuse(refusal, () => parseSelection(id));
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

/** Writes the part of `scontrol show config` that holds for a simulation. */
export function showConfig({ table, cluster, nowMs }: ProgramCall): string {
  const hasAccounting = cluster.scenario.accounting.storage !== "disabled";
  const values: readonly (readonly [string, string | number])[] = [
    ["AccountingStorageType", `accounting_storage/${hasAccounting ? "slurmdbd" : "none"}`],
    ["ClusterName", cluster.name],
    ["DefMemPerCPU", 100],
    ["JobRequeue", 1],
    ["KillWait", `${cluster.killWaitMs / 1000} sec`],
    ["MaxArraySize", cluster.maxArraySize],
    ["MaxJobCount", 200_000],
    ["MinJobAge", `${cluster.minJobAgeMs / 1000} sec`],
    ["NEXT_JOB_ID", table.nextJobId()],
    ["PriorityType", `priority/${cluster.version === "24.11" ? "multifactor" : "basic"}`],
    ["SlurmctldHost[0]", cluster.node],
    ["SLURM_VERSION", SLURM_VERSIONS[cluster.version]],
    ["StateSaveLocation", cluster.directory],
  ];
  const when = renderSlurmTime(nowMs);
  const lines = values.map(([name, value]) => `${name.padEnd(23)} = ${value}\n`);
  return `Configuration data as of ${when}\n${lines.join("")}\n` +
    `Slurmctld(primary) at ${cluster.node} is UP\n`;
}
