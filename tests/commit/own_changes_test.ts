import assert from "node:assert/strict";
import { ownChangesBroughtBack, ownChangesOf } from "../../src/commit/own_changes.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import type { FilesBefore } from "../../src/jobs/files_before.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const TARGET = "../.git/annex/objects/aa/bb/K/K";

/** What a job of which this was noted can have done. */
async function createNoted(before?: Partial<FilesBefore>) {
  const folder = await TestFolder.create();
  const store = JobStore.open(folder.at(".git"));
  const whole = before && { present: null, room: new Map(), altDir: null, ...before };
  const key = store.beginSubmission(jobRequest(), "{}", 1, { before: whole });
  const dataset = { root: folder.root } as Dataset;
  return { folder, store, canBeOwn: ownChangesOf(dataset, store.files.find(key)) };
}

Deno.test("ownChangesOf() takes nothing for removed that was not there when the job was scheduled", async () => {
  const present = { places: ["out"], paths: ["out", "out/old", "out/\ufffd"] };
  const { folder, store, canBeOwn } = await createNoted({ present });
  await using _folder = folder;
  using _store = store;

  assert.equal(canBeOwn("out/old", true), true);
  assert.equal(canBeOwn("out/never", true), false);
  assert.equal(canBeOwn("out/never", false), true);
  // It was named as an output later: nobody knows what was there.
  assert.equal(canBeOwn("other/x", true), true);
  assert.equal(canBeOwn("output", true), true);
  // A name that is no text was noted as what the runtime makes of it.
  assert.equal(canBeOwn("out/\udcff", true), true);
});

Deno.test("ownChangesOf() does not have a link written that made room for the job and came back", async () => {
  const { folder, store, canBeOwn } = await createNoted({ room: new Map([["out/a", TARGET]]) });
  await using _folder = folder;
  using _store = store;
  await Deno.mkdir(folder.at("out"));
  await Deno.symlink(TARGET, folder.at("out/a"));

  assert.equal(canBeOwn("out/a", false), false);
  assert.equal(canBeOwn("out/a", true), false, "and not removed either");
  await Deno.remove(folder.at("out/a"));
  await folder.write("out/a", "by the job");

  assert.equal(canBeOwn("out/a", false), true);
  assert.equal(canBeOwn("out/b", false), true);
});

Deno.test("ownChangesOf() holds nothing against a job of which nothing was noted", async () => {
  for (const before of [undefined, { present: null }]) {
    const { folder, store, canBeOwn } = await createNoted(before);
    await using _folder = folder;
    using _store = store;

    assert.deepEqual([canBeOwn("out/a", true), canBeOwn("out/a", false)], [true, true]);
  }
});

Deno.test("ownChangesBroughtBack() has what came back, logs, and what lies where nothing came back", () => {
  const brought = { files: new Set(["out/a"]), claims: ["out"] };
  const canBeOwn = ownChangesBroughtBack(brought, ["out/slurm-1.out"]);

  assert.equal(canBeOwn("out/a", false), true);
  assert.equal(canBeOwn("out/slurm-1.out", false), true);
  assert.equal(canBeOwn("out/b", false), false, "a person wrote it meanwhile");
  assert.equal(canBeOwn("outer", false), true, "it may have written here by its own path");
  for (const path of ["out/a", "out/b", "outer"]) assert.equal(canBeOwn(path, true), false, path);
});
