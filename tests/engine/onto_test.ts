import assert from "node:assert/strict";
import { join } from "node:path";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { identifySelf } from "../../src/process/process_identity.ts";
import { createAnalysis, runStep } from "../provenance/analysis.ts";
import { wrapProgram } from "../support/wrapped_programs.ts";
import { testIfAvailable } from "../support/requirements.ts";
import type { TestDataset } from "../support/datasets.ts";
import { storedJobs } from "../support/snapshots.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";
import { addSubdataset, gitIn } from "./subdatasets.ts";

const ONTO = ".git/dlslurm/onto";

/** What there is of worktrees: their folders, what git knows of them, leases, branches. */
async function traces(world: EngineWorld): Promise<string[]> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(join(world.root, ONTO))) files.push(name);
  const linked = (await world.lines("worktree", "list", "--porcelain"))
    .filter((line) => line.startsWith("worktree ") && line.includes(ONTO))
    .map((line) => `git: ${line.slice(line.lastIndexOf("/") + 1)}`);
  const branches = await world.lines(
    "for-each-ref",
    "--format=%(refname:short)",
    "refs/heads/dlslurm",
  );
  return [...files.sort(), ...linked.sort(), ...branches];
}

/** The only worktree that there is. */
async function folderOf(world: EngineWorld): Promise<string> {
  const [name] = (await traces(world)).filter((each) => /^onto-[0-9a-f-]+$/.test(each));
  return join(world.root, ONTO, name!);
}

/** The job ID that a command printed. */
function idIn({ stdout }: { readonly stdout: string }): string {
  return /^Submitted batch job ([0-9]+)$/m.exec(stdout)?.[1] ?? "none";
}

/** Writes what the repetition of the second step would have written. */
async function writeFit(folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "fit"), { recursive: true });
  await Deno.writeTextFile(join(folder, "fit/n.txt"), "3\n");
  await Deno.writeTextFile(join(folder, "fit/when.txt"), "at 10:00\n");
}

/** An analysis whose script and data were changed since, and are about to be changed again. */
async function createMovedOn(): Promise<EngineWorld> {
  const world = await createAnalysis();
  await world.write("job.sh", "#!/bin/sh\n# another one\n");
  await world.write("clean/obs.txt", "1\n2\n");
  await world.git("commit", "--quiet", "--all", "-m", "Move on");
  await world.write("clean/obs.txt", "not saved\n");
  await world.write("staged.txt", "staged\n");
  await world.git("add", "staged.txt");
  return world;
}

Deno.test("reschedule --onto: files of that time, a branch of its own, nothing of the user's moves", async () => {
  await using world = await createMovedOn();
  const head = await world.git("rev-parse", "HEAD");
  const status = await world.lines("status", "--porcelain");

  const outcome = await world.must("reschedule", "2", "--onto", "HEAD~3");

  const folder = await folderOf(world);
  assert.equal(await Deno.readTextFile(join(folder, "job.sh")), "#!/bin/sh\n");
  assert.equal(await Deno.readTextFile(join(folder, "clean/obs.txt")), "1\n2\n3\n");
  // Git knows no empty folder: perhaps it was there before the job.
  assert.ok((await Deno.stat(join(folder, "fit"))).isDirectory);
  assert.doesNotMatch(outcome.stderr, /changed since/);
  const oid = await world.git("rev-parse", "HEAD~3");
  const name = `onto-${oid.slice(0, 10)}`;
  assert.match(outcome.stderr, new RegExp(`finish commits .* to the branch dlslurm/${name}`));
  const list = JSON.parse((await world.must("list", "-f", "json")).stdout);
  assert.deepEqual([list.slurm_job_id, list.worktree], [idIn(outcome), name]);
  assert.match((await world.must("list")).stderr, /in a worktree of --onto: job 4; dlslurm finish/);
  await world.must("wait", "4");
  await writeFit(folder);
  const finish = await world.must("finish");

  assert.doesNotMatch(finish.stdout, /no open jobs/);
  assert.match(finish.stdout, /^save\(ok\): .*Outputs as in job 2 \([0-9a-f]{10}\): 2 identical/m);
  assert.deepEqual(await traces(world), [`dlslurm/${name}`]);
  assert.equal(await world.git("rev-parse", `dlslurm/${name}~`), oid);
  assert.equal(await world.git("rev-parse", "HEAD"), head);
  assert.equal(await world.git("symbolic-ref", "HEAD"), "refs/heads/main");
  assert.deepEqual(await world.lines("status", "--porcelain"), status);
  const verify = await world.must("verify", "2");
  assert.match(verify.stdout, /job 4 came out as job 2: 2 identical/);
});

