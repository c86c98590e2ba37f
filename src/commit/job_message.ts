import type { Dataset } from "../datalad/dataset.ts";
import { renderMessage, renderRecordLine } from "../datalad/run_record.ts";
import type { MessageParts, RunRecord } from "../datalad/run_record.ts";
import { findIgnoredPaths } from "../datalad/ignored_paths.ts";
import { wantsSidecar, writeSidecar } from "../datalad/sidecar.ts";
import type {
  Evidence,
  InputsDigest,
  ReproductionEvidence,
  ScriptEvidence,
} from "../jobs/evidence.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { visibleLine } from "../process/visible_text.ts";
import type { Session } from "../session/session.ts";
import type { JobToCommit } from "./build_datasets.ts";
import { sentenceOf } from "./reproductions.ts";

/** What the commits of a job say. */
export interface JobMessage {
  /** The message in each dataset. */
  readonly messageIn: JobToCommit["messageIn"];
  /** The file that holds the record where messages only refer to it, relative to the root. */
  readonly sidecar: string | null;
}

/** What a message is made from. */
export interface MessageSources {
  /** What Slurm said of the job at its end. */
  readonly status: JobStatus;
  /** Slurm's files of the job that are there. */
  readonly slurmOutputs: readonly string[];
  /** What was written to keep what the evidence tells of. */
  readonly files: readonly string[];
  /** What is known of what ran; where there is no sidecar, it is called when the message is made. */
  readonly evidence: () => Evidence;
  /** The user's own words for all commits of this finish. */
  readonly message: string | undefined;
}

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Puts the record of a job and the message around it together; writes the sidecar if the dataset wants one.
 *
 * A crash leaves a sidecar that no commit has; it is written again under the same name.
 *
 * @throws {UserError} As {@linkcode writeSidecar}.
 */
export async function writeMessage(
  dataset: Dataset,
  job: SubmittedJob,
  sources: MessageSources,
  { runner }: Session,
): Promise<JobMessage> {
  const recordWithout = (leftOut: ReadonlySet<string>) => recordOf(job, sources, leftOut);
  const write = async () => {
    const record = recordWithout(await ignoredAmong(dataset, sources));
    return await writeSidecar(runner, dataset, renderRecordLine(record));
  };
  const sidecar = wantsSidecar(dataset) ? await write() : undefined;
  return {
    sidecar: sidecar?.path ?? null,
    // The sidecar is in the topmost dataset only: elsewhere the message has the whole record.
    messageIn: (path, { reproduces, leftOut = NOTHING, savedByOthers = false } = {}) => {
      const plain = { record: recordWithout(leftOut), parts: partsOf(job, sources) };
      const told = withReproduction(savedByOthers ? withNote(plain) : plain, reproduces);
      if (path !== ".") return renderMessage({ ...told.record, subdataset: path }, told.parts);
      const isKept = sidecar !== undefined && !leftOut.has(sidecar.path);
      return renderMessage(told.record, told.parts, isKept ? sidecar.id : undefined);
    },
  };
}

/** The files that git ignores: a sidecar is written before anything is staged. */
async function ignoredAmong(
  dataset: Dataset,
  { slurmOutputs, files }: MessageSources,
): Promise<Set<string>> {
  const ignored = await findIgnoredPaths(dataset, [...slurmOutputs, ...files]);
  return new Set(ignored.map(({ path }) => path));
}

/** What is recorded of a job; files that are in no commit are not named, but for what was declared. */
function recordOf(
  job: SubmittedJob,
  { slurmOutputs: found, evidence }: MessageSources,
  leftOut: ReadonlySet<string>,
): RunRecord {
  const slurmOutputs = found.filter((path) => !leftOut.has(path));
  return {
    chain: job.chain,
    cmd: job.cmd,
    dsid: job.dsid,
    extraInputs: job.extraInputs,
    inputs: job.inputs,
    outputs: [...new Set([...job.outputs, ...slurmOutputs])],
    pwd: job.pwd,
    slurmJobId: job.jobId,
    slurmOutputs,
    altDir: job.altDir,
    cluster: job.cluster,
    row: job.row,
    subdataset: null,
    evidence: withNames(withoutKept(evidence(), leftOut), job),
  };
}

/** Leaves out where contents are kept that are in no commit. */
function withoutKept(evidence: Evidence, leftOut: ReadonlySet<string>): Evidence {
  if (leftOut.size === 0) return evidence;
  const { script, inputs, attempts } = evidence;
  const list = inputs !== undefined && "digest" in inputs
    ? { inputs: inputs.list !== undefined && leftOut.has(inputs.list) ? listless(inputs) : inputs }
    : {};
  return {
    ...evidence,
    ...(script === undefined ? {} : { script: unkept(script, leftOut) }),
    ...list,
    ...(attempts === undefined ? {} : {
      attempts: attempts.map((attempt) =>
        attempt.script === undefined
          ? attempt
          : { ...attempt, script: unkept(attempt.script, leftOut) }
      ),
    }),
  };
}

function unkept({ kept, ...script }: ScriptEvidence, leftOut: ReadonlySet<string>): ScriptEvidence {
  return kept === undefined || leftOut.has(kept) ? script : { ...script, kept };
}

function listless({ list: _, ...digest }: InputsDigest): InputsDigest {
  return digest;
}

/** Adds what the user said of the job's place among others. */
function withNames(evidence: Evidence, { label, after = [] }: SubmittedJob): Evidence {
  if (!label && after.length === 0) return evidence;
  const names = { ...(label ? { label } : {}), ...(after.length === 0 ? {} : { after }) };
  return { ...evidence, submission: { ...evidence.submission, ...names } };
}

function partsOf(job: SubmittedJob, { status, message }: MessageSources): MessageParts {
  const paragraphs = [
    message,
    job.message,
    job.rescheduledJobId === null ? undefined : `Re-submission of job ${job.rescheduledJobId}.`,
  ];
  const given = paragraphs.filter((text) => typeof text === "string" && text.trim() !== "");
  return { groupState: status.groupState, paragraphs: given as string[] };
}

/** Record and message with how the outputs compare with those of the run that is repeated. */
function withReproduction(told: Told, reproduces: ReproductionEvidence | undefined): Told {
  if (reproduces === undefined) return told;
  return withEvidence(told, { reproduces }, `${visibleLine(sentenceOf(reproduces))}.`);
}

/** The same for what others have committed before. */
function withNote(told: Told): Told {
  const note = "Others had committed what it wrote before.";
  return withEvidence(told, { savedByOthers: true }, note);
}

interface Told {
  readonly record: RunRecord;
  readonly parts: MessageParts;
}

function withEvidence({ record, parts }: Told, evidence: Evidence, note: string): Told {
  return {
    record: { ...record, evidence: { ...record.evidence, ...evidence } },
    parts: { ...parts, paragraphs: [...parts.paragraphs, note] },
  };
}
