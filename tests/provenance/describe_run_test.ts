import assert from "node:assert/strict";
import type { Job } from "../../src/jobs/job.ts";
import { compareRuns } from "../../src/provenance/compare_runs.ts";
import { describeRun, sizesOf } from "../../src/provenance/describe_run.ts";
import { openJob } from "../support/jobs.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { History } from "./history.ts";

async function described(history: History, oid: string) {
  const provenance = await history.open();
  const entry = provenance.top.history.at(oid)!;
  return await describeRun({ provenance, entry, notes: [] });
}

Deno.test("describeRun() tells of each input whether it is what it was", async () => {
  await using history = await History.create({
    ...{ same: "1\n", edited: "1\n", unsaved: "1\n", gone: "1\n", "job.sh": "#!/bin/sh\n" },
  });
  const oid = await history.run("1", {
    inputs: ["same", "edited", "unsaved", "gone"],
    files: { out: "1\n" },
  });
  const { dataset } = history.repository;
  await dataset.git("rm", "--quiet", "gone");
  await history.edit({ edited: "2\n" });
  await dataset.write("unsaved", "2\n");

  const { inputs, script } = await described(history, oid);

  assert.deepEqual(inputs.map(({ path, today }) => `${path} ${today}`), [
    ...["edited changed", "gone gone", "same same", "unsaved changed"],
  ]);
  assert.deepEqual([script?.path, script?.today], ["job.sh", "same"]);
});

Deno.test("describeRun() looks in the work tree for an input that is in no commit", async () => {
  await using history = await History.create();
  const { dataset } = history.repository;
  await dataset.write("loose", "1\n");
  const blob = await dataset.git("hash-object", "loose");
  await Deno.remove(history.repository.at("loose"));
  const inputs = [{ path: "loose", blob }];
  const oid = await history.run("1", {
    ...{ inputs: ["loose"], files: { out: "1\n" }, evidence: { inputs } },
  });
  const today = async () => (await described(history, oid)).inputs.map(({ today }) => today);

  assert.deepEqual(await today(), ["gone"]);
  await dataset.write("loose", "1\n");
  assert.deepEqual(await today(), ["same"]);
  await dataset.write("loose", "2\n");
  assert.deepEqual(await today(), ["changed"]);
});

Deno.test("describeRun() compares the script byte for byte with what was submitted, if that is noted", async () => {
  await using history = await History.create({ "job.sh": "#!/bin/sh\n" });
  const blob = await history.repository.dataset.git("rev-parse", "HEAD:job.sh");
  const evidence = { script: { path: "job.sh", blob, saved: true } };
  const oid = await history.run("1", { files: { out: "1\n" }, evidence });
  const today = async () => (await described(history, oid)).script?.today;

  assert.equal(await today(), "same");
  await history.repository.dataset.write("job.sh", "#!/bin/sh\necho\n");
  assert.equal(await today(), "changed");
  await Deno.remove(history.repository.at("job.sh"));
  assert.equal(await today(), "gone");
});

Deno.test("describeRun() names what the run wrote, without its logs and what others wrote there", async () => {
  await using history = await History.create({ "out/mine": "1\n" });
  const oid = await history.run("1", {
    outputs: ["out", "out/log"],
    slurmOutputs: ["out/log"],
    files: { "out/a": "12345", "out/log": "1\n" },
  });

  assert.deepEqual((await described(history, oid)).outputs, [{ path: "out/a", size: 5 }]);
});