Deno.test("reschedule --onto= with --since: the chain in one worktree, before the first of them", async () => {
  await using world = await createMovedOn();

  const outcome = await world.must("reschedule", "--since=", "--onto=");

  assert.deepEqual(
    [...outcome.stdout.matchAll(/^Submitted batch job (\d+)$/gm)].map(([, id]) => id),
    [
      ...["4", "5", "6"],
    ],
  );
  assert.match(await world.slurm.argsOf("5"), /--dependency=afterok:4/);
  assert.match(await world.slurm.argsOf("6"), /--dependency=afterok:5/);
  assert.doesNotMatch(outcome.stderr, /changed since/);
  assert.equal((await traces(world)).filter((each) => each.startsWith("git: ")).length, 1);
});

Deno.test("reschedule --onto: the job's own words for refusals, and nothing is left", async () => {
  await using world = await createAnalysis();
  await world.git("rm", "--quiet", "-r", "clean");
  await world.git("commit", "--quiet", "-m", "Remove an input");
  const first = await world.git("rev-list", "--max-parents=0", "HEAD");

  const missing = await world.dlslurm("reschedule", "2", "--onto", "HEAD");
  const unknown = await world.dlslurm("reschedule", "2", "--onto", "never");
  const option = await world.dlslurm("reschedule", "2", "--onto", "--exec=true");
  const script = await world.dlslurm("reschedule", "2", "--onto", "HEAD", "--script", "-");
  const altDir = await world.dlslurm("reschedule", "2", "--onto", "HEAD", "--alt-dir", "/tmp");
  assert.match(altDir.stderr, /Cannot run scripts of another commit in --alt-dir/);
  await world.must("reschedule", "1", "--onto", first, "--report");

  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /impossible.*Slurm job 2\): .*input "clean"/);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Cannot repeat anything onto "never": there is no such commit here/);
  assert.match(option.stderr, /there is no such commit here/);
  assert.match(script.stderr, /Cannot write commands for a worktree that is not there/);
  assert.deepEqual(await world.slurm.submitted(), ["1", "2", "3"]);
  assert.deepEqual(await traces(world), []);
});

Deno.test("reschedule --onto: a command that names the dataset's own folder is refused", async () => {
  await using world = await EngineWorld.create();
  await runStep(world, {
    outputs: ["out"],
    files: { "out/a": "a\n" },
    command: ["--chdir", `'${world.root}'`, "job.sh"],
  });

  const outcome = await world.dlslurm("reschedule", "1", "--onto", "HEAD");

  assert.equal(outcome.code, 1);
  assert.match(
    outcome.stdout,
    /Cannot run it in a worktree: its command names the folder of the dataset, "/,
  );
  assert.deepEqual(await traces(world), []);
});

Deno.test("verify --run: an input that an ended, unfinished job had made is that of its commit", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("clean");
  await world.write("clean/obs.txt", "1\n");
  await world.must(
    ...["schedule", "--after", "1", "-i", "clean/obs.txt", "-o", "fit", "sbatch", "job.sh"],
  );
  await world.write("fit/n.txt", "1\n");
  await world.must("finish");

  await world.must("verify", "2", "--run");

  const input = join(await folderOf(world), "clean/obs.txt");
  assert.equal(await Deno.readTextFile(input), "1\n");
});

