/** Outputs whose content is not in this clone, and outputs that are gone before a job begins. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import {
  LIMIT_REACHED,
  MISBEHAVIOUR,
  PARTITION_REFUSED,
  wrapProgram,
} from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

/** Annexed files that are committed, and whose content is nowhere. */
const ABSENT = ["res/1.bin", "res/2.bin", "res/deep/3.bin"];

async function createWithAbsent(): Promise<EngineWorld> {
  const world = await EngineWorld.create({ "res/kept.txt": "x\n" }, "git-annex");
  for (const path of ABSENT) await world.write(path, `\0${path}`);
  await world.git("annex", "add", "--quiet", "res");
  await world.git("commit", "--quiet", "-m", "results");
  await world.git("annex", "drop", "--quiet", "--force", "res");
  return world;
}

async function isLink(world: EngineWorld, path: string): Promise<boolean> {
  return await Deno.lstat(join(world.root, path)).then((info) => info.isSymlink, () => false);
}

/** Which of the absent files are links as before. */
async function linksOf(world: EngineWorld): Promise<string[]> {
  const links: string[] = [];
  for (const path of ABSENT) if (await isLink(world, path)) links.push(path);
  return links;
}

async function outputChanges(world: EngineWorld): Promise<string[]> {
  return (await world.changes()).filter((change) => change.includes(" res/"));
}

const [FIRST, SECOND] = ABSENT as [string, string, string];

