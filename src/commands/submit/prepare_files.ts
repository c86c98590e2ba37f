import { join } from "node:path";
import { findAnnexedFiles, findMissingContents } from "../../annex/annexed_files.ts";
import { runAnnex } from "../../annex/git_annex.ts";
import { GIT_NAMES } from "../../git/path_bytes.ts";
import type { AnnexFailure, AnnexWatcher } from "../../annex/git_annex.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { groupByRepository, joinPath } from "../../datalad/subdatasets.ts";
import { UserError } from "../../errors.ts";
import { hasSubmodules } from "../../git/submodules.ts";
import type { RunOptions } from "../../process/runner.ts";
import { copyInputs } from "../alt_dir.ts";
import type { CommandContext } from "../context.ts";
import type { SubmissionPlan } from "./plan_submission.ts";

/**
 * Prepares the files of a job: annexed inputs are fetched, outputs made writable, and with an
 * alternative folder the inputs copied to it.
 *
 * @throws {UserError} `ANNEX_FAILED` or `COPY_FAILED` with the files in question; nothing was submitted.
 */
export async function prepareFiles(
  dataset: Dataset,
  plan: SubmissionPlan,
  context: CommandContext,
): Promise<void> {
  if (plan.transfers !== null) await fetchInputs(dataset, plan.inputs, plan.transfers, context);
  context.interrupted.throwIfAborted();
  await makeWritable(dataset, plan.toUnlock, context);
  const { altDir, pwd } = plan.request;
  if (altDir !== null) await copyInputs(dataset, altDir, plan.inputs, pwd);
}

/**
 * Makes what a job will write writable: annexed files with content are unlocked, those without are
 * removed, what does not exist is left alone.
 *
 * @throws {UserError} `ANNEX_FAILED` with the files that could not be unlocked; nothing was submitted.
 */
async function makeWritable(
  dataset: Dataset,
  paths: readonly string[],
  context: CommandContext,
): Promise<void> {
  if (!await mayHaveAnnexedFiles(dataset)) return;
  const annexed = await findAnnexedFiles(dataset.root, new Set(paths));
  const present = annexed.filter((file) => file.isPresent).map((file) => file.path);
  await runAnnexOn(dataset, ["unlock"], present);
  for (const file of annexed) {
    context.interrupted.throwIfAborted();
    if (!file.isPresent) await Deno.remove(join(dataset.root, file.path));
  }
}

/**
 * Fetches the content of annexed inputs, and shows how far it is.
 *
 * @param paths relative to the dataset's root.
 * @throws {UserError} `ANNEX_FAILED` with the files that no remote gave; nothing was submitted.
 */
async function fetchInputs(
  dataset: Dataset,
  paths: readonly string[],
  jobs: number,
  context: CommandContext,
): Promise<void> {
  if (paths.length === 0 || !await mayHaveAnnexedFiles(dataset)) return;
  const missing = await findMissingContents(dataset.root, new Set(paths));
  if (missing.length === 0) return;
  using progress = context.progress("fetching inputs", missing.length);
  await runAnnexOn(dataset, ["get", `-J${jobs}`], missing, {
    onProgress: (path, percent) => progress.say(`${path} ${percent}`.trimEnd()),
    onEnd: () => progress.advance(),
  });
}

/** A plain repository may have subdatasets with git-annex. */
async function mayHaveAnnexedFiles(dataset: Dataset): Promise<boolean> {
  return dataset.hasAnnex || await hasSubmodules(dataset.root);
}

/** Runs git-annex in each repository that some of `paths`, relative to the root, are in. */
async function runAnnexOn(
  dataset: Dataset,
  args: readonly string[],
  paths: readonly string[],
  watcher?: AnnexWatcher,
): Promise<void> {
  for (const [folder, own] of await groupByRepository(dataset.root, paths)) {
    const git = folder === "." ? dataset.git : dataset.git.at(join(dataset.root, folder));
    const run = (words: readonly string[], options: RunOptions) => git.run(words, options);
    refuse(await runAnnex(run, args, own, GIT_NAMES, watcher), args[0]!, folder);
  }
}

function refuse(failures: readonly AnnexFailure[], command: string, folder: string): void {
  if (failures.length === 0) return;
  const where = folder === "." ? "" : ` -C "${folder}"`;
  const first = joinPath(folder, failures[0]!.path);
  throw new UserError(
    "ANNEX_FAILED",
    `Cannot ${command} ${failures.length} file${failures.length === 1 ? "" : "s"}, the first is ` +
      `"${first}". No job was submitted`,
    {
      detail: failures.slice(0, 20).map((failure) => `${failure.path}: ${failure.message}`).join(
        "\n",
      ),
      hint: `git${where} annex ${command} "${failures[0]!.path}"`,
    },
  );
}
