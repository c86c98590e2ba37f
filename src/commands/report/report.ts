import { dirname, resolve } from "node:path";
import { quote } from "shlex";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { statIfPresent } from "../../fs/if_present.ts";
import { writeFileAtomic } from "../../fs/write_file_atomic.ts";
import { Provenance } from "../../provenance/provenance.ts";
import { makeReport } from "../../report/make_report.ts";
import type { ReportSources } from "../../report/make_report.ts";
import { renderPage, REPORT_MARK } from "../../report/page/page.ts";
import { renderJson } from "../../report/render_json.ts";
import { renderMarkdown } from "../../report/render_markdown.ts";
import type { Report } from "../../report/report.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import type { ReportOptions } from "./definition.ts";
import { ofDataset } from "../../session/result_record.ts";
import { withoutAbsent } from "../../jobs/without_absent.ts";

/** Makes a report of a dataset's jobs. */
export async function runReport(options: ReportOptions, context: CommandContext): Promise<void> {
  const { revisions, format } = options;
  const output = options.output ?? (format === "html" ? "report.html" : "-");
  const path = output === "-" ? undefined : resolve(context.cwd, output);
  if (path !== undefined) await requirePlace(path, output, options);
  const dataset = await context.openDataset(options.dataset);
  const provenance = await Provenance.open(dataset, context.runner);
  const { history } = provenance.top;
  using store = revisions === undefined ? JobStore.openToLook(dataset) : undefined;
  const common = {
    dataset,
    provenance,
    ...(options.commitUrl === undefined ? {} : { commitUrl: options.commitUrl }),
  };
  const sources: ReportSources = revisions === undefined
    ? { ...common, entries: history.entries, store: store!, range: "All branches" }
    : {
      ...common,
      entries: await history.within(revisions),
      range: `Commits of ${revisions}`,
    };
  const report = await makeReport(sources, context);
  for (const note of report.notes) context.warn(note);
  const text = await render(report, format);
  if (path === undefined) {
    if (context.isTailored) await context.show({ text });
    // Standard output is the records': one of them has the document.
    else context.report({ ...recordOf(dataset, report), ...{ report: text } });
    return;
  }
  await writeFileAtomic(path, text);
  context.report({ ...recordOf(dataset, report), path, type: "file" });
}

async function render(report: Report, format: ReportOptions["format"]): Promise<string> {
  switch (format) {
    case "html":
      return await renderPage(report);
    case "markdown":
      return renderMarkdown(report);
    case "json":
      return renderJson(report);
  }
}

function recordOf(dataset: Dataset, { jobs, figures }: Report) {
  const { states, cpu, allocated, requested } = figures;
  return {
    ...ofDataset(dataset, "slurm-report", "ok"),
    refds: dataset.root,
    message: `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"}`,
    count: jobs.length,
    ...withoutAbsent({
      counts: Object.fromEntries(states),
      cpuSeconds: cpu && Math.round(cpu.total),
      allocatedSeconds: allocated && Math.round(allocated.total),
      requestedSeconds: requested && Math.round(requested.total),
    }),
  } as const;
}

/** A report is made again and again; anything else stays as it is. Only a page tells that it is one. */
async function requirePlace(
  path: string,
  output: string,
  { format, force }: ReportOptions,
): Promise<void> {
  const found = await statIfPresent(path);
  if (found === undefined) return await requireFolder(path);
  if (found.isFile && force === true) return;
  if (found.isFile && format === "html" && await beginsWith(path, REPORT_MARK)) return;
  // What is no file, as /dev/stdout, is not replaced.
  throw new UserError(
    "FILE_EXISTS",
    `Cannot write the report to "${path}": ${
      found.isFile ? "a file that is no report of dlslurm is there" : "it is no file"
    }`,
    {
      unchanged: "Nothing was written",
      hint: found.isFile
        ? `dlslurm report --force -o ${quote(output)}`
        : "dlslurm report -o - writes to standard output",
    },
  );
}

async function requireFolder(path: string): Promise<void> {
  if ((await statIfPresent(dirname(path)))?.isDirectory === true) return;
  throw new UserError(
    "NO_DIRECTORY",
    `Cannot write the report to "${path}": the folder is not there`,
    { unchanged: "Nothing was written", hint: `mkdir -p ${quote(dirname(path))}` },
  );
}

async function beginsWith(path: string, text: string): Promise<boolean> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(text.length);
  const length = await file.read(bytes);
  return new TextDecoder().decode(bytes.subarray(0, length ?? 0)) === text;
}
