import { join as joinPaths } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import type { CommandContext } from "../context.ts";

/** Reports a subdataset that had to be installed first. */
export function reportInstalled(dataset: Dataset, path: string, context: CommandContext): void {
  const place = joinPaths(dataset.root, path);
  const { root } = dataset;
  context.report({ action: "install", status: "ok", path: place, type: "dataset", refds: root });
}

/** Reports a submitted job as DataLad reports a run command. */
export function reportScheduled(
  action: string,
  dataset: Dataset,
  job: SubmittedJob,
  command: string,
  context: CommandContext,
  changedInputs?: readonly string[],
): void {
  context.report({
    action,
    status: "ok",
    path: dataset.root,
    type: "dataset",
    message: startOfCommand(command),
    slurmJobId: job.jobId,
    ...(changedInputs === undefined ? {} : { changedInputs }),
  });
}

/** A command line as results show it: DataLad cuts it at 40 characters. */
export function startOfCommand(command: string): string {
  return command.length > 40 ? `${command.slice(0, 40)}...` : command;
}
