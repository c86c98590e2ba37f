import assert from "node:assert/strict";
import {
  annexKeyOf,
  fileNameOfKey,
  isKey,
  keyOfFileName,
  parseAnnexed,
  sizeOfKey,
} from "../../src/annex/annex_key.ts";
import { mixedFoldersOf } from "../../src/annex/hash_folders.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

const KEY = "MD5E-s17--d41d8cd98f00b204e9800998ecf8427e.txt";

Deno.test("parseAnnexed() reads links of any depth and pointer files, and nothing that only looks so", () => {
  assert.deepEqual(parseAnnexed(`../../.git/annex/objects/aa/bb/${KEY}/${KEY}`), {
    ...{ key: KEY, isInGitFolder: true, folders: 3 },
  });
  assert.deepEqual(parseAnnexed(`/annex/objects/${KEY}`), {
    ...{ key: KEY, isInGitFolder: false, folders: 0 },
  });
  for (const line of ["", "annex/objects/", "my-annex/objects/x", "annex/objects.txt", "../a/b"]) {
    assert.equal(parseAnnexed(line), undefined, line);
  }
});

Deno.test("annexKeyOf() looks at the first line alone", () => {
  assert.equal(annexKeyOf(`/annex/objects/${KEY}\nmore\n`), KEY);
  assert.equal(annexKeyOf(`text\n/annex/objects/${KEY}\n`), undefined);
});

Deno.test("sizeOfKey() reads the size wherever the key has it, and only there", () => {
  assert.equal(sizeOfKey(KEY), 17);
  assert.equal(sizeOfKey("SHA256E-s0--abc"), 0);
  assert.equal(sizeOfKey("WORM-m1700000000-s5--name"), 5);
  assert.equal(sizeOfKey("WORM-s5-m1700000000--name"), 5);
  assert.equal(sizeOfKey("SHA1-s100-S10-C2--abc"), 100);
  for (const key of ["URL--http&c%%x-s5--y", "MD5E--abc", "no key", ""]) {
    assert.equal(sizeOfKey(key), undefined, key);
  }
});

Deno.test("isKey() knows a key from a name of somebody else's", () => {
  const keys = ["SHA256E-s3--ab.nii", "WORM-s1-m2--a b", "URL--http&c%%x", "XOWN_1-s9-S5-C1--x"];
  assert.deepEqual(keys.filter((key) => !isKey(key)), []);
  const names = ["scan.nii", "sub-01--run", "MD5", "MD5-s3", "A--", ""];
  assert.deepEqual(names.filter(isKey), []);
});

Deno.test("fileNameOfKey() and keyOfFileName() take each other back", () => {
  const names: Readonly<Record<string, string>> = {
    [KEY]: KEY,
    "WORM-s6-m1--raw/in.txt": "WORM-s6-m1--raw%in.txt",
    "URL--http://example.org/?a=1&s=%41": "URL--http&c%%example.org%?a=1&as=&s41",
    "X--&a&s&c%": "X--&aa&as&ac&s",
  };
  for (const [key, name] of Object.entries(names)) {
    assert.equal(fileNameOfKey(key), name);
    assert.equal(keyOfFileName(name), key);
  }
});

testIfAvailable(
  ["git-annex"],
  "annexKeyOf() has the key that git-annex has, of links and pointers whose names it escapes",
  async () => {
    const paths = ["sub&s/a b", "50%/x:y&c.txt"];
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const { dataset } = repository;
    for (const path of paths) await dataset.write(path, `${path}\n`);
    await dataset.git("annex", "add", "--quiet", "--backend=WORM", ...paths);
    for (const path of paths) {
      const key = await dataset.git("annex", "lookupkey", path);
      const link = await Deno.readLink(repository.at(path));
      const folders = (await dataset.git("annex", "find", "--format=${hashdirmixed}", path)).trim();

      assert.match(key, /\//);
      assert.equal(annexKeyOf(link), key);
      assert.equal(`${mixedFoldersOf(key)}/`, folders);
      assert(link.endsWith(`/${folders}${fileNameOfKey(key)}/${fileNameOfKey(key)}`));
      await dataset.git("annex", "unlock", "--quiet", path);
      assert.equal(annexKeyOf(await dataset.git("show", `:${path}`)), key);
    }
  },
);
