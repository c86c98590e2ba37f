import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { describeRun } from "../../src/provenance/describe_run.ts";
import { TargetFinder } from "../../src/provenance/find_target.ts";
import type { Target } from "../../src/provenance/target.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { jobRequest } from "../support/jobs.ts";
import { History } from "./history.ts";

/** What was found, in short: `commit 1`, `open 2`, `finished 3 with its commit`. */
function said(target: Target | undefined): string {
  if (target === undefined) return "nothing";
  const { entry, job, notes } = target;
  const what = job === undefined
    ? `commit ${entry!.jobId}`
    : `${job.stage} ${job.jobId}${entry === undefined ? "" : " with its commit"}`;
  return [what, ...notes].join("; ").replaceAll(/[0-9a-f]{10}/g, "OID");
}

class Finder implements AsyncDisposable {
  readonly history: History;
  readonly store: JobStore;

  constructor(history: History, store: JobStore) {
    this.history = history;
    this.store = store;
  }

  static async create(files?: Readonly<Record<string, string>>): Promise<Finder> {
    const history = await History.create(files);
    const { runner, root } = history.repository;
    return new Finder(history, JobStore.openIn(await openDataset(runner, root, undefined)));
  }

  /** Notes an open job in the store; gives its key. */
  schedule(jobId: string, output: string, atMs = 1_000): number {
    const key = this.store.beginSubmission(jobRequest({ outputs: [output] }), "{}", atMs);
    this.store.receipts.store([{ key, jobId, cluster: null }]);
    return key;
  }

  /** Ends a job of the store with this commit. */
  finish(key: number, commit: string): void {
    this.store.commits.note(new Map([[key, commit]]), "");
    this.store.end([key], "finished", 2_000);
  }

  async finder(): Promise<TargetFinder> {
    return new TargetFinder(await this.history.open(), this.store, this.history.repository.runner);
  }

  async byName(text: string): Promise<string> {
    return said(await (await this.finder()).byName(text));
  }

  async byPath(text: string, cwd = this.history.root): Promise<string> {
    return said(await (await this.finder()).byPath(text, cwd));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store[Symbol.dispose]();
    await this.history[Symbol.asyncDispose]();
  }
}

Deno.test("TargetFinder.byLabel() takes the newest job with a label, of the store or of a colleague", async () => {
  await using world = await Finder.create();
  const byLabel = async (text: string) => said(await (await world.finder()).byLabel(text));
  const submission = (label: string) => ({ evidence: { submission: { label } } });
  assert.equal(await byLabel("fit"), "nothing");
  await world.history.run("7", { files: { a: "1\n" }, ...submission("fit") });
  await world.history.run("8", { files: { b: "1\n" }, ...submission("other") });
  assert.equal(await byLabel("fit"), "commit 7");
  assert.equal(await byLabel("8"), "nothing");

  const { committedS } = (await world.history.open()).top.history.entries[0]!.commit;
  const request = jobRequest({ outputs: ["c"], label: "fit" });
  const key = world.store.beginSubmission(request, "{}", (committedS + 60) * 1_000);
  world.store.receipts.store([{ key, jobId: "9", cluster: null }]);
  assert.equal(await byLabel("fit"), 'open 9; 2 jobs have the label "fit": this is the newest');

  const older = jobRequest({ outputs: ["d"], label: "other" });
  const olderKey = world.store.beginSubmission(older, "{}", 1_000);
  world.store.receipts.store([{ key: olderKey, jobId: "3", cluster: null }]);
  assert.equal(
    await byLabel("other"),
    'commit 8; 2 jobs have the label "other": this is the newest',
  );
});

Deno.test("TargetFinder.byName() takes a revision, a job ID, the open job before a commit of its ID", async () => {
  await using world = await Finder.create();
  const one = await world.history.run("7", { files: { a: "1\n" } });
  await world.history.edit({ raw: "2\n" });

  assert.equal(await world.byName("7"), "commit 7");
  assert.equal(await world.byName(one.slice(0, 12)), "commit 7");
  assert.equal(await world.byName("HEAD~1"), "commit 7");
  for (const text of ["HEAD", "8", "--all", "", "none"]) {
    assert.equal(await world.byName(text), "nothing", text);
  }
  const key = world.schedule("7", "b");
  assert.equal(await world.byName("7"), "open 7", "Slurm gave the ID again");
  assert.equal(await world.byName("HEAD~1"), "commit 7");
  world.store.end([key], "closed", 1);
  assert.equal(await world.byName("7"), "commit 7");
});

