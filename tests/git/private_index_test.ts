import assert from "node:assert/strict";
import { namesIn } from "../../src/fs/if_present.ts";
import {
  changeIndex,
  PrivateIndex,
  readChecksum,
  removeLeftIndices,
  setIndexEntries,
} from "../../src/git/private_index.ts";
import { TestRepository } from "../support/test_repository.ts";

async function createRepository(files: Readonly<Record<string, string>>) {
  const repository = await TestRepository.create(files);
  const staged = async () =>
    (await repository.dataset.git("ls-files", "-z")).split("\0").filter((path) => path !== "");
  return { repository, opened: await repository.open(), staged };
}

Deno.test("PrivateIndex.stage() stages beside the user's index, all or nothing", async () => {
  const { repository, opened, staged } = await createRepository({ a: "1\n", "was/file": "1\n" });
  await using _repository = repository;
  const { dataset } = repository;
  await Deno.remove(repository.at("was"), { recursive: true });
  await dataset.write("was", "a file now\n");
  await dataset.write("new ü\n", "x\n");

  await using index = await PrivateIndex.copy(opened);
  await assert.rejects(index.stage(["new ü\n", "gone"], []), {
    code: "GIT_FAILED",
    detail: /gone/,
  });
  assert.deepEqual(await index.listTracked(["new ü\n"]), []);
  await index.stage(["was", "new ü\n"], ["was/file"]);

  assert.deepEqual((await index.listTracked(["."])).sort(), ["a", "new ü\n", "was"]);
  assert.deepEqual(await staged(), ["a", "was/file"]);
});

Deno.test("PrivateIndex.publish() takes the index's place, and can be taken back", async () => {
  const { repository, opened, staged } = await createRepository({ a: "1\n" });
  await using _repository = repository;
  await repository.dataset.write("new", "x\n");
  await using index = await PrivateIndex.copy(opened);
  await index.stage(["new"], []);
  const blob = await index.git.text(["rev-parse", ":new"]);
  const change = { path: "new", kind: "add", mode: "100644", oid: blob } as const;
  await using lock = await repository.lockIndex(opened);

  const putBack = await index.publish(lock, [change], true, []);

  assert.deepEqual(await staged(), ["a", "new"]);
  await putBack();
  assert.deepEqual(await staged(), ["a"]);
});

Deno.test("PrivateIndex.publish() keeps what the user has staged meanwhile", async () => {
  const { repository, opened, staged } = await createRepository({ a: "1\n" });
  await using _repository = repository;
  const { dataset } = repository;
  await dataset.write("new", "x\n");
  await dataset.write("theirs", "y\n");
  await using index = await PrivateIndex.copy(opened);
  await index.stage(["new"], []);
  const blob = await index.git.text(["rev-parse", ":new"]);
  await dataset.git("add", "theirs");
  const change = { path: "new", kind: "add", mode: "100644", oid: blob } as const;
  await using lock = await repository.lockIndex(opened);

  await index.publish(lock, [change], true, []);

  assert.deepEqual(await staged(), ["a", "new", "theirs"]);
});

Deno.test("PrivateIndex.findChanged() goes by contents where times do not tell", async () => {
  const { repository, opened } = await createRepository({ a: "1\n", b: "1\n", c: "1\n" });
  await using _repository = repository;
  await repository.dataset.write("b", "2\n"); // of the same size, perhaps in the same second
  await Deno.utime(repository.at("a"), 1_000_000, 1_000_000);

  await using index = await PrivateIndex.copy(opened);

  assert.deepEqual(await index.findChanged(["a", "b"]), new Set(["b"]));
  assert.deepEqual(await index.findChanged([]), new Set());
});

Deno.test("setIndexEntries() sets entries, deletions too, without a look at the work tree", async () => {
  const { repository, opened, staged } = await createRepository({ a: "1\n", b: "1\n" });
  await using _repository = repository;
  const oid = await repository.dataset.git("rev-parse", "HEAD:a");
  await using lock = await repository.lockIndex(opened);

  const putBack = await setIndexEntries(opened, lock, [
    { path: "a", kind: "delete", mode: "000000", oid: "0".repeat(40) },
    { path: "sub/new", kind: "add", mode: "120000", oid },
  ]);

  assert.deepEqual(await staged(), ["b", "sub/new"]);
  await putBack();
  assert.deepEqual(await staged(), ["a", "b"]);
  await (await setIndexEntries(opened, lock, []))();
});

Deno.test("changeIndex() leaves the index as it was when the change fails", async () => {
  const { repository, opened, staged } = await createRepository({ a: "1\n" });
  await using _repository = repository;
  await using lock = await repository.lockIndex(opened);

  await assert.rejects(changeIndex(opened, lock, async (git) => {
    await git.require(["rm", "--cached", "--quiet", "a"]);
    throw new Error("killed");
  }));

  assert.deepEqual(await staged(), ["a"]);
});

Deno.test("removeLeftIndices() takes away what a crash left of ours, and nothing of git's", async () => {
  const { repository, opened } = await createRepository({ a: "1\n" });
  await using _repository = repository;
  const left = ["dlslurm-index", "dlslurm-index.lock", "dlslurm-commit-index"];
  for (const name of left) await repository.dataset.write(`.git/${name}`, "");
  await Deno.mkdir(repository.at(".git/dlslurm"));
  const before = await namesIn(opened.gitDir);

  await removeLeftIndices(opened);

  const after = await namesIn(opened.gitDir);
  assert.deepEqual(after.sort(), before.filter((name) => !left.includes(name)).sort());
});

Deno.test("readChecksum() tells an index from a changed one, and from none", async () => {
  const { repository, opened } = await createRepository({ a: "1\n" });
  await using _repository = repository;
  const { dataset } = repository;
  const before = await readChecksum(opened.indexFile);
  assert.equal(await readChecksum(opened.indexFile), before);
  await dataset.write("b", "");
  await dataset.git("add", "b");

  assert.notEqual(await readChecksum(opened.indexFile), before);
  assert.equal(await readChecksum(`${opened.indexFile}.gone`), "none");
  // index.skipHash
  await dataset.write("zeros", "\0".repeat(40));
  const zeros = await readChecksum(repository.at("zeros"));
  await Deno.utime(repository.at("zeros"), 1_000_000, 1_000_000);
  assert.notEqual(await readChecksum(repository.at("zeros")), zeros);
});
