import { dirname, join } from "node:path";
import { UserError } from "../../../errors.ts";
import type { Dataset } from "../../../datalad/dataset.ts";
import { JobStore } from "../../../store/job_store.ts";
import { PATH_SETTING, STORE_FILE, storeFileOf } from "../../../store/store_place.ts";
import { problemOf } from "../finding.ts";
import type { Finding } from "../finding.ts";

const check = "job-store";

/** Whether the store can be read, and what in it waits for a person. Nothing is written to it. */
export function checkJobStore(dataset: Dataset): Finding[] {
  try {
    using store = JobStore.openToLook(dataset);
    return judgeStore(dataset, store);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [problemOf(check, error, "nothing can be scheduled or finished here")];
  }
}

function judgeStore(dataset: Dataset, store: JobStore): Finding[] {
  const { listing, damaged } = store;
  const open = listing.newest(dataset.worktree, ["open"], undefined).length;
  const submitting = listing.newest(dataset.worktree, ["submitting"], undefined).length;
  const waiting = listing.count(dataset.worktree, ["waiting"]);
  const findings: Finding[] = [];
  if (damaged.all.length > 0) {
    findings.push({
      ...{ check, verdict: "problem" },
      message: `${countOf(damaged.all.length, "job")} in the store cannot be read`,
      consequence: "they are neither listed nor finished, and keep their outputs claimed",
      hint: "dlslurm list says which",
    });
  }
  if (submitting > 0) {
    findings.push({
      ...{ check, verdict: "note" },
      message: `of ${countOf(submitting, "submission")} it is not settled whether Slurm took it`,
      consequence: "they keep their outputs claimed",
      hint: "dlslurm recover settles them, if none is under way just now",
    });
  }
  if (waiting > 0) {
    findings.push({
      ...{ check, verdict: "note" },
      message: `${countOf(waiting, "row")} of tables not submitted yet`,
      consequence: "they keep their outputs claimed",
      hint: "dlslurm schedule --continue",
    });
  }
  const file = storeFileOf(dataset);
  if (isElsewhere(dataset, file)) {
    findings.push({
      ...{ check, verdict: "note" },
      message: `the job store is in "${dirname(file)}" (${PATH_SETTING}): ${
        countOf(open, "open job")
      }`,
      consequence: "only machines that see that folder can schedule, list and finish here",
      hint: "dlslurm help store-and-recovery says how to move it",
    });
  }
  if (findings.length > 0) return findings;
  return [{
    check,
    verdict: "ok",
    message: `the job store can be read: ${countOf(open, "open job")}`,
  }];
}

function isElsewhere({ commonDir }: Dataset, file: string): boolean {
  return file !== join(commonDir, STORE_FILE);
}

/** `1 job`, `2 jobs`. */
function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
