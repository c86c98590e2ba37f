import assert from "node:assert/strict";
import { join } from "node:path";
import { REPORT_MARK } from "../../../src/report/page/page.ts";
import { scheduleSeed } from "./workflow.ts";
import type { SeedCase, SeedWorld } from "./workflow.ts";

/** Recorded jobs on one page. */
export const REPORT_CASES: readonly SeedCase[] = [
  {
    name:
      "report of the four seed jobs → how each ended, why, and what for; the same in every form",
    run: reportsTheFour,
  },
];

async function reportsTheFour({ dataset, sandbox, slurm }: SeedWorld): Promise<void> {
  const jobs = await scheduleSeed(dataset);
  await slurm.waitUntilAccounted(...Object.values(jobs));
  await dataset.dlslurm(["finish", "--commit-failed-jobs"]);
  const write = async (name: string, ...args: readonly string[]) => {
    const path = join(sandbox.root, name);
    const outcome = await dataset.dlslurm(["report", "-o", path, ...args]);
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    return await Deno.readTextFile(path);
  };

  const report = JSON.parse(await write("report.json", "--format", "json"));
  const markdown = await write("report.md", "--format", "markdown");
  const page = await write("report.html");

  assert(page.startsWith(REPORT_MARK));
  const expected = { gold: "completed", silver: "completed", bronze: "failed", platinum: "failed" };
  for (const [name, phase] of Object.entries(expected)) {
    const id = jobs[name as keyof typeof jobs];
    const job = report.jobs.find((each: { job_id: string }) => each.job_id === id);
    assert.deepEqual([job.phase, job.stage], [phase, "recorded"], name);
    assert.match(job.step, new RegExp(`^submit_(array_)?${name}\\.slurm$`));
    assert(page.includes(job.commit.slice(0, 10)), `the page has the commit of ${name}`);
  }
  assert.equal(report.figures.jobs, 4);
  assert.equal(report.figures.tasks, 3);
  assert.equal(report.figures.states.COMPLETED, 2);
  // Why bronze failed stands in its log.
  const bronze = report.causes.find(({ cause }: { cause: string }) => cause === "exit code 3");
  const why = "bronze: the forcing file has no data for 1850";
  assert.equal(bronze.logs[0].text, why);
  for (const text of [markdown, page]) assert(text.includes(why));
  // Of an array the log of the task that failed, not of one that completed.
  const platinum = report.causes.find(({ cause }: { cause: string }) => cause === "exit code 4");
  assert.match(platinum.logs[0].path, /_1\.out$/);
  assert.match(markdown, /\| jobs +\| 4: 2 completed/);
}
