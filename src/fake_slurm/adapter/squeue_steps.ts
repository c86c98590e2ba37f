import { renderSlurmTime } from "../clock_text.ts";
import type { JobRecord } from "../job_records.ts";
import type { JobSelection } from "./job_id_list.ts";
import { splitIds } from "./job_id_list.ts";
import type { QueueSetting } from "./squeue_fields.ts";
import { findRunningSteps, type RunningStep, stepId, stepTime } from "./step_listing.ts";
import { fit } from "./text_table.ts";

const DEFAULT_FORMAT = "%.15i %.8j %.9P %.8u %.9M %N";

type StepField = readonly [
  header: string,
  value: (running: RunningStep, setting: QueueSetting) => string,
];

/** The fields of `squeue --steps --format`, by letter. */
const FIELDS: Readonly<Record<string, StepField>> = {
  A: ["TASKS", ({ step }) => String(step?.tasks ?? 1)],
  b: ["TRES_PER_NODE", () => "N/A"],
  i: ["STEPID", stepId],
  j: ["NAME", ({ step }) => step?.name ?? "batch"],
  l: ["TIME_LIMIT", () => "UNLIMITED"],
  M: ["TIME", (running, { nowMs }) => stepTime(running, nowMs)],
  N: ["NODELIST", (_running, { cluster }) => cluster.node],
  P: ["PARTITION", ({ record }) => record.task.spec.partition],
  S: [
    "START_TIME",
    ({ record, step }, { timeFormat }) =>
      renderSlurmTime(step?.startMs ?? record.task.startMs ?? 0, timeFormat),
  ],
  U: ["USER", ({ record }) => String(record.task.spec.uid)],
  u: ["USER", ({ record }) => record.task.spec.user],
};

/** Writes what `squeue --steps[=IDS]` prints for the steps that run in `records`. */
export function listSteps(
  asked: ReadonlyMap<string, string>,
  records: readonly JobRecord[],
  setting: QueueSetting,
): string {
  const format = asked.get("format") ?? DEFAULT_FORMAT;
  const wanted = splitIds(asked.get("steps") ?? "");
  const steps = findRunningSteps(setting.table, records)
    .filter((running) => wanted.length === 0 || wanted.includes(stepId(running)));
  const line = (textOf: (field: StepField) => string) =>
    format.replace(/%(\.?)(\d*)([A-Za-z])/g, (whole, dot, width, letter) => {
      const field = FIELDS[letter];
      if (field === undefined) return whole;
      const size = Number(width);
      return size === 0 ? textOf(field) : fit(textOf(field), dot === "." ? size : -size);
    }) + "\n";
  const head = asked.has("noheader") ? "" : line(([header]) => header);
  return head + steps.map((running) => line(([, value]) => value(running, setting))).join("");
}

/** Whether a listing of steps concerns a job, by `--jobs` alone. */
export function isJobSelected({ task }: JobRecord, selections: readonly JobSelection[]): boolean {
  return selections.some(({ jobId }) => jobId === task.jobId || jobId === task.baseId);
}
