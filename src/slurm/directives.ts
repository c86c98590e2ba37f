import { splitShellWords } from "../shell/shell_words.ts";

/**
 * The lines with options of a batch script: sbatch(1), "sbatch will stop processing further #SBATCH
 * directives once the first non-comment non-whitespace line has been reached".
 */
export function directivesOf(script: string): string[] {
  const directives: string[] = [];
  for (const line of script.split("\n")) {
    if (/^\s*$/.test(line)) continue;
    // A comment may be indented, a directive may not; between it and its first option need be no blank.
    if (!/^\s*#/.test(line)) break;
    if (/^#(SBATCH|PBS|BSUB)/.test(line)) directives.push(line);
  }
  return directives;
}

/** The words of the `#SBATCH` lines of a batch script, each as {@linkcode wordsOfDirective}. */
export function directiveWords(script: string, split = splitShellWords): string[] {
  return directivesOf(script).filter((line) => line.startsWith("#SBATCH"))
    .flatMap((line) => wordsOfDirective(line, split));
}

/**
 * The words of an `#SBATCH` line. sbatch(1): there a word that begins with `#` begins a comment.
 *
 * @param split takes a line apart.
 */
export function wordsOfDirective(line: string, split = splitShellWords): string[] {
  const words = split(line.slice("#SBATCH".length));
  const comment = words.findIndex((word) => word.startsWith("#"));
  return comment < 0 ? words : words.slice(0, comment);
}