Deno.test("TargetFinder.byName() knows a finished job of the store, also in a rewritten history", async () => {
  await using world = await Finder.create();
  const key = world.schedule("7", "a");
  const commit = await world.history.run("7", { files: { a: "1\n" } });
  world.finish(key, commit);
  assert.equal(await world.byName("7"), "finished 7 with its commit");

  await world.history.repository.dataset.git(
    "commit",
    "--quiet",
    "--amend",
    "--reset-author",
    "--date=2001-01-01",
    "--no-edit",
  );
  assert.equal(await world.byName("7"), "commit 7", "it is another commit now");
  assert.equal(await world.byName(commit), "finished 7 with its commit", "no branch reaches it");
});

Deno.test("TargetFinder.byName() refuses an array whose rows have records of their own", async () => {
  await using world = await Finder.create();
  await world.history.run("7_1", { files: { a: "1\n" } });

  assert.equal(await world.byName("7_1"), "commit 7_1");
  await assert.rejects(world.byName("7"), { code: "NO_RECORD", hint: "one of 7_1" });
});

Deno.test("TargetFinder.newest() takes what was submitted or committed last", async () => {
  await using world = await Finder.create();
  assert.throws(await world.finder().then((finder) => () => finder.newest()), {
    code: "NO_RECORD",
  });

  const key = world.schedule("1", "a", 1_000);
  const newest = async () => said((await world.finder()).newest());
  assert.equal(await newest(), "open 1");
  const commit = await world.history.run("1", { files: { a: "1\n" } });
  world.finish(key, commit);
  assert.equal(await newest(), "finished 1 with its commit");
  await world.history.run("2", { files: { b: "1\n" } });
  assert.equal(await newest(), "commit 2", "a colleague's");
  world.schedule("3", "c", Date.now() + 60_000);
  assert.equal(await newest(), "open 3");
});

Deno.test("TargetFinder.byPath() finds the job that wrote a file, and says what became of it since", async () => {
  await using world = await Finder.create({ raw: "1\n" });
  const { history } = world;
  await history.run("1", { files: { "out/a": "1\n", "out/b": "1\n", "out/gone": "1\n" } });
  await history.run("2", { files: { "out/b": "2\n", "out/gone": null } });
  assert.equal(await world.byPath("out/a"), "commit 1");
  assert.equal(await world.byPath("../out/b", `${history.root}/raw`), "commit 2");
  assert.equal(await world.byPath("out/gone"), 'commit 1; "out/gone" is not there any more');
  assert.equal(
    await world.byPath("out"),
    'commit 2; 2 jobs have written in "out": this is the newest',
  );
  assert.equal(await world.byPath("none"), "nothing");

  await history.edit({ "out/a": "by hand\n" }, "Mend it");
  await history.repository.dataset.write("out/b", "not saved\n");
  assert.equal(
    await world.byPath("out/a"),
    'commit 1; "out/a" was changed since, by commit OID: Mend it',
  );
  assert.equal(await world.byPath("out/b"), 'commit 2; "out/b" has changes that are in no commit');
});

Deno.test("TargetFinder.byPath() knows a finished job whose commit is in no branch any more", async () => {
  await using world = await Finder.create({ raw: "1\n", old: "1\n" });
  const { history } = world;
  const { dataset } = history.repository;
  const key = world.schedule("6", "out");
  const commit = await history.run("6", {
    files: { "out/s": "1\n", old: "2\n" },
    outputs: ["out"],
  });
  world.finish(key, commit);
  await dataset.git("reset", "--quiet", "--soft", "HEAD^");
  await history.repository.commit("Squash");
  const note = `job 6 wrote "out/s"; its commit OID is in no branch any more`;

  assert.equal(await world.byPath("out/s"), `finished 6 with its commit; ${note}`);
  await assert.rejects(world.byPath("old"), { code: "NO_RECORD" }, "it had not claimed that");
  await history.edit({ "out/s": "by hand\n" });
  await assert.rejects(world.byPath("out/s"), { code: "NO_RECORD" });
  await dataset.git("reset", "--quiet", "--hard", "HEAD~2");
  assert.equal(await world.byPath("out/s"), `finished 6 with its commit; ${note}`);
  assert.equal(await world.byPath("other"), "nothing");
});

Deno.test("TargetFinder.byPath() takes the open job that is to write there before who wrote it", async () => {
  await using world = await Finder.create();
  await world.history.run("1", { files: { "out/a": "1\n", outer: "1\n" } });
  world.schedule("2", "out");

  assert.equal(await world.byPath("out/a"), "open 2");
  assert.equal(await world.byPath("outer"), "commit 1");
});