Deno.test("describeRun() marks a claimed file that neither the run nor those it repeats have changed", async () => {
  await using history = await History.create();
  const first = await history.run("1", { outputs: ["a", "b"], files: { a: "1\n", b: "1\n" } });
  const again = await history.run("2", {
    ...{ outputs: ["a", "b"], files: { a: "2\n" }, chain: [first] },
  });
  const other = await history.run("3", { outputs: ["a", "b"], files: { log: "3\n" } });
  const saved = await history.run("4", {
    ...{ outputs: ["a"], files: { log: "4\n" }, evidence: { savedByOthers: true } },
  });
  const unchanged = async (oid: string) =>
    (await described(history, oid)).outputs.filter(({ isUnchanged }) => isUnchanged)
      .map(({ path }) => path);

  assert.deepEqual(await unchanged(again), []);
  assert.deepEqual(await unchanged(other), ["a", "b"]);
  assert.deepEqual(await unchanged(saved), []);
});

Deno.test("describeRun() knows which run it repeats, and by which it is repeated, with the verdict", async () => {
  await using history = await History.create();
  const gone = "0".repeat(40);
  const one = await history.run("1", { outputs: ["a"], files: { a: "1\n" }, chain: [gone] });
  const reproduces = { commit: one, jobId: "1", identical: 1 };
  const two = await history.run("2", {
    ...{ outputs: ["a"], chain: [gone, one], evidence: { reproduces } },
  });

  assert.deepEqual((await described(history, two)).originals, [
    { commit: one, jobId: "1", reproduces },
    { commit: gone },
  ]);
  const [repetition] = (await described(history, one)).repetitions;
  assert.deepEqual([repetition!.jobId, repetition!.reproduces?.identical], ["2", 1]);
});

Deno.test("describeRun() names a run of a rewritten history, and what it wrote, by today's names", async () => {
  await using history = await History.create();
  const gone = "0".repeat(40);
  const files = { "out/a": "1\n", "out/b": "1\n" };
  const one = await history.run("1", { outputs: ["out"], files });
  const reproduces = { commit: gone, jobId: "1", identical: 1 };
  const two = await history.run("2", {
    ...{ outputs: ["out"], chain: [gone], files: { "out/b": "2\n" }, evidence: { reproduces } },
  });

  const { originals, outputs } = await described(history, two);

  assert.deepEqual(originals, [{ commit: one, jobId: "1", reproduces }]);
  assert.deepEqual(outputs.map(({ path }) => path), ["out/a", "out/b"]);
});

Deno.test("describeRun() tells of an open job what the store holds, and what HEAD has of its inputs", async () => {
  await using history = await History.create({ raw: "1\n" });
  const job: Job = openJob({ inputs: ["raw"], outputs: ["out"], cmd: "sbatch --wrap x" });
  const noted = {
    ...{ version: "0.2.0", submission: { head: "1" }, inputs: [] },
    script: { wrap: true, file: "/secret", traits: { size: 1, mtimeMs: 1, ino: 1 } },
  };

  const provenance = await history.open();
  const { record, inputs, outputs, run } = await describeRun({ provenance, job, noted, notes: [] });

  assert.deepEqual(inputs.map(({ path, today }) => `${path} ${today}`), ["raw same"]);
  assert.deepEqual([outputs, run], [[], undefined]);
  assert.deepEqual(record.evidence?.script, { wrap: true }, "what is for this machine stays out");
});

Deno.test("sizesOf() takes the size of an annexed file from its key, and none where that has none", async () => {
  await using history = await History.create();
  const { root, dataset } = history.repository;
  for (const [path, key] of [["a", "MD5E-s17-m1--aa"], ["b", "URL--http&c%%x-s5"]] as const) {
    await Deno.symlink(`.git/annex/objects/a/b/${key}/${key}`, `${root}/${path}`);
  }
  await history.repository.commit();
  const fileAt = async (path: string) => ({
    ...{ path, place: ".", pathInPlace: path, mode: "120000" },
    oid: await dataset.git("rev-parse", `HEAD:${path}`),
  });
  const [a, b] = [await fileAt("a"), await fileAt("b")];

  const sizes = await sizesOf(await history.open(), [a, b]);

  assert.deepEqual([sizes.get(a), sizes.get(b)], [17, undefined]);
});

