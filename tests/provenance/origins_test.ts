import assert from "node:assert/strict";
import { nameOfCommit } from "../../src/provenance/origins.ts";
import type { Origin } from "../../src/provenance/origins.ts";
import { History } from "./history.ts";

/** What wrote a file as HEAD has it, in short: `job 1 a`, `job 1 a changed by x`, `commit x`, `unknown`. */
async function originOf(history: History, path: string, before?: number): Promise<string> {
  const { top } = await history.open();
  const oid = await history.repository.dataset.git("rev-parse", `HEAD:${path}`);
  const version = { path, oid, ...(before === undefined ? {} : { before }) };
  return said((await top.origins.find([version], ["HEAD"]))[0]!);
}

function said(origin: Origin): string {
  if (origin.kind === "unknown") return "unknown";
  if (origin.kind === "commit") return `commit ${nameOfCommit(origin)}`;
  const changed = origin.changedBy === undefined
    ? ""
    : ` changed by ${nameOfCommit(origin.changedBy)}`;
  return `job ${origin.entry.jobId} ${origin.path}${changed}`;
}

Deno.test("Origins finds the run that wrote this very content, not a later one that wrote other", async () => {
  await using history = await History.create();
  await history.run("1", { files: { a: "1\n" } });
  assert.equal(await originOf(history, "a"), "job 1 a");
  await history.run("2", { files: { a: "2\n" } });
  assert.equal(await originOf(history, "a"), "job 2 a");
  // Brought back by hand: it is what job 1 wrote.
  await history.edit({ a: "1\n" });
  assert.equal(await originOf(history, "a"), "job 1 a");
});

Deno.test("Origins takes a file that somebody has added to a run's commit for none of the run's", async () => {
  await using history = await History.create();
  await history.run("1", { files: { a: "1\n", "slurm-1.out": "1\n" }, outputs: ["a"] });
  const files = { b: "1\n", added: "1\n", a: "2\n" };
  const oid = await history.run("2", { files, outputs: ["b"], inputs: ["added"] });

  assert.equal(await originOf(history, "added"), "commit added to the commit of job 2");
  assert.equal(await originOf(history, "a"), "job 1 a changed by added to the commit of job 2");
  assert.equal(await originOf(history, "slurm-1.out"), "job 1 slurm-1.out");
  const { top } = await history.open();
  const version = { path: "added", oid: await history.repository.dataset.git("hash-object", "b") };
  assert.deepEqual(await top.origins.find([version], ["HEAD"]), [{
    ...{ kind: "commit", oid, subject: "[DATALAD SLURM RUN] Slurm job 2: Completed", addedTo: "2" },
  }]);
  assert.deepEqual(await top.origins.writersOf("added"), []);
});

Deno.test("Origins has nothing of a run in a file that was deleted, and written anew by hand", async () => {
  await using history = await History.create();
  const { dataset } = history.repository;
  const remove = async (path: string) => {
    await dataset.git("rm", "-q", path);
    await history.repository.commit("Delete");
  };
  await history.run("1", { files: { a: "1\n", moved: "one\ntwo\nthree\n" } });
  await remove("a");
  await history.edit({ a: "2\n" }, "Anew");
  assert.equal(await originOf(history, "a"), "commit Anew");
  await remove("a");
  await history.edit({ a: "1\n" }, "As it was");
  assert.equal(await originOf(history, "a"), "job 1 a");
  await remove("a");
  await dataset.git("mv", "moved", "a");
  await history.repository.commit("Move");
  assert.equal(await originOf(history, "a"), "job 1 moved");
});

Deno.test("Origins names the commit that brought a file that no run wrote", async () => {
  await using history = await History.create({ raw: "1\n" });
  await history.edit({ raw: "2\n" }, "New data");
  await history.run("1", { files: { a: "1\n" } });

  assert.equal(await originOf(history, "raw"), "commit New data");
});

Deno.test("Origins says that somebody has changed what a run wrote, and who", async () => {
  await using history = await History.create();
  await history.run("1", { files: { a: "1\n" } });
  await history.edit({ a: "better\n" }, "Mend it");

  assert.equal(await originOf(history, "a"), "job 1 a changed by Mend it");
});