Deno.test("verify --run: a script that was in no commit is the one that ran, if it was edited since or removed", async () => {
  await using world = await EngineWorld.create({ "odd.sh": "#!/bin/sh\n# saved\n" });
  await world.write("new.sh", "#!/bin/sh\n# never saved\n");
  await world.write("odd.sh", "#!/bin/sh\n# edited\n");
  await runStep(world, { outputs: ["new"], files: { "new/a": "a\n" }, command: ["new.sh"] });
  await runStep(world, { outputs: ["odd"], files: { "odd/a": "a\n" }, command: ["odd.sh"] });
  await world.remove("new.sh");
  await world.git("checkout", "--quiet", "odd.sh");

  const outcome = await world.must("verify", "--run", "1", "2");

  const scripts = [];
  for await (const { name } of Deno.readDir(join(world.root, ONTO))) {
    const folder = join(world.root, ONTO, name);
    scripts.push([
      await Deno.readTextFile(join(folder, "new.sh")).catch(() => ""),
      await Deno.readTextFile(join(folder, "odd.sh")),
    ].join());
    await Deno.writeTextFile(join(folder, "mine.txt"), `in ${name}\n`);
    for (const out of ["new", "odd"]) {
      await Deno.mkdir(join(folder, out), { recursive: true });
      await Deno.writeTextFile(join(folder, out, "a"), "a\n");
    }
  }
  assert.deepEqual(
    scripts.sort(),
    [
      "#!/bin/sh\n# never saved\n,#!/bin/sh\n# saved\n",
      ",#!/bin/sh\n# edited\n",
    ].sort(),
  );
  assert.doesNotMatch(outcome.stderr, /changed since|in no commit; it is/);
  // Onto another commit it is that one's script, and this is said.
  const other = await world.dlslurm("reschedule", "2", "--onto", "HEAD", "--report");
  assert.match(other.stderr, /job 2 had a version of odd\.sh that was in no commit/);
  // A file of somebody's keeps the worktree; a script that a record keeps does not.
  const finish = await world.must("finish");
  assert.match(finish.stderr, /has no more jobs, but is left, since mine\.txt is in no commit/);
  const verify = await world.must("verify", "1", "2");
  assert.match(verify.stdout, /job 3 came out as job 1.*\n.*job 4 came out as job 2/);
});

Deno.test("verify --run, reschedule: a script outside of the dataset → another one is not run, or it is said", async () => {
  await using world = await EngineWorld.create({ "sub/a": "a\n", "tool.sh": "# another\n" });
  const bin = join(world.sandbox.root, "bin");
  await Deno.mkdir(bin);
  const tool = join(bin, "tool.sh");
  const write = (text: string) => Deno.writeTextFile(tool, `#!/bin/sh\n# ${text}\n`);
  await write("then");
  world.sandbox.env["PATH"] += `:${bin}`;
  await runStep(world, { outputs: ["o"], files: { "o/a": "a\n" }, command: [tool] });
  await runStep(world, {
    outputs: ["p"],
    files: { "p/a": "a\n" },
    command: [`-D${bin}`, "tool.sh"],
  });
  const page = (await world.must("show", "2")).stdout;
  assert.match(page, /script +tool\.sh, in no commit when/);

  // As long as it is what ran, it is taken from where it is.
  await world.must("verify", "--run", "1");
  await write("now");
  for (const jobId of ["1", "2"]) {
    const { code, stdout, stderr } = await world.dlslurm("verify", "--run", jobId);
    assert.equal(code, 1);
    assert.match(
      stdout + stderr,
      /tool\.sh" is not in the dataset, and is not there as it was; ".*No job was/,
    );
  }
  const again = await world.must("reschedule", "2", "--report");
  assert.match(again.stderr, /changed since Slurm job 2 .* was submitted: tool\.sh\n/);
});

Deno.test("verify --run: a script from PATH → the one that ran, in the folder of the command", async () => {
  await using world = await EngineWorld.create({ "sub/a": "a\n" });
  const bin = join(world.sandbox.root, "bin");
  await Deno.mkdir(bin);
  await Deno.writeTextFile(join(bin, "tool.sh"), "#!/bin/sh\n# then\n");
  world.sandbox.env["PATH"] += `:${bin}`;
  await world.must("schedule", "-o", "out", "sbatch", "tool.sh");
  await world.write("out", "1\n");
  await world.must("finish");
  await Deno.writeTextFile(join(bin, "tool.sh"), "#!/bin/sh\n# now\n");

  await world.must("verify", "--run");

  assert.equal(
    await Deno.readTextFile(join(await folderOf(world), "tool.sh")),
    "#!/bin/sh\n# then\n",
  );
});

Deno.test("verify --run: of a record without evidence → onto the parent of its commit", async () => {
  await using world = await createAnalysis();
  const message = await world.git("log", "-1", "--format=%B", "HEAD~");
  const bare = message.replace(/,?\s*"dlslurm": \{[^]*?\n \}/, "");
  assert.doesNotMatch(bare, /dlslurm/);
  await world.git("reset", "--quiet", "--hard", "HEAD~");
  await world.git("commit", "--quiet", "--amend", "-m", bare);

  await world.must("verify", "--run", "HEAD");

  const oid = await world.git("rev-parse", "HEAD~");
  assert.match(await folderOf(world), new RegExp(`onto-${oid.slice(0, 10)}$`));
});

