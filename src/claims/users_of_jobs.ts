import type { Job } from "../jobs/job.ts";
import { namesOfUsers } from "../process/user_names.ts";
import { uidIn } from "../process/process_identity.ts";
import type { Runner } from "../process/runner.ts";

/**
 * The Unix users who submitted jobs, by the jobs' keys: by the name that Slurm told, else by that of the user ID
 * that was noted, else by that ID. Nobody is known of a job that only a record tells of: records name no users.
 */
export async function usersOfJobs(
  jobs: readonly Job[],
  runner: Runner,
): Promise<ReadonlyMap<number, string>> {
  const users = new Map<number, string>();
  const ids = new Map<number, number>();
  for (const { jobKey, details, submitter } of jobs) {
    const uid = uidIn(submitter);
    if (details?.user) users.set(jobKey, details.user);
    else if (uid !== undefined) ids.set(jobKey, uid);
  }
  const names = await namesOfUsers(ids.values(), runner);
  for (const [jobKey, uid] of ids) users.set(jobKey, names.get(uid) ?? String(uid));
  return users;
}