Deno.test("Origins says that what two runs wrote was put together in a merge", async () => {
  await using history = await History.create();
  const { dataset, sandbox } = history.repository;
  await history.run("1", { files: { a: "1\n", b: "1\n" } });
  await dataset.git("checkout", "--quiet", "-b", "side", "HEAD^");
  await history.run("2", { files: { a: "2\n" } });
  await history.edit({ c: "1\n" }, "Beside");
  await dataset.git("checkout", "--quiet", "main");
  await sandbox.run(["git", "merge", "side"], { cwd: history.root });
  await history.edit({ a: "1\n2\n" }, "Put together");

  // The later one; in a test both may be of one second.
  assert.match(await originOf(history, "a"), /^job [12] a changed by Put together$/);
  assert.equal(await originOf(history, "b"), "job 1 b");
  assert.equal(await originOf(history, "c"), "commit Beside");
});

Deno.test("Origins goes by the history, whatever is set for git log", async () => {
  await using history = await History.create();
  const { dataset } = history.repository;
  await history.run("1", { files: { a: "1\n2\n3\n" } });
  await dataset.git("mv", "a", "b");
  await history.repository.commit("Rename");
  await dataset.git("config", "log.follow", "true");
  await dataset.git("config", "log.showRoot", "false");

  assert.equal(await originOf(history, "b"), "job 1 a");
  assert.match(await originOf(history, "raw"), /^commit ./);
});

/** A commit as datalad run makes it. */
const RUN = "[DATALAD RUNCMD] Sort\n\n=== Do not change lines below ===\n" +
  '{"cmd": "sort in > raw", "exit": 0}\n^^^ Do not change lines above ^^^';

Deno.test("Origins tells the command of datalad run that brought a file, or changed it", async () => {
  await using history = await History.create();
  await history.run("1", { files: { a: "1\n" } });
  const oid = await history.edit({ sorted: "1\n", a: "2\n" }, RUN);
  const { top } = await history.open();
  const versions = await Promise.all(["sorted", "a"].map(async (path) => ({
    path,
    oid: await history.repository.dataset.git("rev-parse", `HEAD:${path}`),
  })));

  const [sorted, changed] = await top.origins.find(versions, ["HEAD"]);

  const commit = { oid, subject: "[DATALAD RUNCMD] Sort", cmd: "sort in > raw" };
  assert.deepEqual(sorted, { kind: "commit", ...commit });
  assert.deepEqual(changed?.kind === "job" && changed.changedBy, commit);
  assert.equal(nameOfCommit(commit), "datalad run: sort in > raw");
  assert.equal(nameOfCommit({ oid, subject: "By hand" }), "By hand");
});

Deno.test("Origins looks among older runs only, if it is asked to", async () => {
  await using history = await History.create();
  await history.run("1", { files: { a: "1\n" } });
  await history.run("2", { files: { a: "2\n" } });

  // What stood there before job 2, at place 0, wrote it: job 1 wrote something else.
  assert.equal(await originOf(history, "a", -1), "job 2 a");
  assert.equal(
    await originOf(history, "a", 0),
    "job 1 a changed by [DATALAD SLURM RUN] Slurm job 2: Completed",
  );
});

Deno.test("Origins follows renames, one after the other", async () => {
  await using history = await History.create();
  const { dataset } = history.repository;
  await history.run("1", { files: { "out/a": "one\ntwo\nthree\n" } });
  await dataset.git("mv", "out/a", "b");
  await history.repository.commit("Move it");
  await dataset.git("mv", "b", "deep ü\nc");
  await history.repository.commit("Move it again");

  assert.equal(await originOf(history, "deep ü\nc"), "job 1 out/a");
});

Deno.test("Origins knows an annexed file again that was moved to another depth", async () => {
  await using history = await History.create();
  const { dataset, root } = history.repository;
  await dataset.git("config", "annex.uuid", "e3b0c442-98fc-1c14-9afb-4c8996fb9242");
  const key = "SHA256E-s3--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.txt";
  await Deno.symlink(`.git/annex/objects/aa/bb/${key}/${key}`, `${root}/a.txt`);
  await history.run("1", { outputs: ["a.txt"] });
  await Deno.mkdir(`${root}/deep`);
  await Deno.remove(`${root}/a.txt`);
  await Deno.symlink(`../.git/annex/objects/aa/bb/${key}/${key}`, `${root}/deep/a.txt`);
  await history.repository.commit("Move it");

  assert.equal(await originOf(history, "deep/a.txt"), "job 1 a.txt");
});

