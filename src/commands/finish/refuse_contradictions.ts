import { UserError } from "../../errors.ts";
import type { FinishOptions } from "./finish_options.ts";
import { requireOneJob } from "./further_outputs.ts";

/**
 * Refuses options that contradict each other.
 *
 * @throws {UserError} `USAGE`
 */
export function refuseContradictions(options: FinishOptions): void {
  const withoutWait = (["each", "poll", "timeout"] as const).find((name) =>
    options[name] !== undefined && options.wait !== true
  );
  if (withoutWait !== undefined) {
    throw new UserError("USAGE", `Cannot use --${withoutWait} without --wait`, {
      hint: "dlslurm finish --wait --timeout 8h",
    });
  }
  requireOneJob(options, options.jobIds);
  if (options.requireOutputs === true && options.allowNoOutputs === true) {
    throw new UserError("USAGE", "Cannot both require outputs and allow that there are none", {
      hint: "say --require-outputs or --allow-no-outputs",
    });
  }
  if (options.closeUnknownJobs === true && options.commitUnknownJobs === true) {
    throw new UserError("USAGE", "Cannot both close and commit jobs that Slurm does not know", {
      hint: "say --close-unknown-jobs or --commit-unknown-jobs",
    });
  }
  refuseTaskContradictions(options);
  if (options.discard === true && !options.closeFailedJobs && !options.closeUnknownJobs) {
    throw new UserError("USAGE", "Cannot discard what jobs left without closing jobs", {
      hint: "dlslurm finish --close-failed-jobs --discard",
    });
  }
  const takesUnknown = options.closeUnknownJobs === true || options.commitUnknownJobs === true;
  if (takesUnknown && options.jobIds.length === 0) {
    throw new UserError("USAGE", "Cannot close or commit unknown jobs without their job IDs", {
      hint: "dlslurm finish 4242 --close-unknown-jobs",
    });
  }
}

/** The completed tasks are committed: nothing else may be decided of the same array. */
function refuseTaskContradictions(options: FinishOptions): void {
  if (options.commitCompletedTasks !== true) return;
  if (options.jobIds.length === 0) {
    throw new UserError(
      "USAGE",
      "Cannot commit the completed tasks of an array without its job ID",
      {
        hint: "dlslurm finish 4242 --commit-completed-tasks",
      },
    );
  }
  const other = Object.entries({
    "--each": options.each,
    "--output": options.output.length > 0,
    "--commit-failed-jobs": options.commitFailedJobs,
    "--commit-unknown-jobs": options.commitUnknownJobs,
  }).find(([, isGiven]) => isGiven === true)?.[0];
  if (other === undefined) return;
  throw new UserError("USAGE", `Cannot use ${other} with --commit-completed-tasks`, {
    hint: "dlslurm finish 4242 --commit-completed-tasks, then the same without it",
  });
}
