/**
 * Options of sbatch(1), 22.05 to 24.11, that take a value, by their long names; a value may follow as the
 * next word.
 */
const WITH_VALUE = new Set(
  ("account acctg-freq array batch bb bbf begin chdir cluster-constraint clusters comment constraint " +
    "container container-id core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline " +
    "delay-boot dependency distribution error exclude export export-file extra extra-node-info gid " +
    "gpu-bind gpu-freq gpus gpus-per-node gpus-per-socket gpus-per-task gres gres-flags hint input " +
    "job-name licenses mail-type mail-user mcs-label mem mem-bind mem-per-cpu mem-per-gpu mincpus " +
    "network nodefile nodelist nodes ntasks ntasks-per-core ntasks-per-gpu ntasks-per-node " +
    "ntasks-per-socket open-mode output partition power prefer priority profile qos reservation " +
    "segment signal sockets-per-node switches thread-spec threads-per-core time time-min tmp " +
    "tres-bind tres-per-task uid wait-all-nodes wckey wrap").split(" "),
);
/** Options without a value, or whose value can only stand behind "=". */
const WITHOUT_VALUE = new Set(
  ("contiguous exclusive get-user-env help hold ignore-pbs kill-on-invalid-dep nice no-kill no-requeue " +
    "overcommit oversubscribe parsable propagate quiet reboot requeue resv-ports spread-job stepmgr " +
    "test-only usage use-min-nodes verbose version wait").split(" "),
);
const SHORT_WITH_VALUE = new Set("AaBbCcDdeFGiJLMmNnopqStwx".split(""));
const SHORT_WITHOUT_VALUE = new Set("hHIkOQsvVW".split(""));

/** An sbatch command line, taken apart. */
export interface SbatchWords {
  /** `sbatch`, or the path of it. */
  readonly program: string;
  /** Options and their values as given, without `--wrap` and its text. */
  readonly options: readonly string[];
  /** The batch script as given, or the text of `--wrap`. */
  readonly script: { readonly path: string } | { readonly wrap: string };
  /** What follows the script. */
  readonly args: readonly string[];
}

/**
 * Takes the words of an sbatch command line apart.
 *
 * @throws {SyntaxError} If the program is not sbatch, or it cannot be told where the script stands; the
 * message is the end of a sentence.
 */
export function parseSbatchWords(words: readonly string[]): SbatchWords {
  const [program, ...rest] = words;
  if (program === undefined || !/(^|\/)sbatch$/.test(program)) {
    throw new SyntaxError(`its first word is "${program ?? ""}", not sbatch`);
  }
  const options: string[] = [];
  let wrap: string | undefined;
  let at = 0;
  for (; at < rest.length && rest[at]!.startsWith("-") && rest[at] !== "-"; at++) {
    const word = rest[at]!;
    if (word === "--") {
      at++;
      break;
    }
    const { name, takesNext } = readOption(word);
    const next = takesNext ? rest[at + 1] : undefined;
    if (takesNext && next === undefined) throw new SyntaxError(`option ${word} has no value`);
    if (name === "array" || name === "a") {
      throw new SyntaxError(`it asks for an array of its own, ${word}`);
    }
    if (name === "wrap") wrap = next ?? word.slice("--wrap=".length);
    else options.push(word, ...(next === undefined ? [] : [next]));
    if (takesNext) at++;
  }
  const args = rest.slice(at);
  if (wrap !== undefined) {
    if (args.length === 0) return { program, options, script: { wrap }, args };
    throw new SyntaxError("it has both --wrap and a script");
  }
  const path = args.shift();
  if (path === undefined) throw new SyntaxError("it names no batch script");
  return { program, options, script: { path }, args };
}

function readOption(word: string): { readonly name: string; readonly takesNext: boolean } {
  if (word.startsWith("--")) {
    const [name] = word.slice(2).split("=", 1);
    if (word.includes("=")) return { name: name!, takesNext: false };
    if (WITH_VALUE.has(name!)) return { name: name!, takesNext: true };
    if (WITHOUT_VALUE.has(name!)) return { name: name!, takesNext: false };
    throw new SyntaxError(`whether option ${word} takes a value is not known: write ${word}=VALUE`);
  }
  // Letters may stand together, `-Hn 3`; the first one that takes a value takes the rest of the word.
  for (let at = 1; at < word.length; at++) {
    const letter = word[at]!;
    if (SHORT_WITH_VALUE.has(letter)) return { name: letter, takesNext: at === word.length - 1 };
    if (!SHORT_WITHOUT_VALUE.has(letter)) throw new SyntaxError(`sbatch has no option -${letter}`);
  }
  return { name: "", takesNext: false };
}
