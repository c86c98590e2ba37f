/** Stands for "no limit" where a number of minutes is expected. */
export const UNLIMITED = null;

/** Minutes, or `null` for no limit. */
export type TimeLimit = number | null;

/**
 * Reads a time limit: `M`, `M:S`, `H:M:S`, `D-H`, `D-H:M`, `D-H:M:S`, `INFINITE` or `UNLIMITED`,
 * sbatch(1). Slurm keeps minutes, so that seconds are rounded up; `0` asks for no limit.
 *
 * @throws {SyntaxError} If it is none of these.
 */
export function parseTimeLimit(text: string): TimeLimit {
  if (/^(infinite|unlimited|-1)$/i.test(text)) return UNLIMITED;
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (match === null) throw new SyntaxError(`Cannot read the time limit "${text}"`);
  const [a, b, c] = [Number(match[2]), Number(match[3] ?? 0), Number(match[4] ?? 0)];
  let seconds: number;
  if (match[1] !== undefined) seconds = Number(match[1]) * 86_400 + a * 3600 + b * 60 + c;
  else if (match[4] !== undefined) seconds = a * 3600 + b * 60 + c;
  else seconds = a * 60 + b;
  return seconds === 0 ? UNLIMITED : Math.ceil(seconds / 60);
}

/** Writes seconds as sacct and scontrol do: `[D-]HH:MM:SS`. */
export function renderDuration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const clock = [seconds % 86_400 / 3600, seconds % 3600 / 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  return days === 0 ? clock : `${days}-${clock}`;
}

/** Writes seconds as squeue does: `[D-][H:]M:SS`, with no leading zeros. */
export function renderShortDuration(seconds: number): string {
  const full = renderDuration(seconds);
  if (full.includes("-")) return full;
  return full.startsWith("00:") ? full.slice(3).replace(/^0/, "") : full.replace(/^0/, "");
}
