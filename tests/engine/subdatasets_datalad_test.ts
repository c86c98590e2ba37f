/** Subdatasets that DataLad made: the same files saved by it and by finish, installing, running again. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { waitForAnotherSecond } from "../support/polling.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { ScriptedSlurm } from "./scripted_slurm.ts";

const PLACES = [".", "sub", "sub/deep"] as const;
const CREATE = ["datalad", "create", "-c", "text2git"] as const;

interface World {
  readonly sandbox: Sandbox;
  readonly slurm: ScriptedSlurm;
  readonly root: string;
}

/** A dataset of DataLad's with `sub` and `sub/deep` in it; `old.bin` is annexed everywhere. */
async function withDatasets(test: (world: World) => Promise<void>): Promise<void> {
  await using sandbox = await Sandbox.create();
  const slurm = await ScriptedSlurm.install(sandbox);
  const root = join(sandbox.root, "data set");
  await sandbox.require([...CREATE, root]);
  for (const path of ["sub", "sub/deep"]) {
    await sandbox.require([...CREATE, "-d", ".", path], { cwd: root });
  }
  await Deno.writeTextFile(join(root, "job.sh"), "#!/bin/sh\n");
  for (const place of PLACES) {
    await Deno.mkdir(join(root, place, "out"));
    await Deno.writeFile(join(root, place, "out", "old.bin"), Uint8Array.of(0, 1, 2, place.length));
  }
  await sandbox.require(["datalad", "save", "-r", "-m", "files"], { cwd: root });
  await test({ sandbox, slurm, root });
}

async function dlslurm({ sandbox, root }: World, ...args: readonly string[]) {
  const outcome = await sandbox.dlslurm(args, { cwd: root });
  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
  return outcome;
}

/** What a job writes: new files of both sorts, a changed one, a deleted one. */
async function writeOutputs(root: string): Promise<void> {
  for (const place of PLACES) {
    const folder = join(root, place, "out");
    await Deno.writeTextFile(join(folder, "text.txt"), `${place}\n`);
    await Deno.writeFile(join(folder, "new.bin"), Uint8Array.of(0, 3, place.length));
    await Deno.writeFile(join(folder, "old.bin"), Uint8Array.of(0, 9, place.length));
    await Deno.symlink("text.txt", join(folder, "link"));
  }
  await Deno.remove(join(root, "sub", "out", "old.bin"));
}

async function describe({ sandbox }: World, root: string) {
  const run = (...argv: [string, ...string[]]) => sandbox.require(argv, { cwd: root });
  const trees: Record<string, readonly string[]> = {};
  for (const place of PLACES) {
    const listed = await run("git", "-C", place, "ls-tree", "-r", "HEAD");
    // What a subdataset's commit is called depends on who made it and when.
    trees[place] = listed.split("\n").map((line) => line.replace(/^(160000 commit) \w+/, "$1"));
    const status = await run("git", "-C", place, "status", "--porcelain");
    assert.equal(status, "", place);
    await run("git", "-C", place, "fsck", "--strict", "--no-dangling");
    await run("git", "-C", place, "annex", "fsck", "--quiet");
  }
  const states = await run("datalad", "-f", "{state}", "status", "-r");
  assert.deepEqual([...new Set(states.split("\n"))], ["clean"]);
  return trees;
}

testIfAvailable(
  ["datalad", "git-annex"],
  "oracle: finish saves in subdatasets what datalad save -r does",
  () =>
    withDatasets(async (world) => {
      const { sandbox, root } = world;
      const theirs = join(sandbox.root, "theirs");
      await sandbox.require(["datalad", "clone", root, theirs]);
      await sandbox.require(["datalad", "get", "-r", "."], { cwd: theirs });
      for (const claim of ["out", "sub/out", "sub/deep/out"]) {
        await sandbox.require(["datalad", "unlock", claim], { cwd: theirs });
      }
      const outputs = PLACES.flatMap((place) => ["-o", join(place, "out")]);
      await dlslurm(world, "schedule", ...outputs, "sbatch", "job.sh");
      for (const each of [root, theirs]) await writeOutputs(each);
      // Files of the very moment in which the index is written count as doubtful for git.
      await waitForAnotherSecond();
      const environment = "slurm-job-1.env.json";
      await Deno.copyFile(join(root, environment), join(theirs, environment));

      await dlslurm(world, "finish");
      await sandbox.require(["datalad", "save", "-r", "-m", "theirs"], { cwd: theirs });

      const [got, expected] = [await describe(world, root), await describe(world, theirs)];
      assert.deepEqual(got, expected);
      for (const place of PLACES) {
        const counted = await sandbox.require(
          ["git", "-C", place, "rev-list", "--count", "HEAD^{/files}..HEAD"],
          { cwd: root },
        );
        assert.equal(counted, "1", place);
      }
    }),
);

