import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { readExtensionDatabase } from "../../src/extension/database.ts";
import { endFinishedByExtension } from "../../src/extension/finished.ts";
import { extensionDatabaseOf } from "../../src/extension/place.ts";
import { textOf } from "../../src/process/runner.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { DSID, writeExtensionDatabase } from "../support/extension_database.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestRepository } from "../support/test_repository.ts";
import { testSession } from "../support/test_session.ts";

/** The message of a commit in which the extension has recorded job 7. */
function recordOf(cmd: string): string {
  const record = {
    ...{ chain: [], cmd, commit_id: null, dsid: DSID, extra_inputs: [], inputs: [] },
    ...{ outputs: ["a"], pwd: ".", slurm_job_id: 7, slurm_outputs: [] },
  };
  return "[DATALAD SLURM RUN] Slurm job 7: Completed\n\n=== Do not change lines below ===\n" +
    `${JSON.stringify(record, null, 1)}\n^^^ Do not change lines above ^^^\n`;
}

/** Job 7 of the extension, `sbatch job.sh`, was adopted; then the extension did something. */
async function afterAdoption(
  then: (repository: TestRepository, path: string, store: JobStore) => Promise<unknown>,
  submittedAtMs = 1,
) {
  await using repository = await TestRepository.create({
    ".datalad/config": `[datalad "dataset"]\n\tid = ${DSID}\n`,
  });
  writeExtensionDatabase(repository.dataset, [{ slurmJobId: "7", outputs: ["a"] }]);
  const open = () => openDataset(repository.runner, repository.root, undefined);
  const dataset = await open();
  const path = extensionDatabaseOf(dataset)!;
  using store = JobStore.open(dataset.commonDir);
  const { job } = readExtensionDatabase(path)[0]!;
  assert(!("problem" in job));
  const adopted = { submittedAtMs, details: null, cluster: null, mark: job.mark, jobId: "7" };
  store.adopted.add([{ ...adopted, request: jobRequest({ outputs: ["a"] }) }], true);
  await then(repository, path, store);
  const session = testSession();

  const ended = await endFinishedByExtension(await open(), store, store.listOpen(""), session);

  return {
    ...{ ended: ended.size, open: store.listOpen("").length },
    results: session.results.map(({ status, commit }) => [status, commit?.length]),
    warnings: session.warnings,
  };
}

const forget = (path: string) => Deno.remove(path);

Deno.test("endFinishedByExtension() ends a job that the extension has committed, and tells the commit", async () => {
  const found = await afterAdoption(async (repository, path) => {
    await repository.commit(recordOf("sbatch job.sh"));
    await forget(path);
  });

  assert.deepEqual(found, { ended: 1, open: 0, results: [["notneeded", 40]], warnings: [] });
});

Deno.test("endFinishedByExtension() leaves a job open that the extension has open", async () => {
  const found = await afterAdoption(async (repository) => {
    // An older job of that ID, with the same command.
    await repository.commit(recordOf("sbatch job.sh"));
  });

  assert.deepEqual(found, { ended: 0, open: 1, results: [], warnings: [] });
});

Deno.test("endFinishedByExtension() warns of one that is gone without a commit of its own", async () => {
  const found = await afterAdoption(async (repository, path) => {
    await repository.commit(recordOf("sbatch another.sh"));
    await forget(path);
  });

  assert.deepEqual([found.ended, found.open, found.results], [0, 1, []]);
  assert.match(
    found.warnings.join(),
    /^job 7 was adopted, and the Python extension no longer lists it/,
  );
});

for (
  const [name, submittedAtMs] of [
    ["is older than the job", Date.now() + 3_600_000],
    ["may be older than the job", 0],
  ] as const
) {
  Deno.test(`endFinishedByExtension() takes no commit with the ID and the command that ${name}`, async () => {
    const found = await afterAdoption(async (repository, path) => {
      await repository.commit(recordOf("sbatch job.sh"));
      await forget(path);
    }, submittedAtMs);

    assert.deepEqual([found.ended, found.open, found.warnings.length], [0, 1, 1]);
  });
}

Deno.test("endFinishedByExtension() takes no commit of another job of the store", async () => {
  const found = await afterAdoption(async (repository, path, store) => {
    await repository.commit(recordOf("sbatch job.sh"));
    const key = store.beginSubmission(jobRequest({ outputs: ["b"] }), "{}", 1);
    store.receipts.store([{ key, jobId: "8", cluster: null }]);
    const oid = textOf(await repository.git.require(["rev-parse", "HEAD"]));
    store.commits.note(new Map([[key, oid.trim()]]), "base");
    store.end([key], "finished", 1);
    await forget(path);
  });

  assert.deepEqual([found.ended, found.open, found.warnings.length], [0, 1, 1]);
});

Deno.test("endFinishedByExtension() ends nothing where it cannot read what is open there", async () => {
  const found = await afterAdoption(async (repository, path) => {
    await repository.commit(recordOf("sbatch job.sh"));
    await Deno.writeTextFile(path, "x".repeat(200));
  });

  assert.deepEqual([found.ended, found.open, found.warnings.length], [0, 1, 1]);
});
