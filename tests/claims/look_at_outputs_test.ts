import assert from "node:assert/strict";
import { lookAtOutputs, mayHaveAnnexedFiles } from "../../src/claims/look_at_outputs.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const HERE = ".git/annex/objects/aa/bb/HERE/HERE";
const AWAY = ".git/annex/objects/aa/bb/AWAY/AWAY";

/** A dataset with annexed files, of which those called "away" have no content here. */
async function createDataset(hasAnnex = true) {
  const folder = await TestFolder.create({ [HERE]: "1", "out/plain": "2", "other/x": "3" });
  await Deno.symlink(`../${HERE}`, folder.at("out/here"));
  await Deno.symlink(`../${AWAY}`, folder.at("out/away"));
  await Deno.symlink(AWAY, folder.at("away"));
  await Deno.symlink("plain", folder.at("out/link"));
  const awaitsAnnex = () => Promise.resolve(false);
  return { folder, dataset: { root: folder.root, hasAnnex, awaitsAnnex } as Dataset };
}

Deno.test("lookAtOutputs() notes what is there, and the links that a job may write to", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  const request = jobRequest({ outputs: ["out", "away", "new"] });

  const { links, before } = await lookAtOutputs(dataset, {
    request,
    toUnlock: ["out", "away"],
    logs: [],
  });

  assert.deepEqual(before.present!.places, ["out", "away", "new"]);
  assert.deepEqual(before.present!.paths.toSorted(), [
    ...["away", "out", "out/away", "out/here", "out/link", "out/plain"],
  ]);
  assert.deepEqual([...links.keys()].sort(), ["away", "out/away", "out/here"]);
  assert.deepEqual(before.room, new Map([["away", AWAY]]), "in a folder they stay");
  assert.equal(before.altDir, null);
});

Deno.test("lookAtOutputs() makes room in folders for what is known to be written, and only for claims", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  const toUnlock = ["out/away", "out/here", "away"];

  const { links, before } = await lookAtOutputs(dataset, {
    request: jobRequest({ outputs: ["out"] }),
    toUnlock,
    logs: [],
  });

  assert.deepEqual([...before.room.keys()], ["out/away"]);
  assert.deepEqual([...links.keys()].sort(), toUnlock.toSorted());
});

Deno.test("lookAtOutputs() has logs unlocked that no claim holds, or make room for themselves", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  const request = jobRequest({ outputs: ["new"] });

  const { links, before } = await lookAtOutputs(dataset, {
    ...{ request, toUnlock: ["new"], logs: ["out/here", "away"] },
  });

  assert.deepEqual([...links.keys()].sort(), ["away", "out/here"]);
  assert.deepEqual(before.room, new Map([["away", AWAY]]));
  assert.deepEqual(before.present, { places: ["new"], paths: [] });
});

Deno.test("lookAtOutputs() looks for no links where nothing is annexed", async () => {
  const { folder, dataset } = await createDataset(false);
  await using _folder = folder;

  const { links, before } = await lookAtOutputs(dataset, {
    request: jobRequest({ outputs: ["out"] }),
    toUnlock: ["out"],
    logs: [],
  });

  assert.equal(links.size, 0);
  assert.equal(before.present!.paths.length, 5);
});

Deno.test("lookAtOutputs() notes nothing of a job that runs elsewhere: it removes nothing here", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  const request = jobRequest({ outputs: ["out"], altDir: "/scratch" });

  const { before } = await lookAtOutputs(dataset, { request, toUnlock: ["out"], logs: [] });

  assert.deepEqual(before.present, { places: [], paths: [] });
});

Deno.test("mayHaveAnnexedFiles() of a plain repository is true if it has submodules, or git-annex is to come", async () => {
  const { folder, dataset } = await createDataset(false);
  await using _folder = folder;
  assert.equal(await mayHaveAnnexedFiles(dataset), false);
  const awaitsAnnex = () => Promise.resolve(true);
  assert.equal(await mayHaveAnnexedFiles({ ...dataset, awaitsAnnex }), true);
  await folder.write(".gitmodules", "");

  assert.equal(await mayHaveAnnexedFiles(dataset), true);
});