Deno.test("verify --run in a shallow clone → what is not there is said, and how to get it", async () => {
  await using world = await createAnalysis();
  const origin = world.root;
  world.root = `${origin} clone`;
  await world.sandbox.require([
    "git",
    "clone",
    "--quiet",
    "--depth=1",
    `file://${origin}`,
    world.root,
  ]);

  const outcome = await world.dlslurm("verify", "--run", "HEAD");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /Cannot repeat anything onto .*there is no such commit here/);
  assert.match(saidBy(outcome), /git fetch --unshallow/);
  assert.deepEqual(await world.slurm.submitted(), ["1", "2", "3"]);
});

Deno.test("verify: options that need others, and the newest job that is not recorded yet", async () => {
  await using world = await createAnalysis();
  await world.schedule("other");
  for (
    const [args, words] of [
      [["2", "--onto", "HEAD"], "--onto without --run"],
      [["2", "--wait"], "--wait without --run"],
      [["2", "--run", "--timeout", "1s"], "--timeout without --wait"],
      [["--since=", "HEAD", "HEAD~"], "several ends"],
    ] as const
  ) {
    const outcome = await world.dlslurm("verify", ...args);
    assert.equal(outcome.code, 2);
    assert.match(outcome.stderr, new RegExp(words));
  }
  const open = await world.dlslurm("verify", "--run");
  assert.match(open.stderr, /Cannot run "job 4" again: it is not recorded yet.*\n.*finish 4/);
});

Deno.test("reschedule --onto: two at once to the same commit → a worktree each, both are finished", async () => {
  await using world = await createMovedOn();

  const both = await Promise.all(
    [2, 2].map((id) => world.dlslurm("reschedule", `${id}`, "--onto=")),
  );

  assert.deepEqual(both.map(({ code }) => code), [0, 0], both.map(saidBy).join());
  const linked = (await traces(world)).filter((each) => each.startsWith("git: "));
  assert.equal(linked.length, 2);
  for (const each of linked) await writeFit(join(world.root, ONTO, each.slice("git: ".length)));
  await world.must("finish", "4");
  assert.equal((await traces(world)).filter((each) => each.startsWith("git: ")).length, 1);
  await world.must("finish");
  assert.deepEqual((await traces(world)).length, 2, "two branches");
  const subjects = await world.lines("log", "--format=%s", "--branches=dlslurm", "--not", "main");
  assert.deepEqual(
    subjects.sort(),
    [4, 5].map((id) => `[DATALAD SLURM RUN] Slurm job ${id}: Completed`),
  );
});

Deno.test("reschedule --onto: a worktree that was removed by hand → its job is named, and ended on the user's word", async () => {
  await using world = await createMovedOn();
  const jobId = idIn(await world.must("reschedule", "2", "--onto="));
  await Deno.remove(await folderOf(world), { recursive: true });

  const finish = await world.dlslurm("finish");
  const named = await world.dlslurm("finish", jobId);

  assert.match(finish.stderr, /1 job is of a worktree that is not there/);
  assert.match(saidBy(named), /its worktree "onto-[0-9a-f]+" is not there\. It stays open/);
  await world.must("finish", jobId, "--close-unknown-jobs");
  assert.deepEqual(await traces(world), []);
});

Deno.test("reschedule --onto: a job that failed keeps its worktree until it is given up", async () => {
  await using world = await createMovedOn();
  const jobId = idIn(await world.must("reschedule", "2", "--onto="));
  const folder = await folderOf(world);
  await world.slurm.setRows(jobId, `${jobId}|FAILED`);

  assert.equal((await world.dlslurm("finish")).code, 1);
  assert.equal(await folderOf(world), folder);
  const retry = await world.dlslurm("retry", jobId, "--dry-run");
  assert.match(
    retry.stdout,
    /Slurm job 4 is not an open job of this worktree, but of one of --onto/,
  );
  assert.match(retry.stderr, /^hint: dlslurm retry -d ".*onto-[0-9a-f]{10}" 4$/m);
  assert.equal((await world.dlslurm("retry", "-d", folder, jobId, "--dry-run")).code, 0);
  // From within, nobody takes the ground away.
  const inside = await world.sandbox.dlslurm(["finish", "--close-failed-jobs"], { cwd: folder });
  assert.match(inside.stderr, /but is left, since you are in it; to remove it: rm -rf /);
  const left = await world.must("finish");
  assert.match(
    left.stderr,
    /but is left, since slurm-job-4\.env\.json is in no commit; to remove it/,
  );
  await world.sandbox.require(["rm", "-rf", folder]);
  await world.must("finish");
  assert.deepEqual(await traces(world), []);

  const second = idIn(await world.must("reschedule", "2", "--onto="));
  await world.slurm.setRows(second, `${second}|FAILED`);
  await world.must("finish", second, "--close-failed-jobs", "--discard");
  assert.deepEqual(await traces(world), []);
});

