/**
 * Slurm's programs as the fake has them: from an argument vector to text and an exit status.
 *
 * A *program* reads its options as getopt_long(3) does, asks the manager's job table, and prints as the real one
 * of the same version. A *refusal* is what it says, in its own words, where it will not go on. A *record* is
 * what scontrol shows of a job or of an array task; a *selection* is what one word of a list of job IDs names.
 *
 * @module
 */

import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { JobTable } from "../manager/job_table.ts";
import { ensureManager } from "../manager/manager_lock.ts";
import { type SlurmVersion, versionLine } from "../manager/slurm_version.ts";
import type { Cluster } from "../manager/state_directory.ts";
import { getopt, type OptionSpec } from "./getopt.ts";

/** Options of one call, by long name; of one that was given twice the last. */
export type AskedOptions = ReadonlyMap<string, string>;

/** Runs a program with its arguments; gives its exit status. */
export type Program = (
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
) => number | Promise<number>;

/** What one of Slurm's programs that show or change jobs understands. */
export interface ProgramOptions {
  /** Its name. */
  readonly program: string;
  /** All its options, in each version. */
  readonly specs: Readonly<Record<SlurmVersion, readonly OptionSpec[]>>;
  /** It is accounting's, which differs in how it refuses. */
  readonly isAccounting?: boolean;
}

/** One call of such a program. */
export interface ProgramCall {
  /** Its options. */
  readonly asked: AskedOptions;
  /** What is no option. */
  readonly words: readonly string[];
  /** Where it was called. */
  readonly context: FakeSlurmContext;
  /** Open during the call. */
  readonly table: JobTable;
  /** Its version decides what some texts say. */
  readonly cluster: Cluster;
  /** Milliseconds since the epoch: for run times, and for what a job still waits for. */
  readonly nowMs: number;
}

/** Makes a program of what it does with a call, and gives what it prints. */
export function defineProgram(
  { program, specs, isAccounting = false }: ProgramOptions,
  answer: (call: ProgramCall) => string,
): Program {
  return (args, cluster, context) => {
    const how = { program, specs: specs[cluster.version], pointsAtHelp: !isAccounting };
    const { options, words } = getopt(args, how);
    const asked = new Map(options.map(({ name, value }) => [name, value]));
    if (answersItself(program, asked, cluster, context)) return 0;
    if (!isAccounting) refuseOtherClusters(program, asked, cluster);
    using table = new JobTable(cluster.directory);
    ensureManager(table, cluster, context);
    context.io.out(answer({ asked, words, context, table, cluster, nowMs: Date.now() }));
    return 0;
  };
}

/** Answers `--version`, `--help` and `--usage`; says whether that was all that was asked. */
export function answersItself(
  program: string,
  asked: AskedOptions,
  { version }: Cluster,
  { io }: FakeSlurmContext,
): boolean {
  if (asked.has("version")) io.out(versionLine(version));
  else if (asked.has("help") || asked.has("usage")) io.out(usageOf(program));
  else return false;
  return true;
}

/** What a program prints for `--usage`; the manuals are Slurm's. */
export function usageOf(program: string): string {
  return `Usage: ${program} [options]\n\tas in ${program}(1)\n`;
}

/**
 * Refuses `--clusters` that names another cluster than the one there is.
 *
 * @throws {SlurmRefusal} In the words of the programs that talk to slurmctld.
 */
export function refuseOtherClusters(program: string, asked: AskedOptions, cluster: Cluster): void {
  for (const name of asked.get("clusters")?.split(",") ?? []) {
    if (name === cluster.name || name === "all") continue;
    const isFatal = cluster.version === "24.11" && program !== "sbatch";
    throw new SlurmRefusal(
      `${program}: error: No cluster '${name}' known by database.\n` +
        `${program}: error: '${name}' can't be reached now, or it is an invalid entry for --cluster.  ` +
        "Use 'sacctmgr list clusters' to see available clusters.\n" +
        (isFatal ? `${program}: fatal: Could not get cluster information\n` : ""),
    );
  }
}
