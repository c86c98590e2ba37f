import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import { findTaskCommits, resolveRevision } from "../../../src/commands/reschedule/find_job.ts";
import { openDataset } from "../../../src/datalad/dataset.ts";
import { JobStore } from "../../../src/store/job_store.ts";
import { jobRequest } from "../../support/jobs.ts";
import { TestRepository } from "../../support/test_repository.ts";
import { testSession } from "../../support/test_session.ts";

function subject(jobId: string): string {
  return `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`;
}

async function createHistory() {
  const repository = await TestRepository.create();
  const resolve = async (revision: string, since?: string) => {
    const session = testSession();
    const dataset = await openDataset(repository.runner, repository.root, undefined);
    const context = session as unknown as CommandContext;
    const found = await resolveRevision(dataset, revision, since, context);
    return { found, warnings: session.warnings };
  };
  return { repository, resolve };
}

Deno.test("resolveRevision() takes a job ID for the newest commit with that job's record", async () => {
  const { repository, resolve } = await createHistory();
  await using _repository = repository;
  await repository.commit(subject("71"));
  await repository.commit(subject("7"));
  const newest = await repository.commit(subject("7"));
  const task = await repository.commit(subject("8_3"));
  await repository.commit(`A merge\n\n${subject("7")}`);
  await repository.commit(subject("7_1"));

  assert.equal((await resolve("7")).found, newest);
  assert.equal((await resolve("8_3")).found, task);
  assert.equal((await resolve("HEAD~3")).found, "HEAD~3");
});

Deno.test("resolveRevision() says that rows have a record each", async () => {
  const { repository, resolve } = await createHistory();
  await using _repository = repository;
  for (const jobId of ["8_0", "8_1", "8_0"]) await repository.commit(subject(jobId));

  await assert.rejects(resolve("8"), {
    code: "NO_RECORD",
    message: /each of its tasks has a record/,
    hint: /^dlslurm reschedule --array 8 makes an array .* is one of 8_/,
  });
});

Deno.test("findTaskCommits() finds the tasks of an array, also the one that a retry gave another ID", async () => {
  const { repository } = await createHistory();
  await using _repository = repository;
  const recordOf = (...ids: readonly string[]) => {
    const attempts = ids.map((id) => ({ "job_id": id }));
    const record = {
      ...{ chain: [], cmd: "sbatch job.sh", "commit_id": null, dlslurm: { attempts }, dsid: null },
      ...{ "extra_inputs": [], inputs: [], outputs: [], pwd: ".", "slurm_job_id": 9 },
      ...{ "slurm_outputs": [] },
    };
    return `=== Do not change lines below ===\n${JSON.stringify(record, null, 1)}\n` +
      "^^^ Do not change lines above ^^^";
  };
  const first = await repository.commit(`${subject("8_1")}\n\n${recordOf()}`);
  const retried = await repository.commit(`${subject("9_2")}\n\n${recordOf("7_1", "8_2")}`);
  await repository.commit(`${subject("11_1")}\n\n${recordOf("88_1")}`);
  await repository.commit(`${subject("12")}\n\nAbout "job_id": "8_3"`);
  const dataset = await openDataset(repository.runner, repository.root, undefined);

  assert.deepEqual(await findTaskCommits(dataset, "8"), [first, retried]);
  assert.deepEqual(await findTaskCommits(dataset, "7"), [retried]);
  assert.deepEqual(await findTaskCommits(dataset, "3"), []);
});

Deno.test("resolveRevision() says why a job has no record", async () => {
  const { repository, resolve } = await createHistory();
  await using _repository = repository;
  await assert.rejects(resolve("9"), { code: "NO_RECORD", message: /neither a commit nor the ID/ });
  {
    using store = JobStore.open(repository.at(".git"));
    for (const jobId of ["9", "10"]) {
      const key = store.beginSubmission(jobRequest({ outputs: [jobId] }), "{}", 1);
      store.receipts.store([{ key, jobId, cluster: null }]);
      if (jobId === "10") store.end([key], "closed", 2);
    }
  }

  await assert.rejects(resolve("9"), { hint: "dlslurm finish 9", message: /is open/ });
  await assert.rejects(resolve("10"), { message: /ended without a commit/ });
});
