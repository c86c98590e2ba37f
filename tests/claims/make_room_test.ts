import assert from "node:assert/strict";
import { dropWaiting, makeRoom, putBack } from "../../src/claims/make_room.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import type { FilesBefore } from "../../src/jobs/files_before.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const AWAY = ".git/annex/objects/aa/bb/AWAY/AWAY";
const never = new AbortController().signal;

async function createDataset() {
  const folder = await TestFolder.create({ "set/.git/HEAD": "" });
  const root = folder.at("set");
  const dataset = { root, commonDir: folder.at("set/.git"), worktree: "" } as Dataset;
  return { folder, dataset, at: (path: string) => folder.at(`set/${path}`) };
}

/** A store in which a job is noted that these links made room for. */
function noteJob(dataset: Dataset, room: ReadonlyMap<string, string>, worktree = "") {
  const store = JobStore.open(dataset.commonDir);
  const before: FilesBefore = { present: null, room, altDir: null };
  const key = store.beginSubmission(jobRequest({ worktree }), "{}", 1, { before });
  return { store, jobs: [{ jobKey: key, worktree }] };
}

Deno.test("makeRoom() removes links as they were noted, and no others", async () => {
  const { folder, dataset, at } = await createDataset();
  await using _folder = folder;
  await folder.write("set/file", "mine");
  for (const [path, target] of [["away", AWAY], ["changed", `${AWAY}2`], ["here", AWAY]] as const) {
    await Deno.symlink(target, at(path));
  }
  const room = new Map(["away", "changed", "file", "gone"].map((path) => [path, AWAY]));

  await makeRoom(dataset, room, never);

  assert.deepEqual((await folder.paths("set")).filter((path) => !path.includes(".git")), [
    ...["set/changed", "set/file", "set/here"],
  ]);
  await folder.write(`set/${AWAY}`, "its content has come");
  await makeRoom(dataset, new Map([["here", AWAY]]), never);
  assert.equal(await Deno.readLink(at("here")), AWAY);
});

Deno.test("makeRoom() stops when it is interrupted", async () => {
  const { folder, dataset, at } = await createDataset();
  await using _folder = folder;
  await Deno.symlink(AWAY, at("away"));

  await assert.rejects(makeRoom(dataset, new Map([["away", AWAY]]), AbortSignal.abort()));

  assert.equal(await Deno.readLink(at("away")), AWAY);
});

Deno.test("putBack() makes links again where nothing is, and can be repeated", async () => {
  const { folder, dataset, at } = await createDataset();
  await using _folder = folder;
  await folder.write("set/written", "by the job");
  await folder.write("set/now a file", "in place of a folder");
  const paths = ["deep/folder/away", "written", "now a file/away"];
  const { store, jobs } = noteJob(dataset, new Map(paths.map((path) => [path, AWAY])));
  using _store = store;

  await putBack(dataset, store, jobs);
  await putBack(dataset, store, [...jobs, { jobKey: 99, worktree: "" }]);

  assert.equal(await Deno.readLink(at("deep/folder/away")), AWAY);
  assert.equal(await Deno.readTextFile(at("written")), "by the job");
  assert.equal(await Deno.readTextFile(at("now a file")), "in place of a folder");
});

for (
  const [name, gitdir] of [
    ["an absolute path", (root: string) => `${root}/.git`],
    // As git writes it with worktree.useRelativePaths, from 2.48 on.
    ["a relative path", () => "../../../../side/.git"],
  ] as const
) {
  Deno.test(`putBack() finds another work tree by ${name}`, async () => {
    const { folder, dataset } = await createDataset();
    await using _folder = folder;
    await folder.write("side/.git", "");
    await folder.write("set/.git/worktrees/side/gitdir", `${gitdir(folder.at("side"))}\n`);
    const { store, jobs } = noteJob(dataset, new Map([["away", AWAY]]), "side");
    using _store = store;

    await putBack(dataset, store, jobs);

    assert.equal(await Deno.readLink(folder.at("side/away")), AWAY);
    assert.equal((await folder.paths("set")).some((path) => path.endsWith("/away")), false);
  });
}

Deno.test("putBack() of a job of the main work tree, seen from another one", async () => {
  const { folder, dataset, at } = await createDataset();
  await using _folder = folder;
  const { store, jobs } = noteJob(dataset, new Map([["away", AWAY]]));
  using _store = store;

  await putBack({ ...dataset, root: folder.at("side"), worktree: "side" }, store, jobs);

  assert.equal(await Deno.readLink(at("away")), AWAY);
});

Deno.test("putBack() misses nothing where a work tree was removed", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  const { store, jobs } = noteJob(dataset, new Map([["away", AWAY]]), "gone");
  using _store = store;
  const before = await folder.paths();

  await putBack(dataset, store, jobs);

  assert.deepEqual(await folder.paths(), before);
});

Deno.test("dropWaiting() forgets rows that wait, and puts back what made room for them", async () => {
  const { folder, dataset, at } = await createDataset();
  await using _folder = folder;
  using store = JobStore.open(dataset.commonDir);
  const plan = {
    ...{ command: "sbatch job.sh", directory: "/", inputs: [], toUnlock: [] },
    ...{ transfers: null, array: null },
  };
  const added = store.waiting.add(
    ["a", "b"].map((output) => ({
      request: jobRequest({ outputs: [output] }),
      identity: output,
      plan,
    })),
    { checksOutputs: true, again: false, isTrial: false, submitter: "{}", nowMs: 1 },
  );
  assert("keys" in added);
  const [waiting, taken] = added.keys as readonly [number, number];
  const before: FilesBefore = { present: null, room: new Map([["away", AWAY]]), altDir: null };
  store.files.note(new Map([[waiting, before]]), "waiting");
  store.waiting.take([taken], { submitter: "{}", nowMs: 1, beforeTaking: () => {} });

  await dropWaiting(dataset, store, [waiting, taken]);

  assert.equal(await Deno.readLink(at("away")), AWAY);
  assert.deepEqual([...store.waiting.keys("", false)], []);
  assert.deepEqual(store.listSubmitting().map(({ jobKey }) => jobKey), [taken]);
});
