/**
 * `dlslurm compare`: puts two recorded runs beside each other.
 *
 * Each of the two is named by a job ID, a revision or a path. A *difference* is one thing that is told of both:
 * the command, an input, what was used, a field of the environment. What a run cost is shown, and is no
 * difference. Outputs are compared by what they hold; the *verdict* on each is identical, differs, missing or
 * new.
 *
 * @module
 */

import { UserError } from "../../errors.ts";
import { evidenceToJson } from "../../jobs/evidence.ts";
import { renderReproduction, reproductionOf } from "../../jobs/output_comparison.ts";
import { compareRuns } from "../../provenance/compare_runs.ts";
import { findDifferences } from "../../provenance/run_differences.ts";
import { TargetFinder } from "../../provenance/find_target.ts";
import { Provenance } from "../../provenance/provenance.ts";
import type { EntryWithRun } from "../../provenance/run_inputs.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import type { CompareOptions } from "./definition.ts";
import { ofDataset } from "../../session/result_record.ts";

/** Shows two recorded jobs side by side. */
export async function runCompare(options: CompareOptions, context: CommandContext): Promise<void> {
  const dataset = await context.openDataset(options.dataset);
  using store = JobStore.openToLook(dataset);
  const provenance = await Provenance.open(dataset, context.runner);
  const finder = new TargetFinder(provenance, store, context.runner);
  const one = await find(finder, provenance, options.one);
  const other = await find(finder, provenance, options.other);
  const rows = await findDifferences(provenance, one, other);
  const [outputs] = await compareRuns(
    provenance,
    [{ original: one.run, repetition: other.run }],
  );
  const compared = reproductionOf(
    new Map(outputs!.map(({ path, verdict }) => [path, verdict])),
    { commit: one.entry.commit.oid, jobId: one.entry.jobId },
  );
  const told = renderReproduction(compared);
  if (context.isTailored) {
    const isSame = outputs!.every(({ verdict }) => verdict === "identical");
    const all = [...rows, { what: "outputs", before: "", after: told, isSame }];
    await context.show({
      rows: [
        ["", "", nameOf(one), nameOf(other)],
        ...all.map(({ what, before, after, isSame }) => [isSame ? "" : "≠", what, before, after]),
      ],
      fit: { droppable: [], telling: [] },
    });
    return;
  }
  context.report({
    ...ofDataset(dataset, "slurm-compare", "ok"),
    refds: dataset.root,
    slurmJobId: other.entry.jobId,
    commit: other.entry.commit.oid,
    message: `job ${other.entry.jobId} beside job ${one.entry.jobId}: ${told}`,
    ...{
      comparedWith: { commit: one.entry.commit.oid, "slurm_job_id": one.entry.jobId },
      differences: rows.filter(({ isSame }) => !isSame)
        .map(({ what, before, after }) => ({ what, before, after })),
      reproduces: evidenceToJson({ reproduces: compared })["reproduces"],
    },
  });
}

async function find(
  finder: TargetFinder,
  provenance: Provenance,
  name: string,
): Promise<EntryWithRun> {
  const entry = (await finder.byNameOrLabel(name))?.entry;
  if (entry === undefined) {
    throw new UserError("NO_RECORD", `Cannot compare "${name}": it is no recorded job`, {
      hint: "dlslurm list --all shows the jobs and their commits",
    });
  }
  return { entry, run: await provenance.top.history.read(entry) };
}

function nameOf({ entry }: EntryWithRun): string {
  return `job ${entry.jobId} ${entry.commit.oid.slice(0, 10)}`;
}
