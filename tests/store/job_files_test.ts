import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import type { FilesBefore } from "../../src/jobs/files_before.ts";
import { JobFiles, prepareFilesRemoval } from "../../src/store/job_files.ts";
import { insertJob, memoryStore, partsOf } from "./memory_store.ts";

const NONE: FilesBefore = { present: null, room: new Map(), altDir: null };

function filesOf(database: DatabaseSync): JobFiles {
  return new JobFiles(partsOf(database));
}

function submitting(database: DatabaseSync): number {
  return insertJob(database, { outputs: [] }, { stage: "submitting" });
}

Deno.test("JobFiles.find() gives back all that was noted", () => {
  const database = memoryStore();
  const files = filesOf(database);
  const [one, other, third] = [0, 1, 2].map(() => submitting(database)) as [number, number, number];
  const file = { path: "out/ü\n1", size: 2 ** 40, mtimeMs: 1_800_000_000_123, ino: 2 ** 52 };
  const before: FilesBefore = {
    present: { places: ["out"], paths: ["out", "out/ü\n1"] },
    room: new Map([["out/link", "../.git/annex/objects/x"]]),
    altDir: { headOid: "h", inDataset: [file], inAltDir: [] },
  };

  files.note(new Map([[one, before], [other, NONE]]), "submitting");

  assert.deepEqual(files.find(one), before);
  assert.deepEqual(files.find(other), NONE);
  assert.equal(files.find(third), undefined);
});

Deno.test("JobFiles.note() leaves jobs alone that are in another stage by now", () => {
  const database = memoryStore();
  const files = filesOf(database);
  const [own, open] = [submitting(database), insertJob(database)];

  const noted = files.note(new Map([[own, NONE], [open, NONE], [99, NONE]]), "submitting");

  assert.deepEqual(noted, new Set([own]));
  assert.equal(files.find(open), undefined);
  assert.deepEqual(files.note(new Map(), "waiting"), new Set());
});

Deno.test("JobFiles.note() remembers what made room before beside what is to make room now", () => {
  const database = memoryStore();
  const files = filesOf(database);
  const key = submitting(database);
  const note = (room: FilesBefore["room"]) =>
    files.note(new Map([[key, { ...NONE, room }]]), "submitting");

  note(new Map([["a", "1"], ["b", "1"]]));
  note(new Map([["b", "2"], ["c", "2"]]));

  assert.deepEqual(files.find(key)!.room, new Map([["a", "1"], ["b", "2"], ["c", "2"]]));
});

Deno.test("JobFiles.findRoom() leaves out jobs for which nothing made room", () => {
  const database = memoryStore();
  const files = filesOf(database);
  const keys = [submitting(database), submitting(database), submitting(database)];
  const room = new Map([["a", "1"]]);
  files.note(new Map([[keys[0]!, NONE], [keys[1]!, { ...NONE, room }]]), "submitting");

  assert.deepEqual(files.findRoom(keys), new Map([[keys[1]!, room]]));
});

Deno.test("prepareFilesRemoval() forgets one job's, and what was never noted", () => {
  const database = memoryStore();
  const files = filesOf(database);
  const keys = [submitting(database), submitting(database)];
  files.note(new Map(keys.map((key) => [key, NONE])), "submitting");
  const remove = prepareFilesRemoval(database);

  for (const key of [keys[0]!, keys[0]!, 99]) remove(key);

  assert.deepEqual(keys.map((key) => files.find(key)), [undefined, NONE]);
});
