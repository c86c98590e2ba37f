import assert from "node:assert/strict";
import { join } from "node:path";
import { ObjectReader } from "../../src/git/object_reader.ts";
import { TestRepository } from "../support/test_repository.ts";

/** A repository with commits, trees, a tag, and blobs that a pack keeps as deltas of each other. */
async function createRepository(): Promise<TestRepository> {
  const repository = await TestRepository.create({ small: "1\n", "deep/er/a": "2\n" });
  const lines = Array.from({ length: 2_000 }, (_, at) => `line ${at}\n`);
  for (let version = 0; version < 4; version++) {
    lines[version * 100] = `changed ${version}\n`;
    await repository.dataset.write("large", lines.join(""));
    await repository.commit(`version ${version}`);
  }
  await repository.dataset.git("tag", "-a", "-m", "a tag", "v1");
  return repository;
}

/** All objects as git names them: `[oid, kind, size]`. */
async function objectsOf({ dataset }: TestRepository): Promise<[string, string, number][]> {
  const listed = await dataset.git("cat-file", "--batch-all-objects", "--batch-check");
  return listed.split("\n").map((line) => line.split(" "))
    .map(([oid, kind, size]) => [oid!, kind!, Number(size)]);
}

async function requireAll(repository: TestRepository, objects: string): Promise<void> {
  using reader = new ObjectReader(objects);
  for (const [oid, kind, size] of await objectsOf(repository)) {
    const found = reader.read(oid);
    assert.equal(found?.kind, kind, oid);
    assert.equal(found.content.length, size, oid);
    if (kind === "tree") continue; // git prints those in another form
    const text = new TextDecoder().decode(found.content);
    assert.equal(text.trimEnd(), await repository.dataset.git("cat-file", kind, oid));
  }
}

Deno.test("ObjectReader reads every object as git does, loose, packed and as deltas of either form", async () => {
  await using repository = await createRepository();
  const objects = repository.at(".git/objects");
  await requireAll(repository, objects);
  await repository.dataset.git("gc", "--quiet", "--aggressive", "--prune=now");
  await requireAll(repository, objects);
  await repository.dataset.git("-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq");
  await requireAll(repository, objects);
});

Deno.test("ObjectReader reads no blob that is larger than asked, and any tree or commit", async () => {
  await using repository = await createRepository();
  const check = async () => {
    using reader = new ObjectReader(repository.at(".git/objects"));
    for (const [oid, kind, size] of await objectsOf(repository)) {
      const found = reader.read(oid, 2);
      assert.equal(found !== undefined, kind !== "blob" || size <= 2, `${kind} of ${size} bytes`);
    }
  };
  await check();
  // Whole in the pack: of a delta no more is known than that it is not large for a tree.
  await repository.dataset.git("repack", "-adfq", "--depth=0");
  await check();
});

Deno.test("ObjectReader reads what alternates have, and theirs", async () => {
  await using repository = await createRepository();
  const { sandbox, root } = repository;
  const [one, other] = [join(sandbox.root, "one"), join(sandbox.root, "other")];
  await sandbox.require(["git", "clone", "--quiet", "--shared", root, one]);
  await sandbox.require(["git", "clone", "--quiet", "--shared", one, other]);

  await requireAll(repository, join(other, ".git", "objects"));
});

Deno.test("ObjectReader says of what is not there, or is damaged, that it cannot tell", async () => {
  await using repository = await createRepository();
  const oid = await repository.dataset.git("rev-parse", "HEAD");
  const file = repository.at(`.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`);
  await Deno.chmod(file, 0o644);
  const whole = await Deno.readFile(file);
  const objects = repository.at(".git/objects");
  const read = (name: string) => {
    using reader = new ObjectReader(objects);
    return reader.read(name);
  };

  assert.equal(read("0".repeat(40)), undefined);
  for (const damaged of [new Uint8Array(), whole.subarray(0, 20), whole.map((byte) => byte ^ 1)]) {
    await Deno.writeFile(file, damaged);
    assert.equal(read(oid), undefined);
  }
  await Deno.writeFile(file, whole);
  assert.equal(read(oid)?.kind, "commit");
});