Deno.test("Origins makes nothing up where a shallow clone ends", async () => {
  await using history = await History.create();
  await history.run("1", { files: { a: "1\n" } });
  await history.run("2", { files: { b: "1\n" } });
  const { repository: { root, sandbox } } = history;
  const clone = `${sandbox.root}/clone`;
  await sandbox.require(["git", "clone", "--quiet", "--depth=1", `file://${root}`, clone]);
  await Deno.rename(`${root}/.git`, `${root}/.git-whole`);
  await Deno.rename(`${clone}/.git`, `${root}/.git`);

  // By git's own log the last commit of the clone brings everything: nobody knows what has.
  assert.equal(await originOf(history, "b"), "unknown");
  assert.equal(await originOf(history, "a"), "unknown");
});

Deno.test("Origins.writersOf() finds who wrote to a path, or in a folder, the newest first", async () => {
  await using history = await History.create();
  await history.run("1", { files: { "out/a": "1\n", outer: "1\n" } });
  await history.run("2", { files: { "out/b": "1\n" } });
  await history.run("3", { files: { "out/a": "2\n" } });
  await history.run("4", { files: { "out/a": null } });
  const { top } = await history.open();
  const writers = async (path: string) =>
    (await top.origins.writersOf(path)).map(({ jobId }) => jobId);

  assert.deepEqual(await writers("out/a"), ["3", "1"], "who deletes it writes nothing");
  assert.deepEqual(await writers("out"), ["3", "2", "1"]);
  assert.deepEqual(await writers("oute"), []);
  // After some looks everything is read at once, with the same answers.
  assert.deepEqual(await writers("."), ["3", "2", "1"]);
  assert.deepEqual(await writers("out/b"), ["2"]);
});

Deno.test("Origins prefers a run that HEAD reaches to one on another branch that wrote the same, if there is one", async () => {
  await using history = await History.create();
  const { dataset } = history.repository;
  const branch = await dataset.git("rev-parse", "--abbrev-ref", "HEAD");
  await history.run("1", { files: { "a/out": "1\n" } });
  await dataset.git("checkout", "--quiet", "-b", "onto", "HEAD^");
  await history.run("2", { files: { "a/out": "1\n" } });
  const other = await history.run("3", { files: { b: "1\n" } });
  const { top } = await history.open();
  const oid = await dataset.git("rev-parse", "HEAD:a/out");
  // What a run on that branch read was written there.
  const [there] = await top.origins.find([{ path: "a/out", oid }], [other]);
  assert.equal(said(there!), "job 2 a/out");
  await dataset.git("checkout", "--quiet", branch);

  assert.equal(await originOf(history, "a/out"), "job 1 a/out");
  const writers = await (await history.open()).top.origins.writersOf("a");
  assert.deepEqual(writers.map(({ jobId }) => jobId), ["1", "2"]);
});

Deno.test("Origins says who has changed a file with the commit that renamed it", async () => {
  await using history = await History.create();
  const lines = Array.from({ length: 100 }, (_, at) => `${at}\n`);
  await history.run("1", { files: { a: lines.join("") } });
  await Deno.remove(history.repository.at("a"));
  await history.edit({ b: ["999\n", ...lines.slice(1)].join("") }, "Move and change");
  await Deno.rename(history.repository.at("b"), history.repository.at("c"));
  await history.repository.commit("Move");

  assert.equal(await originOf(history, "c"), "job 1 a changed by Move and change");
});

Deno.test("Origins takes an annexed file that was unlocked for what the run wrote, one with another key not", async () => {
  await using history = await History.create();
  const { dataset, root } = history.repository;
  await dataset.git("config", "annex.uuid", "e3b0c442-98fc-1c14-9afb-4c8996fb9242");
  const key = "MD5E-s3--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  await Deno.symlink(`.git/annex/objects/aa/bb/${key}/${key}`, `${root}/a`);
  await history.run("1", { outputs: ["a"] });
  await Deno.remove(`${root}/a`);
  await history.edit({ a: `/annex/objects/${key}\n` }, "Unlock");
  assert.equal(await originOf(history, "a"), "job 1 a");
  await history.edit({ a: `/annex/objects/${key}b\n` }, "Change");

  assert.equal(await originOf(history, "a"), "job 1 a changed by Change");
});
