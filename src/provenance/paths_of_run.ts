import type { RunRecord } from "../datalad/run_record.ts";
import { canBeInside, pathRelativeTo } from "../paths/root_paths.ts";

/** What a run claimed, relative to the root of the dataset that has the record. */
export function claimsOf({ outputs, slurmOutputs, subdataset }: RunRecord): string[] {
  const logs = new Set(slurmOutputs);
  return outputs.filter((output) => !logs.has(output) && canBeInside(output))
    .map((output) => output.replace(/^\.\//, "").replace(/\/$/, "") || ".")
    .flatMap((output) => subdataset === null ? [output] : pathRelativeTo(subdataset, output) ?? []);
}

/** Logs and environment file, relative to the root of the dataset that has the record. */
export function logsOf({ slurmOutputs, subdataset }: RunRecord): string[] {
  return slurmOutputs.filter(canBeInside).map((output) => output.replace(/^\.\//, ""))
    .flatMap((output) => subdataset === null ? [output] : pathRelativeTo(subdataset, output) ?? []);
}
