import assert from "node:assert/strict";
import { usersOfJobs } from "../../src/claims/users_of_jobs.ts";
import type { SubmissionDetails } from "../../src/jobs/job.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { openJob } from "../support/jobs.ts";
import { TEST_PROCESS } from "../support/test_session.ts";

const submitter = (uid: unknown) => JSON.stringify({ ...TEST_PROCESS, uid });
const details = { user: "ada" } as SubmissionDetails;

Deno.test("usersOfJobs() takes the name that Slurm told, else that of the noted user, else the user ID", async () => {
  using runner = fakeRunner({ to: ["getent", "passwd", "700001"], code: 2 });
  const jobs = [
    openJob({ jobKey: 1, submitter: submitter(0), details }),
    openJob({ jobKey: 2, submitter: submitter(0) }),
    openJob({ jobKey: 3, submitter: submitter(700001) }),
    openJob({ jobKey: 4, submitter: "" }),
    openJob({ jobKey: 5, submitter: submitter("root") }),
  ];

  const users = await usersOfJobs(jobs, runner);

  assert.deepEqual(users, new Map([[1, "ada"], [2, "root"], [3, "700001"]]));
});
