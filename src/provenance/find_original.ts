import { resubmittedIdOf } from "./recorded_runs.ts";
import type { RecordedRun } from "./recorded_runs.ts";
import { claimsOf } from "./paths_of_run.ts";

/** The job ID of the run that a run repeats; `undefined` if it repeats none, or does not tell. */
export function originalIdOf(repetition: RecordedRun): string | undefined {
  if (repetition.record.chain.length === 0) return undefined;
  return repetition.record.evidence?.reproduces?.jobId ?? resubmittedIdOf(repetition);
}

/**
 * The one of these runs, all with the job ID that a repetition names, that it repeats, where the history was
 * rewritten since. Slurm gives IDs anew, and each cluster gives its own: the original is of the same command, has
 * repeated the same runs itself, and was there before. Of several the likeliest is taken: one with the same claims
 * before others, one of the same cluster before others, and then the last.
 *
 * @param candidates newest first.
 */
export function findOriginal(
  repetition: RecordedRun,
  candidates: readonly RecordedRun[],
): RecordedRun | undefined {
  const possible = candidates.filter((candidate) => canBeOriginal(candidate, repetition));
  const [likeliest] = possible.toSorted((one, other) =>
    likenessOf(other, repetition) - likenessOf(one, repetition)
  );
  return likeliest;
}

function canBeOriginal(candidate: RecordedRun, repetition: RecordedRun): boolean {
  const [one, other] = [candidate.record, repetition.record];
  return candidate.commit.oid !== repetition.commit.oid &&
    one.cmd === other.cmd && one.pwd === other.pwd &&
    one.chain.join() === other.chain.slice(0, -1).join() &&
    !isLater(candidate, repetition);
}

/** Whether a job came after another one. When a commit was made tells nothing once the history was rewritten. */
function isLater(candidate: RecordedRun, repetition: RecordedRun): boolean {
  const [one, other] = [submittedMsOf(candidate), submittedMsOf(repetition)];
  return Number.isNaN(one) || Number.isNaN(other)
    ? candidate.commit.authoredS > repetition.commit.authoredS
    : one > other;
}

function submittedMsOf({ record: { evidence } }: RecordedRun): number {
  return Date.parse(evidence?.submission?.at ?? evidence?.accounting?.submit ?? "");
}

function likenessOf({ record }: RecordedRun, { record: repetition }: RecordedRun): number {
  const claims = new Set(claimsOf(repetition));
  const isSameCluster = clusterOf(record) === clusterOf(repetition);
  return (claimsOf(record).some((claim) => claims.has(claim)) ? 2 : 0) + (isSameCluster ? 1 : 0);
}

function clusterOf({ evidence, cluster }: RecordedRun["record"]): string | null {
  return evidence?.accounting?.cluster ?? cluster;
}
