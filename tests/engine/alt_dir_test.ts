/** What comes back from an alternative folder, and what must not be touched by that. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DATASET_KINDS } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { temporaryNameFor } from "../../src/fs/write_file_atomic.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

const LOG = "A slurm-job-1.env.json";

class AltDirWorld {
  readonly world: EngineWorld;
  readonly altDir: string;

  private constructor(world: EngineWorld) {
    this.world = world;
    this.altDir = join(world.sandbox.root, "scratch");
  }

  static async create(
    files: Readonly<Record<string, string>> = {},
    kind: DatasetKind = "plain git",
  ): Promise<AltDirWorld> {
    const own = new AltDirWorld(await EngineWorld.create(files, kind));
    await Deno.mkdir(own.altDir);
    return own;
  }

  async schedule(...options: readonly string[]): Promise<void> {
    await this.world.must("schedule", "-a", this.altDir, ...options, "sbatch", "job.sh");
  }

  /** Writes what the job would, in the alternative folder. */
  async work(path: string, text: string): Promise<void> {
    const file = join(this.altDir, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }

  /** Runs a line of shell in the alternative folder. */
  async shell(line: string): Promise<void> {
    await this.world.sandbox.require(["sh", "-c", line], { cwd: this.altDir });
  }

  async read(path: string): Promise<string> {
    return await Deno.readTextFile(join(this.world.root, path));
  }

  /** Finish has to leave the job open, and say so of these files. */
  async assertEdited(...paths: readonly string[]): Promise<void> {
    const refused = await this.world.dlslurm("finish");
    assert.equal(refused.code, 1);
    assert.match(saidBy(refused), /changed in the dataset since the job was scheduled/);
    for (const path of paths) assert(saidBy(refused).includes(path), saidBy(refused));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}

const RESULTS = { "res/a": "a\n", "res/b": "b\n" };

Deno.test("alt-dir: what an earlier job left there → stays there, and a person's edits are nobody's output", async () => {
  await using own = await AltDirWorld.create();
  const { world } = own;
  await own.schedule("-o", "res");
  await own.work("res/a", "first run\n");
  await own.shell("ln -s nowhere res/broken");
  assert.match(
    saidBy(await world.dlslurm("finish")),
    /Cannot copy ".*res\/broken": it is not there/,
  );
  await own.shell("rm res/broken");
  await world.must("finish");
  await own.shell("ln -s nowhere res/broken");
  await world.write("res/a", "corrected\n");
  await world.git("commit", "--quiet", "-a", "-m", "correct a");
  await own.schedule("-o", "res");
  await own.work("res/b", "second run\n");
  await world.write("res/a", "corrected, and noted\n");

  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A res/b", "A slurm-job-2.env.json"]);
  assert.equal(await own.read("res/a"), "corrected, and noted\n");
  assert.deepEqual(await world.lines("status", "--porcelain"), [" M res/a"]);
});

Deno.test("alt-dir: files with old times that the job copied there → come back", async () => {
  await using own = await AltDirWorld.create(RESULTS);
  await own.work("old", "old\n");
  await own.shell("touch -d '2001-02-03' old");
  await own.schedule("-o", "res");

  await own.shell("mkdir res; cp -p old res/a; cp -p old res/new");
  await own.world.must("finish");

  assert.deepEqual(await own.world.changes(), [LOG, "A res/new", "M res/a"].sort());
  assert.equal(await own.read("res/a"), "old\n");
});

Deno.test("alt-dir: a file whose name has no room for another one → comes back, half a copy of it goes", async () => {
  await using own = await AltDirWorld.create();
  const name = `res/${"é".repeat(125)}.nc`;
  await own.schedule("-o", "res");
  await own.work(name, "1\n");
  const left = temporaryNameFor(name);
  await own.world.write(left, "half");

  await own.world.must("finish");

  assert.deepEqual(await own.world.changes(), [`A ${name}`, LOG].sort());
  await assert.rejects(own.read(left), Deno.errors.NotFound);
});

for (const kind of Object.keys(DATASET_KINDS) as DatasetKind[]) {
  testIfAvailable(
    DATASET_KINDS[kind],
    `alt-dir: a result as large and as old as the earlier one → comes back, ${kind}`,
    async () => {
      await using own = await AltDirWorld.create({}, kind);
      const work = async (text: string, until: string) => {
        await own.schedule("-o", "res");
        await own.work("res/a", text);
        await own.shell(until);
        await own.world.must("finish");
      };
      await work("first\n", "touch -d @1000000000 res/a");

      // The runtime tells whole seconds of when a file itself changed.
      await work(
        "other\n",
        'old=$(stat -c %Z res/a); until [ "$(stat -c %Z res/a)" != "$old" ]; do sleep 0.1; ' +
          "touch -d @1000000000 res/a; done",
      );

      assert.deepEqual(await own.world.changes(), ["A slurm-job-2.env.json", "M res/a"].sort());
      assert.equal(await own.read("res/a"), "other\n");
    },
  );
}

/** How a person changes `res/a` while the job is open. */
const EDITS: Readonly<Record<string, (world: EngineWorld) => Promise<unknown>>> = {
  "in the work tree": (world) => world.write("res/a", "mine\n"),
  staged: async (world) => {
    await world.write("res/a", "mine\n");
    await world.git("add", "res/a");
  },
  committed: async (world) => {
    await world.write("res/a", "mine\n");
    await world.git("commit", "--quiet", "-a", "-m", "mine");
  },
  "to a link": async (world) => {
    await world.remove("res/a");
    await Deno.symlink("../job.sh", join(world.root, "res/a"));
  },
};

for (const [how, edit] of Object.entries(EDITS)) {
  Deno.test(`alt-dir: a person has changed a file that the job wrote, ${how} → it is named, nothing is copied`, async () => {
    await using own = await AltDirWorld.create(RESULTS);
    const { world } = own;
    await own.schedule("-o", "res");
    await own.work("res/a", "the job's\n");
    await own.work("res/b", "the job's\n");
    await edit(world);
    const mine = await own.read("res/a");
    const status = await world.lines("status", "--porcelain");

    await own.assertEdited(`"res/a"`);

    assert.deepEqual(await world.lines("status", "--porcelain"), status);
    assert.equal(await own.read("res/a"), mine);
    assert.equal(await own.read("res/b"), "b\n");
    await Deno.rename(join(world.root, "res/a"), join(world.root, "res/mine"));
    await world.must("finish");
    assert.equal(await own.read("res/a"), "the job's\n");
    assert.equal(await own.read("res/mine"), mine);
  });
}

Deno.test("alt-dir: a person keeps the own version → the job's other files are committed", async () => {
  await using own = await AltDirWorld.create(RESULTS);
  await own.schedule("-o", "res");
  await own.work("res/a", "the job's\n");
  await own.work("res/b", "the job's\n");
  await own.world.write("res/a", "mine\n");
  await own.assertEdited('"res/a"');
  await own.shell("rm res/a");

  await own.world.must("finish");

  assert.deepEqual(await own.world.changes(), [LOG, "M res/b"].sort());
  assert.deepEqual(await own.world.lines("status", "--porcelain"), [" M res/a"]);
});

Deno.test("alt-dir: another branch was checked out and this one again → nobody has changed anything", async () => {
  await using own = await AltDirWorld.create(RESULTS);
  const { world } = own;
  await own.schedule("-o", "res");
  await own.work("res/a", "the job's\n");
  await world.git("checkout", "--quiet", "-b", "side");
  await world.git("rm", "--quiet", "-r", "res");
  await world.git("commit", "--quiet", "-m", "without");
  await world.git("checkout", "--quiet", "main");

  await world.must("finish");

  assert.deepEqual(await world.changes(), [LOG, "M res/a"].sort());
});

/** Where a link stands that leads out of the dataset, for a claim `some/res` with a file `x/y`. */
for (const place of ["some", "some/res", "some/res/x"]) {
  Deno.test(`alt-dir: ${place} became a link out of the dataset → nothing is written through it`, async () => {
    await using own = await AltDirWorld.create();
    const { world } = own;
    const outside = join(world.sandbox.root, "outside");
    await Deno.mkdir(outside);
    await own.schedule("-o", "some/res");
    await own.work("some/res/x/y", "the job's\n");
    await own.work("some/res/0", "the job's\n");
    await Deno.mkdir(join(world.root, dirname(place)), { recursive: true });
    await Deno.symlink(outside, join(world.root, place));

    await own.assertEdited(`"${place}"`);

    assert.deepEqual(await Array.fromAsync(Deno.readDir(outside)), []);
    assert.equal((await world.subjects()).length, 1);
  });
}

Deno.test("alt-dir: a link out of the dataset that was there before the job → the job's folder takes its place", async () => {
  await using own = await AltDirWorld.create();
  const { world } = own;
  const outside = join(world.sandbox.root, "outside");
  await Deno.mkdir(outside);
  await Deno.mkdir(join(world.root, "res"));
  await Deno.symlink(outside, join(world.root, "res/x"));
  await own.schedule("-o", "res");
  await own.work("res/x/y", "the job's\n");
  await own.work("res/x/z", "the job's\n");

  await world.must("finish");

  assert.deepEqual(await Array.fromAsync(Deno.readDir(outside)), []);
  assert.deepEqual(await world.changes(), ["A res/x/y", "A res/x/z", LOG]);
});

for (const kind of ["plain git", "git-annex"] as const) {
  testIfAvailable(
    DATASET_KINDS[kind],
    `alt-dir: a file for a folder and a folder for a file, ${kind} → both change places`,
    async () => {
      await using own = await AltDirWorld.create({ "folder/x": "x\n", file: "f\n" }, kind);
      await own.schedule("-o", "folder", "-o", "file");
      await own.work("folder", "a file now\n");
      await own.work("file/x", "a folder now\n");
      await own.work("file/y/z", "a folder now\n");

      await own.world.must("finish");

      assert.deepEqual(await own.world.changes(), [
        "A file/x",
        "A file/y/z",
        "A folder",
        LOG,
        "D file",
        "D folder/x",
      ]);
      assert.deepEqual(await own.world.lines("status", "--porcelain"), []);
    },
  );
}

Deno.test("alt-dir: a file would take the place of a folder with what no commit has → named, nothing is removed", async () => {
  await using own = await AltDirWorld.create({ "folder/x": "x\n" });
  const { world } = own;
  await own.schedule("-o", "folder");
  await own.work("folder", "a file now\n");
  await world.write("folder/notes", "mine\n");

  await own.assertEdited("folder/notes");

  assert.equal(await own.read("folder/notes"), "mine\n");
  await world.git("init", "--quiet", "folder/own");
  await world.remove("folder/notes");
  await own.assertEdited("folder/own");
  await world.remove("folder/own");
  await world.write("folder/y", "y\n");
  await world.git("add", "folder/y");
  await world.git("commit", "--quiet", "-m", "y");
  await world.must("finish");
  assert.deepEqual(await world.changes(), ["A folder", LOG, "D folder/x", "D folder/y"]);
});

testIfAvailable(
  ["git-annex"],
  "alt-dir: a finish was killed once git-annex had what came back → the next one completes it",
  async () => {
    await using own = await AltDirWorld.create({}, "git-annex");
    const { world } = own;
    await world.write("res/a", "\0old");
    await world.git("annex", "add", "--quiet", "res");
    await world.git("commit", "--quiet", "-m", "results");
    await own.schedule("-o", "res");
    // Two of them have one content, and git-annex keeps it once.
    for (const name of ["a", "b", "c"]) {
      await own.work(`res/${name}`, name === "c" ? "\0c" : "\0ab");
    }
    await own.shell("touch -d '2001-02-03' res/b");
    await killCallerOf(world, "git", "fast-import", "before");
    assert.equal((await world.dlslurm("finish")).code, 137);
    await mend(world, "git");

    await world.must("finish");

    assert.deepEqual(await world.changes(), ["A res/b", "A res/c", LOG, "M res/a"]);
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
    await world.git("annex", "fsck", "--quiet");
  },
);

for (const [name, option] of [["finish", undefined], ["close", "--close-failed-jobs"]] as const) {
  Deno.test(`alt-dir: what a killed finish had half copied → is gone after the next ${name}`, async () => {
    await using own = await AltDirWorld.create();
    const { world } = own;
    await own.schedule("-o", "res", "-o", "single");
    await own.work("res/deep/x", "x\n");
    await own.work("single", "x\n");
    const left = ["res/deep/x", "single"].map((path) =>
      `${path}.dlslurm-tmp-${crypto.randomUUID()}`
    );
    for (const path of left) await world.write(path, "half");
    if (option !== undefined) await world.slurm.setRows("1", "1|FAILED");

    await world.must("finish", ...option === undefined ? [] : [option]);

    for (const path of left) await assert.rejects(own.read(path), Deno.errors.NotFound);
  });
}

Deno.test("alt-dir: the log of a job that still runs lies in the output of another → it comes back with its own", async () => {
  await using own = await AltDirWorld.create();
  const { world } = own;
  await world.slurm.setDescription("JobName=job\n   StdOut=@PWD@/res/log-@ID@\n");
  await Deno.mkdir(join(own.altDir, "res"));
  await own.schedule("-o", "res");
  await own.schedule("-o", "other");
  await world.slurm.setRows("2", "2|RUNNING");
  await own.work("res/x", "x\n");
  await own.work("res/log-1", "one\n");
  await own.work("res/log-2", "two, still\n");
  assert.equal((await world.dlslurm("finish")).code, 1);
  assert.deepEqual(await world.changes(), ["A res/log-1", "A res/slurm-job-1.env.json", "A res/x"]);

  await own.work("res/log-2", "two, done\n");
  await own.work("other", "x\n");
  await world.slurm.setRows("2", "2|COMPLETED");
  await world.must("finish");

  assert.deepEqual(await world.changes(), [
    "A other",
    "A res/log-2",
    "A res/slurm-job-2.env.json",
  ]);
  assert.equal(await own.read("res/log-2"), "two, done\n");
});

Deno.test("alt-dir: an input that lies in the output and was not written → stays as the person has it", async () => {
  await using own = await AltDirWorld.create(RESULTS);
  await own.schedule("-i", "res/a", "-o", "res");
  await own.work("res/b", "the job's\n");
  await own.world.write("res/a", "mine\n");

  await own.world.must("finish");

  assert.deepEqual(await own.world.changes(), [LOG, "M res/b"].sort());
  assert.equal(await own.read("res/a"), "mine\n");
});

Deno.test("alt-dir: rows of a table → each brings what it wrote", async () => {
  await using own = await AltDirWorld.create();
  const { world } = own;
  await Deno.writeTextFile(join(world.root, "../t.csv"), "n\n1\n2\n");
  await own.work("out/1/left", "from before\n");
  await world.must(
    ...["schedule", "--from", "../t.csv", "-a", own.altDir, "-o", "out/{n}"],
    ...["sbatch", "job.sh", "{n}"],
  );
  await own.work("out/1/x", "x\n");
  await own.work("out/2/x", "x\n");

  await world.must("finish");

  const tree = await world.lines("ls-tree", "-r", "--name-only", "HEAD", "out");
  assert.deepEqual(tree, ["out/1/x", "out/2/x"]);
});

Deno.test("alt-dir: the job wrote to the dataset by its own path → committed like any other output", async () => {
  await using own = await AltDirWorld.create();
  await own.schedule("-o", "res", "-o", "direct");
  await own.work("res/x", "x\n");
  await own.world.write("direct/y", "y\n");

  await own.world.must("finish");

  assert.deepEqual(await own.world.changes(), ["A direct/y", "A res/x", LOG]);
});

Deno.test("alt-dir: a job of which nothing was noted → all of it comes, over what commits have and nothing else", async () => {
  await using own = await AltDirWorld.create(RESULTS);
  const { world } = own;
  await own.schedule("-o", "res");
  const database = new DatabaseSync(join(world.root, ".git/dlslurm/jobs.sqlite"));
  database.exec("DELETE FROM job_files");
  database.close();
  await own.work("res/a", "the job's\n");
  await own.work("res/new", "the job's\n");
  await world.write("res/new", "mine\n");
  await own.assertEdited("res/new");
  await world.remove("res/new");

  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A res/new", LOG, "M res/a"]);
});
