import assert from "node:assert/strict";
import { LeftBefore } from "../../src/commit/left_before.ts";
import { openJob } from "../support/jobs.ts";
import { TestRepository } from "../support/test_repository.ts";

const KEY = "MD5E-s3--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

Deno.test("LeftBefore finds what the commit of a job has changed in its claim, and nothing else", async () => {
  await using repository = await TestRepository.create({ "out/kept": "1\n", other: "1\n" });
  const { dataset } = repository;
  const commitBase = await dataset.git("rev-parse", "HEAD");
  await dataset.write("out/new", "2\n");
  await dataset.write("other", "2\n");
  await Deno.symlink(`../.git/annex/objects/a/b/${KEY}/${KEY}`, repository.at("out/annexed"));
  await Deno.symlink("kept", repository.at("out/link"));
  await dataset.git("add", ".");
  await dataset.git("commit", "-qm", "job");
  const commitOid = await dataset.git("rev-parse", "HEAD");
  const done = { ...openJob({ outputs: ["out"], commitOid, commitBase }), endedAtMs: 5 };
  const open = openJob({ outputs: ["later"] });
  using left = new LeftBefore(await repository.open(), [{ ...done, stage: "finished" }, open]);

  const found = (path: string) => left.find(path)?.evidence;
  assert.deepEqual(found("out/new"), {
    path: "out/new",
    blob: await dataset.git("hash-object", "out/new"),
  });
  assert.deepEqual(found("out/annexed"), { path: "out/annexed", key: KEY });
  assert.deepEqual([left.find("out/kept"), left.find("other")], [null, null]);
  assert.equal(left.find("out/link"), undefined, "it says nothing of what is behind it");
  assert.deepEqual(["out/x", "later", "other"].map((path) => left.claims(path)), [
    true,
    true,
    false,
  ]);
  assert.deepEqual(["out/x", "later"].map((path) => left.isPending(path)), [false, true]);
});