Deno.test("reschedule --onto: by label, and what else is in the dataset's own store stays its own", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "--label", "fit", "-o", "out", "sbatch", "job.sh");
  await world.write("out/a", "a\n");
  await world.must("finish");
  await world.must("reschedule", "1", "--onto", "HEAD~");
  await world.schedule("out");
  await Deno.mkdir(join(await folderOf(world), "out"), { recursive: true });
  await Deno.writeTextFile(join(await folderOf(world), "out/a"), "a\n");

  await world.must("finish", "fit");

  assert.deepEqual(
    storedJobs({ root: world.root } as TestDataset).map(({ jobId, stage }) => [jobId, stage]),
    [["1", "finished"], ["2", "finished"], ["3", "open"]],
  );
});

Deno.test("reschedule --onto: subdatasets are those of that time, and keep what is written to them", async () => {
  await using world = await EngineWorld.create({ "job.sh": "#!/bin/sh\n" });
  await addSubdataset(world, "data", { "in.txt": "old\n" });
  await addSubdataset(world, "results");
  await runStep(world, {
    inputs: ["data/in.txt"],
    outputs: ["results/new"],
    files: { "results/new/a": "a\n" },
  });
  await world.write("data/in.txt", "another\n");
  await gitIn(world, "data", "commit", "--quiet", "--all", "-m", "Another");
  await world.git("commit", "--quiet", "--all", "-m", "Another");
  const heads = await Promise.all(
    ["data", "results"].map((path) => gitIn(world, path, "rev-parse", "HEAD")),
  );

  await world.must("reschedule", "1", "--onto=");

  const folder = await folderOf(world);
  assert.equal(await Deno.readTextFile(join(folder, "data/in.txt")), "old\n");
  await Deno.mkdir(join(folder, "results/new"), { recursive: true });
  await Deno.writeTextFile(join(folder, "results/new/a"), "b\n");
  await world.must("finish");
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  assert.deepEqual(await traces(world), [`dlslurm/${name}`]);
  // The content that is recorded there is in the subdataset itself.
  const link = await world.git("rev-parse", `dlslurm/${name}:results`);
  assert.equal(await gitIn(world, "results", "show", `${link}:new/a`), "b");
  assert.equal(await gitIn(world, "results", "rev-parse", `dlslurm/${name}`), link);
  for (const [at, path] of ["data", "results"].entries()) {
    assert.equal(await gitIn(world, path, "rev-parse", "HEAD"), heads[at]);
    assert.equal((await gitIn(world, path, "worktree", "list")).split("\n").length, 1);
  }
  assert.equal(await gitIn(world, "data", "branch", "--list", "dlslurm/*"), "");
  const verify = await world.dlslurm("verify", "1");
  assert.match(verify.stdout, /results\/new\/a .*differs/);

  await Deno.rename(join(world.root, "results"), join(world.root, "elsewhere"));
  await Deno.mkdir(join(world.root, "results"));
  const gone = await world.dlslurm("reschedule", "1", "--onto=");
  assert.match(gone.stdout, /its outputs are in the subdataset "results", of which commit/);
});

