import { SlurmRefusal } from "./context.ts";

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};

/** How a point in time without a date is meant. */
export interface ParseTimeOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** A time of day that has passed means today (sacct) and not tomorrow (sbatch --begin). */
  readonly allowPast: boolean;
}

/**
 * Reads a point in time as Slurm's commands do: `now-2days`, `today`, `16:00`, `12/24`,
 * `2026-01-31T12:30:00`. Gives milliseconds since the epoch, on a whole second, in local time.
 *
 * @throws {SlurmRefusal} In Slurm's words, if it is no time.
 */
export function parseSlurmTime(text: string, options: ParseTimeOptions): number {
  const word = text.trim();
  const relative = relativeTime(word, options.now);
  if (relative !== undefined) return relative;
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](.+))?$/.exec(word);
  if (iso !== null) return onDay(text, Number(iso[1]), Number(iso[2]), Number(iso[3]), iso[4]);
  const american = /^(\d{1,2})[/.](\d{1,2})(?:[/.](\d{2,4}))?(?:-(.+))?$/.exec(word) ??
    /^(\d{2})(\d{2})(\d{2})?(?:-(.+))?$/.exec(word);
  if (american !== null) {
    const year = american[3] === undefined
      ? new Date(options.now).getFullYear()
      : Number(american[3]) + (american[3].length === 2 ? 2000 : 0);
    return onDay(text, year, Number(american[1]), Number(american[2]), american[4]);
  }
  const today = new Date(options.now);
  const time = onDay(text, today.getFullYear(), today.getMonth() + 1, today.getDate(), word);
  return time < options.now && !options.allowPast ? time + 86_400_000 : time;
}

function relativeTime(word: string, now: number): number | undefined {
  const uts = /^uts(\d+)$/.exec(word);
  if (uts !== null) return Number(uts[1]) * 1000;
  const match =
    /^(now|today|midnight|tomorrow|noon|fika|teatime)(?:([+-])(\d+)(second|minute|hour|day|week)?s?)?$/i
      .exec(word);
  if (match === null) return undefined;
  const sign = match[2] === "-" ? -1 : 1;
  const shift = Number(match[3] ?? 0) * (UNIT_SECONDS[match[4]?.toLowerCase() ?? "second"] ?? 1);
  return baseTime(match[1]!.toLowerCase(), now) + sign * shift * 1000;
}

function baseTime(word: string, now: number): number {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  switch (word) {
    case "now":
      return Math.floor(now / 1000) * 1000;
    case "tomorrow":
    case "midnight":
      day.setDate(day.getDate() + 1);
      return day.getTime();
    case "noon":
    case "fika":
    case "teatime": {
      day.setHours({ noon: 12, fika: 15, teatime: 16 }[word]);
      return day.getTime() < now ? day.getTime() + 86_400_000 : day.getTime();
    }
    default:
      return day.getTime();
  }
}

function onDay(
  text: string,
  year: number,
  month: number,
  day: number,
  clock: string | undefined,
): number {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?$/i.exec(clock ?? "0:00");
  if (match === null || month < 1 || month > 12 || day < 1 || day > 31) throw invalid(text);
  const half = match[4]?.toLowerCase();
  const hour = Number(match[1]) % (half === undefined ? 24 : 12) + (half === "pm" ? 12 : 0);
  if (Number(match[1]) > 24 || Number(match[2]) > 59) throw invalid(text);
  return new Date(year, month - 1, day, hour, Number(match[2]), Number(match[3] ?? 0)).getTime();
}

function invalid(text: string): SlurmRefusal {
  return new SlurmRefusal(`Invalid time specification (pos=0): ${text}\n`);
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  ...["January", "February", "March", "April", "May", "June", "July", "August", "September"],
  ...["October", "November", "December"],
];

/**
 * Writes a point in time in local time as `2026-01-31T12:30:00`, or as `SLURM_TIME_FORMAT` asks:
 * `standard`, or a strftime(3) format.
 */
export function renderSlurmTime(ms: number, format: string | undefined): string {
  const date = new Date(ms);
  if (format === undefined || format === "" || format === "standard" || format === "relative") {
    return strftime("%Y-%m-%dT%H:%M:%S", date);
  }
  return strftime(format, date);
}

function strftime(format: string, date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const hour12 = date.getHours() % 12 === 0 ? 12 : date.getHours() % 12;
  const offset = -date.getTimezoneOffset();
  const values: Readonly<Record<string, () => string>> = {
    Y: () => String(date.getFullYear()),
    y: () => two(date.getFullYear() % 100),
    m: () => two(date.getMonth() + 1),
    d: () => two(date.getDate()),
    e: () => String(date.getDate()).padStart(2),
    H: () => two(date.getHours()),
    I: () => two(hour12),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
    p: () => date.getHours() < 12 ? "AM" : "PM",
    s: () => String(Math.floor(date.getTime() / 1000)),
    a: () => DAYS[date.getDay()]!.slice(0, 3),
    A: () => DAYS[date.getDay()]!,
    b: () => MONTHS[date.getMonth()]!.slice(0, 3),
    B: () => MONTHS[date.getMonth()]!,
    F: () => strftime("%Y-%m-%d", date),
    T: () => strftime("%H:%M:%S", date),
    R: () => strftime("%H:%M", date),
    D: () => strftime("%m/%d/%y", date),
    c: () => strftime("%a %b %e %H:%M:%S %Y", date),
    z: () =>
      `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${
        two(Math.abs(offset) % 60)
      }`,
    n: () => "\n",
    t: () => "\t",
    "%": () => "%",
  };
  return format.replace(/%([A-Za-z%])/g, (whole, letter) => values[letter]?.() ?? whole);
}
