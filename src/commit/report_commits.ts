import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import type { UserError } from "../errors.ts";
import { GITLINK_MODE } from "../git/submodules.ts";
import { evidenceToJson } from "../jobs/evidence.ts";
import type { ReproductionEvidence } from "../jobs/evidence.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { Session } from "../session/session.ts";
import type { CommitOutcome, SavedPart } from "./commit_outcomes.ts";
import { sentenceOf } from "./reproductions.ts";

/** What became of a job that was to be committed. */
export interface JobOutcome {
  /** Open in the store before. */
  readonly job: SubmittedJob;
  /** Whether it is committed. */
  readonly outcome: CommitOutcome;
  /** How its outputs compare with those of the run that it repeats, if it repeats one. */
  readonly reproduces: ReproductionEvidence | undefined;
}

/** Reports what became of a job: a record for each file and commit, or one that says why there is none. */
export function reportOutcome(dataset: Dataset, told: JobOutcome, session: Session): void {
  const { job, outcome, reproduces } = told;
  if (outcome.kind === "failed") {
    reportFailure(dataset, job, outcome.error, session);
    return;
  }
  if (outcome.kind === "unchanged") {
    session.report({
      action: "slurm-finish",
      status: "notneeded",
      refds: dataset.root,
      slurmJobId: job.jobId,
      message: `Slurm job ${job.jobId} changed nothing that is saved: finished without a commit` +
        (reproduces === undefined ? "" : `; ${sentenceOf(reproduces)}`),
      ...reproductionField(reproduces),
    });
    return;
  }
  for (const saved of outcome.saved) reportSaved(dataset, told, saved, session);
}

/** Reports why a job was not committed; it stays open. */
export function reportFailure(
  dataset: Dataset,
  job: SubmittedJob,
  error: UserError,
  session: Session,
): void {
  session.report({
    action: "slurm-finish",
    status: "impossible",
    refds: dataset.root,
    slurmJobId: job.jobId,
    errorCode: error.code,
    message: error.message,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

function reportSaved(
  dataset: Dataset,
  { job, reproduces }: JobOutcome,
  { path, oid, changes }: SavedPart,
  session: Session,
): void {
  const root = join(dataset.root, path);
  const common = { status: "ok", refds: dataset.root, slurmJobId: job.jobId } as const;
  for (const change of changes) {
    session.report({
      ...common,
      action: change.kind === "delete" ? "delete" : "add",
      path: join(root, change.path),
      type: change.mode === GITLINK_MODE ? "dataset" : "file",
    });
  }
  const told = path === "." ? reproduces : undefined;
  const message = [
    ...(changes.length > 0 ? [] : ["others have saved its outputs: the record alone"]),
    ...(told === undefined ? [] : [sentenceOf(told)]),
  ].join("; ");
  session.report({
    ...common,
    action: "save",
    path: root,
    type: "dataset",
    commit: oid,
    ...(message === "" ? {} : { message }),
    ...reproductionField(told),
  });
}

function reproductionField(reproduces: ReproductionEvidence | undefined) {
  if (reproduces === undefined) return {};
  return { reproduces: evidenceToJson({ reproduces })["reproduces"] };
}
