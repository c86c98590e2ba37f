import assert from "node:assert/strict";
import { findLeftFiles } from "../../src/claims/find_left_files.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import type { FilesBefore } from "../../src/jobs/files_before.ts";
import type { SubmittedJob } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestRepository } from "../support/test_repository.ts";
import { testSession } from "../support/test_session.ts";

/** A dataset with tracked and ignored files, and a store in which jobs can be noted. */
async function createDataset() {
  const repository = await TestRepository.create({ "out[1]/known": "1\n", ".gitignore": "*.o\n" });
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const store = JobStore.openIn(dataset);
  const note = (jobId: string, output: string, before: Partial<FilesBefore> = {}): SubmittedJob => {
    const key = store.beginSubmission(jobRequest({ outputs: [output] }), "{}", 1, {
      before: {
        ...{ present: { places: [output], paths: [] }, room: new Map(), altDir: null },
        ...before,
      },
    });
    store.receipts.store([{ key, jobId, cluster: null }]);
    return store.findSubmitted(key)!;
  };
  return { repository, dataset, store, note, session: testSession() };
}

Deno.test("findLeftFiles() finds what git does not know in the claims, and nothing beside them", async () => {
  const { repository, dataset, store, note, session } = await createDataset();
  await using _repository = repository;
  using _store = store;
  const job = note("1", "out[1]");
  for (const path of ["out[1]/new", "out[1]/deep/a.o", "out1/other", "elsewhere"]) {
    await repository.dataset.write(path, "2\n");
  }
  await repository.dataset.write("out[1]/known", "changed\n");
  await repository.sandbox.require(["git", "init", "--quiet", repository.at("out[1]/nested")]);

  const left = await findLeftFiles(dataset, store, job, session);

  assert.deepEqual(left.toSorted(), ["out[1]/deep/a.o", "out[1]/new"]);
  assert.deepEqual(session.warnings, []);
});

Deno.test("findLeftFiles() leaves what was there before, and what another open job claims", async () => {
  const { repository, dataset, store, note, session } = await createDataset();
  await using _repository = repository;
  using _store = store;
  const present = { places: ["out"], paths: ["out/before", "out"] };
  const job = note("1", "out", { present });
  note("2", "elsewhere");
  const other = store.beginSubmission(jobRequest({ outputs: ["out/theirs"] }), "{}", 1, {
    checksOutputs: false,
  });
  store.receipts.store([{ key: other, jobId: "3", cluster: null }]);
  for (const path of ["out/before", "out/mine", "out/theirs/a"]) {
    await repository.dataset.write(path, "1\n");
  }

  assert.deepEqual(await findLeftFiles(dataset, store, job, session), ["out/mine"]);
  store.end([other], "closed", 1);
  assert.deepEqual((await findLeftFiles(dataset, store, job, session)).toSorted(), [
    ...["out/mine", "out/theirs/a"],
  ]);
});

Deno.test("findLeftFiles() finds nothing, with a warning, where it cannot tell whose files they are", async () => {
  const { repository, dataset, store, note, session } = await createDataset();
  await using _repository = repository;
  using _store = store;
  await repository.dataset.write("out/a", "1\n");
  const unknown = note("1", "out", { present: null });

  assert.deepEqual(await findLeftFiles(dataset, store, unknown, session), []);
  assert.deepEqual(
    await findLeftFiles(dataset, store, { ...unknown, altDir: "/scratch" }, session),
    [],
  );
  assert.match(session.warnings[0]!, /job 1 left stays: it was not noted/);
  assert.match(session.warnings[1]!, /left in "\/scratch" stays there/);
});
