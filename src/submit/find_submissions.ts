import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { readTextIfPresent, statIfPresent } from "../fs/if_present.ts";
import type { Job } from "../jobs/job.ts";
import { matchSubmission } from "../jobs/match_submission.ts";
import type { SeenSubmissions, SubmissionMatch } from "../jobs/match_submission.ts";
import { findWriter } from "../process/find_writer.ts";
import { livenessOf, parseIdentity } from "../process/process_identity.ts";
import type { Session } from "../session/session.ts";
import { directivesOf } from "../slurm/directives.ts";
import { slurmClientOf } from "../slurm/slurm_client.ts";
import { querySubmissions } from "../slurm/query_submissions.ts";
import { expectedLineOf, isSameLine } from "../slurm/submit_line.ts";
import type { ExpectedLine } from "../slurm/submit_line.ts";
import type { JobStore } from "../store/job_store.ts";
import type { SubmittedCommand } from "../store/unanswered.ts";
import { tracesOf } from "./submission_traces.ts";
import { findSubmittedScript } from "./submitted_script.ts";
import { clustersOfSubmitter } from "./submitter.ts";

/** What Slurm tells of an unclear submission. */
export type FoundSubmission =
  & { readonly job: Job }
  & (
    | { readonly kind: "found"; readonly jobId: string; readonly cluster: string | null }
    | { readonly kind: "not submitted" }
    /** The end of a sentence, and the jobs that it may be. */
    | { readonly kind: "unclear"; readonly reason: string; readonly jobIds: readonly string[] }
  );

/** A submission that Slurm can be asked about. */
interface Sought extends ExpectedLine {
  readonly job: Job;
  readonly directory: string;
  readonly beganMs: number;
  readonly endedMs: number | null;
  readonly begunByMs: number;
}

/**
 * Asks Slurm which jobs came of unclear submissions: jobs of this user that were submitted while the command
 * ran, with its words and in its folder, and that are not in the store. Changes nothing, neither here nor there.
 *
 * @param unclear submissions whose process has died, of all work trees.
 * @returns what was found of each, in their order.
 */
export async function findSubmissions(
  dataset: Dataset,
  store: JobStore,
  unclear: readonly Job[],
  session: Session,
): Promise<FoundSubmission[]> {
  const verdicts = new Map<number, FoundSubmission>();
  const sought: Sought[] = [];
  for (const job of unclear) {
    const found = await describe(dataset, store, job, session);
    if ("kind" in found) verdicts.set(job.jobKey, found);
    else sought.push(found);
  }
  for (const [cluster, group] of Map.groupBy(sought, (each) => each.cluster)) {
    const seen = await ask(dataset, group, cluster, session);
    for (const each of group) {
      verdicts.set(
        each.job.jobKey,
        seen instanceof UserError
          ? unclearFor(each.job, `Slurm cannot be asked now: ${seen.message}`)
          : await judge(dataset, store, { sought: each, seen }, session),
      );
    }
  }
  return unclear.map((job) => verdicts.get(job.jobKey)!);
}

function unclearFor(job: Job, reason: string, jobIds: readonly string[] = []): FoundSubmission {
  return { job, kind: "unclear", reason, jobIds };
}

/** What is known of a submission, or why its job cannot be told. */
async function describe(
  dataset: Dataset,
  store: JobStore,
  job: Job,
  session: Session,
): Promise<Sought | FoundSubmission> {
  const liveness = await livenessOf(
    parseIdentity(job.submitter),
    await session.process(),
    session.runner,
  );
  if (liveness !== "dead") {
    return unclearFor(job, "it was submitted on another machine, or in another container");
  }
  const { stdoutFile, stderrFile } = tracesOf(dataset, job.jobKey);
  const [stdout, stderr] = [await statIfPresent(stdoutFile), await statIfPresent(stderrFile)];
  if (stdout === undefined) return unclearFor(job, "what its command printed is gone");
  if (stdout.uid !== Deno.uid()) return unclearFor(job, "another user has submitted it");
  const pid = await findWriter(stdoutFile, session.runner);
  if (pid !== undefined) return unclearFor(job, `its command still runs, as process ${pid}`);
  const command = store.unanswered.commandOf(job.jobKey);
  if (command === undefined || job.altDir !== null) {
    // An alternative folder belongs to no dataset: jobs of another one may run there.
    return unclearFor(
      job,
      command === undefined ? "its command was not noted" : "it runs outside of the dataset",
    );
  }
  const line = readLine(command.command, job);
  if (typeof line === "string") return unclearFor(job, `its command does not show it: ${line}`);
  if (await namesFolder(command)) {
    return unclearFor(job, "its batch script names the folder of its job (--chdir)");
  }
  const written = [stdout, stderr].map((info) => info?.mtime?.getTime() ?? 0);
  return {
    ...line,
    job,
    directory: await realPathOf(command.directory),
    beganMs: job.submittedAtMs,
    endedMs: store.unanswered.endOf(job.jobKey) ?? null,
    begunByMs: Math.max(job.submittedAtMs, ...written),
  };
}

