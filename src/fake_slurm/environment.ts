import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { readTextIfPresent } from "../fs/if_present.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import type { FakeSlurmContext } from "./context.ts";
import { JobTable } from "./manager/job_table.ts";
import { RULED_PROGRAMS } from "./scenario/scenario.ts";
import { keepScenario } from "./scenario/scenario_file.ts";
import { type SlurmVersion, VERSION_VARIABLE } from "./manager/slurm_version.ts";
import {
  defaultDirectory,
  DIRECTORY_VARIABLE,
  makeDirectory,
  readVersion,
} from "./manager/state_directory.ts";

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
  await Deno.mkdir(bin, { recursive: true });
  for (const program of RULED_PROGRAMS) {
    await writeProgram(join(bin, program), program, directory, context);
  }
  context.io.out(renderSet(directory, version, context));
  return 0;
}

function readArguments(args: readonly string[], context: FakeSlurmContext): EnvironmentOptions {
  const given = parse(args);
  const { dir, scenario, "version-like": version, "no-scenario": isWithout } = given;
  if (scenario !== undefined && isWithout) {
    throw notUnderstood("--scenario and --no-scenario contradict each other");
  }
  return {
    directory: resolve(context.cwd, dir || defaultDirectory(context.env)),
    isUnset: given.unset ?? false,
    version: version === undefined ? undefined : readVersion(version),
    scenario: scenario === undefined
      ? isWithout ? null : undefined
      : resolve(context.cwd, scenario),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ dir: { type: "string" }, "version-like": { type: "string" } } as const,
        ...{ scenario: { type: "string" }, "no-scenario": { type: "boolean" } } as const,
        unset: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw notUnderstood((error as Error).message);
  }
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
  if (await readTextIfPresent(path) === text) return;
  await writeFileAtomic(path, text);
  await Deno.chmod(path, 0o755);
}

function renderSet(
  directory: string,
  version: SlurmVersion | undefined,
  context: FakeSlurmContext,
): string {
  const bin = join(directory, "bin");
  const rest = pathWithoutFakes(context, bin);
  return `${DIRECTORY_VARIABLE}=${quote(directory)}; export ${DIRECTORY_VARIABLE};\n` +
    (version === undefined ? "" : `${VERSION_VARIABLE}=${version}; export ${VERSION_VARIABLE};\n`) +
    // The shell's own $PATH where it can stay: shorter, and it shows what happens.
    `PATH=${quote(bin)}:${
      rest === context.env.get("PATH") ? '"$PATH"' : quote(rest)
    }; export PATH;\n`;
}

function renderUnset(context: FakeSlurmContext): string {
  return `unset ${DIRECTORY_VARIABLE} ${VERSION_VARIABLE};\n` +
    `PATH=${quote(pathWithoutFakes(context))}; export PATH;\n`;
}

/** PATH without the programs of the fake that this shell uses now, and without `bin`. */
function pathWithoutFakes({ env }: FakeSlurmContext, bin?: string): string {
  const current = env.get(DIRECTORY_VARIABLE);
  const fakes = [bin, current === undefined ? undefined : join(current, "bin")];
  return (env.get("PATH") ?? "").split(delimiter).filter((entry) => !fakes.includes(entry))
    .join(delimiter);
}