testIfAvailable(
  ["datalad", "git-annex"],
  "engine: reschedule unlocks what the recorded commits changed in subdatasets",
  () =>
    withDatasets(async (world) => {
      const { root, sandbox } = world;
      await dlslurm(world, "schedule", "-o", "sub/out/new.bin", "-o", "x", "sbatch", "job.sh");
      await dlslurm(world, "schedule", "-o", "sub/deep/out", "sbatch", "job.sh");
      await writeOutputs(root).catch(() => undefined);
      await sandbox.require(["git", "checkout", "--quiet", "out"], { cwd: root });
      await sandbox.require(["git", "clean", "-q", "-f", "out"], { cwd: root });
      await dlslurm(world, "finish");
      const isLocked = async (path: string) => (await Deno.lstat(join(root, path))).isSymlink;
      assert(await isLocked("sub/deep/out/new.bin") && await isLocked("sub/out/new.bin"));

      await dlslurm(world, "reschedule");

      assert(!await isLocked("sub/deep/out/new.bin"), "a claim in a subdataset");
      assert(!await isLocked("sub/deep/out/old.bin"));
      assert(await isLocked("sub/out/new.bin"), "another job's");
      const status = await sandbox.require(["git", "-C", "sub", "status", "--porcelain"], {
        cwd: root,
      });
      assert.doesNotMatch(status, /new\.bin/);
      await Deno.writeFile(join(root, "sub/deep/out/new.bin"), Uint8Array.of(0, 77));
      await dlslurm(world, "finish");
      const changed = ["git", "-C", "sub/deep", "show", "--format=%s", "--name-status"] as const;
      assert.equal(
        await sandbox.require([...changed], { cwd: root }),
        "[DATALAD SLURM RUN] Slurm job 3: Completed\n\nM\tout/new.bin",
      );
      assert(await isLocked("sub/deep/out/old.bin"), "untouched, it is locked as before");
    }),
);

testIfAvailable(
  ["datalad", "git-annex"],
  "engine: schedule in a clone → installs the subdatasets on the way, fetches inputs, saves on a branch",
  () =>
    withDatasets(async (world) => {
      const { sandbox, root } = world;
      const clone = join(sandbox.root, "clone");
      await sandbox.require(["git", "clone", "--quiet", root, clone]);
      const inClone = { ...world, root: clone };
      const words = ["-i", "sub/deep/out/*.bin", "-o", "sub/out/made.bin", "sbatch", "job.sh"];

      const dry = await sandbox.dlslurm(["schedule", "--dry-run", "basic", ...words], {
        cwd: clone,
      });
      assert.equal(dry.code, 1);
      assert.match(dry.stderr, /input "sub\/deep\/out\/\*\.bin" matches no file/);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(join(clone, "sub"))), []);

      const { stdout } = await dlslurm(inClone, "schedule", ...words);

      assert.match(stdout, /install\(ok\): sub \(dataset\)\ninstall\(ok\): sub\/deep \(dataset\)/);
      assert.equal((await Deno.readFile(join(clone, "sub/deep/out/old.bin"))).length, 4);
      await Deno.writeFile(join(clone, "sub/out/made.bin"), Uint8Array.of(0, 5));
      const finished = await dlslurm(inClone, "finish");
      assert.doesNotMatch(finished.stderr, /no branch checked out/);
      assert(
        (await Deno.lstat(join(clone, "sub/out/made.bin"))).isSymlink,
        "the clone was initialised for the annex",
      );
      for (const place of [".", "sub"]) {
        const status = await sandbox.require(["git", "-C", place, "status", "--porcelain"], {
          cwd: clone,
        });
        assert.equal(status, "", place);
      }
    }),
);

testIfAvailable(
  ["datalad", "git-annex"],
  "engine: schedule where a subdataset cannot be installed → git's words, nothing submitted",
  () =>
    withDatasets(async (world) => {
      const { sandbox, root, slurm } = world;
      const clone = join(sandbox.root, "clone");
      await sandbox.require(["git", "clone", "--quiet", root, clone]);
      await Deno.rename(join(root, "sub"), join(root, "moved away"));

      const outcome = await sandbox.dlslurm(["schedule", "-o", "sub/x", "sbatch", "job.sh"], {
        cwd: clone,
      });

      assert.equal(outcome.code, 1);
      assert.match(outcome.stderr, /git submodule ended with exit status/);
      assert.match(outcome.stderr, /does not exist/);
      assert.deepEqual(await slurm.submitted(), []);
    }),
);