testIfAvailable(
  ["git-annex"],
  "reschedule --onto: annexed inputs are read through the shared annex, fetched, or asked for",
  async () => {
    await using world = await EngineWorld.create({}, "git-annex");
    await world.write("in.bin", "annexed\n");
    await world.git("annex", "add", "--quiet", "in.bin");
    await world.git("commit", "--quiet", "-m", "Input");
    await world.must("schedule", "-i", "in.bin", "-o", "out", "sbatch", "job.sh");
    await world.write("out/a", "a\n");
    await world.must("finish");
    await world.git("rm", "--quiet", "in.bin");
    await world.git("commit", "--quiet", "-m", "Without it");
    const read = async () => await Deno.readTextFile(join(await folderOf(world), "in.bin"));

    await world.must("verify", "1", "--run");
    assert.equal(await read(), "annexed\n");
    await Deno.mkdir(join(await folderOf(world), "out"), { recursive: true });
    await Deno.writeTextFile(join(await folderOf(world), "out/a"), "a\n");
    await world.must("finish");
    assert.match((await world.must("verify", "1")).stdout, /1 identical/);
    await world.git("annex", "fsck", "--quiet");

    // A clone that has everything, and then nobody here.
    const other = `${world.root} other`;
    await world.sandbox.require(["git", "clone", "--quiet", world.root, other]);
    await world.sandbox.require(["git", "annex", "init", "--quiet", "other"], { cwd: other });
    await world.sandbox.require(["git", "annex", "get", "--all", "--quiet"], { cwd: other });
    await world.git("remote", "add", "other", other);
    await world.git("annex", "sync", "--quiet", "--no-content", "other");
    await world.git("annex", "drop", "--all", "--quiet", "--force");
    await world.must("verify", "1", "--run");
    assert.equal(await read(), "annexed\n");
    await world.must("finish", "3", "--allow-no-outputs");

    await world.git("annex", "drop", "--all", "--quiet", "--force");
    await Deno.rename(other, `${other} gone`);
    const absent = await world.dlslurm("verify", "1", "--run");
    assert.equal(absent.code, 1);
    assert.match(saidBy(absent), /Cannot get 1 file, the first is "in\.bin"/);
    assert.deepEqual((await traces(world)).filter((each) => !each.startsWith("dlslurm/")), []);
  },
);

Deno.test("reschedule --onto: a dataset that was moved, or copied, loses no worktree with a job in it", async () => {
  await using world = await createMovedOn();
  await world.must("reschedule", "2", "--onto=");
  const folder = await folderOf(world);
  await writeFit(folder);
  const [first, copy, moved] = ["", " copy", " moved"].map((end) => `${world.root}${end}`);
  await world.sandbox.require(["cp", "-a", first!, copy!]);
  world.root = copy!;
  const inCopy = await world.dlslurm("finish");
  assert.doesNotMatch(inCopy.stdout, /save\(ok\)/);
  await Deno.rename(first!, moved!);
  world.root = moved!;

  const before = await world.dlslurm("finish");
  const place = folder.replace(first!, moved!);
  assert.equal(await Deno.readTextFile(join(place, "fit/n.txt")), "3\n");
  assert.match(before.stderr, /git worktree repair/);
  await world.git("worktree", "repair", place);
  const after = await world.must("finish");

  assert.match(after.stdout, /^save\(ok\)/m);
});

const STEPS: readonly (readonly [string, string, "before" | "after", boolean])[] = [
  ["git", "worktree add", "before", false],
  ["git", "worktree add", "after", false],
  ["sbatch", "", "before", false],
  ["sbatch", "", "after", true],
  ["scontrol", "", "before", true],
];

for (const [program, word, moment, isSubmitted] of STEPS) {
  Deno.test(`crash: reschedule --onto killed ${moment} ${program} ${word} → the next finish settles it`, async () => {
    await using world = await createMovedOn();
    await killCallerOf(world, program, word, moment);
    const killed = await world.dlslurm("reschedule", "2", "--onto=");
    assert.notEqual(killed.code, 0);
    await mend(world, program);
    const left = (await traces(world)).filter((each) => /^onto-[0-9a-f]+$/.test(each));
    if (isSubmitted) await writeFit(await folderOf(world));

    const finish = await world.dlslurm("finish");

    if (program === "sbatch" && moment === "before") {
      // Nobody knows whether it was submitted: a person decides, and the worktree waits for that.
      assert.match(finish.stderr, /1 submission is unclear: see dlslurm recover/);
      assert.equal(left.length, 1);
      await world.must("recover", "4", "--not-submitted");
      await world.must("finish");
    }
    const branch = isSubmitted ? [await onlyBranch(world)] : [];
    assert.deepEqual(await traces(world), branch, saidBy(finish));
    const subjects = await world.lines("log", "--format=%s", "--branches=dlslurm", "--not", "main");
    assert.equal(subjects.length, isSubmitted ? 1 : 0);
    // The same name is free again, or another one is taken.
    await world.must("reschedule", "2", "--onto=");
  });
}

