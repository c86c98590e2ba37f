import { UserError } from "../../errors.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { findCommit } from "../../git/history.ts";
import type { Evidence } from "../../jobs/evidence.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";

/**
 * The commit that jobs are to be repeated on.
 *
 * @param onto as given; empty for the one before the first of the jobs.
 * @param runs oldest first, at least one.
 * @throws {UserError} `USAGE` if there is no such commit here.
 */
export async function resolveOnto(
  dataset: Dataset,
  onto: string,
  runs: readonly RecordedRun[],
): Promise<string> {
  if (onto !== "") return await requireCommit(dataset, onto);
  const { commit } = runs[0]!;
  return await requireCommit(dataset, commit.parents[0] ?? `${commit.oid}^`);
}

/**
 * The commit with the files that a job had when it was submitted: HEAD of that time, or else, where the record
 * does not tell it, the history was rewritten since, or an input that another job made was in no commit yet, the
 * one that its own commit follows.
 *
 * @throws {UserError} `USAGE` if neither is here.
 */
export async function commitOfSubmission(
  dataset: Dataset,
  { commit, record }: RecordedRun,
): Promise<string> {
  const head = record.evidence?.submission?.head;
  const oid = head === undefined ? undefined : await findCommit(dataset.git, head);
  if (oid !== undefined && await hasInputs(dataset, oid, record.evidence!)) return oid;
  return await requireCommit(dataset, commit.parents[0] ?? `${commit.oid}^`);
}

/** Whether a commit has all that a job read, as far as its record tells. */
async function hasInputs(
  { git }: Dataset,
  commit: string,
  { inputs = [], submission }: Evidence,
): Promise<boolean> {
  if (!("map" in inputs)) return true;
  if (inputs.some(({ missing }) => missing === true)) return false;
  // Jobs that it waited for may have ended: what they wrote was there, and not finished.
  if (submission?.after === undefined) return true;
  const loose = inputs.filter(({ mtime, modified }) => mtime !== undefined && modified !== true)
    .map(({ path }) => path);
  if (loose.length === 0) return true;
  const listing = ["ls-tree", "-z", "--name-only", "--full-tree", commit, "--", ...loose];
  const there = new Set((await git.text(listing)).split("\0"));
  return loose.every((path) => there.has(path));
}

/** @throws {UserError} `USAGE` */
async function requireCommit(dataset: Dataset, name: string): Promise<string> {
  const oid = await findCommit(dataset.git, name);
  if (oid !== undefined) return oid;
  const isShallow = await dataset.git.text(["rev-parse", "--is-shallow-repository"]);
  throw new UserError(
    "USAGE",
    `Cannot repeat anything onto "${name}": there is no such commit here`,
    {
      unchanged: "No job was submitted",
      hint: isShallow === "true"
        ? "git fetch --unshallow, then run the same command again"
        : "git log --oneline --all",
    },
  );
}

/**
 * Refuses a command that names the dataset's own folder: it would read and write there, and not in the
 * worktree.
 *
 * @throws {UserError} `OUTSIDE`
 */
export function requireNoOtherPlace({ root }: Dataset, { record }: RecordedRun): void {
  // However a shell is told that a blank is part of a name.
  const texts = [record.cmd, record.cmd.replaceAll("\\", "")];
  const isNamed = texts.some((text) =>
    text.split(root).slice(1).some((rest) => /^($|[/\s'"`:;,|&<>)}])/.test(rest))
  );
  if (!isNamed) return;
  throw new UserError(
    "OUTSIDE",
    `Cannot run it in a worktree: its command names the folder of the dataset, "${root}"`,
    {
      unchanged: "No job was submitted",
      hint:
        "dlslurm reschedule without --onto; {dspath} in a command stands for the folder it runs in",
    },
  );
}
