import assert from "node:assert/strict";
import { notePresent } from "../../src/annex/location_log.ts";
import { namesIn } from "../../src/fs/if_present.ts";
import { takePosixLock } from "../../src/sqlite/posix_lock.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

const ANNEX = ["git-annex"] as const;
const OTHER = "11111111-2222-3333-4444-555555555555";
const keyOf = (n: number) => `SHA256E-s${n}--${String(n).padStart(64, "0")}.tar.gz`;

async function uuidOf({ dataset }: TestRepository): Promise<string> {
  return (await dataset.git("config", "annex.uuid")).trim();
}

/** What git-annex tells of a key: the repositories that have it. */
async function whereIs({ dataset }: TestRepository, key: string): Promise<string[]> {
  const text = await dataset.git("annex", "whereis", "--json", `--key=${key}`);
  const { whereis } = JSON.parse(text) as { whereis: { uuid: string }[] };
  return whereis.map(({ uuid }) => uuid).sort();
}

async function subjects({ dataset }: TestRepository): Promise<string[]> {
  return (await dataset.git("log", "--format=%s", "refs/heads/git-annex")).trim().split("\n");
}

testIfAvailable(
  ANNEX,
  "notePresent() notes all keys in one commit that git-annex reads",
  async () => {
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const uuid = await uuidOf(repository);
    const keys = [1, 2, 3, 4, 5, 6, 7].map(keyOf);
    const before = await subjects(repository);

    await notePresent(await repository.openAnnex(), uuid, keys);

    assert.deepEqual(await subjects(repository), ["update", ...before]);
    // What git-annex itself notes next is beside ours, and at the same paths.
    await repository.dataset.git("annex", "setpresentkey", keyOf(8), uuid, "1");
    await repository.dataset.git("annex", "setpresentkey", keyOf(1), uuid, "0");
    await repository.dataset.git("annex", "merge", "--quiet");
    for (const key of [...keys.slice(1), keyOf(8)]) {
      assert.deepEqual(await whereIs(repository, key), [uuid], key);
    }
    await assert.rejects(() => whereIs(repository, keyOf(1)));
    const names = await repository.dataset.git(
      "ls-tree",
      "-r",
      "--name-only",
      "refs/heads/git-annex",
    );
    assert.equal(
      names.split("\n").filter((name) => name.endsWith(".log") && name.includes("SHA")).length,
      8,
    );
  },
);

testIfAvailable(
  ANNEX,
  "notePresent() keeps what a log says of others, and comes over an older no",
  async () => {
    await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
    const uuid = await uuidOf(repository);
    const { dataset } = repository;
    await dataset.git("annex", "setpresentkey", keyOf(1), OTHER, "1");
    await dataset.git("annex", "setpresentkey", keyOf(1), uuid, "0");
    await dataset.git("annex", "merge", "--quiet");
    const annex = await repository.openAnnex();

    await notePresent(annex, uuid, [keyOf(1), keyOf(2)]);
    const after = await subjects(repository);
    await notePresent(annex, uuid, [keyOf(1), keyOf(2)]);

    assert.deepEqual(await subjects(repository), after, "nothing new is no commit");
    assert.deepEqual(await whereIs(repository, keyOf(1)), [OTHER, uuid].sort());
    assert.deepEqual(await whereIs(repository, keyOf(2)), [uuid]);
  },
);

testIfAvailable(ANNEX, "notePresent() leaves to git-annex what is not plain", async (t) => {
  await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
  const uuid = await uuidOf(repository);
  const { dataset } = repository;
  const annex = await repository.openAnnex();
  await t.step("with something in its journal", async () => {
    await dataset.git(
      "-c",
      "annex.alwayscommit=false",
      "annex",
      "setpresentkey",
      keyOf(1),
      OTHER,
      "1",
    );
    await notePresent(annex, uuid, [keyOf(1)]);
    assert.deepEqual(await whereIs(repository, keyOf(1)), [OTHER, uuid].sort());
    assert.deepEqual(await namesIn(repository.at(".git/annex/journal")), []);
  });
  await t.step("with a key whose name is escaped", async () => {
    const key = "URL--http&c%%example.org%x";
    await notePresent(annex, uuid, [keyOf(2), key]);
    assert.deepEqual(await whereIs(repository, key), [uuid]);
    assert.deepEqual(await whereIs(repository, keyOf(2)), [uuid]);
  });
  await t.step("where nobody says whom commits name", async () => {
    const { identities: _, ...unnamed } = annex;
    await notePresent(unnamed, uuid, [keyOf(3)]);
    assert.deepEqual(await whereIs(repository, keyOf(3)), [uuid]);
  });
});

testIfAvailable(ANNEX, "notePresent() waits for whoever has git-annex's lock", async () => {
  await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
  const uuid = await uuidOf(repository);
  const lock = await takePosixLock(repository.at(".git/annex/journal.lck"));
  let isNoted = false;
  const noting = notePresent(await repository.openAnnex(), uuid, [keyOf(1)])
    .then(() => isNoted = true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(isNoted, false);
  lock![Symbol.dispose]();
  await noting;
  assert.deepEqual(await whereIs(repository, keyOf(1)), [uuid]);
});

testIfAvailable(ANNEX, "notePresent() and git-annex lose nothing of each other", async () => {
  await using repository = await TestRepository.create({ a: "1\n" }, "git-annex");
  const uuid = await uuidOf(repository);
  const annex = await repository.openAnnex();
  const theirs = async () => {
    for (let n = 100; n < 112; n++) {
      await repository.dataset.git("annex", "setpresentkey", keyOf(n), uuid, "1");
      await repository.dataset.git("annex", "merge", "--quiet");
    }
  };
  const ours = async () => {
    for (let n = 200; n < 230; n++) await notePresent(annex, uuid, [keyOf(n)]);
  };
  await Promise.all([theirs(), ours()]);
  const names = await repository.dataset.git(
    "ls-tree",
    "-r",
    "--name-only",
    "refs/heads/git-annex",
  );
  const noted = names.split("\n").filter((name) => /SHA256E-s[12][0-9]{2}-/.test(name));
  assert.equal(noted.length, 42);
});
