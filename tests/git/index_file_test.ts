import assert from "node:assert/strict";
import { IndexFile } from "../../src/git/index_file.ts";
import { TestRepository } from "../support/test_repository.ts";

/** Files, looked at by git a while after they were written. */
async function createIndexed(files: Readonly<Record<string, string>> = { a: "1\n", b: "2\n" }) {
  const repository = await TestRepository.create(files);
  for (const path of Object.keys(files)) await age(repository, path);
  await refresh(repository);
  return repository;
}

/** A time long before the index was written. */
async function age(repository: TestRepository, path: string, seconds = 1_700_000_000) {
  await Deno.utime(repository.at(path), seconds, seconds);
}

async function refresh(repository: TestRepository, ...options: readonly string[]) {
  await repository.dataset.git("update-index", "-q", "--really-refresh", ...options);
}

async function versionOf(repository: TestRepository, path: string): Promise<string | undefined> {
  const { indexFile, headOid } = await repository.open();
  return new IndexFile(indexFile, headOid).versionOf(path, await Deno.lstat(repository.at(path)));
}

const oidOf = async (repository: TestRepository, path: string) =>
  await repository.dataset.git("rev-parse", `:${path}`);

for (const version of ["2", "3", "4"]) {
  Deno.test(`IndexFile tells the version of untouched files, index version ${version}`, async () => {
    const names = ["a.b", "a/b", "ä", "long".repeat(50), "zz/y/x", "zz/y/xx"];
    await using repository = await createIndexed(
      Object.fromEntries(names.map((name, at) => [name, `${at}\n`])),
    );
    const { dataset } = repository;
    // Version 3 is version 2 with flags.
    if (version === "3") {
      await dataset.write("intended", "x\n");
      await dataset.git("add", "--intent-to-add", "intended");
    } else await dataset.git("update-index", "--index-version", version);
    const bytes = await Deno.readFile(repository.at(".git/index"));
    assert.equal(bytes[7], Number(version));

    for (const name of names) {
      assert.equal(await versionOf(repository, name), await oidOf(repository, name), name);
    }
    await dataset.write("new", "x\n");
    assert.equal(await versionOf(repository, "new"), undefined);
    if (version === "3") assert.equal(await versionOf(repository, "intended"), undefined);
  });
}

Deno.test("IndexFile does not know a file that was touched, edited to the same size, or replaced", async () => {
  await using repository = await createIndexed({ a: "1\n", b: "1\n", c: "1\n", d: "1\n" });
  await age(repository, "a", 1_700_000_001);
  await Deno.writeTextFile(repository.at("b"), "2\n");
  await Deno.writeTextFile(repository.at("c"), "22\n");
  await age(repository, "c");
  await Deno.writeTextFile(repository.at("d2"), "2\n");
  await age(repository, "d2");
  await Deno.rename(repository.at("d2"), repository.at("d"));

  for (const path of ["a", "b", "c", "d"]) {
    assert.equal(await versionOf(repository, path), undefined, path);
  }
  await refresh(repository);
  assert.equal(await versionOf(repository, "a"), await oidOf(repository, "a"), "only touched");
});

Deno.test("IndexFile does not believe what was written in the moment in which the index was", async () => {
  await using repository = await createIndexed({ a: "1\n" });
  const index = repository.at(".git/index");

  await Deno.utime(index, 1_700_000_000, 1_700_000_000);
  assert.equal(await versionOf(repository, "a"), undefined);
  await Deno.utime(index, 1_700_000_001, 1_700_000_001);
  assert.equal(await versionOf(repository, "a"), await oidOf(repository, "a"));
});

Deno.test("IndexFile knows no file in conflict, none that git forgot the size of, and no link", async () => {
  await using repository = await createIndexed({ a: "1\n", b: "1\n" });
  const { dataset } = repository;
  const oid = await oidOf(repository, "a");
  await Deno.symlink("a", repository.at("link"));
  await dataset.git("add", "link");
  await dataset.git("update-index", "--cacheinfo", `100644,${oid},b`);
  await dataset.git("update-index", "--force-remove", "a");
  await dataset.write("a", "1\n");
  await repository.git.require(["update-index", "--index-info"], {
    stdin: `100644 ${oid} 1\ta\n100644 ${oid} 2\ta\n`,
  });

  for (const path of ["a", "b", "link"]) {
    assert.equal(await versionOf(repository, path), undefined, path);
  }
});

Deno.test("IndexFile tells nothing of an index that is split, too large, damaged or not there", async () => {
  await using repository = await createIndexed();
  const { indexFile, headOid } = await repository.open();
  const bytes = await Deno.readFile(indexFile);
  const info = await Deno.lstat(repository.at("a"));
  const told = (most?: number) => new IndexFile(indexFile, headOid, most).versionOf("a", info);

  assert.notEqual(told(), undefined);
  assert.equal(told(bytes.length - 1), undefined);
  for (const end of [4, 40, 100, bytes.length - 1]) {
    await Deno.writeFile(indexFile, bytes.subarray(0, end));
    assert.equal(told(), undefined, `${end} bytes`);
  }
  await Deno.writeFile(indexFile, bytes);
  await repository.dataset.git("update-index", "--split-index");
  assert.equal(told(), undefined);
  await Deno.remove(indexFile);
  assert.equal(told(), undefined);
});

Deno.test("IndexFile reads names of SHA-256", async () => {
  await using repository = await TestRepository.create();
  const { dataset, sandbox } = repository;
  const root = `${sandbox.root}/other`;
  await sandbox.require(["git", "init", "-q", "--object-format=sha256", root]);
  await Deno.writeTextFile(`${root}/a`, "1\n");
  await Deno.utime(`${root}/a`, 1_700_000_000, 1_700_000_000);
  await dataset.git("-C", root, "add", "a");
  const oid = await dataset.git("-C", root, "rev-parse", ":a");

  const index = new IndexFile(`${root}/.git/index`, oid);
  assert.equal(oid.length, 64);
  assert.equal(index.versionOf("a", await Deno.lstat(`${root}/a`)), oid);
});
