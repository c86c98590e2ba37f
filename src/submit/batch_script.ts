import { isWithin } from "../paths/root_paths.ts";
import { isAbsolute, join } from "node:path";
import { UserError } from "../errors.ts";
import type { JobRequest } from "../jobs/job.ts";
import { statIfPresent } from "../fs/if_present.ts";
import { shellName } from "../shell/shell_name.ts";
import { readSubmissionCommand } from "../slurm/submission_command.ts";
import { findScriptFile } from "./submitted_script.ts";

/** A command to be submitted, as far as its batch script goes: a plan, or a waiting row with its plan. */
export interface ScriptUser {
  /** Where it is to run, as the store keeps it. */
  readonly request: Pick<JobRequest, "pwd" | "altDir" | "rescheduledJobId">;
  /** With all placeholders filled in. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly directory: string;
  /** What is copied to the alternative folder before, relative to the root. */
  readonly inputs: readonly string[];
}

/** A batch script that is not in the alternative folder. */
interface MissingScript {
  /** As the command names it. */
  readonly name: string;
  /** Where it would have to be. */
  readonly target: string;
  /** Where the dataset has it; absent if it has none. */
  readonly source?: string;
}

/**
 * Requires that the batch script is in the alternative folder, or is copied there with the inputs: for
 * commands whose script is read before sbatch is called. A command that only a shell can read passes.
 *
 * @throws {UserError} `MISSING_INPUT` if it is not; nothing was submitted.
 */
export async function requireScriptInAltDir(root: string, user: ScriptUser): Promise<void> {
  const missing = await findMissingScript(root, user);
  if (missing === undefined) return;
  throw new UserError(
    "MISSING_INPUT",
    `Cannot submit the batch script "${missing.name}" from "${user.directory}": it is not there` +
      `${missing.source === undefined ? "" : ", and no input (-i) that is copied there"}`,
    { unchanged: "No job was submitted", hint: hintFor(missing, user) },
  );
}

/**
 * What to do where sbatch did not open its batch script since that is not in the alternative folder;
 * `undefined` where this is not why it refused. Only sbatch knows where it looks: a site may have its own.
 *
 * @param stderr what sbatch said.
 */
export async function hintForUnopenedScript(
  root: string,
  user: ScriptUser,
  stderr: string,
): Promise<string | undefined> {
  if (user.request.altDir === null || !/^sbatch: error: Unable to open file /m.test(stderr)) {
    return undefined;
  }
  const missing = await findMissingScript(root, user);
  return missing === undefined ? undefined : hintFor(missing, user);
}

async function findMissingScript(
  root: string,
  { request: { pwd, altDir }, command, directory, inputs }: ScriptUser,
): Promise<MissingScript | undefined> {
  if (altDir === null) return undefined;
  const { script: name, chdir, isPlain } = readSubmissionCommand(command);
  if (!isPlain || name === undefined || isAbsolute(name)) return undefined;
  const path = join(pwd, name);
  if (inputs.some((input) => isWithin(input, path))) return undefined;
  if (await findScriptFile(name, directory, chdir) !== undefined) return undefined;
  const source = join(root, path);
  const isThere = (await statIfPresent(source))?.isFile === true;
  return { name, target: join(directory, name), ...(isThere ? { source } : {}) };
}

function hintFor({ name, target, source }: MissingScript, { request }: ScriptUser): string {
  // What a record names cannot be added to.
  if (source !== undefined && request.rescheduledJobId !== null) {
    return `cp ${shellName(source)} ${shellName(target)}, then run the same command again`;
  }
  const word = /^[\w./-]+$/.test(name) ? name : shellName(name);
  return `name it as an input, so that it is copied: -i ${word}`;
}
