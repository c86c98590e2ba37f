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
  /**
   * Options and their values as given, without `--wrap` and its text; of a heterogeneous job those of the first
   * component, which runs the script.
   */
  readonly options: readonly string[];
  /** Those of its further components, which `:` parts; empty for any other job. */
  readonly further: readonly (readonly string[])[];
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
  const { program, components, script, args } = takeApart(words);
  const array = components.flat().find(({ name }) => name === "array" || name === "a");
  if (array !== undefined && !allowsArray) {
    throw new SyntaxError(`it asks for an array of its own, ${array.words[0]}`);
  }
  const [options = [], ...further] = components.map((own) => own.flatMap((option) => option.words));
  return { program, options, further, script, args };
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
  const { components, script, args } = takeApart(words);
  const own = components.flat().filter(({ name }) => isOfTheWork(name))
    .map((option) => option.words);
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
): Pick<SbatchWords, "program" | "script" | "args"> & {
  readonly components: readonly (readonly Option[])[];
} {
  const [program, ...rest] = words;
  if (program === undefined || !/(^|\/)sbatch$/.test(program)) {
    throw new SyntaxError(`its first word is "${program ?? ""}", not sbatch`);
  }
  const components: Option[][] = [[]];
  let wrap: string | undefined;
  let at = 0;
  for (; at < rest.length && isBeforeScript(rest[at]!); at++) {
    const word = rest[at]!;
    if (word === COMPONENT_SEPARATOR) {
      components.push([]);
      continue;
    }
    const { name, takesNext, value } = readOption(word);
    const next = takesNext ? rest[at + 1] : undefined;
    if (takesNext && next === undefined) throw new SyntaxError(`option ${word} has no value`);
    if (name === "wrap") wrap = next ?? value;
    else components.at(-1)!.push({ name, words: next === undefined ? [word] : [word, next] });
    if (takesNext) at++;
  }
  const args = rest.slice(rest[at] === "--" ? at + 1 : at);
  if (wrap !== undefined) {
    if (args.length === 0) return { program, components, script: { wrap }, args };
    throw new SyntaxError("it has both --wrap and a script");
  }
  const path = args.shift();
  if (path === undefined) throw new SyntaxError("it names no batch script");
  return { program, components, script: { path }, args };
}

/** sbatch(1), HETEROGENEOUS JOBS: stands between the options of two components. */
export const COMPONENT_SEPARATOR = ":";

/** Whether a word stands before the script: `--` ends the options, `-` alone is a script. */
export function isBeforeScript(word: string): boolean {
  return word === COMPONENT_SEPARATOR || /^-./.test(word) && word !== "--";
}

/**
 * What an sbatch command line says of the job, or of the first component of a heterogeneous one, as
 * {@linkcode valuesOfOptions} has it: an option that only a further component names counts for the first, too
 * (tried with 22.05 and 24.11).
 *
 * @throws {SyntaxError} As {@linkcode valuesOfOptions}.
 */
export function valuesOfWords(
  { options, further }: Pick<SbatchWords, "options" | "further">,
): Map<string, string> {
  return valuesOfOptions([...further.flat(), ...options]);
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
  /** As sbatch has it, without the dashes; a beginning that only one option has stands for that. */
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
      const name = wholeName(word.slice(2, equals));
      return { name, takesNext: false, value: word.slice(equals + 1) };
    }
    const name = wholeName(word.slice(2));
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

/** getopt_long(3) takes the beginning of a name for the name, where no other begins so. */
function wholeName(given: string): string {
  if (WITH_VALUE.has(given) || WITHOUT_VALUE.has(given)) return given;
  const names = [...WITH_VALUE, ...WITHOUT_VALUE].filter((name) => name.startsWith(given));
  return names.length === 1 && given.length > 1 ? names[0]! : given;
}
