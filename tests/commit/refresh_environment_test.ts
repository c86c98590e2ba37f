import assert from "node:assert/strict";
import { refreshEnvironment, takeBackText } from "../../src/commit/refresh_environment.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import type { AccountingEvidence } from "../../src/jobs/evidence.ts";
import { TestRepository } from "../support/test_repository.ts";

const PENDING = { JobState: "PENDING", RunTime: "00:00:00", Account: "a", EndTime: "Unknown" };

/** What an environment file with these fields is afterwards, and what the call gave back. */
async function refreshed(fields: unknown, accounting: AccountingEvidence) {
  await using repository = await TestRepository.create();
  const text = typeof fields === "string" ? fields : JSON.stringify(fields, undefined, 2);
  await repository.dataset.write("env.json", text);
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const told = refreshEnvironment(dataset, "env.json", accounting);
  const after = await Deno.readTextFile(repository.at("env.json"));
  if (told !== undefined) assert.equal(told.after, after);
  return {
    before: told?.before,
    after,
    text,
    again: refreshEnvironment(dataset, "env.json", accounting),
  };
}

Deno.test("refreshEnvironment() tells how the job ended, and adds no field", async () => {
  const { before, after, text, again } = await refreshed(PENDING, {
    ...{ state: "FAILED", elapsed: 3_725, exitCode: "1:0", end: "2026-11-28T12:00:00Z" },
  });

  assert.deepEqual(JSON.parse(after), {
    ...{ JobState: "FAILED", RunTime: "01:02:05", Account: "a", EndTime: "2026-11-28T12:00:00" },
  });
  assert.equal(before, text, "so that it can be put back");
  assert.equal(again, undefined, "a repeat changes nothing");
});

Deno.test("refreshEnvironment() writes RunTime as scontrol does, with days in front", async () => {
  const timeOf = async (elapsed: number) =>
    JSON.parse((await refreshed(PENDING, { elapsed })).after).RunTime;

  assert.equal(await timeOf(59), "00:00:59");
  assert.equal(await timeOf(86_399), "23:59:59");
  assert.equal(await timeOf(86_400 * 2 + 61), "2-00:01:01");
});

Deno.test("refreshEnvironment() writes what accounting tells into a file that a crash has left empty", async () => {
  for (const empty of ["", "\0\0\0\0"]) {
    const { before, after, again } = await refreshed(empty, { state: "COMPLETED", elapsed: 59 });

    assert.deepEqual(JSON.parse(after), { JobState: "COMPLETED", RunTime: "00:00:59" });
    assert.deepEqual([before, again], [empty, undefined]);
  }
});

Deno.test("refreshEnvironment() leaves what it cannot read, and a link of somebody, as they are", async () => {
  for (const fields of ["no JSON", "[1]x", "null"]) {
    const { before, after } = await refreshed(fields, { state: "FAILED" });
    assert.deepEqual([before, after], [undefined, fields]);
  }
  await using repository = await TestRepository.create();
  await repository.dataset.write("kept", JSON.stringify(PENDING));
  await Deno.symlink("kept", repository.at("link"));
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  assert.equal(refreshEnvironment(dataset, "link", { state: "FAILED" }), undefined);
  assert.equal(refreshEnvironment(dataset, "none", { state: "FAILED" }), undefined);
  assert.equal(await Deno.readTextFile(repository.at("kept")), JSON.stringify(PENDING));
});

Deno.test("refreshEnvironment() takes a link of the annex, and takeBackText() puts it back", async () => {
  await using repository = await TestRepository.create();
  const text = JSON.stringify(PENDING, undefined, 2);
  const object = ".git/annex/objects/aa/bb/MD5E-s1--00.json/MD5E-s1--00.json";
  await repository.dataset.write(object, text);
  await Deno.symlink(object, repository.at("env.json"));
  const dataset = await openDataset(repository.runner, repository.root, undefined);

  const told = refreshEnvironment(dataset, "env.json", { state: "COMPLETED" });

  assert.equal((await Deno.lstat(repository.at("env.json"))).isFile, true);
  assert.match(await Deno.readTextFile(repository.at("env.json")), /"JobState": "COMPLETED"/);
  assert.equal(await Deno.readTextFile(repository.at(object)), text);
  takeBackText(dataset, "env.json", told!);
  assert.equal(await Deno.readLink(repository.at("env.json")), object);
});
