import { UserError } from "../errors.ts";
import { readTextIfPresent, statIfPresent } from "../fs/if_present.ts";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import {
  addJobs,
  dependencyOfScript,
  predecessorsIn,
  replaceJobs,
  setDependency,
} from "../slurm/dependency.ts";
import { shellName } from "../shell/shell_name.ts";
import { targetClusterOf } from "../slurm/named_cluster.ts";
import { guessSubmissionCommand, readSubmissionCommand } from "../slurm/submission_command.ts";
import type { CommandPlace } from "./command_place.ts";
import { findScriptFile, findSubmittedScript } from "./submitted_script.ts";

/** What a command waits for by itself. */
export interface OwnDependency {
  /** The value of `--dependency`; `undefined` if there is none. */
  readonly text: string | undefined;
  /** Whether it stands in the batch script: the command line takes precedence over that. */
  readonly isOfScript: boolean;
}

/**
 * Finds the dependency of a command with all placeholders filled in, or of the batch script that it names, as its
 * words stand there: for changing it.
 */
export async function dependencyOfCommand(
  command: string,
  place: Pick<CommandPlace, "runsIn" | "directory">,
): Promise<OwnDependency> {
  const { dependency, script, chdir, wrap, isPlain } = guessSubmissionCommand(command);
  const isElsewhere = !isPlain && (chdir !== undefined || CHANGING_REGEXP.test(command));
  if (dependency !== undefined || script === undefined || wrap !== undefined || isElsewhere) {
    return { text: dependency, isOfScript: false };
  }
  return await dependencyOfScriptIn(place, (folder) => findScriptFile(script, folder, chdir));
}

/**
 * The jobs whose end a command with all placeholders filled in is certain to wait for by itself: nothing that a shell
 * does can come between.
 */
export async function certainDependencyOf(
  command: string,
  place: Pick<CommandPlace, "runsIn" | "directory">,
): Promise<string | undefined> {
  const { dependency, script } = readSubmissionCommand(command);
  if (dependency !== undefined || script === undefined) return dependency;
  const found = await dependencyOfScriptIn(place, async (folder) => {
    const submitted = await findSubmittedScript(command, folder);
    return submitted === undefined || "wrap" in submitted ? undefined : submitted.file;
  });
  return found.text;
}

/** What changes the folder, or may. */
const CHANGING_REGEXP = /(?:^|[\s;&|(])(?:cd|pushd|env)\s/;

async function dependencyOfScriptIn(
  { runsIn, directory }: Pick<CommandPlace, "runsIn" | "directory">,
  find: (folder: string) => Promise<string | undefined>,
): Promise<OwnDependency> {
  // The script may still have to be copied to an alternative folder.
  for (const folder of [runsIn, directory]) {
    const file = await find(folder);
    const source = file === undefined ? undefined : await readScript(file);
    if (source !== undefined) return { text: dependencyOfScript(source), isOfScript: true };
  }
  return { text: undefined, isOfScript: false };
}

/** sbatch itself takes no more than 4 MB, slurm.conf(5), max_script_size; a device has no end. */
async function readScript(path: string): Promise<string | undefined> {
  const info = await statIfPresent(path);
  const isScript = info?.isFile === true && info.size <= LARGEST_SCRIPT;
  return isScript ? await readTextIfPresent(path) : undefined;
}

const LARGEST_SCRIPT = 4 * 1024 * 1024;

/**
 * The command as it is to be submitted, so that it waits for further jobs beside those that it waits for by
 * itself.
 *
 * @param idsNow the IDs that jobs which it names itself have by now, none for one that needs no waiting; absent: as
 * it names them.
 * @throws {UserError} `BAD_DEPENDENCY` if it cannot be made to; nothing was submitted.
 */
export async function waitingFor(
  command: string,
  further: readonly PredecessorEvidence[],
  place: Pick<CommandPlace, "runsIn" | "directory">,
  idsNow?: (jobId: string) => readonly string[],
): Promise<string> {
  if (further.length === 0 && idsNow === undefined) return command;
  requireOneCluster(command, further);
  const { text = "" } = await dependencyOfCommand(command, place);
  const now = idsNow === undefined ? text : replaceJobs(text, idsNow);
  // As its words stand there where nothing of them is another job's.
  const own = now === replaceJobs(text, (jobId) => [jobId]) ? text : now;
  try {
    const dependency = addJobs(own, further);
    return dependency === text
      ? command
      : await withDependency(command, dependency, further, place);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw cannotWait(command, further, error);
  }
}

/**
 * A command with another dependency in the place of its own, be that in its batch script; empty for none.
 *
 * @param further those of the jobs that it did not wait for by itself.
 * @throws {UserError} `BAD_DEPENDENCY` if it cannot be given one; nothing was submitted.
 */
export async function withDependency(
  command: string,
  dependency: string,
  further: readonly PredecessorEvidence[],
  place: Pick<CommandPlace, "runsIn" | "directory">,
): Promise<string> {
  try {
    if (dependency !== "") return setDependency(command, dependency);
    const without = setDependency(command, undefined);
    const { text } = await dependencyOfCommand(without, place);
    // That of the batch script is stale, too.
    return text === undefined ? without : setDependency(without, "");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Jobs that Slurm has forgotten hold nobody back.
    if (dependency === "") return command;
    throw cannotWait(command, further.length > 0 ? further : predecessorsIn(dependency), error);
  }
}

/** A job ID is that of another job on another cluster. */
function requireOneCluster(command: string, jobs: readonly PredecessorEvidence[]): void {
  const target = targetClusterOf(command, Deno.env);
  if (target === undefined) return;
  const other = jobs.find(({ cluster = null }) => cluster !== target);
  if (other === undefined) return;
  const nameOf = (name: string | null) => name === null ? "that of this machine" : `"${name}"`;
  const { jobId, type = "afterok", cluster = null } = other;
  throw new UserError(
    "BAD_DEPENDENCY",
    `Cannot make "${command}" wait for job ${jobId}: it is submitted to another cluster, ` +
      `${nameOf(target)}, than that job, ${nameOf(cluster)}`,
    {
      unchanged: "No job was submitted",
      hint: cluster === null
        ? `submit both to one; in a federation, where an ID counts everywhere: sbatch --dependency=${type}:${jobId} …`
        : `sbatch -M ${shellName(cluster)} …; in a federation, where an ID counts everywhere: ` +
          `sbatch --dependency=${type}:${jobId} …`,
    },
  );
}

/** The error for a command that cannot be made to wait. */
export function cannotWait(
  command: string,
  jobs: readonly PredecessorEvidence[],
  reason: SyntaxError,
): UserError {
  const ids = [...new Set(jobs.map(({ jobId }) => jobId))].join(", ");
  return new UserError(
    "BAD_DEPENDENCY",
    `Cannot make "${command}" wait for job ${ids}: ${reason.message}`,
    {
      unchanged: "No job was submitted",
      hint: "name the job in the command itself, where it calls sbatch: " +
        `--dependency=afterok:${jobs[0]?.jobId ?? "ID"}`,
      cause: reason,
    },
  );
}
