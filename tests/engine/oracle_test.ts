/**
 * DataLad is the oracle: the same outputs are saved once by `datalad save` and once by finish, in two
 * copies of one dataset, and what is in the two commits has to be the same.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { waitForAnotherSecond } from "../support/polling.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { ScriptedSlurm } from "./scripted_slurm.ts";

/** Ways to say what goes to the annex. */
const FORMS: readonly {
  readonly name: string;
  readonly create?: readonly string[];
  readonly attributes?: string;
  readonly config?: readonly (readonly [string, string])[];
}[] = [
  { name: "text2git", create: ["-c", "text2git"] },
  { name: "no configuration" },
  { name: "files by size", attributes: "* annex.largefiles=(largerthan=60)\n" },
  {
    name: "files by name, and by folder",
    attributes: "* annex.largefiles=nothing\n*.bin annex.largefiles=anything\n" +
      "out/sub/** annex.largefiles=anything\n",
  },
  {
    name: "a rule in git's configuration",
    config: [["annex.largefiles", "include=*.bin or (exclude=*.txt and largerthan=10)"]],
  },
  { name: "unlocked additions", config: [["annex.addunlocked", "true"]] },
];

/** A generator of numbers below a limit that gives the same ones for the same seed. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const NAMES = [
  "a.txt",
  "b.bin",
  "c",
  ".dot",
  "with blank.txt",
  "ünï.bin",
  "-dash",
  "e.sh",
  "x(1).txt",
];
const FOLDERS = ["out", "out/sub", "out/.hidden", "out/sub/deep er", "out/füße"];

function contentFrom(random: (limit: number) => number): Uint8Array {
  const length = [0, 1, 30, 200, 5_000][random(5)]!;
  const isText = random(2) === 0;
  return Uint8Array.from(
    { length },
    (_, at) => isText ? (at % 40 === 39 ? 10 : 97 + random(26)) : random(256),
  );
}

async function writeFile(root: string, path: string, content: Uint8Array, isExecutable: boolean) {
  const file = join(root, path);
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeFile(file, content);
  await Deno.chmod(file, isExecutable ? 0o755 : 0o644);
}

/** Fills every folder with files. */
async function writeFirstFiles(root: string, seed: number): Promise<void> {
  const random = randomFrom(seed);
  for (const folder of FOLDERS) {
    for (const name of NAMES) {
      if (random(3) === 0) continue;
      await writeFile(root, `${folder}/${name}`, contentFrom(random), random(4) === 0);
    }
  }
}

/** Does what a job may do to its outputs: the same for the same seed. */
async function changeFiles(root: string, seed: number): Promise<void> {
  const random = randomFrom(seed);
  for (const folder of FOLDERS) {
    for (const name of NAMES) {
      const path = `${folder}/${name}`;
      const [deed, content, isExecutable] = [random(7), contentFrom(random), random(4) === 0];
      const info = await Deno.lstat(join(root, path)).catch(() => undefined);
      if (info === undefined) {
        if (deed < 4) await writeFile(root, path, content, isExecutable);
        continue;
      }
      if (deed === 0) await Deno.remove(join(root, path));
      else if (deed === 1) {
        await Deno.remove(join(root, path));
        await writeFile(root, path, content, isExecutable);
      } else if (deed === 2) await Deno.writeFile(join(root, path), content, { append: true });
      else if (deed === 3) await writeFile(root, path, content, isExecutable);
      else if (deed === 4) await Deno.chmod(join(root, path), 0o755);
    }
  }
  await Deno.symlink("a.txt", join(root, "out/link"));
  await Deno.symlink("nowhere", join(root, "out/sub/broken"));
  await Deno.mkdir(join(root, "out/empty folder"));
}

