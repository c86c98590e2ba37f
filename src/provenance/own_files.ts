import { normalize } from "node:path";
import { isPattern, matchesPattern } from "../datalad/python_glob.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import { isWithin, joinPath, pathAndFoldersAround, pathRelativeTo } from "../paths/root_paths.ts";

/** Logs and environment files of Slurm jobs, as they are called where nobody has named them. */
const LOG_REGEXP = /(^|\/)(log\.)?slurm-[^/]*$/;

/**
 * Whether a file in the commit of a run is what the run may have written: its claims hold it, or it is one of the
 * files that finish adds, logs and what is kept for the record. Anything else was added to the commit by hand. The
 * extension has names with placeholders and patterns in them: where it cannot be told, it is the run's.
 *
 * @param path relative to the root of the dataset that has the record.
 */
export function canBeOwn(record: RunRecord, path: string): boolean {
  const { outputs, slurmOutputs, pwd, subdataset } = record;
  if (isWithin(".datalad", path) || LOG_REGEXP.test(path)) return true;
  return [...outputs, ...slurmOutputs].some((claim) => {
    if (/[{}]/.test(claim)) return true;
    return [claim, joinPath(pwd, claim)].some((each) => {
      const full = normalize(each).replace(/\/$/, "") || ".";
      // A claim around the subdataset holds all that is in it.
      if (subdataset !== null && isWithin(full, subdataset)) return true;
      const own = subdataset === null ? full : pathRelativeTo(subdataset, full);
      return own !== undefined && holds(own, path);
    });
  });
}

/** Whether a claim is the file, around it, or in it, where that is a subdataset. */
function holds(claim: string, path: string): boolean {
  if (isWithin(claim, path) || isWithin(path, claim)) return true;
  return isPattern(claim) &&
    [...pathAndFoldersAround(path)].some((each) => matchesPattern(each, claim));
}