Deno.test("TargetFinder.notFound() tells a commit of datalad run from everything else", async () => {
  await using world = await Finder.create();
  const oid = await world.history.edit(
    { a: "1\n" },
    "[DATALAD RUNCMD] Sort\n\n=== Do not change lines below ===\n" +
      '{"cmd": "sort in"}\n^^^ Do not change lines above ^^^',
  );
  const finder = await world.finder();

  const ofRun = await finder.notFound("show", "HEAD", "it is none");

  assert.match(
    ofRun.message,
    /^Cannot show "HEAD": no job made that commit, but datalad run: sort in$/,
  );
  assert.match(ofRun.hint!, new RegExp(`^git show ${oid.slice(0, 10)} .*, datalad rerun `));
  for (const other of ["HEAD~1", "nothing", "", "--all"]) {
    const { message, hint } = await finder.notFound("show", other, "it is none");
    assert.equal(message, `Cannot show "${other}": it is none`);
    assert.match(hint!, /dlslurm list --all/);
  }
});

Deno.test("TargetFinder.byPath() refuses what no job wrote, and what lies outside", async () => {
  await using world = await Finder.create({ raw: "1\n" });

  await assert.rejects(world.byPath("raw"), { code: "NO_RECORD", hint: "git log -- raw" });
  await assert.rejects(world.byPath("../elsewhere"), { code: "OUTSIDE" });
});

Deno.test("byName() leads from the ID of an attempt that failed to the job that has another one now", async () => {
  await using world = await Finder.create();
  const attempts = [{ jobId: "4", state: "FAILED" }];
  await world.history.run("8", { files: { b: "1\n" }, evidence: { attempts } });

  assert.equal(
    await world.byName("4"),
    "commit 8; job 4 failed and was submitted again: it is now job 8",
  );
  assert.equal(await world.byName("5"), "nothing");
  for (const jobId of ["9_0", "9_1"]) {
    await world.history.run(jobId, {
      files: { [jobId]: "1\n" },
      evidence: { attempts: [{ jobId: jobId.replace("9", "7") }] },
    });
  }
  await assert.rejects(world.byName("7"), { code: "NO_RECORD", hint: "one of 9_1, 9_0" });
  await world.history.run("7_2", { files: { "7_2": "1\n" } });
  await assert.rejects(world.byName("7"), { code: "NO_RECORD", hint: "one of 7_2, 9_1, 9_0" });
  assert.match(await world.byName("7_1"), /^commit 9_1; job 7_1 failed/);
});

Deno.test("a shallow clone does not tell who wrote what came before it, and says so", async () => {
  await using world = await Finder.create();
  await world.history.run("1", { files: { a: "1\n", b: "1\n" } });
  await world.history.run("2", { files: { c: "1\n" } });
  const { dataset } = world.history.repository;
  const head = (await dataset.git("rev-parse", "HEAD")).trim();
  await Deno.writeTextFile(`${world.history.root}/.git/shallow`, `${head}\n`);
  await dataset.git("mv", "b", "renamed");
  await dataset.git("commit", "--quiet", "-m", "rename");

  const isCut = { code: "NO_RECORD", message: /shallow clone/, hint: /^git fetch --unshallow/ };
  for (const path of ["a", "c", "renamed"]) await assert.rejects(world.byPath(path), isCut, path);
  const finder = await world.finder();
  assert.match((await finder.notFound("show", "1", "no")).message, /as far as this shallow clone/);
});

Deno.test("TargetFinder does not know who wrote in a subdataset that is not here", async () => {
  await using finder = await Finder.create();
  const { history } = finder;
  const { repository: { dataset, sandbox } } = history;
  const cwd = history.repository.at("sub");
  await sandbox.require(["git", "init", "--quiet", cwd]);
  await dataset.write("sub/out", "1\n");
  await sandbox.require(["git", "add", "out"], { cwd });
  await sandbox.require(["git", "commit", "--quiet", "-m", "x"], { cwd });
  await dataset.write(".gitmodules", '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n');
  const oid = await history.run("1", { outputs: ["sub/out"] });
  await Deno.remove(cwd, { recursive: true });
  await Deno.mkdir(cwd);

  await assert.rejects(
    finder.byPath("sub/out"),
    /Cannot show what made "sub\/out": the subdataset "sub" is not here as HEAD has it/,
  );
  const provenance = await history.open();
  const entry = provenance.top.history.at(oid)!;
  const { outputs } = await describeRun({ provenance, entry, notes: [] });
  assert.deepEqual(outputs, [{ path: "sub", isHidden: true }]);
});