Deno.test("crash: git killed half-way through git worktree add, and dlslurm with it → the next reschedule clears it away", async () => {
  await using world = await createMovedOn();
  // git locks a worktree until it is whole.
  const script = `"$REAL" "$@"; case "$*" in *"worktree add"*) ;; *) exit ;; esac
    for each in .git/worktrees/*; do echo initializing >"$each/locked"; : >"$each/index.lock"; done
    rm .git/dlslurm/onto/*/job.sh; kill -9 "$PPID"`;
  await wrapProgram(world.sandbox, "git", `set -- "$@"; ${script}`);
  assert.notEqual((await world.dlslurm("reschedule", "2", "--onto=")).code, 0);
  await mend(world, "git");
  const left = await traces(world);
  assert.equal(left.length, 4, left.join());

  await world.must("reschedule", "2", "--onto=");

  assert.deepEqual((await traces(world)).map((each) => each.replace(/^.*onto-/, "")), [
    ...Array.from({ length: 3 }, () => left[0]!.replace("onto-", "")),
  ]);
});

Deno.test("crash: dlslurm and its git killed while that made the branch → the next reschedule makes it", async () => {
  await using world = await createMovedOn();
  const hook = join(world.root, ".git/hooks/reference-transaction");
  // git worktree has another git make the branch.
  const kill = '[ "$1" = prepared ] && grep -q heads/dlslurm && ' +
    'git=$(cut -d " " -f 4 "/proc/$PPID/stat") && ' +
    'kill -9 "$(cut -d " " -f 4 "/proc/$git/stat")" "$git" "$PPID"';
  await Deno.writeTextFile(hook, `#!/bin/sh\n${kill}\nexit 0\n`);
  await Deno.chmod(hook, 0o755);
  assert.equal((await world.dlslurm("reschedule", "2", "--onto=")).code, 137);
  await Deno.remove(hook);
  const locks = async () =>
    (await Array.fromAsync(Deno.readDir(join(world.root, ".git/refs/heads/dlslurm"))))
      .map(({ name }) => name).filter((name) => name.endsWith(".lock"));
  assert.equal((await locks()).length, 1);

  await world.must("reschedule", "2", "--onto=");

  assert.deepEqual(await locks(), []);
});

Deno.test("reschedule --onto: a lease of another host is named, and nobody's worktree is removed for it", async () => {
  await using world = await createMovedOn();
  await world.must("reschedule", "2", "--onto=", "--report");
  const own = await identifySelf(new DenoRunner());
  const holder = JSON.stringify({ ...own, host: "elsewhere", machine: "another", boot: "another" });
  const [lease, folder] = ["onto-0123456789.lease", "onto-0123456789"].map((name) =>
    join(world.root, ONTO, name)
  );
  await Deno.symlink(holder, lease!);
  await Deno.mkdir(folder!);

  const outcome = await world.must("finish");

  assert.match(
    outcome.stderr,
    /onto-0123456789" is left: .* on host "elsewhere".*; wait for it; .*rm "/,
  );
  assert.deepEqual((await traces(world)).length, 2);
});

async function onlyBranch(world: EngineWorld): Promise<string> {
  return (await traces(world)).find((each) => each.startsWith("dlslurm/"))!;
}

const FINISH_STEPS = [
  ["fast-import", "before"],
  ["update-ref -m", "after"],
  ["worktree remove", "before"],
  ["worktree remove", "after"],
] as const;

for (const [word, moment] of FINISH_STEPS) {
  Deno.test(`crash: finish of a job in a worktree killed ${moment} git ${word} → the next one completes it`, async () => {
    await using world = await createMovedOn();
    await world.must("reschedule", "2", "--onto=");
    await writeFit(await folderOf(world));
    await killCallerOf(world, "git", word, moment);
    assert.notEqual((await world.dlslurm("finish")).code, 0);
    await mend(world, "git");

    await world.must("finish");

    assert.deepEqual(await traces(world), [await onlyBranch(world)]);
    const subjects = await world.lines("log", "--format=%s", "--branches=dlslurm", "--not", "main");
    assert.deepEqual(subjects, ["[DATALAD SLURM RUN] Slurm job 4: Completed"]);
    await world.git("fsck", "--strict", "--no-dangling");
  });
}
