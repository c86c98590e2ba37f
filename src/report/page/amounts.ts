import { renderSize } from "../../jobs/amounts.ts";

/** `3:02:07`, `1-03:02:07`, `0:05`: as short as it can be read, in columns that end alike. */
export function shortDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (count: number) => String(count).padStart(2, "0");
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  if (days > 0) return `${days}-${two(hours)}:${two(minutes)}:${two(whole % 60)}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}`;
}

/** `42 s`, `10 min`, `1 h 40`, `3 d 4 h`: for a glance. */
export function roughDuration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Processor time in the unit that fits the largest of what stands beside it: `3.1 core hours`. */
export function coreUnit(largest: number): { readonly unit: string; readonly seconds: number } {
  if (largest >= 3600) return { unit: "core hours", seconds: 3600 };
  if (largest >= 60) return { unit: "core minutes", seconds: 60 };
  return { unit: "core seconds", seconds: 1 };
}

/** A number with so many digits that it says something: `12,300`, `412`, `3.1`, `0.04`. */
export function shortNumber(amount: number): string {
  if (amount === 0) return "0";
  if (amount >= 100) return Math.round(amount).toLocaleString("en-US");
  return amount >= 10 ? amount.toFixed(1) : amount.toPrecision(2).replace(/e.*$/, "");
}

/** A whole number with its thousands apart. */
export function count(amount: number): string {
  return amount.toLocaleString("en-US");
}

/** `1 job`, `12 jobs`. */
export function counted(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}

/** `78 %`, of less than one `<1 %`. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return "";
  const percent = 100 * part / whole;
  return percent > 0 && percent < 1 ? "<1 %" : `${Math.round(percent)} %`;
}

/** `2026-11-28 16:00`, in UTC. */
export function minuteOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

/** `4.0 GiB`. */
export const size: (bytes: number) => string = renderSize;

/** A time limit as `--time` takes it: `1:15:00`. */
export function timeOption(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (amount: number) => String(amount).padStart(2, "0");
  const days = Math.floor(whole / 86_400);
  const rest = `${Math.floor(whole / 3600) % 24}:${two(Math.floor(whole / 60) % 60)}:${
    two(whole % 60)
  }`;
  return days > 0 ? `${days}-${rest}` : rest;
}

/** Memory as `--mem` takes it: `1536M`, `2G`. */
export function memoryOption(bytes: number): string {
  const mebibytes = Math.ceil(bytes / 1024 ** 2);
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}G` : `${mebibytes}M`;
}

/** What a phase is called, and the sign that tells it without colour. */
export const PHASE_SIGNS = {
  completed: "✓",
  failed: "✗",
  active: "●",
  unknown: "?",
} as const;
