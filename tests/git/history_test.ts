import assert from "node:assert/strict";
import { findMessages, readMessages } from "../../src/git/history.ts";
import { TestRepository } from "../support/test_repository.ts";

const MARK = "[JOB.*]";

/** A repository with marked commits "one" and "two" on main, "side" on another branch. */
async function createHistory() {
  const repository = await TestRepository.create();
  const { dataset } = repository;
  const oids = {
    one: await repository.commit(`${MARK} one\n\nbody\n\n  of it`),
    none: await repository.commit("[JOBxx] is like it for a regular expression only"),
    two: await repository.commit(`two\n\n${MARK}`),
    side: "",
  };
  await dataset.git("checkout", "--quiet", "-b", "side", oids.one);
  oids.side = await repository.commit(`${MARK} side`);
  await dataset.git("checkout", "--quiet", "main");
  return { repository, oids };
}

const oidsOf = (messages: readonly { readonly oid: string }[]) => messages.map(({ oid }) => oid);

Deno.test("readMessages() reads one commit, all, or a range, oldest first", async () => {
  const { repository, oids } = await createHistory();
  await using _repository = repository;
  const read = async (revision: string, since?: string) =>
    oidsOf(await readMessages(repository.git, revision, since, MARK));

  assert.deepEqual(await read("main", ""), [oids.one, oids.two]);
  assert.deepEqual(await read("main", oids.one), [oids.two]);
  assert.deepEqual(await read(oids.one), [oids.one]);
  assert.deepEqual(await read(oids.none), []);
  assert.deepEqual(await read("side"), [oids.side]);
});

Deno.test("readMessages() reads messages whole, with who wrote them and parents", async () => {
  const { repository, oids } = await createHistory();
  await using _repository = repository;
  const { git, dataset } = repository;
  await dataset.git("merge", "--quiet", "--no-ff", "-m", `${MARK} merged`, "side");

  const [one] = await readMessages(git, oids.one, undefined, MARK);
  const [merged] = await readMessages(git, "HEAD", undefined, MARK);

  assert.equal(one!.message, `${MARK} one\n\nbody\n\n  of it\n`);
  assert.deepEqual(one!.author, { name: "Ada Tester", email: "ada@example.org" });
  assert.equal(one!.parents.length, 1);
  assert.deepEqual(merged!.parents, [oids.two, oids.side]);
  const [root] = await readMessages(git, `${oids.one}~`, undefined, "Add files");
  assert.deepEqual(root!.parents, []);
});

Deno.test("readMessages() refuses what git does not know, and what it would take for an option", async () => {
  const { repository } = await createHistory();
  await using _repository = repository;
  const { git } = repository;

  for (const [revision, since] of [["gone", ""], ["HEAD", "gone"], ["gone", undefined]] as const) {
    await assert.rejects(readMessages(git, revision, since, MARK), { code: "USAGE" });
  }
  const out = repository.at("written");
  for (const [revision, since] of [[`--output=${out}`, ""], ["HEAD", "--all"]] as const) {
    await assert.rejects(readMessages(git, revision, since, MARK), {
      code: "USAGE",
      message: /looks like an option/,
    });
  }
  await assert.rejects(Deno.lstat(out), Deno.errors.NotFound);
});

Deno.test("readMessages() takes a name that is a file's, too, for the revision", async () => {
  const { repository, oids } = await createHistory();
  await using _repository = repository;
  await repository.dataset.write("side", "");

  const found = await readMessages(repository.git, "side", undefined, MARK);

  assert.deepEqual(oidsOf(found), [oids.side]);
});

Deno.test("findMessages() looks on all branches, and on a HEAD that is on none", async () => {
  const { repository, oids } = await createHistory();
  await using _repository = repository;
  await repository.dataset.git("checkout", "--quiet", "--detach");
  const detached = await repository.commit(`${MARK} detached`);

  const found = oidsOf(await findMessages(repository.git, MARK));

  assert.deepEqual(found.toSorted(), [oids.one, oids.two, oids.side, detached].sort());
});
