import { SlurmRefusal } from "../context.ts";

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ...{ second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 },
};

const DAY_MS = 86_400_000;

/**
 * Reads a point in time as Slurm's commands do: `now-2days`, `today`, `16:00`, `12/24`,
 * `2026-01-31T12:30:00`. Gives milliseconds since the epoch, on a whole second, in local time. A time of
 * day that has passed means today (sacct), or with `isFuture` tomorrow (sbatch --begin).
 *
 * @throws {SlurmRefusal} In Slurm's words, if it is no time.
 */
export function parseSlurmTime(text: string, now: number, isFuture = false): number {
  const word = text.trim();
  const relative = relativeTime(word, now);
  if (relative !== undefined) return relative;
  const [, year, month, day, clock] = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](.+))?$/.exec(word) ?? [];
  if (year !== undefined) return onDay(text, [year, month, day], clock);
  const today = new Date(now);
  const american = /^(\d{1,2})[/.]?(\d{2})(?:[/.]?(\d{2}))?(?:-(.+))?$/.exec(word);
  if (american !== null) {
    const [, ofMonth, ofDay, short] = american;
    const ofYear = short === undefined ? today.getFullYear() : 2000 + Number(short);
    return onDay(text, [ofYear, ofMonth, ofDay], american[4]);
  }
  const date = [today.getFullYear(), today.getMonth() + 1, today.getDate()];
  const time = onDay(text, date, word);
  return time < now && isFuture ? time + DAY_MS : time;
}

function relativeTime(word: string, now: number): number | undefined {
  const match =
    /^(now|today|midnight|tomorrow|noon)(?:([+-])(\d+)(second|minute|hour|day|week)?s?)?$/i
      .exec(word);
  if (match === null) return undefined;
  const sign = match[2] === "-" ? -1 : 1;
  const shift = Number(match[3] ?? 0) * (UNIT_SECONDS[match[4]?.toLowerCase() ?? "second"] ?? 1);
  return baseTime(match[1]!.toLowerCase(), now) + sign * shift * 1000;
}

function baseTime(word: string, now: number): number {
  if (word === "now") return Math.floor(now / 1000) * 1000;
  const day = new Date(now);
  day.setHours(word === "noon" ? 12 : 0, 0, 0, 0);
  const isNext = word === "tomorrow" || word === "midnight" ||
    (word === "noon" && day.getTime() < now);
  if (isNext) day.setDate(day.getDate() + 1);
  return day.getTime();
}

function onDay(
  text: string,
  date: readonly (string | number | undefined)[],
  clock = "0:00",
): number {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(clock);
  const [year, month, day] = date.map(Number) as [number, number, number];
  const [hour, minute, second] = [1, 2, 3].map((at) => Number(match?.[at] ?? 0));
  const isTime = match !== null && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
    hour! <= 24 && minute! <= 59;
  if (isTime) return new Date(year, month - 1, day, hour, minute, second).getTime();
  throw new SlurmRefusal(`Invalid time specification (pos=0): ${text}\n`);
}

/** Writes a point in time in local time as `2026-01-31T12:30:00`. */
export function renderSlurmTime(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}T${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

/** Minutes, or `null` for no limit. */
export type TimeLimit = number | null;

/**
 * Reads a time limit: `M`, `M:S`, `H:M:S`, `D-H`, `D-H:M`, `D-H:M:S`, `INFINITE` or `UNLIMITED`,
 * sbatch(1). Slurm keeps minutes, so that seconds are rounded up; `0` asks for no limit.
 *
 * @throws {SyntaxError} If it is none of these.
 */
export function parseTimeLimit(text: string): TimeLimit {
  if (/^(infinite|unlimited|-1)$/i.test(text)) return null;
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (match === null) throw new SyntaxError(`Cannot read the time limit "${text}"`);
  const [a, b, c] = [Number(match[2]), Number(match[3] ?? 0), Number(match[4] ?? 0)];
  let seconds: number;
  if (match[1] !== undefined) seconds = Number(match[1]) * 86_400 + a * 3600 + b * 60 + c;
  else if (match[4] !== undefined) seconds = a * 3600 + b * 60 + c;
  else seconds = a * 60 + b;
  return seconds === 0 ? null : Math.ceil(seconds / 60);
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
