import { SlurmRefusal } from "../context.ts";
import type { JobSpec } from "../job_spec.ts";
import { SIGNAL_NUMBERS } from "../spawn_detached.ts";
import { parseTimeLimit, type TimeLimit, UNLIMITED } from "../time_limit.ts";

/** Options of one submission, by long name. */
export type AskedOptions = ReadonlyMap<string, string>;

const MAIL_TYPES = [
  ...["NONE", "BEGIN", "END", "FAIL", "REQUEUE", "ALL", "INVALID_DEPEND", "STAGE_OUT"],
  ...["TIME_LIMIT", "TIME_LIMIT_90", "TIME_LIMIT_80", "TIME_LIMIT_50", "ARRAY_TASKS"],
];

/** Refuses the value of `--name` as sbatch does. */
export function invalidOption(name: string): SlurmRefusal {
  return new SlurmRefusal(`sbatch: error: Invalid --${name} specification\n`, 255);
}

/** Refuses the submission as slurmctld does. */
export function submissionFailed(reason: string): SlurmRefusal {
  return new SlurmRefusal(`sbatch: error: Batch job submission failed: ${reason}\n`);
}

/** Reads a count above zero, or `null` if it was not asked for. */
export function readCount(asked: AskedOptions, name: string): number | null {
  const text = asked.get(name);
  if (text === undefined) return null;
  if (!/^[1-9]\d*$/.test(text)) {
    throw new SlurmRefusal(`sbatch: error: Invalid numeric value "${text}" for --${name}.\n`);
  }
  return Number(text);
}

/** Reads an amount of memory in megabytes: `2000`, `2G`; `null` if it was not asked for. */
export function readMemory(asked: AskedOptions, name: string): number | null {
  const text = asked.get(name);
  if (text === undefined) return null;
  const match = /^(\d+)([KMGT]?)B?$/i.exec(text);
  if (match === null) throw invalidOption(name);
  const factor = { "": 1, K: 1 / 1024, M: 1, G: 1024, T: 1_048_576 }[match[2]!.toUpperCase()]!;
  return Math.ceil(Number(match[1]) * factor);
}

/** Reads `--time`; no limit if it was not asked for. */
export function readTimeLimit(asked: AskedOptions): TimeLimit {
  const text = asked.get("time");
  if (text === undefined) return UNLIMITED;
  try {
    return parseTimeLimit(text);
  } catch {
    throw invalidOption("time");
  }
}

/** Reads `--nodes`: `2` or `2-4`. */
export function readNodes(asked: AskedOptions): string | null {
  const text = asked.get("nodes");
  if (text === undefined) return null;
  if (!/^[1-9]\d*(-\d+)?$/.test(text)) {
    throw new SlurmRefusal(`sbatch: error: "${text}" is not a valid node count\n`, 255);
  }
  return text;
}

/** Reads `--signal`: `[R][B:]SIGNAL[@SECONDS]`; `null` if it was not asked for. */
export function readWarning(asked: AskedOptions): JobSpec["warning"] {
  const text = asked.get("signal");
  if (text === undefined) return null;
  const match = /^(?:[RB]{1,2}:)?(?:SIG)?(\w+)(?:@(\d+))?$/i.exec(text);
  const signal = match === null ? undefined : readSignal(match[1]!);
  if (signal === undefined) throw invalidOption("signal");
  return {
    signal,
    seconds: Number(match?.[2] ?? 60),
    batchOnly: /^[RB]*B[RB]*:/i.test(text),
  };
}

/** The number of a signal given by name or number; `undefined` if there is none. */
export function readSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  return SIGNAL_NUMBERS[text.toUpperCase().replace(/^SIG/, "")];
}

/** Reads `--mail-type`. */
export function readMailType(asked: AskedOptions): string | null {
  const text = asked.get("mail-type");
  if (text === undefined) return null;
  const words = text.toUpperCase().split(",");
  if (!words.every((word) => MAIL_TYPES.includes(word))) throw invalidOption("mail-type");
  return words.includes("NONE") ? null : words.join(",");
}

/** Reads `--open-mode`. */
export function readOpenMode(asked: AskedOptions): "append" | "truncate" | null {
  const text = asked.get("open-mode");
  if (text === undefined) return null;
  if (/^a(ppend)?$/.test(text)) return "append";
  if (/^t(runcate)?$/.test(text)) return "truncate";
  throw invalidOption("open-mode");
}

const COUNTS = ["mincpus", "ntasks-per-core", "ntasks-per-socket", "threads-per-core"];
const DISTRIBUTIONS =
  /^(\*|block|cyclic|arbitrary|plane=\d+|fcyclic)(:(\*|block|cyclic|fcyclic)){0,2}(,(no)?pack)?$/i;
const HINTS = ["compute_bound", "memory_bound", "multithread", "nomultithread"];

/**
 * Looks at the values of options that have no effect here.
 *
 * @throws {SlurmRefusal} In sbatch's words, if one is not acceptable.
 */
export function refuseOddValues(asked: AskedOptions): void {
  for (const name of COUNTS) readCount(asked, name);
  const switches = asked.get("switches")?.split("@")[0];
  if (switches !== undefined) readCount(new Map([["switches", switches]]), "switches");
  readMemory(asked, "tmp");
  const timeMin = asked.get("time-min");
  try {
    if (timeMin !== undefined) parseTimeLimit(timeMin);
  } catch {
    throw invalidOption("time-min");
  }
  const isOdd = (name: string, fits: RegExp) => !fits.test(asked.get(name) || "yes");
  if (isOdd("kill-on-invalid-dep", /^(yes|no)$/i)) throw invalidOption("kill-on-invalid-dep");
  if (isOdd("exclusive", /^(yes|user|mcs|topo)$/i)) throw invalidOption("exclusive");
  const distribution = asked.get("distribution");
  if (distribution !== undefined && !DISTRIBUTIONS.test(distribution)) {
    throw invalidOption("distribution");
  }
  const hint = asked.get("hint");
  if (hint !== undefined && !HINTS.includes(hint)) {
    throw new SlurmRefusal(
      `sbatch: error: unrecognized --hint argument "${hint}", see --hint=help\n`,
    );
  }
}
