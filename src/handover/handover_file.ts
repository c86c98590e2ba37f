/**
 * Open jobs on their way from one clone of a dataset to another.
 *
 * A *handover* takes a job out of the hands of one clone: it is written to a *handover file* with all that the
 * store knows of it, and with a *token* that tells this handover from any other. The clone that *adopts* it says
 * so to the first one, where it can be reached, so that a third one is refused. The *ran-in folder* is where the
 * job writes: its alternative folder, or the work tree of the first clone.
 *
 * @module
 */

import * as v from "valibot";
import { UserError } from "../errors.ts";
import type { NotedEvidence } from "../jobs/noted_evidence.ts";
import { Attempts, Claim, Details, Predecessor, RowShape, TimeMs } from "../store/job_shapes.ts";

/** What a handover file begins with. */
export const FORMAT = "dlslurm-handover";
/** Grows when older readers would misread a file. */
export const VERSION = 1;

const TextList = v.array(v.string());
const Absolute = v.pipe(v.string(), v.regex(/^\/[^\0]*$/s));
const NotedFiles = v.array(
  v.object({
    path: Claim,
    size: v.number(),
    mtimeMs: v.number(),
    ctimeMs: v.optional(v.number()),
    ino: v.number(),
  }),
);
const Evidence = v.custom<NotedEvidence>((value) =>
  typeof value === "object" && value !== null && "submission" in value &&
  Array.isArray((value as { inputs?: unknown }).inputs)
);

const HandedJobShape = v.object({
  token: v.pipe(v.string(), v.uuid()),
  jobId: v.pipe(v.string(), v.regex(/^[0-9]+(_[0-9]+)?$/)),
  cluster: v.nullable(v.string()),
  cmd: v.string(),
  pwd: Claim,
  dsid: v.nullable(v.string()),
  message: v.nullable(v.string()),
  chain: TextList,
  inputs: TextList,
  extraInputs: TextList,
  outputs: v.pipe(v.array(Claim), v.minLength(1)),
  ranIn: Absolute,
  isOfFirstClone: v.boolean(),
  rescheduledJobId: v.nullable(v.string()),
  label: v.nullable(v.string()),
  after: v.array(Predecessor),
  row: v.nullable(RowShape),
  rowIdentity: v.nullable(v.string()),
  arrayTask: v.nullable(v.number()),
  taskOutputs: v.nullable(v.record(v.string(), v.number())),
  submittedAtMs: TimeMs,
  submitter: v.string(),
  acceptedAtMs: v.nullable(TimeMs),
  reusedFromS: v.nullable(v.number()),
  details: v.nullable(Details),
  attempts: Attempts,
  sbatchOptions: TextList,
  evidence: v.array(v.nullable(Evidence)),
  filesBefore: v.nullable(NotedFiles),
});

const Shape = v.object({
  format: v.literal(FORMAT),
  version: v.number(),
  writtenAt: v.string(),
  dataset: v.object({ dsid: v.nullable(v.string()), rootCommits: TextList }),
  from: v.object({ root: Absolute, commonDir: Absolute }),
  jobs: v.array(HandedJobShape),
  contents: v.record(v.string(), v.pipe(v.string(), v.base64())),
});

/**
 * Jobs that were handed over; docs/handover.md describes each field.
 *
 * @internal
 */
export type HandoverFile = v.InferOutput<typeof Shape>;
/**
 * One of them.
 *
 * @internal
 */
export type HandedJob = v.InferOutput<typeof HandedJobShape>;

/** Renders a handover file. */
export function renderHandover(file: HandoverFile): string {
  return `${JSON.stringify(file, undefined, 1)}\n`;
}

/**
 * Reads a handover file.
 *
 * @param name for messages.
 * @throws {UserError} `BAD_HANDOVER` if it is none, is damaged, or was written by a newer dlslurm.
 */
export function parseHandover(text: string, name: string): HandoverFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badHandover(name, "it is not JSON, or not whole", error);
  }
  const known = v.safeParse(v.object({ format: v.literal(FORMAT), version: v.number() }), value);
  if (!known.success) throw badHandover(name, "it was not written by dlslurm handover");
  if (known.output.version > VERSION) {
    throw badHandover(name, `a newer dlslurm has written it (version ${known.output.version})`);
  }
  const parsed = v.safeParse(Shape, value);
  if (parsed.success) return parsed.output;
  const where = v.getDotPath(parsed.issues[0]);
  throw badHandover(name, `its "${where ?? "jobs"}" is not as it should be`);
}

/** The refusal of a handover file as a whole. */
export function badHandover(name: string, reason: string, cause?: unknown): UserError {
  return new UserError("BAD_HANDOVER", `Cannot adopt jobs from "${name}": ${reason}`, {
    unchanged: "No job was adopted",
    hint: "dlslurm handover -o FILE, in the clone that has the jobs, writes such a file",
    cause,
  });
}
