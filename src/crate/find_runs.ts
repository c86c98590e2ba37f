import type { Dataset } from "../datalad/dataset.ts";
import { RECORD_PREFIX } from "../datalad/run_record.ts";
import { UserError } from "../errors.ts";
import { readMessages } from "../git/history.ts";
import type { CommitMessage } from "../git/history.ts";
import { isJobId } from "../jobs/job_id.ts";
import { onceEach } from "../provenance/once_each.ts";
import { Provenance } from "../provenance/provenance.ts";
import { findRecord } from "../provenance/recorded_runs.ts";
import { RunHistory } from "../provenance/run_history.ts";
import type { EntryWithRun } from "../provenance/run_inputs.ts";
import type { Session } from "../session/session.ts";

/** The runs that a crate is to tell of. */
export interface ChosenRuns {
  /** The dataset with them, and no others. */
  readonly provenance: Provenance;
  /** The oldest first. */
  readonly runs: readonly EntryWithRun[];
  /** Commits whose record cannot be read, with what is the matter. */
  readonly unreadable: readonly { readonly commit: string; readonly error: UserError }[];
}

/**
 * Reads the runs of a range of commits, each job once.
 *
 * @param revisions as git takes it, `v1.0..HEAD`: of a single revision all that it reaches; or a job ID.
 * @throws {UserError} `USAGE` if git does not know a revision, `NO_RECORD` if there is none.
 */
export async function findChosenRuns(
  dataset: Dataset,
  revisions: string,
  { runner, interrupted }: Pick<Session, "runner" | "interrupted">,
): Promise<ChosenRuns> {
  const commits = await commitsOf(dataset, revisions);
  const history = RunHistory.of(dataset, commits, runner);
  const runs: EntryWithRun[] = [];
  const unreadable: { commit: string; error: UserError }[] = [];
  for (const entry of history.entries) {
    interrupted.throwIfAborted();
    try {
      runs.push({ entry, run: await history.read(entry) });
    } catch (error) {
      if (!(error instanceof UserError && error.code === "BAD_RECORD")) throw error;
      unreadable.push({ commit: entry.commit.oid, error });
    }
  }
  if (runs.length === 0 && unreadable.length === 0) {
    throw new UserError("NO_RECORD", `Cannot export "${revisions}": no job is recorded there`, {
      unchanged: "Nothing was written",
      hint: "dlslurm list --all shows the jobs",
    });
  }
  const once = new Set(onceEach(runs.map(({ run }) => run)));
  return {
    provenance: Provenance.of(dataset, history, runner),
    runs: runs.filter(({ run }) => once.has(run)),
    unreadable,
  };
}

async function commitsOf(dataset: Dataset, revisions: string): Promise<CommitMessage[]> {
  const { git } = dataset;
  const record = isJobId(revisions) ? await findRecord(dataset, revisions) : undefined;
  if (record !== undefined) return [record];
  const [, since, until] = /^(.*[^.])\.\.([^.].*)?$/.exec(revisions) ?? [];
  return since === undefined
    ? await readMessages(git, revisions, "", RECORD_PREFIX)
    : await readMessages(git, until ?? "HEAD", since, RECORD_PREFIX);
}
