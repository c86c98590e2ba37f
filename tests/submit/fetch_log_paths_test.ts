import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { GitConfig } from "../../src/git/git_config.ts";
import type { SubmittedJob } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { fetchLogPaths } from "../../src/submit/fetch_log_paths.ts";
import type { Answer } from "../support/fake_runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testSession } from "../support/test_session.ts";

/** When the jobs were submitted; as the session's clock has it, some time ago. */
const SUBMIT_MS = 1_799_999_000_000;

/** What scontrol prints of a job that logs there. */
function record(jobId: string, folder: string, more = ""): string {
  const time = new Date(SUBMIT_MS).toISOString().slice(0, 19);
  return `JobId=${jobId} ${more}JobName=my run\n   UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A\n` +
    `   Requeue=1 Restarts=0 BatchFlag=1\n   SubmitTime=${time} EligibleTime=Unknown\n` +
    `   WorkDir=${folder}\n   StdErr=${folder}/logs/${jobId}.out\n   StdIn=/dev/null\n` +
    `   StdOut=${folder}/logs/${jobId}.out\n`;
}

interface Fetch {
  readonly jobIds?: readonly string[];
  readonly when?: "submitted" | "later";
  /** By the root of the dataset. */
  readonly answers: (root: string) => readonly Answer[];
}

async function fetch({ jobIds = ["7"], when = "submitted", answers }: Fetch) {
  await using folder = await TestFolder.create({ "logs/x": "" });
  const { root } = folder;
  const commonDir = folder.at(".git");
  const dataset = { root, commonDir, config: new GitConfig(new Map()) } as Dataset;
  using store = JobStore.open(commonDir);
  const jobs = jobIds.map((jobId): SubmittedJob => {
    const key = store.beginSubmission(jobRequest({ outputs: [jobId] }), "{}", SUBMIT_MS);
    store.receipts.store([{ key, jobId, cluster: null }], SUBMIT_MS + 1_000);
    return store.findSubmitted(key)!;
  });
  using runner = fakeRunner(...answers(root));
  const session = testSession({ runner });

  const details = await fetchLogPaths({ dataset, store, session }, jobs, when);

  return {
    ...{ warnings: session.warnings, commands: runner.commands, files: await folder.paths("logs") },
    details: jobs.map(({ jobKey }) => details.get(jobKey)),
    stored: jobs.map(({ jobKey }) => store.findSubmitted(jobKey)!.details),
  };
}

Deno.test("fetchLogPaths() notes what scontrol tells, and writes the environment beside the log", async () => {
  const { details, stored, files, warnings } = await fetch({
    answers: (root) => [{ to: ["scontrol", "show", "job", "7"], stdout: record("7", root) }],
  });

  assert.deepEqual(details[0], {
    logs: [{ task: null, path: "logs/7.out" }],
    ...{ environmentFile: "logs/slurm-job-7.env.json", arrayTasks: null },
    ...{ submitS: SUBMIT_MS / 1000, jobName: "my run", user: "ada" },
  });
  assert.deepEqual(stored, details);
  assert.deepEqual(files, ["logs/slurm-job-7.env.json", "logs/x"]);
  assert.deepEqual(warnings, []);
});

Deno.test("fetchLogPaths() leaves jobs open of which scontrol does not tell, and says so", async () => {
  const { details, warnings } = await fetch({
    jobIds: ["7", "8"],
    answers: (root) => [
      { to: ["scontrol", "show", "job", "7"], code: 1, stderr: "slurm_load_jobs error\n" },
      { to: ["scontrol", "show", "job", "8"], stdout: record("8", root) },
    ],
  });

  assert.deepEqual(details.map((each) => each?.jobName), [undefined, "my run"]);
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(
    warnings[0]!,
    /^job 7 is recorded, but its log paths are not known yet: .*load_jobs error/,
  );
});

Deno.test("fetchLogPaths() asks once where there are many jobs", async () => {
  const jobIds = Array.from({ length: 9 }, (_, at) => String(at + 1));
  const { details, commands, warnings } = await fetch({
    jobIds,
    answers: (root) => [{
      to: ["scontrol", "show", "job"],
      stdout: [...jobIds.slice(1), "99"].map((jobId) => record(jobId, root)).join("\n"),
    }],
  });

  assert.deepEqual(commands, ["scontrol show job"]);
  assert.deepEqual(details.map((each) => each?.logs[0]?.path), [
    undefined,
    ...jobIds.slice(1).map((jobId) => `logs/${jobId}.out`),
  ]);
  assert.match(warnings.join(), /^job 1 is recorded, .* scontrol no longer knows it/);
});

Deno.test("fetchLogPaths() gives each row of an array its own task", async () => {
  const head = "ArrayJobId=7 ArrayTaskId=";
  const { details } = await fetch({
    jobIds: ["7_0", "7_1"],
    answers: (root) => [{
      to: ["scontrol", "show", "job", "7"],
      stdout: `${record("7", root, `${head}1 `).replaceAll("7.out", "7_1.out")}\n` +
        record("8", root, `${head}0 `).replaceAll("8.out", "7_0.out"),
    }],
  });

  assert.deepEqual(details.map((each) => [each!.arrayTasks, each!.logs.map(({ path }) => path)]), [
    ["0", ["logs/7_0.out"]],
    ["1", ["logs/7_1.out"]],
  ]);
});

Deno.test("fetchLogPaths() later takes nothing of another job that has the ID by now", async () => {
  const later = new Date(SUBMIT_MS + 86_400_000 * 30).toISOString().slice(0, 19);
  const { details, warnings, files } = await fetch({
    when: "later",
    answers: (root) => [{
      to: ["scontrol"],
      stdout: record("7", root).replace(/SubmitTime=\S+/, `SubmitTime=${later}`),
    }],
  });

  assert.deepEqual(details, [undefined]);
  assert.match(warnings.join(), /another job that has this ID/);
  assert.deepEqual(files, ["logs/x"]);
});

Deno.test("fetchLogPaths() later does not take the tasks that are left of an array for all", async () => {
  const { stored } = await fetch({
    when: "later",
    answers: (root) => [{
      to: ["scontrol", "show", "job", "7"],
      stdout: record("7", root, "ArrayJobId=7 ArrayTaskId=3 ").replaceAll("7.out", "7_3.out"),
    }],
  });

  assert.deepEqual([stored[0]?.arrayTasks, stored[0]?.mayHaveMoreTasks], ["3", true]);
});

Deno.test("fetchLogPaths() warns of a folder for logs that Slurm will not make", async () => {
  const { warnings } = await fetch({
    answers: (root) => [{
      to: ["scontrol"],
      stdout: record("7", root).replaceAll("/logs/", "/no logs/"),
    }],
  });

  assert.match(warnings.join(), /folder "no logs" for the logs of job 7 is not there.*mkdir -p '/);
});