testIfAvailable(
  ["git-annex"],
  "absent: schedule of a folder with files whose content is not here → they stay, and are not deleted",
  async () => {
    await using world = await createWithAbsent();

    const { stderr } = await world.must("schedule", "-o", "res", "sbatch", "job.sh");

    assert.match(
      stderr,
      /^warning: the content of 3 annexed files in the outputs is not here \(res\/1/,
    );
    assert.deepEqual(await linksOf(world), ABSENT);
    await world.write("res/new.txt", "x\n");
    await world.must("finish");
    assert.deepEqual(await outputChanges(world), ["A res/new.txt"]);
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
  },
);

testIfAvailable(
  ["git-annex"],
  "absent: schedule of such a file itself → it makes room, and what the job does not write is back",
  async () => {
    await using world = await createWithAbsent();

    const { stderr } = await world.must("schedule", "-o", FIRST, "-o", SECOND, "sbatch", "job.sh");

    assert.equal(stderr, "");
    assert.deepEqual(await linksOf(world), [ABSENT[2]]);
    await world.write(SECOND, "\0new");
    const finished = await world.must("finish");
    assert.match(saidBy(finished), /job 1 left nothing at its output "res\/1\.bin"/);
    assert.deepEqual(await outputChanges(world), [`M ${SECOND}`]);
    assert.deepEqual(await linksOf(world), ABSENT);
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
  },
);

testIfAvailable(
  ["git-annex"],
  "absent: a job that wrote nothing in the room it got → it stays open, and the file is back",
  async () => {
    await using world = await createWithAbsent();
    await world.schedule(FIRST);

    for (let attempt = 1; attempt <= 2; attempt++) {
      const refused = await world.dlslurm("finish");

      assert.equal(refused.code, 1);
      assert.match(saidBy(refused), /it wrote none of its outputs, "res\/1\.bin"/);
      assert.deepEqual(await linksOf(world), ABSENT);
    }
    await world.must("finish", "--allow-no-outputs");
    assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json"]);
  },
);

testIfAvailable(
  ["git-annex"],
  "absent: a job removed the folder in which a file had made room → the file is back",
  async () => {
    await using world = await createWithAbsent();
    await world.schedule("res/deep/3.bin", "res/new");
    await world.remove("res/deep");
    await world.write("res/new", "x\n");

    await world.must("finish");

    assert.deepEqual(await outputChanges(world), ["A res/new"]);
    assert.deepEqual(await linksOf(world), ABSENT);
  },
);

testIfAvailable(
  ["git-annex"],
  "absent: a file that came with the inputs → it is unlocked, and makes no room",
  async () => {
    await using world = await createWithAbsent();
    await world.git("clone", "--quiet", ".", "../there");
    const there = join(world.root, "..", "there");
    await world.sandbox.require(["git", "annex", "init", "--quiet", "there"], { cwd: there });
    await Deno.remove(join(there, FIRST));
    await Deno.writeTextFile(join(there, FIRST), `\0${FIRST}`);
    await world.sandbox.require(["git", "annex", "add", "--quiet", FIRST], { cwd: there });
    await world.git("remote", "add", "there", there);
    await world.git("annex", "sync", "--quiet", "--only-annex", "there").catch(() => undefined);
    await world.git("annex", "fsck", "--quiet", "--fast", "--from", "there").catch(() => undefined);

    await world.must("schedule", "-i", FIRST, "-o", FIRST, "sbatch", "job.sh");

    assert.equal(await Deno.readTextFile(join(world.root, FIRST)), `\0${FIRST}`);
    assert((await Deno.lstat(join(world.root, FIRST))).isFile);
  },
);

/** How a job that got room ends without a commit; the link has to be back. */
const ENDS: Readonly<Record<string, (world: EngineWorld) => Promise<void>>> = {
  "finish --close-failed-jobs": async (world) => {
    const jobId = await world.schedule(FIRST);
    assert(!await isLink(world, FIRST));
    await world.slurm.setRows(jobId, `${jobId}|FAILED`);
    await world.must("finish", "--close-failed-jobs");
  },
  "finish --commit-failed-jobs": async (world) => {
    const jobId = await world.schedule(FIRST);
    await world.slurm.setRows(jobId, `${jobId}|FAILED`);
    await world.must("finish", "--commit-failed-jobs");
    assert.deepEqual(await outputChanges(world), []);
  },
  "recover --not-submitted": async (world) => {
    await wrapProgram(world.sandbox, "sbatch", "exit 0");
    assert.equal((await world.dlslurm("schedule", "-o", FIRST, "sbatch", "job.sh")).code, 1);
    assert(!await isLink(world, FIRST));
    await world.must("recover", "1", "--not-submitted");
  },
  "a refused submission": async (world) => {
    await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(PARTITION_REFUSED));
    const refused = await world.dlslurm("schedule", "-o", FIRST, "sbatch", "job.sh");
    assert.match(saidBy(refused), /No job was submitted/);
  },
  "a kill before the submission": async (world) => {
    // What is unlocked comes before what is removed.
    await world.write("res/4.bin", "\0present");
    await world.git("annex", "add", "--quiet", "res/4.bin");
    await world.git("commit", "--quiet", "-m", "more");
    await killCallerOf(world, "git", "annex unlock", "after");
    const args = ["schedule", "-o", FIRST, "-o", "res/4.bin", "sbatch", "job.sh"];
    assert.equal((await world.dlslurm(...args)).code, 137);
    await mend(world, "git");
    // As if it had died a moment later.
    await Deno.remove(join(world.root, FIRST));
    await world.must("recover");
    await world.git("annex", "lock", "--quiet", "res/4.bin");
  },
  "a row of a table that is refused": async (world) => {
    await Deno.writeTextFile(join(world.root, "../t.csv"), "n\n1\n2\n");
    const script = `case " $* " in *" 1 "*) ${
      MISBEHAVIOUR.fail(PARTITION_REFUSED)
    } ;; esac\nexec "$0.scripted" "$@"`;
    const path = join(world.sandbox.programs, "sbatch");
    await Deno.rename(path, `${path}.scripted`);
    await wrapProgram(world.sandbox, "sbatch", script);
    const args = ["schedule", "--from", "../t.csv", "-o", "res/{n}.bin", "sbatch", "job.sh", "{n}"];
    await world.dlslurm(...args);
    assert.deepEqual(world.stages(), ["open"]);
    assert(!await isLink(world, SECOND));
    await world.slurm.setRows("1", "1|FAILED");
    await world.must("finish", "--close-failed-jobs");
  },
  "waiting rows that are given up": async (world) => {
    await Deno.writeTextFile(join(world.root, "../t.csv"), "n\n1\n2\n");
    await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(LIMIT_REACHED));
    await world.dlslurm(
      ...["schedule", "--from", "../t.csv", "-o", "res/{n}.bin", "sbatch", "job.sh", "{n}"],
    );
    assert.deepEqual(world.stages(), ["waiting", "waiting"]);
    assert(!await isLink(world, FIRST));
    await world.must("finish", "--close-waiting-jobs");
  },
};

