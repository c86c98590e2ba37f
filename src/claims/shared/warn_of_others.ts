import { join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { firstOf } from "../../session/name_list.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import type { Session } from "../../session/session.ts";
import { ClaimIndex } from "./claim_index.ts";
import type { OtherClone } from "./look_at_others.ts";
import { removalOf } from "./share_setting.ts";
import type { SharedJob } from "./shared_claims.ts";

/** A conflict with another clone, for programs; docs/result_records.md. */
interface SharedClaimRecord extends ResultRecord {
  /** Whose claim it is. */
  readonly sharedClaim: Readonly<Record<string, string | null>>;
}

/** A job of another clone. */
interface Holder {
  readonly clone: OtherClone;
  readonly job: SharedJob;
}

interface Conflict {
  readonly path: string;
  readonly claim: string;
}

/** More jobs are counted, and so are more of their paths. */
const MOST_JOBS = 5;
const MOST_PATHS = 3;
/** From then on it is likely that nobody will finish it, and said how it is taken away. */
const OLD_MS = 7 * 24 * 3_600_000;

/**
 * Says which of these outputs open jobs of other clones claim, by the same rules as those of our own: nothing is
 * refused. What is to be committed to another branch is in nobody's way, as in two work trees.
 */
export function warnOfOthers(
  dataset: Dataset,
  outputs: Iterable<string>,
  { clones, remote }: { readonly clones: readonly OtherClone[]; readonly remote: string },
  session: Session,
): void {
  const index = indexOf(clones, dataset.branch);
  const found = new Map<Holder, Conflict[]>();
  for (const path of outputs) {
    const conflict = index.find(path);
    if (conflict === undefined) continue;
    const { claim, holder } = conflict;
    found.getOrInsert(holder, []).push({ path, claim });
  }
  for (const [at, [holder, conflicts]] of [...found].entries()) {
    if (at < MOST_JOBS) session.warn(sentenceOf(holder, conflicts, remote, session.now()));
    if (!session.isForPrograms) continue;
    for (const conflict of conflicts) {
      session.report(recordOf(dataset, holder, { ...conflict, remote }));
    }
  }
  if (found.size > MOST_JOBS) {
    session.warn(
      `so do ${found.size - MOST_JOBS} more jobs of other clones with outputs of this command`,
    );
  }
}

function indexOf(clones: readonly OtherClone[], branch: string | null): ClaimIndex<Holder> {
  const index = new ClaimIndex<Holder>();
  for (const clone of clones) {
    for (const job of clone.jobs) {
      if (branch !== null && job.branch !== null && job.branch !== branch) continue;
      const holder = { clone, job };
      for (const claim of job.claims) index.add(claim, holder);
    }
  }
  return index;
}

function sentenceOf(
  { clone, job }: Holder,
  conflicts: readonly Conflict[],
  remote: string,
  now: Date,
): string {
  const paths = firstOf(conflicts.map(({ path }) => `"${path}"`), MOST_PATHS);
  const claims = firstOf([...new Set(conflicts.map(({ claim }) => `"${claim}"`))], MOST_PATHS);
  const age = now.getTime() - job.submittedAtMs;
  const since = `${isoMinute(job.submittedAtMs)} (${ageOf(age)})`;
  return `another clone also writes ${paths}: job ${job.jobId}${
    job.cluster === null ? "" : ` on ${job.cluster}`
  } of ${
    job.user ?? "somebody"
  }, in "${clone.root}" on ${clone.host}, has claimed ${claims} since ${since}` +
    (age < OLD_MS ? "" : `. If that clone is gone: ${removalOf(remote, clone.id)}`);
}

function isoMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** How long ago, in the largest unit that is not 0; clocks differ, and others may say anything. */
function ageOf(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}

function recordOf(
  { root }: Dataset,
  { clone, job }: Holder,
  { path, claim, remote }: Conflict & { readonly remote: string },
): SharedClaimRecord {
  return {
    ...{ action: "slurm-claims", status: "ok", path: join(root, path), refds: root },
    message: `also claimed by job ${job.jobId} of another clone`,
    sharedClaim: {
      ...{ claim, remote, clone: clone.id, host: clone.host, root: clone.root },
      slurm_job_id: job.jobId,
      cluster: job.cluster,
      submitted_by: job.user,
      submitted_at: new Date(job.submittedAtMs).toISOString(),
      branch: job.branch,
      alt_dir: job.altDir,
    },
  };
}
