import { cpusOf, DEFAULT_MEM_PER_CPU, type JobSpec, nodesOf } from "../manager/job_spec.ts";
import type { Task } from "../manager/task.ts";

/** Memory that the job asks for in all, in megabytes. */
export function requestedMemory(spec: JobSpec): number {
  if (spec.memPerNode !== null) return spec.memPerNode * nodesOf(spec);
  return (spec.memPerCpu ?? DEFAULT_MEM_PER_CPU) * cpusOf(spec);
}

/** Writes megabytes as Slurm does: whole units as large as they divide evenly, or in `unit`. */
export function memoryText(megabytes: number, unit?: string): string {
  const units = ["K", "M", "G", "T", "P"];
  if (unit !== undefined) {
    const value = megabytes * 1024 ** (1 - units.indexOf(unit));
    return `${Number.isInteger(value) ? value : value.toFixed(2)}${unit}`;
  }
  let value = megabytes;
  let at = 1;
  while (value >= 1024 && value % 1024 === 0 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return `${value}${units[at]}`;
}

/** Trackable resources in the order that scontrol shows them. */
export function controllerTresText(task: Task, which: "requested" | "allocated"): string {
  const memory = which === "allocated" ? "" : `mem=${memoryText(requestedMemory(task.spec))},`;
  return `cpu=${task.cpus},${memory}node=${nodesOf(task.spec)},billing=${task.cpus}`;
}
