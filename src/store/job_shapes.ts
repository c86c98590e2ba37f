import * as v from "valibot";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import { isTextByName } from "../jobs/text_by_name.ts";
import type { Attempt, JobEnd, SubmissionDetails, TableRow } from "../jobs/job.ts";
import type { Schema } from "./columns.ts";

/** Claims lie in the work tree: git would refuse others for all jobs together. */
export const Claim: Schema<string> = v.pipe(
  v.string(),
  v.regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\0]+$/s),
);

/** Milliseconds since 1970, of which a date can be made. */
export const TimeMs: Schema<number> = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(8.64e15),
);

/** The row of a table that a job was made of. */
export const RowShape: Schema<TableRow> = v.object({
  table: v.string(),
  line: v.number(),
  values: v.custom<Readonly<Record<string, string>>>(isTextByName),
  cmd: v.string(),
});

/** What Slurm said about a job after its submission. */
export const Details: Schema<SubmissionDetails> = asItIs(v.object({
  logs: v.array(v.object({ task: v.nullable(v.number()), path: v.string() })),
  environmentFile: v.nullable(v.string()),
  arrayTasks: v.nullable(v.string()),
  areTasksUnknown: v.exactOptional(v.boolean()),
  components: v.exactOptional(v.array(v.nullable(v.string()))),
  mayHaveMoreTasks: v.exactOptional(v.boolean()),
  submitS: v.optional(v.nullable(v.number())),
  jobName: v.optional(v.nullable(v.string())),
  user: v.optional(v.nullable(v.string())),
}));

/** How a job ended. */
export const End: Schema<JobEnd> = asItIs(v.object({
  state: v.string(),
  counts: v.record(v.string(), v.number()),
  exitCode: v.string(),
  elapsed: v.string(),
  timeLimit: v.string(),
  endS: v.nullable(v.number()),
}));

/** A job that another one waits for. */
export const Predecessor: Schema<PredecessorEvidence> = v.object({
  jobId: v.string(),
  label: v.exactOptional(v.string()),
  type: v.exactOptional(v.string()),
  cluster: v.exactOptional(v.string()),
});

/** The attempts of a job. */
export const Attempts: Schema<readonly Attempt[]> = asItIs(v.array(v.object({
  jobId: v.string(),
  cluster: v.nullable(v.string()),
  submitter: v.string(),
  submittedAtMs: v.number(),
  acceptedAtMs: v.nullable(v.number()),
  reusedFromS: v.nullable(v.number()),
  details: v.nullable(Details),
  cmd: v.string(),
  options: v.array(v.string()),
  arrayTask: v.nullable(v.number()),
  submissionKey: v.nullable(v.number()),
  end: End,
  completedTasks: v.string(),
  after: v.exactOptional(v.array(Predecessor)),
})));

/** What is as `schema` has it, with what another version may have added. */
function asItIs<T>(schema: v.GenericSchema): Schema<T> {
  return v.custom<T>((value) => v.is(schema, value));
}
