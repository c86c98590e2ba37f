import { UserError } from "../errors.ts";
import { findShellSyntax, splitShellWords } from "../shell/shell_words.ts";
import { parseSbatchWords, valuesOfWords } from "./sbatch_words.ts";

/**
 * The clusters that a submission command names, `-M` of sbatch(1), which picks one of them; none if it
 * names none, or is no plain sbatch command.
 */
export function clustersIn(cmd: string): string[] {
  if (findShellSyntax(cmd) !== undefined) return [];
  try {
    return namesIn(valuesOfWords(parseSbatchWords(splitShellWords(cmd), true)).get("clusters"));
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * Whether the text is the name of one cluster: not `all`, no list, and nothing that could be an option of
 * the commands that it is handed to.
 */
export function isClusterName(text: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(text) && text !== "all";
}

/** The one cluster that was named; `undefined` if none, several or all were. */
export function theCluster(names: readonly string[]): string | undefined {
  return names.length === 1 && isClusterName(names[0]!) ? names[0] : undefined;
}

/**
 * The cluster that a command submits to: that which it names, or its environment; `null` for that of this machine.
 *
 * @returns `undefined` if it cannot be told, or sbatch picks one.
 */
export function targetClusterOf(
  command: string,
  env: { get(name: string): string | undefined },
): string | null | undefined {
  if (findShellSyntax(command) !== undefined) return undefined;
  const own = clustersIn(command);
  const names = own.length > 0 ? own : clustersOfEnvironment(env);
  return names.length === 0 ? null : theCluster(names);
}

/** What is known of where a job is whose ID a person typed. */
export interface TypedJob {
  /** The job ID, or with the cluster as `sbatch --parsable` prints it: `4242;big`. */
  readonly text: string;
  /** The cluster by itself; `undefined` if it was not typed. */
  readonly cluster: string | undefined;
  /** The submission command. */
  readonly cmd: string;
}

/**
 * The cluster of a job whose ID a person typed: the one that was typed with it, or the one that the command
 * names. A job of the same number on another cluster must not answer for it.
 *
 * @returns `null` for that of this machine.
 * @throws {UserError} `USAGE` if it cannot be told.
 */
export function clusterOfTyped(
  { text, cluster, cmd }: TypedJob,
  env: { get(name: string): string | undefined },
): string | null {
  const typed = text.includes(";") ? text.slice(text.indexOf(";") + 1) : undefined;
  if (typed !== undefined && cluster !== undefined && typed !== cluster) {
    throw new UserError("USAGE", `Cannot take job "${text}" for one of cluster "${cluster}"`, {
      hint: "name one cluster",
    });
  }
  const named = typed ?? cluster;
  if (named !== undefined) {
    if (isClusterName(named)) return named;
    const jobId = text.split(";", 1)[0];
    throw new UserError("USAGE", `Cannot take "${named}" for the cluster of job ${jobId}`, {
      unchanged: "Nothing was settled",
      hint: "name the one cluster that it is on: --cluster NAME; leave it out if it is this one",
    });
  }
  const inCommand = clustersIn(cmd);
  const names = inCommand.length > 0 ? inCommand : clustersOfEnvironment(env);
  if (names.length === 0) return null;
  const inCommandAlone = theCluster(inCommand);
  if (inCommandAlone !== undefined) return inCommandAlone;
  throw new UserError(
    "USAGE",
    `Cannot tell on which cluster job ${text} is: ${
      inCommand.length > 0 ? "the command names" : "SLURM_CLUSTERS or SBATCH_CLUSTERS is"
    } ${names.join(",")}`,
    { hint: `say which: --cluster NAME` },
  );
}

/** The clusters that the environment has sbatch submit to: sbatch(1), SBATCH_CLUSTERS or SLURM_CLUSTERS. */
export function clustersOfEnvironment(env: { get(name: string): string | undefined }): string[] {
  return namesIn(env.get("SBATCH_CLUSTERS") ?? env.get("SLURM_CLUSTERS"));
}

function namesIn(list: string | undefined): string[] {
  return (list ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
}
