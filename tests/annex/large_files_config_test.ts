import assert from "node:assert/strict";
import { readRepositoryRule } from "../../src/annex/large_files_config.ts";
import { TestRepository } from "../support/test_repository.ts";

/** A repository whose git-annex branches have these texts as config.log. */
async function createWith(logs: Readonly<Record<string, string>>) {
  const repository = await TestRepository.create();
  const { dataset, sandbox } = repository;
  for (const [ref, text] of Object.entries(logs)) {
    await dataset.write("log", text);
    const script = "blob=$(git hash-object -w log) && " +
      'tree=$(printf "100644 blob $blob\\tconfig.log\\n" | git mktree) && ' +
      'git update-ref "$1" "$(git commit-tree -m x "$tree")"';
    await sandbox.require(["sh", "-c", script, "sh", ref], { cwd: repository.root });
  }
  return repository;
}

const OWN = "refs/heads/git-annex";
const THEIRS = "refs/remotes/origin/git-annex";
const UNSURE = { kind: "unsure" };

const CASES: readonly [name: string, logs: Readonly<Record<string, string>>, rule: unknown][] = [
  ["no branch of git-annex", {}, { kind: "none" }],
  ["one setting", { [OWN]: "10.5s annex.largefiles include=*.x\n" }, rule("include=*.x")],
  [
    "a newer one on another branch",
    {
      [OWN]: "10s annex.largefiles old\n",
      [THEIRS]: "9s annex.largefiles older\n20.1s annex.largefiles new or b\n",
    },
    rule("new or b"),
  ],
  [
    "one that was taken back",
    { [OWN]: "10s annex.largefiles x\n", [THEIRS]: "20s annex.largefiles \n" },
    { kind: "none" },
  ],
  ["another setting", { [OWN]: "10s annex.largefiles x\n11s annex.addunlocked true\n" }, UNSURE],
  ["another setting that was taken back", { [OWN]: "10s annex.addunlocked \n" }, { kind: "none" }],
  ["a line that it does not know", { [OWN]: "new format: 2\n" }, UNSURE],
];

function rule(text: string, isAboveAttributes = false) {
  return { kind: "rule", text, isAboveAttributes };
}

for (const [name, logs, expected] of CASES) {
  Deno.test(`readRepositoryRule() reads ${name}`, async () => {
    await using repository = await createWith(logs);

    assert.deepEqual(await readRepositoryRule(await repository.openAnnex()), expected);
  });
}

Deno.test("readRepositoryRule() takes git's own configuration first, but not beside what it does not know", async () => {
  await using repository = await createWith({ [OWN]: "10s annex.largefiles x\n" });
  const annex = await repository.openAnnex({ "annex.largefiles": "own" });
  assert.deepEqual(await readRepositoryRule(annex), rule("own", true));

  await repository.dataset.write(".git/annex/journal/config.log", "");

  assert.deepEqual(await readRepositoryRule(annex), UNSURE);
});
