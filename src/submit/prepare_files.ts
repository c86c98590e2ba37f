import { joinPath } from "../paths/root_paths.ts";
import { join } from "node:path";
import { findMissingContents } from "../annex/annexed_files.ts";
import type { AnnexFailure, AnnexWatcher } from "../annex/git_annex.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { statIfPresent } from "../fs/if_present.ts";
import type { JobRequest } from "../jobs/job.ts";
import { openRepository } from "../git/repository.ts";
import type { Session } from "../session/session.ts";
import { firstOf } from "../session/name_list.ts";
import { mayHaveAnnexedFiles } from "../claims/look_at_outputs.ts";
import type { OutputLook } from "../claims/look_at_outputs.ts";
import { makeRoom } from "../claims/make_room.ts";
import { shellName } from "../shell/shell_name.ts";
import type { LoggingCommand } from "./locked_logs.ts";
import type { SubmissionPlan } from "./plan_submission.ts";
import { findAbsentScripts } from "./absent_scripts.ts";
import { notePreparation } from "./preparations.ts";

/**
 * Prepares the files of a job: annexed inputs are fetched, outputs made writable, and with an
 * alternative folder the inputs copied to it.
 *
 * What a crash leaves: files that are writable, and room for others, which is noted in `look`.
 *
 * @param look noted with the job.
 * @throws {UserError} `ANNEX_FAILED` or `COPY_FAILED` with the files in question; nothing was submitted.
 */
export async function prepareFiles(
  dataset: Dataset,
  plan: FilesToPrepare,
  look: OutputLook,
  session: Session,
): Promise<void> {
  const present = plan.inputs.filter((path) => !plan.awaited?.includes(path));
  if (plan.transfers !== null) {
    await fetchFiles(dataset, { ...plan, inputs: present }, plan.transfers, session);
  }
  session.interrupted.throwIfAborted();
  await makeWritable(dataset, look, session);
  const { altDir, pwd } = plan.request;
  if (altDir === null) return;
  // Loaded only then, as git-annex is below: schedule is to be quick.
  const { copyInputs } = await import("../claims/alt_dir.ts");
  await copyInputs(dataset, altDir, present, pwd);
}

/**
 * What finds the locked annexed files to which the logs of jobs will go, as {@linkcode LockedLogs.find}; nothing for
 * a job whose outputs are to be left as they are.
 */
export async function lockedLogFinder(
  dataset: Dataset,
  session: Session,
): Promise<(job: JobWithLogs) => Promise<string[]>> {
  if (!await mayHaveAnnexedFiles(dataset)) return () => Promise.resolve([]);
  const { LockedLogs } = await import("./locked_logs.ts");
  const logs = new LockedLogs(dataset, session);
  return async (job) =>
    job.toUnlock.length === 0 && job.altDir === null ? [] : await logs.find(job);
}

/** A job that is about to be submitted. */
export interface JobWithLogs extends LoggingCommand {
  /** As its plan has it; empty if outputs are assumed ready. */
  readonly toUnlock: readonly string[];
  /** As its request has it: the files that it writes there are not unlocked here. */
  readonly altDir: string | null;
}

/** Of a plan what matters here. */
export interface FilesToPrepare extends Pick<SubmissionPlan, "inputs" | "transfers" | "awaited"> {
  /** What is submitted, and where that runs, absolute. */
  readonly commands: readonly Pick<SubmissionPlan, "command" | "directory">[];
  /** Where the job runs. */
  readonly request: Pick<JobRequest, "altDir" | "pwd">;
}

/**
 * Makes what a job will write writable: annexed files with content are unlocked, those without make room
 * where that was noted, and stay where it was not.
 *
 * @throws {UserError} `ANNEX_FAILED` with the files that could not be unlocked; nothing was submitted.
 */
async function makeWritable(
  dataset: Dataset,
  { links, pointers, before: { room } }: OutputLook,
  session: Session,
): Promise<void> {
  const present: string[] = [];
  const absent = [...pointers];
  for (const path of links.keys()) {
    const hasContent = await statIfPresent(join(dataset.root, path)) !== undefined;
    if (hasContent) present.push(path);
    else if (!room.has(path)) absent.push(path);
  }
  await unlockFiles(dataset, present, session);
  await makeRoom(dataset, room, session.interrupted);
  if (absent.length === 0) return;
  const what = absent.length === 1 ? "an annexed file" : `${absent.length} annexed files`;
  session.warn(
    `the content of ${what} in the outputs is not here (${
      firstOf(absent.sort(), MOST_NAMED)
    }): a job that ` +
      "is to write over one of them needs it named with -o, or fetched",
  );
}

/**
 * Makes locked annexed files writable whose content is here.
 *
 * @param paths relative to the root.
 * @throws {UserError} `ANNEX_FAILED` with the files that could not be unlocked.
 */
export async function unlockFiles(
  dataset: Dataset,
  paths: readonly string[],
  session: Session,
): Promise<void> {
  await runAnnexOn(dataset, paths, { args: ["unlock"] }, session);
}

/** More are counted. */
const MOST_NAMED = 1;

/**
 * Fetches the content of annexed inputs and batch scripts, and shows how far it is.
 *
 * @throws {UserError} `ANNEX_FAILED` with the files that no remote gave; nothing was submitted.
 */
async function fetchFiles(
  dataset: Dataset,
  { inputs, commands }: Pick<FilesToPrepare, "inputs" | "commands">,
  jobs: number,
  session: Session,
): Promise<void> {
  if (!await mayHaveAnnexedFiles(dataset)) return;
  const scripts = await findAbsentScripts(dataset, commands);
  const missing = await findMissingContents(dataset.root, new Set([...inputs, ...scripts]));
  if (missing.length === 0) return;
  using progress = session.progress("fetching inputs", missing.length);
  const watcher: AnnexWatcher = {
    onProgress: (path, percent) => progress.say(`${path} ${percent}`.trimEnd()),
    onEnd: () => progress.advance(),
  };
  await runAnnexOn(dataset, missing, { args: ["get", `-J${jobs}`], watcher }, session);
}

/** Runs git-annex in each repository that some of `paths`, relative to the root, are in. */
async function runAnnexOn(
  dataset: Dataset,
  paths: readonly string[],
  { args, watcher }: { readonly args: readonly string[]; readonly watcher?: AnnexWatcher },
  session: Session,
): Promise<void> {
  if (paths.length === 0) return;
  const { groupByRepository } = await import("../datalad/subdatasets.ts");
  const { runAnnex } = await import("../annex/git_annex.ts");
  for (const [folder, own] of await groupByRepository(dataset.root, paths)) {
    await using _note = await notePreparation(dataset, folder, session);
    const { git } = folder === "."
      ? dataset
      : await openRepository(session.runner, join(dataset.root, folder));
    refuse(await runAnnex(git, args, own, watcher), args[0]!, folder);
  }
}

function refuse(failures: readonly AnnexFailure[], command: string, folder: string): void {
  if (failures.length === 0) return;
  const where = folder === "." ? "" : ` -C ${shellName(folder)}`;
  const first = joinPath(folder, failures[0]!.path);
  throw new UserError(
    "ANNEX_FAILED",
    `Cannot ${command} ${failures.length} file${failures.length === 1 ? "" : "s"}, the first is ` +
      `"${first}"`,
    {
      unchanged: "No job was submitted",
      detail: failures.slice(0, 20).map((failure) => `${failure.path}: ${failure.message}`).join(
        "\n",
      ),
      hint: `git${where} annex ${command} ${shellName(failures[0]!.path)}`,
    },
  );
}
