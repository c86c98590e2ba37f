import type { Call } from "./format.ts";
import { findArgumentFields } from "./scrub/find_fields.ts";

/** Programs whose every call does something: an answer that repeats would be a job that is not there. */
const ACTING = new Set(["sbatch", "scancel", "srun"]);
/** scontrol(1): what only looks. */
const LOOKING_VERBS = new Set([
  "show",
  "ping",
  "listpids",
  "version",
  "getaddrs",
  "--version",
  "-V",
]);
/** sacct(1), TIME FORMATS: dates, and dates with a time; what is asked "since" differs at each run. */
const TIME_REGEXP = /\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?\b/g;

/** More than any number of other words that a command line can have. */
const OTHER_PROGRAM = 1e9;

/** Program and arguments, where any time equals any other. */
function keyOf(argv: readonly string[]): string {
  return JSON.stringify(argv.map((word) => word.replace(TIME_REGEXP, "TIME")));
}

/** The same, where any account equals any other, too, any user, comment or host. */
function nameless(argv: readonly string[]): string[] {
  return findArgumentFields(argv).map((fields, index) => {
    const word = argv[index]!;
    const names = fields.filter(({ kind }) => kind !== "path" && kind !== "file")
      .sort((a, b) => b.start - a.start);
    let rest = word.length;
    return names.reduce((text, { kind, start, end }) => {
      if (end > rest) return text;
      rest = start;
      return `${text.slice(0, start)}<${kind}>${text.slice(end)}`;
    }, word);
  });
}

/**
 * The recorded calls that are the same as `argv`, in the order of their answers: program and arguments
 * are equal, but that any time equals any other. Where there is none, also names that a recording has
 * stand-ins for (accounts, users, hosts, comments) may differ: it cannot know the real ones.
 */
export function findSame(calls: readonly Call[], argv: readonly string[]): Call[] {
  const exact = calls.filter((call) => keyOf(call.argv) === keyOf(argv));
  if (exact.length > 0) return exact;
  const loose = keyOf(nameless(argv));
  return calls.filter((call) => keyOf(nameless(call.argv)) === loose);
}

/** Whether a call that was answered for the last time may be answered so again. */
export function mayRepeat(argv: readonly string[]): boolean {
  const [program = "", ...args] = argv;
  if (args.some((word) => word === "--version" || word === "-V")) return true;
  if (program !== "scontrol") return !ACTING.has(program);
  const verb = args.find((word, index) =>
    !word.startsWith("-") && !/^(-M|--clusters?)$/.test(args[index - 1] ?? "")
  );
  return verb === undefined || LOOKING_VERBS.has(verb);
}

/** The recorded call that differs least from `argv`; of equals the first one. */
export function findNearest(calls: readonly Call[], argv: readonly string[]): Call | undefined {
  let nearest: Call | undefined;
  let least = Infinity;
  for (const call of calls) {
    const distance = distanceBetween(call.argv, argv);
    if (distance < least) [nearest, least] = [call, distance];
  }
  return nearest;
}

/** Words to put in, take out or change; the program counts more than everything else together. */
function distanceBetween(a: readonly string[], b: readonly string[]): number {
  let row = b.map((_, index) => index);
  row.push(b.length);
  for (const [i, word] of a.entries()) {
    const next = [i + 1];
    for (const [j, other] of b.entries()) {
      const change = row[j]! + (word === other ? 0 : similarity(word, other));
      next.push(Math.min(change, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]! + (a[0] === b[0] ? 0 : OTHER_PROGRAM);
}

/** A changed word costs less than another one if both begin alike: `--format=…`. */
function similarity(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return 1 - length / (2 * Math.max(a.length, b.length, 1));
}
