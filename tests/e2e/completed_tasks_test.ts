import { checkCompletedTasks } from "../support/completed_tasks.ts";

Deno.test("e2e: finish --commit-completed-tasks, retry, reschedule --array", () =>
  checkCompletedTasks("fake"));
