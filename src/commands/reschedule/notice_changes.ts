import { isWithin } from "../../paths/root_paths.ts";
import { findNotedVersions } from "../../provenance/run_inputs.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import { firstOf } from "../../session/name_list.ts";
import type { CommandContext } from "../context.ts";
import { findChangedInputs } from "./changed_inputs.ts";
import { isOtherByName, isOtherOutside } from "./outside_script.ts";
import { isStateOf } from "./planning.ts";
import type { Onto, Planning } from "./planning.ts";
import { claimsOf } from "./repeat_call.ts";
import type { PlannedRun } from "./repeat_call.ts";

/** More names than this are counted. */
const MOST_NAMES = 5;

/** Says which jobs will not read what they read when they were recorded. */
export async function noticeChanges(
  { dataset, context, onto }: Planning,
  planned: readonly PlannedRun[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (onto !== undefined) {
    for (const { chained: { run } } of planned) noticeUnsaved(onto, run, context);
  }
  const others = planned.filter(({ chained: { run } }) =>
    onto === undefined || !isStateOf(onto, run)
  );
  const noted = await findNotedVersions(dataset, others.map(({ chained: { run } }) => run));
  const changed = await findChangedInputs(
    dataset,
    others.map(({ commit, plan }, at) => ({ commit, plan, noted: noted[at]! })),
  );
  for (const { chained: { run, follows }, commit, plan } of others) {
    // What a job of this call is yet to write is not there in an older commit.
    const claims = onto === undefined
      ? []
      : follows.flatMap(({ chained }) => claimsOf(chained.run));
    const paths = (changed.get(commit) ?? [])
      .filter((path) => !claims.some((claim) => isWithin(claim, path)));
    const script = run.record.evidence?.script?.path;
    const isOther = await isOtherOutside(run.record, plan) === true ||
      await isOtherByName(run.record, plan);
    if (script !== undefined && isOther && !paths.includes(script)) paths.push(script);
    if (paths.length === 0) {
      changed.delete(commit);
      continue;
    }
    changed.set(commit, paths);
    context.warn(
      `changed since Slurm job ${run.record.slurmJobId} (${commit.slice(0, 10)}) was submitted: ` +
        firstOf(paths, MOST_NAMES),
    );
  }
  return changed;
}

/** Says what a job had that was in no commit, and that cannot be had again. */
function noticeUnsaved(onto: Onto, run: RecordedRun, context: CommandContext): void {
  const { slurmJobId, evidence } = run.record;
  const inputs = evidence?.inputs !== undefined && "map" in evidence.inputs ? evidence.inputs : [];
  const script = evidence?.script;
  const isGone = script?.saved === false && script.path !== undefined && script.outside !== true &&
    (script.kept === undefined || !isStateOf(onto, run));
  const paths = [
    ...(isGone ? [script.path!] : []),
    ...inputs.filter(({ modified }) => modified === true).map(({ path }) => path),
  ];
  if (paths.length === 0) return;
  context.warn(
    `job ${slurmJobId} had a version of ${
      firstOf(paths, MOST_NAMES)
    } that was in no commit; it is ` +
      `repeated with that of ${onto.oid.slice(0, 10)}, if there is one`,
  );
}
