import { chmodSync, existsSync, readFileSync } from "node:fs";
import { mkdirSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import type { FakeSlurmContext } from "./context.ts";
import { JobTable } from "./job_table.ts";
import { defaultDirectory, DIRECTORY_VARIABLE, makeDirectory } from "./state_directory.ts";

/** The programs that a shell gets. */
export const PROGRAMS = ["sbatch", "sacct", "scontrol", "squeue", "scancel", "sinfo"] as const;

/**
 * Runs `fake-slurm env [--dir DIR] [--unset]`: makes the state directory and the programs in it, and
 * prints shell lines that put them first on PATH, or take them away again. Harmless to repeat.
 *
 * @throws {UserError} `USAGE` for another option, `DISK` if the directory cannot be written.
 */
export async function runEnvironment(
  args: readonly string[],
  context: FakeSlurmContext,
): Promise<number> {
  const { directory, isUnset } = readArguments(args, context);
  if (isUnset) {
    context.io.out(renderUnset(context));
    return 0;
  }
  makeDirectory(directory);
  new JobTable(directory).close(); // says now, not at the first sbatch, if the table is unusable
  const bin = join(directory, "bin");
  mkdirSync(bin, { recursive: true });
  for (const program of PROGRAMS) {
    await writeProgram(join(bin, program), program, directory, context);
  }
  context.io.out(renderSet(directory, context));
  return 0;
}

function readArguments(args: readonly string[], context: FakeSlurmContext) {
  let directory = defaultDirectory(context.env);
  let isUnset = false;
  const rest = [...args];
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === "--unset") isUnset = true;
    else if (word === "--dir" && rest[0] !== undefined && rest[0] !== "") directory = rest.shift()!;
    else if (word.startsWith("--dir=") && word !== "--dir=") directory = word.slice(6);
    else {
      throw new UserError("USAGE", `Cannot set up the fake Slurm: "${word}" is not understood`, {
        hint: "dlslurm fake-slurm env [--dir DIR] [--unset]",
      });
    }
  }
  return { directory: resolve(context.cwd, directory), isUnset };
}

async function writeProgram(
  path: string,
  program: string,
  directory: string,
  { selfCommand }: FakeSlurmContext,
): Promise<void> {
  const command = [...selfCommand, "fake-slurm", program].map(quote).join(" ");
  const text = `#!/bin/sh\n${DIRECTORY_VARIABLE}=${quote(directory)}\n` +
    `export ${DIRECTORY_VARIABLE}\nexec ${command} "$@"\n`;
  // A shell may be reading the file: one that is right stays as it is.
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  await writeFileAtomic(path, text);
  chmodSync(path, 0o755);
}

function renderSet(directory: string, context: FakeSlurmContext): string {
  const bin = join(directory, "bin");
  const before = pathEntries(context);
  const others = withoutFakes(before, context, bin);
  // The shell's own $PATH where it can stay: shorter, and it shows what happens.
  const rest = others.length === before.length ? '"$PATH"' : quote(others.join(delimiter));
  return `${DIRECTORY_VARIABLE}=${quote(directory)}; export ${DIRECTORY_VARIABLE};\n` +
    `PATH=${quote(bin)}:${rest}; export PATH;\n`;
}

function renderUnset(context: FakeSlurmContext): string {
  const others = withoutFakes(pathEntries(context), context);
  return `unset ${DIRECTORY_VARIABLE};\nPATH=${quote(others.join(delimiter))}; export PATH;\n`;
}

function pathEntries({ env }: FakeSlurmContext): string[] {
  return (env.get("PATH") ?? "").split(delimiter);
}

/** PATH without the programs of the fake that this shell uses now, and without `bin`. */
function withoutFakes(
  entries: readonly string[],
  { env }: FakeSlurmContext,
  bin?: string,
): string[] {
  const current = env.get(DIRECTORY_VARIABLE);
  const fakes = [bin, current === undefined ? undefined : join(current, "bin")];
  return entries.filter((entry) => !fakes.includes(entry));
}
