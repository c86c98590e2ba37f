import { delimiter, join } from "node:path";
import { quote } from "shlex";
import { UserError } from "../errors.ts";
import type { FixturesContext } from "./context.ts";
import { PROGRAMS } from "./format.ts";

/** Tells COMMAND whether Slurm is recorded or replayed: `record` or `replay`. */
const MODE_VARIABLE = "DLSLURM_FIXTURES";
/** The PATH before ours: to ask Slurm something that shall not be recorded. */
const UNRECORDED_PATH_VARIABLE = "DLSLURM_UNRECORDED_PATH";

/**
 * Makes a folder below TMPDIR and prepares a recording or replay in it; where that fails nothing is left.
 *
 * @throws {UserError} `DISK` if there is no room, or no right, to write there.
 */
export async function makeTemporaryFolder<Prepared>(
  name: string,
  { env }: FixturesContext,
  prepare: (folder: string) => Promise<Prepared>,
): Promise<{ folder: string; prepared: Prepared }> {
  let folder: string | undefined;
  try {
    folder = await Deno.makeTempDir({ prefix: name });
    return { folder, prepared: await prepare(folder) };
  } catch (error) {
    if (folder !== undefined) await Deno.remove(folder, { recursive: true }).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      "DISK",
      `Cannot write temporary files into "${env.get("TMPDIR") ?? "/tmp"}": ${reason}`,
      { hint: "TMPDIR=FOLDER dlslurm fixtures …; nothing was run", cause: error },
    );
  }
}

/** Finds Slurm's programs on PATH. */
export async function findPrograms(path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const program of PROGRAMS) {
    const file = await findProgram(path, program);
    if (file !== undefined) found.set(program, file);
  }
  return found;
}

/** Finds one program on PATH. */
export async function findProgram(path: string, program: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((one) => one !== "")) {
    const file = join(folder, program);
    const info = await Deno.stat(file).catch(() => undefined);
    if (info?.isFile === true && ((info.mode ?? 0) & 0o111) !== 0) return file;
  }
  return undefined;
}

/**
 * Writes programs of Slurm's names into `folder`; each starts this program again as
 * `fixtures ARGS… -- PROGRAM ITS-ARGUMENTS…`.
 */
export async function writePrograms(
  folder: string,
  args: ReadonlyMap<string, readonly string[]>,
  { selfCommand }: FixturesContext,
): Promise<void> {
  await Deno.mkdir(folder);
  for (const [program, itsArgs] of args) {
    const command = [...selfCommand, "fixtures", ...itsArgs, "--", program].map(quote).join(" ");
    await Deno.writeTextFile(join(folder, program), `#!/bin/sh\nexec ${command} "$@"\n`);
    await Deno.chmod(join(folder, program), 0o755);
  }
}

/** The environment of COMMAND: the programs in `folder` first on PATH. */
export function commandEnvironment(
  mode: "record" | "replay",
  folder: string,
  { env }: FixturesContext,
): Record<string, string> {
  const path = env.get("PATH") ?? "/usr/bin:/bin";
  return {
    ...env.toObject(),
    PATH: `${folder}${delimiter}${path}`,
    [MODE_VARIABLE]: mode,
    [UNRECORDED_PATH_VARIABLE]: path,
  };
}

/**
 * The environment of a real program: ours taken away again, since sbatch hands it on to a job that may
 * run elsewhere and later.
 */
export function realEnvironment(folder: string, { env }: FixturesContext): Record<string, string> {
  const { [MODE_VARIABLE]: _mode, [UNRECORDED_PATH_VARIABLE]: _path, ...rest } = env.toObject();
  const entries = (rest["PATH"] ?? "").split(delimiter).filter((entry) => entry !== folder);
  return { ...rest, PATH: entries.join(delimiter) };
}
