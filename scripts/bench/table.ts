import { stringify } from "csv-stringify/sync";
import { markdownTable } from "markdown-table";
import type { Sample } from "./sample.ts";
import type { Spread, Summary } from "./summary.ts";

const HEAD = [
  "what",
  "Slurm",
  "jobs",
  "files",
  "tool",
  "ms",
  "min–max",
  "runs",
  "ratio",
  "min–max",
  "MB",
  "processes",
];

/** All cases as one Markdown table; times are medians of milliseconds a job. */
export function renderTable(summaries: readonly Summary[]): string {
  const rows = summaries.map(({ of, time, ratio, peakMb, processes }) => [
    of.operation,
    of.slurm,
    of.operation === "start-up" ? "" : String(of.jobs),
    of.operation === "start-up" ? "" : String(of.files),
    of.tool,
    milliseconds(time.median),
    range(time, milliseconds),
    String(time.count),
    ratio === undefined ? "" : times(ratio.median),
    ratio === undefined ? "" : range(ratio, times),
    peakMb === null ? "" : peakMb.toFixed(0),
    processes === null ? "" : String(processes),
  ]);
  const align = HEAD.map((name) => ["what", "Slurm", "tool"].includes(name) ? "l" : "r");
  return markdownTable([HEAD, ...rows], { align }) + "\n";
}

/** Every single run, for other programs. */
export function renderCsv(samples: readonly Sample[]): string {
  return stringify([...samples], { header: true });
}

/** `1.23` s as milliseconds, with a decimal below 10. */
export function milliseconds(seconds: number): string {
  const value = seconds * 1000;
  return value.toFixed(Math.abs(value) < 10 ? 1 : 0);
}

/** A ratio with as many digits as mean something. */
export function times(ratio: number): string {
  return ratio.toFixed(Math.abs(ratio) < 10 ? 1 : 0);
}

function range({ min, max, count }: Spread, show: (value: number) => string): string {
  return count === 1 ? "" : `${show(min)}–${show(max)}`;
}
