import { findShellSyntax, splitShellWords } from "../shell/shell_words.ts";
import { clustersIn, theCluster } from "./named_cluster.ts";
import { parseSbatchWords, valuesOfWords } from "./sbatch_words.ts";

/** What Slurm keeps of a submission command, and where its job is. */
export interface ExpectedLine {
  /** The words of the command with a blank between each two; quotes are gone. */
  readonly line: string;
  /** The cluster that it was submitted to; `null` for that of this machine. */
  readonly cluster: string | null;
}

/** Slurm 22.05 keeps so many bytes of a line. */
const MOST_BYTES = 65_534;

/**
 * Works out the SubmitLine of sacct(1) that a command will have: the words that sbatch was started with.
 *
 * @param clusters those that the environment of the command named, for sbatch to pick one.
 * @throws {SyntaxError} If it cannot be told, or does not tell the job; the message is the end of a sentence.
 */
export function expectedLineOf(command: string, clusters: readonly string[]): ExpectedLine {
  const special = findShellSyntax(command);
  if (special !== undefined) throw new SyntaxError(`a shell has read its ${special}`);
  const words = splitShellWords(command);
  const values = valuesOfWords(parseSbatchWords(words, true));
  if (values.has("chdir")) {
    // The job's folder is then not the one it was submitted in, and another clone may name the same.
    throw new SyntaxError("it names the folder of its job (--chdir)");
  }
  const line = words.join(" ");
  if (new TextEncoder().encode(line).length > MOST_BYTES) {
    throw new SyntaxError("Slurm does not keep a line of this length");
  }
  const inCommand = clustersIn(command);
  const names = inCommand.length > 0 ? inCommand : clusters;
  if (names.length === 0) return { line, cluster: null };
  const cluster = theCluster(names);
  if (cluster === undefined) throw new SyntaxError(`sbatch had the choice of ${names.join(",")}`);
  return { line, cluster };
}

/**
 * Whether a SubmitLine is that of a command: the same words, where a wrapper of the site may have started
 * sbatch by another path.
 */
export function isSameLine(found: string, expected: string): boolean {
  if (found === expected) return true;
  const words = expected.slice(expected.indexOf(" "));
  if (!found.endsWith(words)) return false;
  return /^(?:\S*\/)?sbatch[^\s/]*$/.test(found.slice(0, found.length - words.length));
}
