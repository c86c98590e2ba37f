import { elapsedSeconds, hasRun, type JobRecord, rawId } from "../job_records.ts";
import { isEnded } from "../job_state.ts";
import { renderSlurmTime } from "../clock_text.ts";
import { type Step, StepTable } from "../step_table.ts";
import type { JobTable } from "../job_table.ts";
import type { Cluster } from "../state_directory.ts";
import { renderShortDuration } from "../time_limit.ts";

/** A step that runs: a job's script, or what one srun runs. */
export interface RunningStep {
  /** The job. */
  readonly record: JobRecord;
  /** Missing for the script. */
  readonly step: Step | undefined;
}

/** The steps that run in `records`; the script stands behind the others. */
export function findRunningSteps(table: JobTable, records: readonly JobRecord[]): RunningStep[] {
  const steps = new StepTable(table.database);
  return records.flatMap((record) => {
    const { task } = record;
    if (!hasRun(task) || isEnded(task.state)) return [];
    const own = steps.findRunning(task.row);
    const script = task.spec.batch ? [{ record, step: undefined }] : [];
    return [...own.map((step) => ({ record, step })), ...script];
  });
}

/** `4242.0`, `4242.batch`. */
export function stepId({ record, step }: RunningStep): string {
  return `${rawId(record)}.${step?.number ?? "batch"}`;
}

/** How long it has run, as squeue shows it. */
export function stepTime({ record, step }: RunningStep, nowMs: number): string {
  const seconds = step === undefined
    ? elapsedSeconds(record.task, nowMs)
    : Math.max(0, Math.floor(nowMs / 1000) - Math.floor(step.startMs / 1000));
  return renderShortDuration(seconds);
}

/** Writes one record of `scontrol show step`. */
export function renderStep(running: RunningStep, cluster: Cluster): string {
  const { record: { task }, step } = running;
  const start = renderSlurmTime(step?.startMs ?? task.startMs ?? 0, undefined);
  const partition = `State=RUNNING Partition=${task.spec.partition} NodeList=${cluster.node}`;
  const first = `StepId=${stepId(running)} UserId=${task.spec.uid} StartTime=${start} ` +
    "TimeLimit=UNLIMITED";
  const lines = step === undefined
    ? [
      "Nodes=1 CPUs=0 Tasks=1 Name=batch Network=(null)",
      "TRES=(null)",
      "ResvPorts=(null)",
      "CPUFreqReq=Default",
      "SrunHost:Pid=(null):0",
    ]
    : [
      `Nodes=1 CPUs=${
        step.cpus || step.tasks
      } Tasks=${step.tasks} Name=${step.name} Network=(null)`,
      `TRES=cpu=${step.cpus || step.tasks},mem=0,node=1`,
      "ResvPorts=(null)",
      "CPUFreqReq=Default Dist=Block",
      `SrunHost:Pid=${step.process?.host ?? cluster.node}:${step.process?.pid ?? 0}`,
    ];
  return [first, partition, ...lines].join("\n   ") + "\n\n";
}
