import { chmodSync, existsSync, readFileSync } from "node:fs";
import { mkdirSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import type { FakeSlurmContext } from "./context.ts";
import { JobTable } from "./job_table.ts";
import { keepScenario } from "./scenario/scenario_file.ts";
import { type SlurmVersion, VERSION_VARIABLE } from "./slurm_version.ts";
import {
  defaultDirectory,
  DIRECTORY_VARIABLE,
  makeDirectory,
  readVersion,
} from "./state_directory.ts";

/** The programs that a shell gets. */
export const PROGRAMS = [
  "sbatch",
  "sacct",
  "scontrol",
  "squeue",
  "scancel",
  "sinfo",
  "srun",
] as const;

/** What `fake-slurm env` was asked for. */
interface EnvironmentOptions {
  readonly directory: string;
  readonly isUnset: boolean;
  readonly version: SlurmVersion | undefined;
  /** A scenario's file; `null` takes the one that holds away. */
  readonly scenario: string | null | undefined;
}

const USAGE = "dlslurm fake-slurm env [--dir DIR] [--version-like 22.05|24.11] " +
  "[--scenario FILE | --no-scenario] [--unset]";

/**
 * Runs `fake-slurm env`: makes the state directory and the programs in it, and prints shell lines that
 * put them first on PATH, or take them away again. Harmless to repeat.
 *
 * @throws {UserError} `USAGE` for an option that is not known, `FAKE_SLURM` for a version or scenario
 * that cannot be used, `DISK` if the directory cannot be written.
 */
export async function runEnvironment(
  args: readonly string[],
  context: FakeSlurmContext,
): Promise<number> {
  const { directory, isUnset, version, scenario } = readArguments(args, context);
  if (isUnset) {
    context.io.out(renderUnset(context));
    return 0;
  }
  makeDirectory(directory);
  {
    using table = new JobTable(directory); // says now, not at the first sbatch, if it is unusable
    if (scenario !== undefined) {
      await keepScenario(directory, scenario ?? undefined);
      table.forgetUses();
    }
  }
  const bin = join(directory, "bin");
  mkdirSync(bin, { recursive: true });
  for (const program of PROGRAMS) {
    await writeProgram(join(bin, program), program, directory, context);
  }
  context.io.out(renderSet(directory, version, context));
  return 0;
}

function readArguments(args: readonly string[], context: FakeSlurmContext): EnvironmentOptions {
  const given = new Map<string, string>();
  const rest = [...args];
  while (rest.length > 0) {
    const word = rest.shift()!;
    const [name = "", value] = splitOption(word);
    if (["--unset", "--no-scenario"].includes(word)) given.set(word, "");
    else if (["--dir", "--version-like", "--scenario"].includes(name)) {
      const text = value ?? rest.shift() ?? "";
      if (text === "") throw notUnderstood(`${name} lacks its value`);
      given.set(name, text);
    } else throw notUnderstood(`"${word}" is not understood`);
  }
  const version = given.get("--version-like");
  const scenario = given.get("--scenario");
  if (scenario !== undefined && given.has("--no-scenario")) {
    throw notUnderstood("--scenario and --no-scenario contradict each other");
  }
  return {
    directory: resolve(context.cwd, given.get("--dir") ?? defaultDirectory(context.env)),
    isUnset: given.has("--unset"),
    version: version === undefined ? undefined : readVersion(version),
    scenario: scenario !== undefined
      ? resolve(context.cwd, scenario)
      : given.has("--no-scenario")
      ? null
      : undefined,
  };
}

function splitOption(word: string): [string, string?] {
  const equals = word.indexOf("=");
  return equals === -1 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

function notUnderstood(reason: string): UserError {
  return new UserError("USAGE", `Cannot set up the fake Slurm: ${reason}`, { hint: USAGE });
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

function renderSet(
  directory: string,
  version: SlurmVersion | undefined,
  context: FakeSlurmContext,
): string {
  const bin = join(directory, "bin");
  const before = pathEntries(context);
  const others = withoutFakes(before, context, bin);
  // The shell's own $PATH where it can stay: shorter, and it shows what happens.
  const rest = others.length === before.length ? '"$PATH"' : quote(others.join(delimiter));
  return `${DIRECTORY_VARIABLE}=${quote(directory)}; export ${DIRECTORY_VARIABLE};\n` +
    (version === undefined ? "" : `${VERSION_VARIABLE}=${version}; export ${VERSION_VARIABLE};\n`) +
    `PATH=${quote(bin)}:${rest}; export PATH;\n`;
}

function renderUnset(context: FakeSlurmContext): string {
  const others = withoutFakes(pathEntries(context), context);
  return `unset ${DIRECTORY_VARIABLE} ${VERSION_VARIABLE};\nPATH=${
    quote(others.join(delimiter))
  }; export PATH;\n`;
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
