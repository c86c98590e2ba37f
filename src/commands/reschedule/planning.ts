import type { Dataset } from "../../datalad/dataset.ts";
import { escapeBraces } from "../../datalad/braces.ts";
import { UserError } from "../../errors.ts";
import { isInside } from "../../paths/root_paths.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import type { ChainedRun } from "../../provenance/run_chains.ts";
import { requirePlace } from "../../submit/command_place.ts";
import type { CommandPlace } from "../../submit/command_place.ts";
import { planSubmission } from "../../submit/plan_submission.ts";
import type { CommandToSubmit } from "../../submit/plan_submission.ts";
import { installReporter } from "../../submit/report_submission.ts";
import { layOutRun } from "../../worktrees/lay_out.ts";
import { placeSubdatasets } from "../../worktrees/place_subdatasets.ts";
import type { CommandContext } from "../context.ts";
import { isAbsolute, join } from "node:path";
import { requireNoOtherPlace } from "./onto.ts";
import { labelOf, RepeatCall } from "./repeat_call.ts";
import type { PlannedRun } from "./repeat_call.ts";
import { requireSameOutside } from "./outside_script.ts";
import type { RescheduleOptions } from "./definition.ts";

/** Where runs are repeated with the files of another commit. */
export interface Onto {
  /** The commit. */
  readonly oid: string;
  /** Without `refs/heads/`. */
  readonly branch: string;
  /** Where they are recorded. */
  readonly source: Dataset;
  /** Whether that commit is to stand for what was there when the jobs were submitted. */
  readonly isAsRecorded: boolean;
}

/** What the plans of all runs have in common. */
export interface Planning {
  /** Where they will run. */
  readonly dataset: Dataset;
  /** What the runs wrote, by their commits. */
  readonly written: ReadonlyMap<string, readonly string[]>;
  /** What was asked for. */
  readonly options: RescheduleOptions;
  /** Where it is said. */
  readonly context: CommandContext;
  /** Absent where they run in the dataset as it is. */
  readonly onto: Onto | undefined;
}

/** Plans how a run is submitted again; no job is submitted. */
export async function planRun(
  chained: ChainedRun,
  call: RepeatCall,
  planning: Planning,
): Promise<PlannedRun> {
  const { dataset, options, context, onto } = planning;
  const { run } = chained;
  const { pwd } = run.record;
  if (onto !== undefined) {
    requireNoOtherPlace(onto.source, run);
    await placeSubdatasets(onto.source, dataset, run.record);
    await layOut(planning, onto, run);
  }
  // Whoever wrote the record must not say where in the file system a command runs.
  const directory = isAbsolute(pwd) ? pwd : join(dataset.root, pwd);
  const place = await requirePlace(dataset, directory, options.altDir, context.cwd);
  const command = {
    ...commandOf(planning, run, place),
    isWrittenBefore: call.writesBefore(chained),
  };
  const isPlanOnly = options.report === true || options.script !== undefined;
  const onInstall = installReporter(dataset, isPlanOnly, context);
  const { openJobs } = call;
  const plan = await planSubmission(dataset, command, { ...options, onInstall, openJobs });
  // Other repositories are none of a record's business: nothing is fetched into them.
  const inputs = plan.inputs.filter(isInside);
  if (onto !== undefined && isStateOf(onto, run)) await requireSameOutside(run.record, plan);
  return { chained, place, plan: { ...plan, inputs }, commit: run.commit.oid };
}

/** Whether the files are those that a run had when it was submitted. */
export function isStateOf({ oid, isAsRecorded }: Onto, { record }: RecordedRun): boolean {
  return isAsRecorded || record.evidence?.submission?.head === oid;
}

/**
 * Puts what a run reads where it will run.
 *
 * @returns the script that was put there, relative to the root, if one was.
 */
export async function layOut(
  { dataset, written: files }: Planning,
  onto: Onto,
  run: RecordedRun,
): Promise<string | undefined> {
  const { commit: { oid }, record } = run;
  const written = files.get(oid) ?? [];
  return await layOutRun(dataset, { oid, record, written }, isStateOf(onto, run));
}

/** The recorded command, to be submitted once more. */
function commandOf(
  { dataset, written, options }: Planning,
  run: RecordedRun,
  place: CommandPlace,
): CommandToSubmit {
  const { record } = run;
  const files = written.get(run.commit.oid)!;
  const outputs = record.outputs.filter((output) => !record.slurmOutputs.includes(output));
  if (outputs.length === 0) {
    throw new UserError("NO_OUTPUT", "Cannot reschedule: the record names no output", {
      hint: `git show ${run.commit.oid}`,
    });
  }
  return {
    cmd: record.cmd,
    place,
    inputs: record.inputs,
    // The record has them filled in: a brace is part of a name.
    outputs: outputs.map(escapeBraces),
    outputsFrom: dataset.root,
    message: options.message ?? withoutNotes(run.parsed.text),
    chain: [...record.chain, run.commit.oid],
    extraInputs: record.extraInputs,
    rescheduledJobId: record.slurmJobId,
    expandsInputs: false,
    alsoWritten: files.filter((path) => !record.slurmOutputs.includes(path)),
    row: record.row ?? null,
    label: labelOf(run),
  };
}

/** The recorded paragraphs without those that an earlier reschedule had added. */
function withoutNotes(text: string): string | null {
  const kept = text.split("\n\n").filter((part) =>
    !/^Re-submission of job \d+(_\d+)?\.$|^Outputs (as|other than) in job \d+(_\d+)? \([0-9a-f]{10}\): .*\.$/
      .test(part.trim())
  );
  return kept.join("\n\n").trim() || null;
}