Deno.test("describeRun() passes over paths of a stranger's record that are none of the dataset", async () => {
  await using history = await History.create({ raw: "1\n", "job.sh": "#!/bin/sh\n" });
  const strange = ["../../x", "/etc/passwd", "", "a/../../x"];
  const oids: string[] = [];
  for (const inputs of [[], strange.map((path) => ({ path }))]) {
    const lists = {
      inputs: [...strange, "raw"],
      outputs: [...strange, "out"],
      slurmOutputs: strange,
    };
    const evidence = inputs.length === 0
      ? {}
      : { evidence: { inputs, script: { path: "a/../../x" } } };
    oids.push(
      await history.run("1", { files: { out: `${inputs.length}\n` }, ...lists, ...evidence }),
    );
  }
  for (const oid of oids) {
    const { outputs } = await described(history, oid);
    assert.deepEqual(outputs.map(({ path }) => path), ["out"]);
  }
  const provenance = await history.open();
  const { history: runs } = provenance.top;
  const [original, repetition] = await Promise.all(oids.map((oid) => runs.read(runs.at(oid)!)));
  const pairs = [{ original: original!, repetition: repetition! }];
  const [compared] = await compareRuns(provenance, pairs);
  assert.deepEqual(compared!.map(({ path, verdict }) => `${path} ${verdict}`), ["out differs"]);
});

testIfAvailable(
  ["git-annex"],
  "describeRun() takes an annexed script for what it was where its key is, whether its content is here or not",
  async () => {
    await using history = await History.create();
    const { dataset } = history.repository;
    await dataset.git("annex", "init", "-q");
    await dataset.write("job.sh", "#!/bin/sh\n");
    const blob = await dataset.git("hash-object", "job.sh");
    await dataset.git("annex", "add", "-q", "--force-large", "job.sh");
    await history.repository.commit();
    const head = await dataset.git("rev-parse", "HEAD");
    const evidence = { submission: { head }, script: { path: "job.sh", blob, saved: true } };
    const oid = await history.run("1", { files: { out: "1\n" }, evidence });
    const today = async () => (await described(history, oid)).script?.today;

    assert.equal(await today(), "same");
    await dataset.git("annex", "drop", "-q", "--force", "job.sh");
    assert.equal(await today(), "same");
    await dataset.git("annex", "unlock", "-q", "job.sh");
    await history.repository.commit();
    assert.equal(await today(), "same");
    await dataset.write("job.sh", "#!/bin/sh\n# other\n");
    await dataset.git("annex", "add", "-q", "--force-large", "job.sh");
    await history.repository.commit();
    await dataset.git("annex", "drop", "-q", "--force", "job.sh");
    assert.equal(await today(), "changed");
    await dataset.git("rm", "-q", "-f", "job.sh");
    assert.equal(await today(), "gone");
  },
);

Deno.test("describeRun() does not call gone what lies in a subdataset that is not here", async () => {
  await using history = await History.create();
  const { dataset, sandbox } = history.repository;
  const cwd = history.repository.at("data");
  await sandbox.require(["git", "init", "--quiet", cwd]);
  await dataset.write("data/a", "1\n");
  await sandbox.require(["git", "add", "--all"], { cwd });
  await sandbox.require(["git", "commit", "--quiet", "-m", "x"], { cwd });
  const blob = await dataset.git("hash-object", "data/a");
  await dataset.git("submodule", "--quiet", "add", "./data", "data");
  await history.repository.commit();
  const inputs = [{ path: "data/a", blob }];
  const oid = await history.run("1", {
    ...{ inputs: ["data/a"], files: { out: "1\n" }, evidence: { inputs } },
  });
  const today = async () => (await described(history, oid)).inputs.map(({ today }) => today);

  assert.deepEqual(await today(), ["same"]);
  await Deno.remove(cwd, { recursive: true });
  await Deno.mkdir(cwd);
  assert.deepEqual(await today(), ["unknown"]);
});
