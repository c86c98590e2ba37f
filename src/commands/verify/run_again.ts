import { fieldsOfError } from "../../session/error_fields.ts";
import { ofDataset } from "../../session/result_record.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { toUserError } from "../../process/system_error.ts";
import { TargetFinder } from "../../provenance/find_target.ts";
import { Provenance } from "../../provenance/provenance.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import type { RunHistory } from "../../provenance/run_history.ts";
import { firstOf } from "../../session/name_list.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import { runFinish } from "../finish/finish.ts";
import { commitOfSubmission } from "../reschedule/onto.ts";
import { repeatOnto, withoutForeign } from "../reschedule/repeat_runs.ts";
import { confirmRuns } from "../reschedule/show_commands.ts";
import type { WaitingOptions } from "../option_values.ts";
import type { VerifyOptions } from "./definition.ts";

/** More names than this are counted. */
const MOST_NAMES = 5;

/**
 * Has recorded jobs run again, each in a worktree with the files that it had, and waits for them if that was
 * asked for. What does not come to a commit is reported.
 *
 * @returns the commits of those that were finished; none where nothing was waited for.
 */
export async function runAgain(
  dataset: Dataset,
  options: VerifyOptions,
  context: CommandContext,
): Promise<string[]> {
  const runs = withoutForeign(dataset, await findRuns(dataset, options, context), context);
  if (options.yes !== true && runs.length > 0) await confirmRuns(dataset, runs, context);
  const submitted: Submitted[] = [];
  for (const run of runs) {
    context.interrupted.throwIfAborted();
    try {
      submitted.push(...await repeat(dataset, run, options, context));
    } catch (error) {
      report(dataset, run, context, fieldsOfError(toUserError(error)));
    }
  }
  if (submitted.length === 0) return [];
  if (options.wait !== true) {
    const names = firstOf(runs.map(({ record }) => record.slurmJobId), MOST_NAMES);
    context.note(
      `how job ${names} came out, when the jobs have ended: dlslurm finish, then dlslurm verify ${
        runs.length === 1 ? names : "JOBID"
      }`,
    );
    return [];
  }
  const beganMs = context.now().getTime();
  for (const { run, root, jobId } of submitted) {
    const waitedMs = context.now().getTime() - beganMs;
    const timeout = options.timeout === undefined ? undefined : options.timeout - waitedMs;
    try {
      await finishOne(root, jobId, { poll: options.poll, timeout }, context);
    } catch (error) {
      // The others may be finished all the same.
      context.interrupted.throwIfAborted();
      report(dataset, run, context, fieldsOfError(toUserError(error)));
    }
  }
  return findFinished(dataset, submitted, context);
}

interface Submitted {
  readonly run: RecordedRun;
  readonly jobId: string;
  /** Of its worktree. */
  readonly root: string;
}

async function repeat(
  dataset: Dataset,
  run: RecordedRun,
  { onto }: VerifyOptions,
  context: CommandContext,
): Promise<Submitted[]> {
  const repeating = {
    onto: onto === undefined ? await commitOfSubmission(dataset, run) : onto,
    isAsRecorded: onto === undefined,
    ...{ revisions: [run.commit.oid], withFailedJobs: true, yes: true },
  };
  const { dataset: { root }, repeats } = await repeatOnto(dataset, [run], repeating, context);
  return repeats.map(({ jobId }) => ({ run, jobId, root }));
}

async function finishOne(
  root: string,
  jobId: string,
  { poll, timeout }: WaitingOptions,
  context: CommandContext,
): Promise<void> {
  await runFinish({
    ...{ dataset: root, jobIds: [jobId], wait: true, poll, timeout, output: [] },
    // That it wrote nothing is a verdict, too.
    allowNoOutputs: true,
  }, context);
}

function findFinished(
  dataset: Dataset,
  submitted: readonly Submitted[],
  context: CommandContext,
): string[] {
  using store = JobStore.openToLook(dataset);
  return submitted.flatMap(({ run, jobId, root }) => {
    const job = store.findByJobId(jobId);
    if (job?.stage === "finished" && job.commitOid !== null) return [job.commitOid];
    report(dataset, run, context, {
      slurmJobId: jobId,
      message:
        `job ${jobId}, which repeats job ${run.record.slurmJobId}, was not committed: there is no verdict`,
      hint:
        `its files are in "${root}"; dlslurm finish ${jobId} --close-failed-jobs --discard gives it up`,
    });
    return [];
  });
}

function report(
  dataset: Dataset,
  { commit, record }: RecordedRun,
  context: CommandContext,
  fields: Pick<ResultRecord, "message" | "hint"> & { readonly slurmJobId?: string },
): void {
  context.report({
    ...ofDataset(dataset, "slurm-verify", "impossible"),
    refds: dataset.root,
    slurmJobId: record.slurmJobId,
    commit: commit.oid,
    ...fields,
  });
}

/** The recorded runs that were asked for, each once; of a range those that repeat no other one. */
async function findRuns(
  dataset: Dataset,
  { revisions, since }: VerifyOptions,
  context: CommandContext,
): Promise<RecordedRun[]> {
  const provenance = await Provenance.open(dataset, context.runner);
  const { history } = provenance.top;
  if (since !== undefined) {
    return await findInRange(history, revisions[0] ?? "HEAD", since);
  }
  using store = JobStore.openToLook(dataset);
  const finder = new TargetFinder(provenance, store, context.runner);
  const found = new Map<string, RecordedRun>();
  for (const name of revisions.length === 0 ? [undefined] : revisions) {
    const target = name === undefined ? finder.newest() : await finder.byNameOrLabel(name);
    if (target?.entry === undefined) {
      const what = name ?? `job ${target?.job?.jobId ?? ""}`.trimEnd();
      throw new UserError(
        "NO_RECORD",
        `Cannot run "${what}" again: ${
          target === undefined
            ? "it is neither a job, nor a commit, nor a label"
            : "it is not recorded yet"
        }`,
        {
          unchanged: "No job was submitted",
          hint: target === undefined
            ? "dlslurm list --all shows the jobs"
            : `dlslurm finish ${target.job?.jobId ?? ""}`.trimEnd(),
        },
      );
    }
    found.set(target.entry.commit.oid, await history.read(target.entry));
  }
  return [...found.values()];
}

async function findInRange(
  history: RunHistory,
  revision: string,
  since: string,
): Promise<RecordedRun[]> {
  const runs = (await history.inRange(revision, since)).filter(({ parsed, record }) =>
    parsed.state === "Completed" && record.chain.length === 0
  );
  if (runs.length > 0) return runs;
  throw new UserError(
    "NO_RECORD",
    `Cannot run anything again of ${
      since === "" ? revision : `${since}..${revision}`
    }: no job is recorded there`,
    { unchanged: "No job was submitted", hint: "dlslurm list --all shows the jobs" },
  );
}
