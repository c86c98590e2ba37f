import assert from "node:assert/strict";
import { InputsNow } from "../../src/commit/changed_inputs.ts";
import { LeftBefore } from "../../src/commit/left_before.ts";
import { lookAtInput } from "../../src/datalad/look_at_input.ts";
import { CommitTree } from "../../src/git/commit_tree.ts";
import { IndexFile } from "../../src/git/index_file.ts";
import type { NotedEvidence, NotedInput } from "../../src/jobs/noted_evidence.ts";
import { openJob } from "../support/jobs.ts";
import { TestRepository } from "../support/test_repository.ts";

/** Of "abc". */
const KEY = "MD5E-s3--900150983cd24fb0d6963f7d28e17f72";
const LINK = `.git/annex/objects/a/b/${KEY}/${KEY}`;

/** What is noted of these paths as they are now. */
async function note(
  repository: TestRepository,
  ...paths: readonly string[]
): Promise<NotedInput[]> {
  const { root, commonDir, headOid, indexFile } = await repository.open();
  using head = new CommitTree(root, commonDir, headOid);
  const index = new IndexFile(indexFile, headOid);
  return await Promise.all(paths.map(async (path) => {
    const { read: _, ...input } = await lookAtInput({ root, head, headOid, index }, path, 1_000);
    return input;
  }));
}

function evidenceOf(inputs: readonly NotedInput[]): NotedEvidence {
  return { version: "1", submission: {}, script: null, inputs };
}

async function changed(
  repository: TestRepository,
  inputs: readonly NotedInput[],
  claims: readonly string[] = [],
): Promise<string[]> {
  using now = new InputsNow(await repository.open());
  return (await now.findChanged(evidenceOf(inputs), claims)).inputs;
}

Deno.test("InputsNow finds what was edited or removed, and nothing that was only touched", async () => {
  await using repository = await TestRepository.create({ a: "1\n", b: "1\n", c: "1\n", d: "1\n" });
  const noted = await note(repository, "a", "b", "c", "d");
  await Deno.writeTextFile(repository.at("b"), "2\n");
  await Deno.remove(repository.at("c"));
  await Deno.utime(repository.at("d"), 1, 1);

  assert.deepEqual(await changed(repository, noted), ["b", "c"]);
});

Deno.test("InputsNow passes over what the job itself was to write, and what was not there yet", async () => {
  await using repository = await TestRepository.create({ "out/a": "1\n", outer: "1\n" });
  const noted = [...await note(repository, "out/a", "outer", "later")];
  for (const path of ["out/a", "outer", "later"]) await repository.dataset.write(path, "22\n");

  assert.deepEqual(noted.at(-1), { path: "later", missing: true });
  assert.deepEqual(await changed(repository, noted, ["out"]), ["outer"]);
  assert.deepEqual(await changed(repository, noted, ["."]), []);
});

Deno.test("InputsNow knows an annexed file by its key, locked or not", async () => {
  await using repository = await TestRepository.create();
  await Deno.symlink(LINK, repository.at("in"));
  await repository.commit();
  const noted = await note(repository, "in");
  const file = repository.at("in");
  const replace = async (write: () => Promise<void>) => {
    await Deno.remove(file);
    await write();
  };

  assert.deepEqual(await changed(repository, noted), []);
  await replace(() => Deno.writeTextFile(file, "abc"));
  assert.deepEqual(
    await changed(repository, noted),
    [],
    "unlocked: the content is that of the key",
  );
  await replace(() => Deno.writeTextFile(file, `/annex/objects/${KEY}\n`));
  assert.deepEqual(await changed(repository, noted), [], "unlocked, and not here");
  await replace(() => Deno.writeTextFile(file, "abd"));
  assert.deepEqual(await changed(repository, noted), ["in"], "of the same size");
  await replace(() => Deno.writeTextFile(file, "abcd"));
  assert.deepEqual(await changed(repository, noted), ["in"]);
  await replace(() => Deno.symlink(LINK.replaceAll("9001", "bbbb"), file));
  assert.deepEqual(await changed(repository, noted), ["in"]);
  await Deno.remove(file);
  assert.deepEqual(await changed(repository, noted), ["in"]);
});