for (const [name, end] of Object.entries(ENDS)) {
  testIfAvailable(["git-annex"], `absent: ${name} → the link that made room is back`, async () => {
    await using world = await createWithAbsent();

    await end(world);

    assert.deepEqual(await linksOf(world), ABSENT);
    assert.deepEqual(await world.lines("status", "--porcelain", "--", "res"), []);
  });
}

testIfAvailable(
  ["git-annex"],
  "absent: reschedule in a clone without contents → what the recorded job wrote makes room, the rest stays",
  async () => {
    await using world = await createWithAbsent();
    await world.schedule("res");
    await world.write("res/9.bin", "\0nine");
    await world.write("res/8.bin", "\0eight");
    await world.must("finish");
    await world.git("annex", "drop", "--quiet", "--force", "res");

    const { stdout } = await world.must("reschedule");

    assert.match(stdout, /^Submitted batch job 2$/m);
    assert.deepEqual(await linksOf(world), ABSENT);
    assert(!await isLink(world, "res/9.bin"));
    await world.write("res/9.bin", "\0nine again");
    await world.must("finish");
    assert.deepEqual(await outputChanges(world), ["M res/9.bin"]);
    assert(await isLink(world, "res/8.bin"));
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
  },
);

testIfAvailable(
  ["git-annex"],
  "absent: reschedule of a repetition → what that left as it was makes room, too",
  async () => {
    await using world = await createWithAbsent();
    await world.schedule("fin");
    await world.write("fin/same.bin", "\0same");
    await world.write("fin/other.bin", "\0one");
    await world.must("finish");
    await world.must("reschedule");
    await world.remove("fin/other.bin");
    await world.write("fin/other.bin", "\0two");
    await world.must("finish");
    assert.deepEqual((await world.changes()).filter((change) => change.includes("fin/")), [
      "M fin/other.bin",
    ]);
    await world.git("annex", "drop", "--quiet", "--force", "fin");

    const repeated = await world.must("reschedule", "HEAD");

    assert.doesNotMatch(saidBy(repeated), /is not here/);
    assert(!await isLink(world, "fin/same.bin"));
    assert(!await isLink(world, "fin/other.bin"));
  },
);

for (const unlock of [false, true]) {
  testIfAvailable(
    ["git-annex"],
    `absent: reschedule with an annexed script that is not here → fetched, and not changed${
      unlock ? " (unlocked)" : ""
    }`,
    async () => {
      await using world = await EngineWorld.create({}, "git-annex");
      await world.write("own.sh", "#!/bin/sh\n: own\n");
      await world.git("annex", "add", "--quiet", "--force-large", "own.sh");
      if (unlock) await world.git("annex", "unlock", "--quiet", "own.sh");
      await world.git("commit", "--quiet", "-am", "script");
      await Deno.symlink("own.sh", join(world.root, "current.sh"));
      await world.git("add", "current.sh");
      await world.git("commit", "--quiet", "-m", "link");
      await world.must("schedule", "-o", "out", "sbatch", "current.sh");
      await world.write("out", "1\n");
      await world.must("finish");
      const first = world.root;
      await world.git("clone", "--quiet", ".", "../clone");
      world.root = join(first, "../clone");
      await world.git("annex", "init", "--quiet");

      const shown = await world.must("show", "HEAD");
      const repeated = await world.must("reschedule", "-y", "HEAD");

      assert.match(shown.stdout, /script +own\.sh, as it is today/);
      assert.doesNotMatch(saidBy(repeated), /changed since/);
      assert.equal(
        await Deno.readTextFile(join(world.root, "current.sh")),
        "#!/bin/sh\n: own\n",
      );
      await world.write("out", "2\n");
      await world.must("finish");
      assert.match(
        await world.git("log", "-1", "--format=%B"),
        /"path": "own\.sh",\n +"saved": true/,
      );
    },
  );
}

