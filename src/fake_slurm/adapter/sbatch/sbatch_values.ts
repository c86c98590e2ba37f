import { orRefuse, SlurmRefusal } from "../../context.ts";
import { parseTimeLimit, type TimeLimit } from "../../manager/clock_text.ts";
import type { JobWarning } from "../../manager/job_spec.ts";
import { SIGNAL_NUMBERS } from "../../manager/spawn_detached.ts";
import type { AskedOptions } from "../program_call.ts";

/** Refuses the value of `--name` as sbatch does. */
function invalidOption(name: string): SlurmRefusal {
  return new SlurmRefusal(`sbatch: error: Invalid --${name} specification\n`, 255);
}

/** Refuses the submission as slurmctld does. */
export function submissionFailed(reason: string): SlurmRefusal {
  return new SlurmRefusal(`sbatch: error: Batch job submission failed: ${reason}\n`);
}

/** Reads an option with `read`; `null` if it was not asked for. */
export function readIf<T>(asked: AskedOptions, name: string, read: (text: string) => T): T | null {
  const text = asked.get(name);
  return text === undefined ? null : read(text);
}

/** Reads a count above zero. */
export function readCount(asked: AskedOptions, name: string): number | null {
  return readIf(asked, name, (text) => {
    if (/^[1-9]\d*$/.test(text)) return Number(text);
    throw new SlurmRefusal(`sbatch: error: Invalid numeric value "${text}" for --${name}.\n`);
  });
}

/** Reads an amount of memory in megabytes: `2000`, `2G`. */
export function readMemory(asked: AskedOptions, name: string): number | null {
  return readIf(asked, name, (text) => {
    const [, amount, unit = ""] = /^(\d+)([KMGT]?)B?$/i.exec(text) ?? [];
    if (amount === undefined) throw invalidOption(name);
    const factor = { "": 1, K: 1 / 1024, M: 1, G: 1024, T: 1_048_576 }[unit.toUpperCase()]!;
    return Math.ceil(Number(amount) * factor);
  });
}

/** Reads `--time`; no limit if it was not asked for. */
export function readTimeLimit(asked: AskedOptions): TimeLimit {
  return readIf(
    asked,
    "time",
    (text) => orRefuse(invalidOption("time"), () => parseTimeLimit(text)),
  );
}

/** Reads `--nodes`: `2` or `2-4`. */
export function readNodes(asked: AskedOptions): string | null {
  return readIf(asked, "nodes", (text) => {
    if (/^[1-9]\d*(-\d+)?$/.test(text)) return text;
    throw new SlurmRefusal(`sbatch: error: "${text}" is not a valid node count\n`, 255);
  });
}

/** Reads `--signal`: `[R][B:]SIGNAL[@SECONDS]`. */
export function readWarning(asked: AskedOptions): JobWarning | null {
  return readIf(asked, "signal", (text) => {
    const [, flags = "", name = "", seconds = 60] =
      /^(?:([RB]{1,2}):)?(?:SIG)?(\w+)(?:@(\d+))?$/i.exec(text) ?? [];
    const signal = readSignal(name);
    if (signal === undefined) throw invalidOption("signal");
    return { signal, seconds: Number(seconds), batchOnly: /B/i.test(flags) };
  });
}

/** The number of a signal given by name or number; `undefined` if there is none. */
export function readSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  return SIGNAL_NUMBERS[text.toUpperCase().replace(/^SIG/, "")];
}

/** Reads `--open-mode`. */
export function readOpenMode(asked: AskedOptions): "append" | "truncate" | null {
  return readIf(asked, "open-mode", (text) => {
    if (/^a(ppend)?$/.test(text)) return "append";
    if (/^t(runcate)?$/.test(text)) return "truncate";
    throw invalidOption("open-mode");
  });
}
