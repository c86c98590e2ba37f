import type { RunRecord } from "../../datalad/run_record.ts";
import { UserError } from "../../errors.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";
import { scriptBlobNow } from "../../submit/submitted_script.ts";

/**
 * Whether the batch script that would be submitted, which is not in the dataset, is another than the one that ran.
 *
 * @returns `undefined` where the record has no such script, or not which version ran.
 */
export async function isOtherOutside(
  { evidence }: RunRecord,
  { command, directory }: Pick<SubmissionPlan, "command" | "directory">,
): Promise<boolean | undefined> {
  const { outside, blob } = evidence?.script ?? {};
  if (outside !== true || blob === undefined) return undefined;
  // Of one that may not be read sbatch will say so.
  return await scriptBlobNow(command, directory, blob) !== blob;
}

/** Whether the name that the command has for its batch script leads to another one than the one that ran, as links do. */
export async function isOtherByName(
  { evidence }: RunRecord,
  { command, directory }: Pick<SubmissionPlan, "command" | "directory">,
): Promise<boolean> {
  const { wrap, blob } = evidence?.script ?? {};
  if (wrap === true || blob === undefined) return false;
  // One that is not here yet is fetched.
  const now = await scriptBlobNow(command, directory, blob);
  return now !== undefined && now !== blob;
}

/**
 * Requires that a batch script outside of the dataset, which no worktree has, is the one that ran.
 *
 * @throws {UserError} `MISSING_INPUT` if it is not: another one is not run in its place.
 */
export async function requireSameOutside(record: RunRecord, plan: SubmissionPlan): Promise<void> {
  if (await isOtherOutside(record, plan) !== true) return;
  const { path, kept } = record.evidence!.script!;
  throw new UserError(
    "MISSING_INPUT",
    `Cannot repeat job ${record.slurmJobId}: its batch script "${path}" is not in the dataset, and is not ` +
      `there as it was${
        kept === undefined ? "" : `; "${kept}" of the job's commit keeps what ran`
      }`,
    {
      unchanged: "No job was submitted",
      hint: `dlslurm reschedule ${record.slurmJobId} takes today's script`,
    },
  );
}
