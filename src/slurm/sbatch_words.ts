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
/** Letters without a value, and perhaps another one with what follows it. */
const LETTERS_REGEXP = /^-[hHIkOQsvVW]*(?:(.)(.*))?$/s;
/** Long names of the short options that say where a job runs, what it is called and what it waits for. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  ...{ D: "chdir", J: "job-name", M: "clusters", a: "array", d: "dependency", e: "error" },
  ...{ o: "output" },
};

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
  const array = components.flat().find(({ name }) => name === "array");
  if (array !== undefined && !allowsArray) {
    throw new SyntaxError(`it already has an array option, ${array.words[0]}`);
  }
  const [options = [], ...further] = components.map((own) => own.flatMap((option) => option.words));
  return { program, options, further, script, args };
}

/** Options, by long and short names, that change what a job computes. */
const OF_THE_WORK = new Set(
  "array chdir container container-id export export-file get-user-env input i".split(" "),
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

function takeApart(
  words: readonly string[],
): Pick<SbatchWords, "program" | "script" | "args"> & Pick<ReadOptions, "components"> {
  const [program, ...own] = words;
  if (program === undefined || !/(^|\/)sbatch$/.test(program)) {
    throw new SyntaxError(`its first word is "${program ?? ""}", not sbatch`);
  }
  const read = readOptions(own);
  if (read.problem !== undefined) throw new SyntaxError(read.problem);
  const wrap = read.components.flat().findLast(({ name }) => name === "wrap")?.value;
  const components = read.components.map((some) => some.filter(({ name }) => name !== "wrap"));
  const args = read.rest.slice(read.rest[0] === "--" ? 1 : 0);
  if (wrap !== undefined) {
    if (args.length === 0) return { program, components, script: { wrap }, args };
    throw new SyntaxError("it has both --wrap and a script");
  }
  const path = args.shift();
  if (path === undefined) throw new SyntaxError("it names no batch script");
  return { program, components, script: { path }, args };
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

/**
 * The values of options that say where and what a job is, by their long names: `array`, `chdir`, `clusters`,
 * `dependency`, `error`, `job-name`, `output`, and others that were given by theirs. Of one that stands there
 * twice the last counts, as for sbatch.
 *
 * @param words of a command line or of `#SBATCH` directives, nothing but options of one component among them.
 * @throws {SyntaxError} If a word is no option, or it cannot be told whether it takes a value.
 */
export function valuesOfOptions(words: readonly string[]): Map<string, string> {
  const { components, rest, problem } = readOptions(words);
  if (problem !== undefined) throw new SyntaxError(problem);
  const stray = components.length > 1 ? COMPONENT_SEPARATOR : rest[0];
  if (stray !== undefined) throw new SyntaxError(`"${stray}" is no option`);
  return new Map(
    components.flat().flatMap(({ name, value }) => value === undefined ? [] : [[name, value]]),
  );
}

/** An option of sbatch. */
export interface Option {
  /** Long, or one letter where LONG_NAMES has none; empty for letters without a value. */
  readonly name: string;
  /** As given, with its value. */
  readonly words: readonly string[];
  /** `undefined` if it has none. */
  readonly value: string | undefined;
}

/** The options that words begin with. */
export interface ReadOptions {
  /** One list, or of a heterogeneous job one for each component. */
  readonly components: readonly (readonly Option[])[];
  /** What follows: the script, perhaps behind `--`, or what could not be read. */
  readonly rest: readonly string[];
  /** Why `rest` could not be read: the end of a sentence. */
  readonly problem: string | undefined;
}

/** sbatch(1), HETEROGENEOUS JOBS: stands between the options of two components. */
export const COMPONENT_SEPARATOR = ":";

/** Reads the words behind `sbatch` up to the script, or to one of which nobody knows what it makes of the next. */
export function readOptions(words: readonly string[]): ReadOptions {
  const components: Option[][] = [[]];
  let rest = words;
  // `--` ends the options, `-` alone is a script.
  while (/^-./.test(rest[0] ?? "") && rest[0] !== "--" || rest[0] === COMPONENT_SEPARATOR) {
    if (rest[0] === COMPONENT_SEPARATOR) {
      components.push([]);
      rest = rest.slice(1);
      continue;
    }
    const option = readOption(rest[0]!, rest[1]);
    if (typeof option === "string") return { components, rest, problem: option };
    components.at(-1)!.push(option);
    rest = rest.slice(option.words.length);
  }
  return { components, rest, problem: undefined };
}

/** Returns what is wrong with a word that cannot be read. */
function readOption(word: string, next: string | undefined): Option | string {
  const [, long, value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  if (long === undefined) return readLetters(word, next);
  const name = wholeName(long);
  if (value !== undefined || WITHOUT_VALUE.has(name)) return { name, words: [word], value };
  if (WITH_VALUE.has(name)) return withNext(name, word, next);
  return `whether option ${word} takes a value is not known: write ${word}=VALUE`;
}

/** Letters may stand together, `-Hn 3`; the first one that takes a value takes the rest of the word. */
function readLetters(word: string, next: string | undefined): Option | string {
  const [, letter, value] = LETTERS_REGEXP.exec(word)!;
  if (letter === undefined) return { name: "", words: [word], value };
  if (!SHORT_WITH_VALUE.has(letter)) return `sbatch has no option -${letter}`;
  const name = LONG_NAMES[letter] ?? letter;
  return value === "" ? withNext(name, word, next) : { name, words: [word], value };
}

function withNext(name: string, word: string, next: string | undefined): Option | string {
  if (next === undefined) return `option ${word} has no value`;
  return { name, words: [word, next], value: next };
}

/** getopt_long(3) takes the beginning of a name for the name, where no other begins so. */
function wholeName(given: string): string {
  if (WITH_VALUE.has(given) || WITHOUT_VALUE.has(given)) return given;
  const names = [...WITH_VALUE, ...WITHOUT_VALUE].filter((name) => name.startsWith(given));
  return names.length === 1 && given.length > 1 ? names[0]! : given;
}
