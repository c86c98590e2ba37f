import assert from "node:assert/strict";
import { readSizes } from "../../src/git/cat_file.ts";
import { compareRuns, readKeys } from "../../src/provenance/compare_runs.ts";
import { History } from "./history.ts";

/** The verdicts on two runs: `identical a, differs b`. */
async function verdicts(history: History, original: string, repetition: string): Promise<string> {
  const provenance = await history.open();
  const { history: runs } = provenance.top;
  const [outputs] = await compareRuns(provenance, [{
    original: await runs.read(runs.at(original)!),
    repetition: await runs.read(runs.at(repetition)!),
  }]);
  return outputs!.map(({ verdict, path }) => `${verdict} ${path}`).join(", ");
}

Deno.test("compareRuns() compares what both left at their claims, logs left out", async () => {
  await using history = await History.create();
  const outputs = ["out"];
  const one = await history.run("1", {
    outputs: [...outputs, "log-1"],
    slurmOutputs: ["log-1"],
    files: { "out/same": "1\n", "out/other": "1\n", "out/gone": "1\n", "log-1": "1\n" },
  });
  const two = await history.run("2", {
    outputs: [...outputs, "log-2"],
    slurmOutputs: ["log-2"],
    chain: [one],
    files: { "out/other": "2\n", "out/gone": null, "out/new": "1\n", "log-2": "2\n" },
  });

  assert.equal(
    await verdicts(history, one, two),
    "missing out/gone, new out/new, differs out/other, identical out/same",
  );
});

Deno.test("compareRuns() leaves out what others wrote inside the claims", async () => {
  await using history = await History.create({ "out/mine": "1\n" });
  const one = await history.run("1", { outputs: ["out"], files: { "out/a": "1\n" } });
  await history.edit({ "out/mine": "2\n" });
  const two = await history.run("2", { outputs: ["out"], chain: [one] });

  assert.equal(await verdicts(history, one, two), "identical out/a");
});

Deno.test("compareRuns() takes a repetition for what the first run of its chain wrote, too", async () => {
  await using history = await History.create();
  const one = await history.run("1", { outputs: ["out"], files: { "out/a": "1\n" } });
  // The same again: nothing changed.
  const two = await history.run("2", { outputs: ["out"], chain: [one] });
  const three = await history.run("3", {
    outputs: ["out"],
    chain: [one, two],
    files: { "out/a": "3\n" },
  });

  assert.equal(await verdicts(history, two, three), "differs out/a");
});

Deno.test("compareRuns() compares annexed files by key, locked or not", async () => {
  await using history = await History.create();
  const { root } = history.repository;
  const key = (digit: string) => `MD5E-s1--${digit.repeat(32)}`;
  const locked = (digit: string) => `.git/annex/objects/aa/bb/${key(digit)}/${key(digit)}`;
  await Deno.symlink(locked("a"), `${root}/a`);
  await Deno.symlink(locked("b"), `${root}/b`);
  const one = await history.run("1", { outputs: ["a", "b"] });
  for (const [path, digit] of [["a", "a"], ["b", "c"]] as const) {
    await Deno.remove(`${root}/${path}`);
    await Deno.writeTextFile(`${root}/${path}`, `/annex/objects/${key(digit)}\n`);
  }
  const two = await history.run("2", { outputs: ["a", "b"], chain: [one] });

  assert.equal(await verdicts(history, one, two), "identical a, differs b");
});

Deno.test("compareRuns() does not know of a subdataset that is not here, unless both left one commit", async () => {
  await using history = await History.create();
  const { repository: { dataset, sandbox } } = history;
  const cwd = history.repository.at("sub");
  await sandbox.require(["git", "init", "--quiet", cwd]);
  const save = async (text: string) => {
    await dataset.write("sub/out", text);
    await sandbox.require(["git", "add", "out"], { cwd });
    await sandbox.require(["git", "commit", "--quiet", "-m", "x"], { cwd });
  };
  await dataset.write(".gitmodules", '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n');
  await save("1\n");
  const outputs = ["top", "sub/out"];
  const one = await history.run("1", { outputs, files: { top: "1\n" } });
  const two = await history.run("2", { outputs, chain: [one] });
  await save("2\n");
  const three = await history.run("3", { outputs, chain: [one, two] });
  assert.equal(await verdicts(history, one, two), "identical sub/out, identical top");
  assert.equal(await verdicts(history, two, three), "differs sub/out, identical top");

  await Deno.remove(history.repository.at("sub/.git"), { recursive: true });

  assert.equal(await verdicts(history, one, two), "identical top, identical sub");
  assert.equal(await verdicts(history, two, three), "identical top, unknown sub");
});

Deno.test("readSizes() and readKeys() know nothing of what is not there", async () => {
  await using history = await History.create({ "a": "12345", "text": "no /annex/objects/K-s1--1" });
  const provenance = await history.open();
  const { git } = provenance.top.dataset;
  const oid = await history.repository.dataset.git("rev-parse", "HEAD:a");
  const none = "0".repeat(40);

  assert.deepEqual([...await readSizes(git, [oid, none])], [[oid, 5]]);
  assert.equal((await readSizes(git, [])).size, 0);
  const text = await history.repository.dataset.git("rev-parse", "HEAD:text");
  const file = { path: "x", place: ".", pathInPlace: "x", mode: "100644" };
  assert.equal(
    (await readKeys(provenance, [{ ...file, oid: text }, { ...file, oid: none }])).size,
    0,
  );
});

Deno.test("compareRuns() misses what the first run of a rewritten chain wrote", async () => {
  await using history = await History.create();
  const [gone, goneToo] = ["1".repeat(40), "2".repeat(40)];
  const outputs = ["out"];
  const repeating = (commit: string, jobId: string) => ({
    evidence: { reproduces: { commit, jobId } },
  });
  await history.run("1", { outputs, files: { "out/s": "1\n", "out/z": "1\n" } });
  // "out/s" came out the same: its commit does not have it.
  const two = await history.run("2", {
    ...{ outputs, chain: [gone], ...repeating(gone, "1"), files: { "out/z": "2\n" } },
  });
  const three = await history.run("3", {
    ...{ outputs, chain: [gone, goneToo], ...repeating(goneToo, "2") },
    files: { "out/s": null, "out/z": "3\n" },
  });

  assert.equal(await verdicts(history, two, three), "missing out/s, differs out/z");
});
