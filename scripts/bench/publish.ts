import { join } from "node:path";
import { renderGoals } from "./goals.ts";
import { renderPlot } from "./plot.ts";
import { renderReport } from "./sample.ts";
import type { Report } from "./sample.ts";
import { summarise } from "./summary.ts";
import type { Summary } from "./summary.ts";
import { renderCsv, renderTable } from "./table.ts";

/**
 * Writes a report to `folder`: benchmark.jsonl (all of it), benchmark.csv (every run), benchmark_jobs.svg,
 * benchmark_files.svg, and, if there is a performance.md with the two marker lines, what stands between
 * them, otherwise benchmark.md with the same text.
 */
export async function publish(report: Report, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const write = (name: string, text: string) => Deno.writeTextFile(join(folder, name), text);
  await write("benchmark.jsonl", renderReport(report));
  await write("benchmark.csv", renderCsv(report.samples));
  const summaries = summarise(report.samples, "dlslurm");
  await write("benchmark_jobs.svg", renderPlot(ofSweep(summaries, "files"), "jobs"));
  await write("benchmark_files.svg", renderPlot(ofSweep(summaries, "jobs"), "files"));
  const section = renderSection(report, summaries);
  const page = join(folder, "performance.md");
  const text = await Deno.readTextFile(page).catch(ignoreMissing);
  if (text === undefined) await write("benchmark.md", section);
  else await Deno.writeTextFile(page, replaceSection(text, section));
}

/**
 * Writes what was measured on a slow file system to `folder`: between the two marker lines of its
 * performance.md, or where there is none, to slow_fs.md.
 */
export async function publishSlow(section: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const page = join(folder, "performance.md");
  const text = await Deno.readTextFile(page).catch(ignoreMissing);
  if (text === undefined) await Deno.writeTextFile(join(folder, "slow_fs.md"), section);
  else await Deno.writeTextFile(page, replaceSection(text, section, "slow-fs"));
}

/**
 * Puts `section` between the two marker lines of `text`.
 *
 * @param name what the marker lines say.
 * @throws {SyntaxError} If they are not there.
 */
export function replaceSection(text: string, section: string, name = "benchmark"): string {
  const [first, last] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const start = text.indexOf(first);
  const end = text.indexOf(last);
  if (start < 0 || end < start) {
    throw new SyntaxError(`Cannot find the lines "${first}" and "${last}"`);
  }
  return `${text.slice(0, start + first.length)}\n\n${section}\n${text.slice(end)}`;
}

/** What was measured on and how, the goals, and the table of all cases. */
function renderSection(report: Report, summaries: readonly Summary[]): string {
  const places = report.environment.map(([label, value]) => `- ${label}: ${value}\n`).join("");
  return `${places}- command: \`${report.command}\`\n\n## Goals\n\n${renderGoals(summaries)}\n` +
    `## All cases\n\n${renderTable(summaries)}`;
}

/** The cases in which what the other axis shows has its smallest value. */
function ofSweep(summaries: readonly Summary[], fixed: "jobs" | "files"): Summary[] {
  const cases = summaries.filter(({ of }) => !["start-up", "bare sacct"].includes(of.operation));
  const least = Math.min(...cases.map(({ of }) => of[fixed]));
  return cases.filter(({ of }) => of[fixed] === least);
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
