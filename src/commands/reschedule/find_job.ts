import type { Dataset } from "../../datalad/dataset.ts";
import { parseMessage, RECORD_PREFIX } from "../../datalad/run_record.ts";
import { UserError } from "../../errors.ts";
import { lstatIfPresent } from "../../fs/if_present.ts";
import { findMessages, readMessages } from "../../git/history.ts";
import type { CommitMessage } from "../../git/history.ts";
import type { AttemptEvidence } from "../../jobs/evidence.ts";
import { isJobId, splitJobId } from "../../jobs/job_id.ts";
import { findRecord } from "../../provenance/recorded_runs.ts";
import { RunHistory } from "../../provenance/run_history.ts";
import { JobStore } from "../../store/job_store.ts";
import { storeFileOf } from "../../store/store_place.ts";
import type { CommandContext } from "../context.ts";
import { firstOf } from "../../session/name_list.ts";

const MOST_NAMED = 3;

/**
 * What a revision means: that of git, if it leads to a recorded job, or else the ID of a job, which stands
 * for the newest commit with its record in the history of HEAD or of a branch.
 *
 * @returns a revision for git.
 * @throws {UserError} `NO_RECORD` if it is neither, and looks like a job ID.
 */
export async function resolveRevision(
  dataset: Dataset,
  revision: string,
  since: string | undefined,
  context: CommandContext,
): Promise<string> {
  // The first of 4242 and 4242_3 may be the beginning of a commit's name as well.
  if (!isJobId(revision)) return revision;
  const asRevision = await commitsOf(dataset, revision);
  const isCommit = asRevision !== undefined && (asRevision.length > 0 || since !== undefined);
  const ofJob = await findRecord(dataset, revision);
  if (isCommit) {
    if (ofJob !== undefined) {
      context.warn(
        `${revision} was taken for a commit, not for the job of that ID: that is ` +
          `"dlslurm reschedule ${ofJob.oid.slice(0, 10)}"`,
      );
    }
    return revision;
  }
  if (ofJob !== undefined) return ofJob.oid;
  // A commit, though without a record: what is said of it is said by whoever reads it.
  if (asRevision !== undefined) return revision;
  const history = await RunHistory.read(dataset, context.runner);
  const [later, ...others] = await history.ofAttempt(revision);
  if (later === undefined || others.some(({ jobId }) => jobId !== later.jobId)) {
    // Also tasks that failed, and have other IDs since they were submitted again.
    const attempts = [later, ...others].flatMap((run) => run?.jobId ?? []);
    throw await unknownJob(dataset, revision, [...history.tasksOf(revision), ...attempts]);
  }
  context.note(`job ${revision} failed and was submitted again: it is now job ${later.jobId}`);
  return later.commit.oid;
}

/** The recorded job that a revision leads to, if it does; `undefined` if git knows no such revision. */
async function commitsOf(
  { git }: Dataset,
  revision: string,
): Promise<CommitMessage[] | undefined> {
  try {
    return await readMessages(git, revision, undefined, RECORD_PREFIX);
  } catch (error) {
    if (error instanceof UserError && error.code === "USAGE") return undefined;
    throw error;
  }
}

/**
 * The commits with the records of an array's tasks, where each of them was a job of its own; the newest of each
 * task, also of one that had to be submitted again.
 *
 * @returns their names, in the order of the tasks.
 */
export async function findTaskCommits({ git }: Dataset, jobId: string): Promise<string[]> {
  if (!/^[0-9]+$/.test(jobId)) return [];
  const start = `${RECORD_PREFIX} Slurm job ${jobId}_`;
  const newest = new Map<number, string>();
  for (const { message, oid, parents } of await findMessages(git, start)) {
    if (!message.startsWith(start) || parents.length > 1) continue;
    const task = parseInt(message.slice(start.length));
    if (!newest.has(task)) newest.set(task, oid);
  }
  for (const { message, oid } of await findMessages(git, `"job_id": "${jobId}_`)) {
    for (const { jobId: attempt } of attemptsOf(message)) {
      const { submittedId, arrayTaskId: task } = splitJobId(attempt);
      if (submittedId === jobId && task !== null && !newest.has(task)) newest.set(task, oid);
    }
  }
  return [...newest].sort(([one], [other]) => one - other).map(([, oid]) => oid);
}

function attemptsOf(message: string): readonly AttemptEvidence[] {
  try {
    const record = parseMessage(message)?.record;
    return record === undefined || "sidecarId" in record ? [] : record.evidence?.attempts ?? [];
  } catch (error) {
    if (error instanceof SyntaxError) return []; // another command tells of a damaged record
    throw error;
  }
}

async function unknownJob(
  dataset: Dataset,
  jobId: string,
  tasks: readonly string[],
): Promise<UserError> {
  if (tasks.length > 0) {
    return new UserError(
      "NO_RECORD",
      `Cannot reschedule job ${jobId} as a whole: each of its tasks has a record`,
      {
        unchanged: "No job was submitted",
        hint:
          `dlslurm reschedule --array ${jobId} makes an array of them again; one alone is one of ${
            firstOf([...new Set(tasks)].reverse(), MOST_NAMED)
          }`,
      },
    );
  }
  const stage = await stageOf(dataset, jobId);
  const { reason, hint } = stage === undefined ? REASONS.unknown : REASONS[stage](jobId);
  return new UserError(
    "NO_RECORD",
    `Cannot reschedule "${jobId}": ${reason}`,
    { unchanged: "No job was submitted", hint },
  );
}

const REASONS = {
  unknown: {
    reason: "it is neither a commit nor the ID of a recorded job",
    hint: "dlslurm list --all shows the jobs, git log --grep='DATALAD SLURM RUN' their commits",
  },
  open: (jobId: string) => ({
    reason: "the job is open, and a job is recorded when it is finished",
    hint: `dlslurm finish ${jobId}`,
  }),
  ended: (jobId: string) => ({
    reason: "the job ended without a commit, or the commit is no longer on any branch",
    hint: `dlslurm list --all shows job ${jobId} with its command`,
  }),
};

async function stageOf(dataset: Dataset, jobId: string): Promise<"open" | "ended" | undefined> {
  // Nothing is made where nothing was scheduled.
  if (await lstatIfPresent(storeFileOf(dataset)) === undefined) return undefined;
  using store = JobStore.openIn(dataset);
  const [job] = store.listing.withAnyId(jobId);
  if (job === undefined) return undefined;
  return job.stage === "finished" || job.stage === "closed" ? "ended" : "open";
}