Deno.test("InputsNow takes no unlocked file for changed that was only touched, or dropped", async () => {
  await using repository = await TestRepository.create();
  for (const path of ["touched", "edited", "dropped"]) {
    await repository.dataset.write(path, `/annex/objects/${KEY}\n`);
  }
  await repository.commit();
  for (const path of ["touched", "edited", "dropped"]) await repository.dataset.write(path, "abc");
  const noted = await note(repository, "touched", "edited", "dropped");
  assert.deepEqual(noted.map(({ key }) => key), [KEY, KEY, KEY]);
  await Deno.utime(repository.at("touched"), 1, 1);
  await repository.dataset.write("edited", "abd");
  await repository.dataset.write("dropped", `/annex/objects/${KEY}\n`);

  assert.deepEqual(await changed(repository, noted), ["edited"]);
});

Deno.test("InputsNow takes a text that git converts for changed only if it was", async () => {
  await using repository = await TestRepository.create({
    ".gitattributes": "*.txt text eol=crlf\n",
    "touched.txt": "1\r\n",
    "edited.txt": "1\r\n",
  });
  await repository.refreshIndex("touched.txt", "edited.txt");
  const noted = await note(repository, "touched.txt", "edited.txt");
  assert.deepEqual(
    noted.map(({ blob }) => blob),
    Array(2).fill(await repository.dataset.git("rev-parse", "HEAD:edited.txt")),
  );
  await Deno.utime(repository.at("touched.txt"), 1, 1);
  await Deno.writeTextFile(repository.at("edited.txt"), "2\r\n");

  assert.deepEqual(await changed(repository, noted), ["edited.txt"]);
});

Deno.test("InputsNow takes a file that went into the annex meanwhile for the same, if it is as long", async () => {
  await using repository = await TestRepository.create({ in: "abc", other: "abcd" });
  const noted = await note(repository, "in", "other");
  for (const path of ["in", "other"]) {
    await Deno.remove(repository.at(path));
    await Deno.symlink(LINK, repository.at(path));
  }

  assert.deepEqual(await changed(repository, noted), ["other"]);
});

Deno.test("InputsNow compares a large folder with what HEAD has there", async () => {
  await using repository = await TestRepository.create({ "in/a": "1\n" });
  const tree = await repository.dataset.git("rev-parse", "HEAD:in");
  const noted = [{ path: "in", tree }];

  assert.deepEqual(await changed(repository, noted), []);
  await repository.dataset.write("in/a", "2\n");
  await repository.commit();
  assert.deepEqual(await changed(repository, noted), ["in"]);
});

Deno.test("InputsNow says whether the script is another one than was submitted", async () => {
  await using repository = await TestRepository.create({ "job.sh": "1\n" });
  const [{ blob, traits }] = await note(repository, "job.sh") as [NotedInput];
  const file = repository.at("job.sh");
  const isChanged = async (script: NotedEvidence["script"]) => {
    using now = new InputsNow(await repository.open());
    return (await now.findChanged({ ...evidenceOf([]), script }, ["."])).script;
  };
  const script = { path: "job.sh", file, blob: blob!, traits: traits! };

  assert.equal(await isChanged(script), undefined);
  await Deno.utime(file, 1, 1);
  assert.equal(await isChanged(script), undefined, "it was only touched");
  await Deno.writeTextFile(file, "2\n");
  assert.equal(await isChanged(script), "job.sh");
  assert.equal(await isChanged({ wrap: true, blob: blob! }), undefined);
  assert.equal(await isChanged(null), undefined);
  await Deno.remove(file);
  assert.equal(await isChanged(script), "job.sh");
});

Deno.test("InputsNow.complete() tells of what was to be written first what is there now", async () => {
  await using repository = await TestRepository.create({ a: "1\n" });
  const [absent, present] = await note(repository, "later", "a") as [NotedInput, NotedInput];
  await repository.dataset.write("later", "2\n");
  await Deno.writeTextFile(repository.at("a"), "22\n");
  const blobOf = (path: string) => repository.dataset.git("hash-object", path);
  using now = new InputsNow(await repository.open());

  const later = await now.complete(absent, {});
  assert.deepEqual([later.blob, later.missing], [await blobOf("later"), true]);
  assert.equal(await now.complete(present, {}), present, "it is known as it was");
  using left = new LeftBefore(await repository.open(), [openJob({ outputs: ["a"] })]);
  const awaited = await now.findAwaited(present, left, undefined);
  assert.deepEqual(
    [awaited!.input.blob, awaited!.input.modified, awaited!.isChanged],
    [await blobOf("a"), undefined, false],
  );
});