/**
 * Whether the batch script of a command names the folder of its job: of another clone that runs the same script
 * the job would have the same.
 */
export async function namesFolder({ command, directory }: SubmittedCommand): Promise<boolean> {
  const script = await findSubmittedScript(command, directory);
  if (script === undefined || "wrap" in script) return false;
  const text = await readTextIfPresent(script.file).catch(() => undefined);
  return directivesOf(text ?? "").some((line) => /(?:\s|^#SBATCH)(?:-D|--chd)/.test(line));
}

/** The line that Slurm keeps of a submission's command, or why that cannot be told. */
export function readLine(command: string, { submitter }: Job): ExpectedLine | string {
  try {
    return expectedLineOf(command, clustersOf(submitter));
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

function clustersOf(submitter: string): readonly string[] {
  const clusters = clustersOfSubmitter(submitter);
  if (clusters === undefined) throw new SyntaxError("it is not known who submitted it");
  return clusters;
}

async function ask(
  dataset: Dataset,
  group: readonly Sought[],
  cluster: string | null,
  session: Session,
): Promise<SeenSubmissions | UserError> {
  const sinceMs = Math.min(...group.map(({ beganMs }) => beganMs));
  const question = { uid: Deno.uid() ?? 0, cluster, sinceMs, now: session.now };
  try {
    return await querySubmissions(slurmClientOf(dataset, session), question);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** Reads the store only now: what was submitted while Slurm was asked is in it, or under way. */
async function judge(
  dataset: Dataset,
  store: JobStore,
  { sought, seen }: { readonly sought: Sought; readonly seen: SeenSubmissions },
  session: Session,
): Promise<FoundSubmission> {
  const { job, line, cluster } = sought;
  const twins = await twinsOf(store, sought);
  const isLine = (found: string) => isSameLine(found, line);
  const match = matchSubmission({ ...sought, isLine }, seen, {
    ever: store.unanswered.idsSince(0, cluster),
    since: store.unanswered.idsSince(sought.beganMs, cluster),
    nowMs: session.now().getTime(),
  });
  if (match.kind === "unclear") return unclearFor(job, REASONS[match.because], match.jobIds);
  if (match.kind === "not submitted") {
    // Another cluster has other settings than were asked for, and another machine may have other user numbers.
    const isHere = cluster === null && slurmClientOf(dataset, session).commands === undefined;
    return isHere ? { job, kind: "not submitted" } : unclearFor(job, REASONS.none);
  }
  if (twins.length === 0) return { job, kind: "found", jobId: match.jobId, cluster };
  const reason = `it has the same command as submission ${twins.join(", ")}`;
  return unclearFor(job, reason, [match.jobId]);
}

/** Keys of the other submissions, unclear or under way, that the job of this one may have come of. */
async function twinsOf(store: JobStore, sought: Sought): Promise<number[]> {
  const lastMs = sought.endedMs ?? sought.begunByMs;
  const twins: number[] = [];
  for (const other of store.listSubmitting()) {
    if (other.jobKey === sought.job.jobKey) continue;
    const command = store.unanswered.commandOf(other.jobKey);
    const theirs = command === undefined ? undefined : readLine(command.command, other);
    if (typeof theirs !== "object" || !isSameLine(theirs.line, sought.line)) continue;
    if (await realPathOf(command!.directory) !== sought.directory) continue;
    const endedMs = store.unanswered.endOf(other.jobKey) ?? Infinity;
    const isApart = endedMs + APART_MS < sought.beganMs ||
      other.submittedAtMs > lastMs + APART_MS;
    if (!isApart) twins.push(other.jobKey);
  }
  return twins;
}

/** Submissions that are so far apart cannot have had each other's job. */
const APART_MS = 120_000;

/** The path with its links resolved, or as it is where that cannot be done. */
export async function realPathOf(path: string): Promise<string> {
  return await Deno.realPath(path).catch(() => path);
}

const REASONS: Readonly<Record<Extract<SubmissionMatch, { kind: "unclear" }>["because"], string>> =
  {
    several: "several jobs have its command, folder and time",
    behind: "accounting does not know all jobs of that time yet",
    off: "accounting keeps no command lines here",
    clock: "the controller does not report its clock",
    time: "accounting has a job with its command and folder, but from another time",
    none: "accounting has no job with its command, folder and time",
  };
