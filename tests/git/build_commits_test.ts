import assert from "node:assert/strict";
import { buildCommits, inSequence, STAGING_REF } from "../../src/git/build_commits.ts";
import type { CommitPlan } from "../../src/git/build_commits.ts";
import { TestRepository } from "../support/test_repository.ts";

const IDENTITIES = {
  author: "Ada Ü <ada@example.org> 1800000000 +0545",
  committer: "Bo <bo@example.org> 1800000001 -0300",
};

/** A plan that writes one file, or takes it away. */
function plan(message: string, path: string, oid: string | null): Omit<CommitPlan, "parents"> {
  const changes = oid === null
    ? [{ path, kind: "delete", mode: "000000", oid: "0".repeat(40) } as const]
    : [{ path, kind: "add", mode: "100644", oid } as const];
  return { message: () => message, changes };
}

Deno.test("buildCommits() builds a row of commits, and moves no branch", async () => {
  await using repository = await TestRepository.create({ a: "1\n", "sub/b": "2\n" });
  const { git, dataset } = repository;
  const head = await dataset.git("rev-parse", "HEAD");
  const blob = await dataset.git("rev-parse", "HEAD:a");
  const message = "Ü: a message\n\nfeature done\ncommit refs/heads/main\n";
  const odd = 'odd "name"\n\\ ü';

  const plans = inSequence([plan(message, odd, blob), plan("second\n", "sub/b", null)]);

  const oids = await buildCommits(git, { base: head, plans, identities: IDENTITIES });

  const [first, second] = oids as [string, string];
  assert.equal(await dataset.git("rev-parse", "HEAD"), head);
  assert.equal(await dataset.git("rev-parse", STAGING_REF), second);
  assert.equal(await dataset.git("status", "--porcelain"), "");
  assert.equal(await dataset.git("log", "-1", "--format=%B", first), message);
  assert.deepEqual(await dataset.tree(first), ["a", odd, "sub/b"].sort());
  assert.deepEqual(await dataset.tree(second), ["a", odd].sort());
  const shown = await dataset.git("log", "-1", "--date=raw", "--format=%P|%an|%ad|%cn|%cd", second);
  assert.equal(shown, `${first}|Ada Ü|1800000000 +0545|Bo|1800000001 -0300`);
});

Deno.test("buildCommits() builds merges of what it has built, and more commits than go at once", async () => {
  await using repository = await TestRepository.create();
  const { git, dataset } = repository;
  const head = await dataset.git("rev-parse", "HEAD");
  const blob = await dataset.git("rev-parse", "HEAD:a");
  const single = (at: number): CommitPlan => ({
    ...plan(`${at}\n`, `out/${at}`, blob),
    parents: ["base"],
  });
  const plans: CommitPlan[] = Array.from({ length: 120 }, (_, at) => single(at));
  plans.push({ message: () => "all\n", changes: [], parents: ["base", 0, 119] });
  let counted = 0;
  const step = { advance: (count = 1) => void (counted += count), [Symbol.dispose]() {} };

  const oids = await buildCommits(git, { base: head, plans, identities: IDENTITIES }, step);

  assert.equal(oids.length, 121);
  assert.equal(counted, 121);
  const parents = await dataset.git("log", "-1", "--format=%P", oids[120]!);
  assert.equal(parents, [head, oids[0], oids[119]].join(" "));
  assert.equal(await dataset.git("log", "-1", "--format=%s %P", oids[77]!), `77 ${head}`);
});

Deno.test("inSequence() has each plan follow the one before", () => {
  const plans = inSequence([1, 2, 3].map((at) => plan(`${at}`, "a", null)));

  assert.deepEqual(plans.map(({ parents }) => parents), [["base"], [0], [1]]);
  assert.deepEqual(inSequence([]), []);
});