Deno.test("InputsNow.complete() tells of a large folder whether files in it were edited before the submission", async () => {
  await using repository = await TestRepository.create({ "in/a": "1\n", "in/out": "1\n" });
  const tree = await repository.dataset.git("rev-parse", "HEAD:in");
  const modified = async (at: string) => {
    using now = new InputsNow(await repository.open());
    return (await now.complete({ path: "in", tree }, { at }, ["in/out"])).modified;
  };
  const [before, after] = ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"];

  await Deno.utime(repository.at("in/a"), 1, 1);
  await repository.dataset.write("in/out", "2\n");
  assert.equal(await modified(after), undefined, "only touched, or the job's own");
  await repository.dataset.write("in/a", "2\n");
  assert.equal(await modified(after), true);
  assert.equal(await modified(before), undefined, "it was edited later");
  using now = new InputsNow(await repository.open());
  const changedSince = async (at: string) =>
    (await now.findChanged({ ...evidenceOf([{ path: "in", tree }]), submission: { at } }, [
      "in/out",
    ]))
      .inputs;
  assert.deepEqual([await changedSince(before), await changedSince(after)], [["in"], []]);
});

Deno.test("InputsNow.complete() tells of a large folder in a subdataset whether anything there was edited", async () => {
  await using repository = await TestRepository.create();
  const { dataset } = repository;
  await dataset.git("init", "-q", "sub");
  await dataset.write("sub/in/a", "1\n");
  await dataset.git("-C", "sub", "add", "--all");
  await dataset.git("-C", "sub", "commit", "-q", "-m", "Add");
  await dataset.git("submodule", "--quiet", "add", "./sub", "sub");
  await repository.commit();
  const tree = await dataset.git("-C", "sub", "rev-parse", "HEAD:in");
  const modified = async () => {
    using now = new InputsNow(await repository.open());
    return (await now.complete({ path: "sub/in", tree }, {})).modified;
  };

  assert.equal(await modified(), undefined);
  await dataset.write("sub/in/a", "2\n");
  assert.equal(await modified(), true);
});

Deno.test("InputsNow.complete() names a large file that is as it was, and no other", async () => {
  await using repository = await TestRepository.create({ a: "1\n" });
  await Deno.utime(repository.at("a"), 1, 1); // git has not looked at it since
  const { root, commonDir, headOid, indexFile } = await repository.open();
  using head = new CommitTree(root, commonDir, headOid);
  const index = new IndexFile(indexFile, headOid);
  const { read: _, ...large } = await lookAtInput({ root, head, headOid, index }, "a", 0);
  assert.equal(large.blob, undefined);
  {
    using now = new InputsNow(await repository.open());
    assert.equal((await now.complete(large, { head: headOid })).blob?.length, 40);
  }
  await Deno.writeTextFile(repository.at("a"), "2\n");
  using now = new InputsNow(await repository.open());
  assert.equal(await now.complete(large, { head: headOid }), large);
});

Deno.test("InputsNow.complete() keeps the mark of an extra input, however it is completed", async () => {
  await using repository = await TestRepository.create({ a: "1\n", large: "2\n".repeat(1_000) });
  await Deno.utime(repository.at("large"), 1, 1); // git has not looked at it since
  const [a, large] = await note(repository, "a", "large");
  using now = new InputsNow(await repository.open());
  using left = new LeftBefore(await repository.open(), [openJob({ outputs: ["a"] })]);
  const complete = async (input: NotedInput) =>
    (await now.complete({ ...input, extra: true }, {})).extra;

  assert.equal(await complete(a!), true);
  assert.equal((await now.findAwaited({ ...a!, extra: true }, left, undefined))!.input.extra, true);
  assert.equal(await complete({ path: "a", missing: true }), true);
  assert.equal(large!.blob, undefined, "it was too large to be read");
  assert.equal(await complete(large!), true);
});
