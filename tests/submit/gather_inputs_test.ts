import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { CommitTree } from "../../src/git/commit_tree.ts";
import { IndexFile } from "../../src/git/index_file.ts";
import type { NotedInput } from "../../src/jobs/noted_evidence.ts";
import { InputGatherer } from "../../src/submit/gather_inputs.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

/** Gathers inputs with the note of a job before, and tells whether HEAD had to be looked into for it. */
async function gatherAfter(
  { runner, root }: TestRepository,
  before: readonly NotedInput[] | undefined,
  job: Parameters<InputGatherer["gather"]>[0],
): Promise<{ readonly inputs: NotedInput[]; readonly hasLooked: boolean }> {
  const dataset = await openDataset(runner, root, undefined);
  const { commonDir, headOid: head, indexFile } = dataset;
  using tree = new CommitTree(root, commonDir, head);
  let hasLooked = false;
  const gatherer = new InputGatherer(
    dataset,
    () => {
      hasLooked = true;
      return Promise.resolve({
        ...{ root, headOid: head, head: tree },
        index: new IndexFile(indexFile, head, 1_000_000),
      });
    },
    () => before && { head, script: null, inputs: before },
  );
  return { inputs: await gatherer.gather(job), hasLooked };
}

Deno.test("InputGatherer believes the note of the job before where bytes and HEAD are the same", async () => {
  await using repository = await TestRepository.create({ a: "1\n", "b/c": "2\n", "b/d": "3\n" });
  const job = { inputs: ["a", "b"] };
  const first = await gatherAfter(repository, undefined, job);
  assert.deepEqual([first.hasLooked, first.inputs.map(({ path }) => path)], [true, [
    "a",
    "b/c",
    "b/d",
  ]]);

  const again = await gatherAfter(repository, first.inputs, job);
  assert.deepEqual(again, { inputs: first.inputs, hasLooked: false });

  // A touched file has the same bytes; what is noted is when it was touched.
  await Deno.utime(repository.at("a"), 1_000, 1_000);
  const touched = await gatherAfter(repository, first.inputs, job);
  assert.equal(touched.hasLooked, false);
  assert.equal(touched.inputs[0]?.traits?.mtimeMs, 1_000_000);

  // Of the same size: only the bytes tell.
  await repository.dataset.write("a", "x\n");
  const edited = await gatherAfter(repository, first.inputs, job);
  assert.equal(edited.hasLooked, true);
  assert.equal(edited.inputs[0]?.modified, true);
});

Deno.test("InputGatherer looks into HEAD for what the job before had otherwise", async () => {
  await using repository = await TestRepository.create({ a: "1\n" });
  const job = { inputs: ["a"] };
  const { inputs: [noted] } = await gatherAfter(repository, undefined, job);
  const others: readonly NotedInput[] = [
    { ...noted!, modified: true },
    { ...noted!, size: 2 },
    { path: "a", missing: true },
    { path: "a", tree: noted!.blob! },
    { path: "a", blob: noted!.blob! },
    { ...noted!, path: "b" },
  ];
  for (const before of others) {
    const { inputs, hasLooked } = await gatherAfter(repository, [before], job);
    assert.deepEqual([inputs, hasLooked], [[noted], true], JSON.stringify(before));
  }
  // Whether it is an extra input is a matter of each job.
  const extra = await gatherAfter(repository, [noted!], { ...job, extra: ["a"] });
  assert.deepEqual(extra.inputs, [{ ...noted, extra: true }]);
  assert.deepEqual((await gatherAfter(repository, extra.inputs, job)).inputs, [noted]);
});

testIfAvailable(
  ["git-annex"],
  "InputGatherer believes the note of an annexed input whose link names the same key",
  async () => {
    await using repository = await TestRepository.create({ a: "" });
    const { dataset } = repository;
    await dataset.git("annex", "init", "-q");
    const add = async (content: string) => {
      await Deno.remove(repository.at("in")).catch(() => undefined);
      await dataset.write("in", content);
      await dataset.git("annex", "add", "-q", "--force-large", "in");
    };
    await add("1\n");
    await dataset.git("commit", "-qm", "in");
    const job = { inputs: ["in"] };
    const first = await gatherAfter(repository, undefined, job);
    const again = await gatherAfter(repository, first.inputs, job);
    assert.deepEqual(again, { inputs: first.inputs, hasLooked: false });

    await add("2\n");
    const other = await gatherAfter(repository, first.inputs, job);
    assert.deepEqual([other.hasLooked, other.inputs[0]?.modified], [true, true]);
    // What HEAD did not have is compared anew.
    assert.equal((await gatherAfter(repository, other.inputs, job)).hasLooked, true);
  },
);
