import { checkCompletedTasks } from "../support/completed_tasks.ts";
import { testIfAvailable } from "../support/requirements.ts";

testIfAvailable(
  ["slurm"],
  "real Slurm: finish --commit-completed-tasks, retry, reschedule --array",
  () => checkCompletedTasks("real"),
);

testIfAvailable(
  ["chroot"],
  "real Slurm of the chroot: finish --commit-completed-tasks, retry, reschedule --array",
  () => checkCompletedTasks("chroot"),
);