Deno.test("reschedule of a script named by a link → says where that leads to another one by now", async () => {
  await using world = await EngineWorld.create({ "v1/own.sh": "#!/bin/sh\n", "v2/own.sh": "#\n" });
  await Deno.symlink("v1", join(world.root, "now"));
  await world.git("add", "now");
  await world.git("commit", "--quiet", "-m", "link");
  await world.must("schedule", "--require-saved", "-o", "out", "sbatch", "now/own.sh");
  await world.write("out", "1\n");
  await world.must("finish");

  assert.doesNotMatch(saidBy(await world.must("reschedule", "--report")), /changed since/);
  await world.remove("now");
  await Deno.symlink("v2", join(world.root, "now"));
  assert.match(
    saidBy(await world.must("reschedule", "--report")),
    /changed since .* was submitted: v1\/own\.sh/,
  );
});

testIfAvailable(
  ["git-annex"],
  "absent: schedule of an unlocked file → its pointer makes room, and is back where the job wrote nothing",
  async () => {
    await using world = await createWithAbsent();
    await world.git("annex", "unlock", "--quiet", FIRST, SECOND);
    await Deno.chmod(join(world.root, SECOND), 0o755);
    await world.git("add", FIRST, SECOND);
    await world.git("commit", "--quiet", "-m", "unlocked");
    const pointer = await Deno.readTextFile(join(world.root, SECOND));
    assert.match(pointer, /^\/annex\/objects\//);

    await world.must("schedule", "-o", FIRST, "-o", SECOND, "sbatch", "job.sh");
    await world.sandbox.require(["sh", "-c", `test ! -e ${SECOND} && echo more >>${FIRST}`], {
      cwd: world.root,
    });
    const finished = await world.must("finish");

    assert.match(saidBy(finished), /job 1 left nothing at its output "res\/2\.bin"/);
    // Saved in the form that git-annex would choose: locked.
    assert.deepEqual(await outputChanges(world), [`T ${FIRST}`]);
    assert.equal(await Deno.readTextFile(join(world.root, FIRST)), "more\n");
    assert.equal(await Deno.readTextFile(join(world.root, SECOND)), pointer);
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
  },
);

testIfAvailable(
  ["git-annex"],
  "absent: a job appended to an unlocked file of its output folder → schedule warned of it, and it stays open",
  async () => {
    await using world = await createWithAbsent();
    await world.git("annex", "unlock", "--quiet", FIRST);
    await world.git("add", FIRST);
    await world.git("commit", "--quiet", "-m", "unlocked");
    const { stderr } = await world.must("schedule", "-o", "res", "sbatch", "job.sh");
    assert.match(stderr, /the content of 3 annexed files in the outputs is not here \(res\/1/);
    await world.sandbox.require(["sh", "-c", `echo more >>${FIRST}`], { cwd: world.root });

    const refused = await world.dlslurm("finish");

    assert.equal(refused.code, 1);
    assert.match(saidBy(refused), /"res\/1\.bin" begins with the pointer of git-annex/);
    assert.deepEqual(world.stages(), ["open"]);
    await world.write(FIRST, "whole\n");
    await world.must("finish");
    assert.deepEqual(await outputChanges(world), [`T ${FIRST}`]);
  },
);

const BEFORE = { "out/a": "a\n", "out/b": "b\n", "out/c/d": "d\n", "out/e": "e\n" };

Deno.test("absent: files that were gone before a job was submitted → their deletion is not the job's", async () => {
  await using world = await EngineWorld.create(BEFORE);
  await world.remove("out/a");
  await world.git("rm", "--quiet", "out/b");
  await world.schedule("out");
  await world.remove("out/e");
  await world.write("out/new", "x\n");

  const { stderr } = await world.must("finish");

  assert.match(stderr, /warning: out\/a, out\/b were not there before the job was submitted/);
  assert.deepEqual(await world.changes(), ["A out/new", "A slurm-job-1.env.json", "D out/e"]);
  // What the user did is still the user's to commit.
  assert.deepEqual(await world.lines("status", "--porcelain"), [" D out/a", "D  out/b"]);
});

Deno.test("absent: a job writes where something was that the user had removed → the tree holds what is there", async () => {
  await using world = await EngineWorld.create(BEFORE);
  await world.remove("out/c");
  await world.remove("out/a");
  await world.schedule("out");
  await world.write("out/c", "a file now\n");
  await world.write("out/a/deep", "a folder now\n");

  await world.must("finish");

  assert.deepEqual(await world.changes(), [
    "A out/a/deep",
    "A out/c",
    "A slurm-job-1.env.json",
    "D out/a",
    "D out/c/d",
  ]);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

Deno.test("absent: finish -o names a folder from which the job has removed a file → that is committed", async () => {
  await using world = await EngineWorld.create({ ...BEFORE, "more/x": "x\n", "more/y": "y\n" });
  const jobId = await world.schedule("out");
  await world.remove("more/x");
  await world.write("out/new", "x\n");

  await world.must("finish", jobId, "-o", "more");

  assert.deepEqual(await world.changes(), ["A out/new", "A slurm-job-1.env.json", "D more/x"]);
});

Deno.test("absent: files left out by a sparse checkout → not deleted", async () => {
  await using world = await EngineWorld.create({ ...BEFORE, "other/x": "x\n" });
  await world.git("sparse-checkout", "set", "--no-cone", "/*", "!/out/c");
  await world.schedule("out");
  await world.write("out/new", "x\n");

  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A out/new", "A slurm-job-1.env.json"]);
});

for (const flag of ["skip-worktree", "assume-unchanged"] as const) {
  Deno.test(`finish: git was told not to look at an output, ${flag} → the job stays open if it has changed`, async () => {
    await using world = await EngineWorld.create({
      "out/x": "old\n",
      "out/same": "same\n",
      "out/gone": "gone\n",
    });
    const flagged = flag === "skip-worktree" ? ["x", "same", "gone"] : ["x", "same"];
    for (const name of flagged) await world.git("update-index", `--${flag}`, `out/${name}`);
    if (flag === "skip-worktree") await world.remove("out/gone");
    await world.schedule("out");
    await world.schedule("other");
    for (const [path, text] of [["out/x", "new\n"], ["out/same", "same\n"], ["other", "1\n"]]) {
      await world.write(path!, text!);
    }
    const flags = await world.lines("ls-files", "-v", "out");

    const refused = await world.dlslurm("finish", "--require-outputs");

    assert.equal(refused.code, 1, saidBy(refused));
    assert.match(saidBy(refused), new RegExp(`"out/x" has changed, .*\\(${flag}\\)`));
    assert.match(saidBy(refused), new RegExp(`git update-index --no-${flag} "out/x", then`));
    assert.deepEqual(world.stages(), ["open", "finished"]);
    assert.deepEqual(await world.lines("ls-files", "-v", "out"), flags);

    await world.git("update-index", `--no-${flag}`, "out/x");
    await world.must("finish");

    assert.equal(await world.git("show", "HEAD:out/x"), "new");
    assert.equal(await world.git("show", "HEAD:out/gone"), "gone");
    const letter = flag === "skip-worktree" ? "S" : "h";
    assert((await world.lines("ls-files", "-v", "out")).includes(`${letter} out/same`));
  });
}

Deno.test("finish: a job removed an output that git was told to take for unchanged → the job stays open", async () => {
  await using world = await EngineWorld.create({ "out/x": "old\n", "out/y": "old\n" });
  await world.git("update-index", "--assume-unchanged", "out/x");
  await world.schedule("out");
  await world.write("out/y", "new\n");
  await world.remove("out/x");

  const refused = await world.dlslurm("finish");

  assert.equal(refused.code, 1, saidBy(refused));
  assert.match(saidBy(refused), /"out\/x" has changed/);
  await world.git("update-index", "--no-assume-unchanged", "out/x");
  await world.must("finish");
  assert((await world.changes()).includes("D out/x"));
});