/** What git and git-annex say of the newest commit. */
async function describe(sandbox: Sandbox, root: string) {
  const run = (...argv: [string, ...string[]]) => sandbox.require(argv, { cwd: root });
  const whereis = await run("git", "annex", "whereis", "--json", "out");
  const copies = whereis.split("\n").filter((line) => line !== "").map((line) => {
    const { file, key, whereis: places } = JSON.parse(line);
    return `${file} ${key} ${places.length}`;
  });
  return {
    tree: (await run("git", "-c", "core.quotePath=false", "ls-tree", "-r", "HEAD", "out/")).split(
      "\n",
    ),
    copies: copies.sort(),
    status: await run("git", "status", "--porcelain"),
    dataladStatus: (await run("datalad", "-f", "{path} {state}", "status")).replaceAll(root, ""),
  };
}

for (const [index, form] of FORMS.entries()) {
  testIfAvailable(
    ["datalad", "git-annex"],
    `oracle: finish saves as datalad save does → ${form.name}`,
    async () => {
      await using sandbox = await Sandbox.create();
      const slurm = await ScriptedSlurm.install(sandbox);
      await slurm.setDescription("JobName=job\n   StdOut=@PWD@/out/log\n");
      const theirs = join(sandbox.root, "theirs");
      const ours = join(sandbox.root, "ours");
      await sandbox.require(["datalad", "create", ...(form.create ?? []), theirs]);
      for (const [key, value] of form.config ?? []) {
        await sandbox.require(["git", "config", key, value], { cwd: theirs });
      }
      if (form.attributes !== undefined) {
        await Deno.writeTextFile(join(theirs, ".gitattributes"), form.attributes, { append: true });
      }
      await writeFirstFiles(theirs, 100 + index);
      await Deno.writeTextFile(join(theirs, ".gitignore"), "*.ignored\n");
      await sandbox.require(["datalad", "save", "-m", "first"], { cwd: theirs });
      await sandbox.require(["cp", "-a", theirs, ours]);
      // In a copied dataset git-annex tells files by size and second alone, and takes one for another.
      await sandbox.require(["rm", "-f", ".git/annex/sentinal", ".git/annex/sentinal.cache"], {
        cwd: ours,
      });
      await sandbox.require(["git", "annex", "init", "--quiet"], { cwd: ours });
      for (const root of [theirs, ours]) {
        await sandbox.require(["git", "update-index", "-q", "--refresh"], { cwd: root });
      }

      const scheduled = await sandbox.dlslurm(["schedule", "-o", "out", "sbatch", "job.sh"], {
        cwd: ours,
      });
      assert.equal(scheduled.code, 0, scheduled.stderr);
      await sandbox.require(["git", "annex", "unlock", "--quiet", "out"], { cwd: theirs });
      // By size and second again: what changes is not of the second in which git-annex looked last.
      await waitForAnotherSecond();
      for (const root of [theirs, ours]) {
        await changeFiles(root, 200 + index);
        await Deno.writeTextFile(join(root, "out", "left.ignored"), "x");
      }
      await Deno.copyFile(
        join(ours, "out/slurm-job-1.env.json"),
        join(theirs, "out/slurm-job-1.env.json"),
      );
      // A file of the very moment in which the index is written counts as doubtful for git, and git-annex
      // then decides again: jobs end before they are finished.
      await waitForAnotherSecond();
      const finished = await sandbox.dlslurm(["finish"], { cwd: ours });
      assert.equal(finished.code, 0, finished.stdout + finished.stderr);
      await sandbox.require(["datalad", "save", "-m", "second", "out"], { cwd: theirs });

      const [got, expected] = [await describe(sandbox, ours), await describe(sandbox, theirs)];
      assert.deepEqual(got.tree, expected.tree);
      assert.deepEqual(got.copies, expected.copies);
      assert.deepEqual(got, expected);
      const fsck = await sandbox.run(["git", "annex", "fsck", "--quiet"], { cwd: ours });
      assert.equal(fsck.code, 0, fsck.stdout + fsck.stderr);
      await sandbox.require(["git", "fsck", "--strict", "--no-dangling"], { cwd: ours });
    },
  );
}
