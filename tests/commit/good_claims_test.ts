import assert from "node:assert/strict";
import { isSomethingAt, requireGoodClaims } from "../../src/commit/good_claims.ts";
import type { ClaimDemands } from "../../src/commit/good_claims.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testSession } from "../support/test_session.ts";

const TARGET = "../.git/annex/objects/aa/bb/K/K";
const room = new Map([["room/a", TARGET]]);

async function createTree() {
  const folder = await TestFolder.create({ "set/out/a": "1", "elsewhere/x": "1" });
  const links: Readonly<Record<string, string>> = {
    "set/room/a": TARGET,
    "set/broken/a": "nowhere",
    "set/annexed": ".git/annex/objects/aa/bb/K/K",
    "set/away annexed": "/srv/.git/annex/objects/aa/bb/K/K",
    "set/inner": "out",
    "set/outer": "../elsewhere",
    "set/absolute": folder.at("elsewhere/x"),
  };
  for (const name of ["room", "broken", "empty/deep"]) {
    await Deno.mkdir(folder.at(`set/${name}`), { recursive: true });
  }
  for (const [path, target] of Object.entries(links)) await Deno.symlink(target, folder.at(path));
  return { folder, dataset: { root: folder.at("set") } as Dataset };
}

Deno.test("isSomethingAt() has files and links for something, folders and what made room for nothing", async () => {
  const { folder, dataset } = await createTree();
  await using _folder = folder;
  const are = async (...claims: readonly string[]) => {
    const found = await Promise.all(
      claims.map((claim) => isSomethingAt(dataset.root, claim, room)),
    );
    return claims.filter((_, at) => found[at]);
  };

  assert.deepEqual(await are("out", "out/a", "broken", "annexed", "."), [
    ...["out", "out/a", "broken", "annexed", "."],
  ]);
  assert.deepEqual(await are("empty", "gone", "room", "out/a/b"), []);
  await Deno.remove(folder.at("set/room/a"));
  await Deno.symlink(`${TARGET}2`, folder.at("set/room/a"));
  assert.deepEqual(await are("room"), ["room"]);
});

interface Case {
  readonly name: string;
  readonly outputs: readonly string[];
  readonly demands?: Partial<ClaimDemands>;
  /** Claims at which something is, or how it is refused. */
  readonly found: readonly string[] | RegExp;
  readonly warnings?: number;
}

const CASES: readonly Case[] = [
  { name: "all outputs", outputs: ["out", "annexed"], found: ["out", "annexed"] },
  { name: "one of two outputs", outputs: ["gone", "out"], found: ["out"], warnings: 1 },
  {
    name: "one of two, where all are required",
    outputs: ["out", "gone"],
    demands: { requireOutputs: true },
    found: /nothing at its output "gone"\. The job stays open/,
  },
  {
    name: "none of two",
    outputs: ["gone", "empty"],
    found: /none of its outputs, "gone", "empty"/,
  },
  {
    name: "none of many",
    outputs: ["g1", "g2", "g3", "g4", "g5"],
    found: /"g1", "g2", "g3" and 2 more/,
  },
  {
    name: "none of two, which is allowed",
    outputs: ["gone", "empty"],
    demands: { allowNoOutputs: true },
    found: [],
    warnings: 2,
  },
  { name: "a link inside", outputs: ["inner"], found: ["inner"] },
  {
    name: "something behind a link inside",
    outputs: ["annexed", "inner/a"],
    found: /"inner\/a" is behind a symbolic link, and is "out\/a"/,
  },
  { name: "the same, claimed as what it is", outputs: ["inner/a", "out"], found: ["out"] },
  {
    name: "the same, all of which are required",
    outputs: ["inner/a", "out/a"],
    demands: { requireOutputs: true },
    found: ["out/a"],
  },
  {
    name: "the same, without which it is good",
    outputs: ["inner/a"],
    demands: { allowNoOutputs: true },
    found: [],
    warnings: 1,
  },
  { name: "nothing behind a link inside", outputs: ["inner/b"], found: /none of its outputs/ },
  { name: "a link out", outputs: ["outer"], found: /"outer" is behind a symbolic link out/ },
  {
    name: "something behind a link out",
    outputs: ["out", "outer/x"],
    found: /"outer\/x" is behind/,
  },
  { name: "an absolute link out", outputs: ["absolute"], found: /"absolute" is behind/ },
  { name: "git-annex's link to elsewhere", outputs: ["away annexed"], found: ["away annexed"] },
  { name: "the whole dataset", outputs: ["."], found: ["."] },
];

for (const { name, outputs, demands, found, warnings = 0 } of CASES) {
  Deno.test(`requireGoodClaims() of ${name}`, async () => {
    const { folder, dataset } = await createTree();
    await using _folder = folder;
    const session = testSession();
    const look = () =>
      requireGoodClaims(
        dataset,
        openJob({ outputs }),
        { requireOutputs: false, allowNoOutputs: false, room, ...demands },
        session,
      );

    if (found instanceof RegExp) {
      assert.throws(look, { code: "BAD_OUTPUT", message: found, hint: /./ });
    } else assert.deepEqual(look(), found);

    assert.equal(session.warnings.length, warnings);
  });
}
