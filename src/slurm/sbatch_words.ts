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
 * @param allowsArray `false`: it must not ask for an array.
 * @throws {SyntaxError} If the program is not sbatch, or it cannot be told where the script stands; the
 * message is the end of a sentence.
 */
export function parseSbatchWords(words: readonly string[], allowsArray = false): SbatchWords {
  const { program, options, script, args } = takeApart(words);
  const array = options.find(({ name }) => name === "array" || name === "a");
  if (array !== undefined && !allowsArray) {
    throw new SyntaxError(`it asks for an array of its own, ${array.words[0]}`);
  }
  return { program, options: options.flatMap((option) => option.words), script, args };
}

/**
 * Takes the components of a heterogeneous job on a command line apart, which stand between ":".
 *
 * @returns how many there are, and the words with the options of the first alone, where the script runs.
 * @throws {SyntaxError} As {@linkcode parseSbatchWords}.
 */
export function takeFirstComponent(
  words: readonly string[],
): { readonly count: number; readonly first: readonly string[] } {
  const separators: number[] = [];
  let at = 1;
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (word === ":") separators.push(at);
    else if (!word.startsWith("-") || word === "-" || word === "--") break;
    else if (readOption(word).takesNext) at++;
  }
  const first = separators.length === 0
    ? words
    : [...words.slice(0, separators[0]), ...words.slice(at)];
  return { count: separators.length + 1, first };
}

/** Options, by long and short names, that change what a job computes. */
const OF_THE_WORK = new Set(
  "array a chdir D container container-id export export-file get-user-env input i".split(" "),
);

/**
 * Whether an option changes what a job computes. Most say where, when, for how long and with how much it
 * runs, and how it is called. Of one that is not sbatch's own (a container's image, say) nobody knows.
 */
function isOfTheWork(name: string): boolean {
  const isKnown = name.length < 2 || WITH_VALUE.has(name) || WITHOUT_VALUE.has(name);
  return !isKnown || OF_THE_WORK.has(name);
}

/**
 * Of an sbatch command line what tells which work is done: the script, its arguments, and the options
 * that change either. Two lines with the same differ in nothing but how the work is run.
 *
 * @throws {SyntaxError} As {@linkcode parseSbatchWords}, but for arrays.
 */
export function workOfSbatchWords(words: readonly string[]): readonly unknown[] {
  const { options, script, args } = takeApart(words);
  const own = options.filter(({ name }) => isOfTheWork(name)).map((option) => option.words);
  return [script, args, own];
}

interface Option {
  /** Long, or one letter; empty for several letters together. */
  readonly name: string;
  /** As given, with its value. */
  readonly words: readonly string[];
}

function takeApart(
  words: readonly string[],
): Pick<SbatchWords, "program" | "script" | "args"> & { readonly options: readonly Option[] } {
  const [program, ...rest] = words;
  if (program === undefined || !/(^|\/)sbatch$/.test(program)) {
    throw new SyntaxError(`its first word is "${program ?? ""}", not sbatch`);
  }
  const options: Option[] = [];
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
    if (name === "wrap") wrap = next ?? word.slice("--wrap=".length);
    else options.push({ name, words: next === undefined ? [word] : [word, next] });
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

/** Long names of the short options that say where a job runs and what it is called. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  ...{ D: "chdir", J: "job-name", M: "clusters", a: "array", e: "error", o: "output" },
};

/**
 * The values of options that say where and what a job is, by their long names: `array`, `chdir`, `clusters`,
 * `error`, `job-name`, `output`, and others that were given by theirs. Of one that stands there twice the
 * last counts, as for sbatch.
 *
 * @param options words of a command line or of `#SBATCH` directives, nothing but options among them.
 * @throws {SyntaxError} If a word is no option, or it cannot be told whether it takes a value.
 */
export function valuesOfOptions(options: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (let at = 0; at < options.length; at++) {
    const word = options[at]!;
    if (!word.startsWith("-")) throw new SyntaxError(`"${word}" is no option`);
    const { name, takesNext, value } = readOption(word);
    const given = takesNext ? options[++at] : value;
    if (given !== undefined) values.set(LONG_NAMES[name] ?? name, given);
  }
  return values;
}

/** An option and its value, as far as one word tells. */
export interface ReadOption {
  /** As sbatch has it, without the dashes. */
  readonly name: string;
  /** Whether its value is the next word. */
  readonly takesNext: boolean;
  /** The value in the word itself. */
  readonly value?: string;
}

/**
 * What a word of sbatch's options is: the name of the option, or of the last one of several letters, and
 * whether its value is the next word.
 *
 * @throws {SyntaxError} If there is no such option, or it is not known whether it takes a value.
 */
export function readOption(word: string): ReadOption {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    if (equals >= 0) {
      return { name: word.slice(2, equals), takesNext: false, value: word.slice(equals + 1) };
    }
    const name = word.slice(2);
    if (WITH_VALUE.has(name)) return { name, takesNext: true };
    if (WITHOUT_VALUE.has(name)) return { name, takesNext: false };
    throw new SyntaxError(`whether option ${word} takes a value is not known: write ${word}=VALUE`);
  }
  // Letters may stand together, `-Hn 3`; the first one that takes a value takes the rest of the word.
  for (let at = 1; at < word.length; at++) {
    const letter = word[at]!;
    if (SHORT_WITH_VALUE.has(letter)) {
      const value = word.slice(at + 1);
      return value === "" ? { name: letter, takesNext: true } : {
        name: letter,
        takesNext: false,
        value,
      };
    }
    if (!SHORT_WITHOUT_VALUE.has(letter)) throw new SyntaxError(`sbatch has no option -${letter}`);
  }
  return { name: "", takesNext: false };
}
