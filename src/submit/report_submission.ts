import { join as joinPaths } from "node:path";
import type { OpenDataset } from "../claims/open_dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { Session } from "../session/session.ts";
import type { OnInstall } from "./require_subdatasets.ts";

/** Reports each subdataset that is installed first; where nothing is to be changed, none is. */
export function installReporter(
  dataset: Dataset,
  isPlanOnly: boolean,
  session: Session,
): OnInstall {
  if (isPlanOnly) return null;
  const { root } = dataset;
  return (path) =>
    session.report({
      ...{ action: "install", status: "ok", type: "dataset", refds: root } as const,
      path: joinPaths(root, path),
    });
}

/** Reports a submitted job as DataLad reports a run command, with the `action` and further fields of the result. */
export function reportScheduled(
  { dataset, session }: Omit<OpenDataset, "store">,
  { jobId }: SubmittedJob,
  command: string,
  fields: { readonly action: string },
): void {
  session.report({
    status: "ok",
    path: dataset.root,
    type: "dataset",
    message: startOfCommand(command),
    slurmJobId: jobId,
    ...fields,
  });
}

/** A command line as results show it: DataLad cuts it at 40 characters. */
export function startOfCommand(command: string): string {
  return command.length > 40 ? `${command.slice(0, 40)}...` : command;
}
