/**
 * `dlslurm show`: tells all that is known of one job, or where its files came from.
 *
 * The *target* is what was asked for: a job ID, a revision, a path, or the newest job. A *shown job* is what
 * history, store and Slurm tell of it, as a *page* for a person and as a record for a program. Its *lineage* is
 * the runs that wrote what it read, and those behind them.
 *
 * @module
 */

import { resolve } from "node:path";
import { SlurmOutputFinder } from "../../commit/slurm_outputs.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { AccountingEvidence } from "../../jobs/evidence.ts";
import { isSubmitted } from "../../jobs/job.ts";
import type { Job } from "../../jobs/job.ts";
import { isJobId } from "../../jobs/job_id.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { summaryOf } from "../../jobs/job_summary.ts";
import { claimsOf, logsOf } from "../../provenance/paths_of_run.ts";
import { describeRun } from "../../provenance/describe_run.ts";
import { TargetFinder } from "../../provenance/find_target.ts";
import type { Target } from "../../provenance/target.ts";
import { traceLineage } from "../../provenance/lineage.ts";
import { Provenance } from "../../provenance/provenance.ts";
import { SearchAhead } from "../../provenance/search_ahead.ts";
import { graphOf, renderDot, renderMermaid, renderTree } from "../../provenance/render_lineage.ts";
import { askSlurm } from "../../slurm/ask_slurm.ts";
import { explainExit } from "../../slurm/explain_exit.ts";
import { explainMissingLog } from "../../slurm/log_folders.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import { readLogEnd } from "../../fs/log_end.ts";
import type { ShowOptions } from "./definition.ts";
import { renderPage } from "./show_page.ts";
import { recordOfShown } from "./show_record.ts";
import type { ShownJob } from "./shown_job.ts";
import { ofDataset } from "../../session/result_record.ts";

/** Shows a job as a page or record, or where everything in it came from. */
export async function runShow(options: ShowOptions, context: CommandContext): Promise<void> {
  const dataset = await context.openDataset(options.dataset);
  using store = JobStore.openToLook(dataset);
  const { target: name } = options;
  // A revision may look like the ID of a job; a path is looked for where it is.
  using ahead = name === undefined || isJobId(name)
    ? new SearchAhead(dataset, context.runner, name)
    : undefined;
  const provenance = await Provenance.open(dataset, context.runner, ahead);
  const finder = new TargetFinder(provenance, store, context.runner);
  const target = await findTarget(finder, name, context);
  for (const note of target.notes) context.warn(note);
  if (options.lineage !== undefined) {
    await showLineage(target, options.lineage === true ? "tree" : options.lineage, context);
    return;
  }
  const shown = await describeJob(target, context);
  const own = target.provenance.top.dataset;
  if (context.isTailored) await context.show({ text: renderPage(shown) });
  else context.report(recordOfShown(own, shown));
}

async function findTarget(
  finder: TargetFinder,
  name: string | undefined,
  context: CommandContext,
): Promise<Target> {
  if (name === undefined) return finder.newest();
  const target = await finder.byName(name) ?? await finder.byPath(name, context.cwd) ??
    await finder.byLabel(name);
  if (target !== undefined) return target;
  throw await finder.notFound(
    "show",
    name,
    "it is neither a job, nor the commit of one, nor a label, nor has a job written it",
  );
}

async function showLineage(
  { entry, job, provenance }: Target,
  form: "tree" | "mermaid" | "dot" | "json",
  context: CommandContext,
): Promise<void> {
  if (entry === undefined) {
    throw new UserError(
      "NO_RECORD",
      `Cannot show the lineage of job ${job?.jobId ?? ""}: it is not recorded yet`,
      { hint: `dlslurm finish ${job?.jobId ?? ""}`.trimEnd() },
    );
  }
  const run = await provenance.top.history.read(entry);
  const lineage = await traceLineage(provenance, { entry, run });
  const graph = graphOf(lineage);
  if (!context.isTailored) {
    const { dataset } = provenance.top;
    context.report({
      ...ofDataset(dataset, "slurm-show", "ok"),
      refds: dataset.root,
      slurmJobId: entry.jobId,
      commit: entry.commit.oid,
      ...{ lineage: graph },
    });
    return;
  }
  const text = form === "tree"
    ? renderTree(lineage)
    : form === "mermaid"
    ? renderMermaid(graph)
    : form === "dot"
    ? renderDot(graph)
    : `${JSON.stringify(graph, null, 1)}\n`;
  await context.show({ text });
}

async function describeJob(target: Target, context: CommandContext): Promise<ShownJob> {
  const { job, entry, provenance } = target;
  const { dataset } = provenance.top;
  const description = await describeRun(target);
  const { record } = description;
  const claims = entry === undefined ? job!.outputs : claimsOf(record);
  const submittedAt = record.evidence?.submission?.at ??
    (job === undefined || job.submittedAtMs === 0
      ? undefined
      : new Date(job.submittedAtMs).toISOString());
  const common = {
    description,
    claims,
    ...(submittedAt === undefined ? {} : { submittedAt }),
    stage: job?.stage ?? "finished",
  };
  if (job !== undefined && job.stage === "open" && isSubmitted(job)) {
    const status = (await askSlurm(dataset, [job], context)).get(job.jobKey)!;
    return { ...common, ...await ofOpenJob(dataset, job, status) };
  }
  const accounting = { ...ofStore(job), ...record.evidence?.accounting };
  const jobId = entry?.jobId ?? job?.jobId ?? undefined;
  const end = job?.end;
  return {
    ...common,
    ...(jobId === undefined ? {} : { jobId }),
    state: accounting.state ?? entry?.state.toUpperCase() ?? job!.stage.toUpperCase(),
    accounting,
    ...(end?.elapsed ? { elapsed: end.elapsed } : {}),
    ...(end?.timeLimit ? { timeLimit: end.timeLimit } : {}),
    logs: entry === undefined ? [] : logsOf(record),
    ...explained(accounting.state ?? "", accounting.exitCode ?? ""),
  };
}

/** What the store has kept of how a job ended. */
function ofStore(job: Job | undefined): AccountingEvidence {
  const end = job?.end;
  if (!end) return {};
  return {
    state: end.state,
    ...(end.exitCode === "" ? {} : { exitCode: end.exitCode }),
    ...(end.endS === null ? {} : { end: new Date(end.endS * 1000).toISOString() }),
  };
}

async function ofOpenJob(dataset: Dataset, job: Job & { jobId: string }, status: JobStatus) {
  const summary = summaryOf(job.jobId, status);
  const { found } = new SlurmOutputFinder(dataset).look(job, status);
  const logs = found.filter((path) => path !== job.details?.environmentFile);
  const nodes = [...new Set(status.entries.map(({ nodeList }) => nodeList))]
    .filter((list) => list !== "" && !list.includes(" "));
  const accounting: AccountingEvidence = {
    ...ofStore({ ...job, end: summary }),
    ...(nodes.length === 0 ? {} : { nodeList: nodes.join(",") }),
  };
  const hasFailed = status.phase === "failed";
  const noLog = await explainMissingLog(dataset, job, status);
  const place = job.altDir ?? dataset.root;
  const text = hasFailed && logs.length > 0
    ? await readLogEnd(resolve(place, logs[0]!))
    : undefined;
  return {
    jobId: job.jobId,
    state: summary.state,
    accounting,
    ...(summary.elapsed === "" ? {} : { elapsed: summary.elapsed }),
    ...(summary.timeLimit === "" ? {} : { timeLimit: summary.timeLimit }),
    logs,
    ...(noLog === undefined ? explained(summary.state, summary.exitCode) : { explanation: noLog }),
    ...(text === undefined ? {} : { logEnd: { path: logs[0]!, text } }),
  };
}

function explained(state: string, exitCode: string): { explanation?: string } {
  const explanation = explainExit(state, exitCode);
  return explanation === undefined ? {} : { explanation };
}
