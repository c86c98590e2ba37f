import assert from "node:assert/strict";
import { join } from "node:path";
import { quote, wrapProgram } from "../support/wrapped_programs.ts";
import { copyJobs } from "./copy_jobs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

const FILES = {
  "out/old.txt": "old\n",
  "notes/staged.txt": "a\n",
  "notes/both.txt": "a\n",
  "notes/unstaged.txt": "a\n",
  "notes/untouched.txt": "a\n",
  "notes/removed.txt": "a\n",
  "notes/gone.txt": "a\n",
  "notes/assumed.txt": "a\n",
  "notes/renamed.txt": "some text that is long enough to be recognised\n",
  "notes/mode.sh": "#!/bin/sh\n",
  "other/claimed.txt": "a\n",
};

/** Leaves work of every kind in `notes` and in the claim `other` of a job that runs. */
async function leaveWork(world: EngineWorld): Promise<void> {
  const running = await world.schedule("other");
  await world.slurm.setRows(running, `${running}|RUNNING`);
  await world.write("notes/staged.txt", "staged\n");
  await world.write("notes/both.txt", "staged\n");
  await world.write("notes/new.txt", "new\n");
  await world.write("other/claimed.txt", "staged in a claim\n");
  await world.git("add", "notes", "other");
  await world.write("notes/both.txt", "staged, then changed\n");
  await world.write("notes/unstaged.txt", "changed\n");
  await world.write("notes/untracked é.txt", "untracked\n");
  await world.write("notes/intent.txt", "to be added\n");
  await world.git("add", "-N", "notes/intent.txt");
  await world.git("rm", "--quiet", "--cached", "notes/removed.txt");
  await world.remove("notes/gone.txt");
  await world.git("update-index", "--assume-unchanged", "notes/assumed.txt");
  await world.write("notes/assumed.txt", "hidden change\n");
  await Deno.rename(
    join(world.root, "notes/renamed.txt"),
    join(world.root, "notes/renamed to.txt"),
  );
  await world.git("add", "--all", "notes/renamed.txt", "notes/renamed to.txt");
  await world.git("add", "--chmod=+x", "notes/mode.sh");
}

/** Index entries with all that git keeps of them, what git says of the work tree, and its bytes. */
async function lookAtWork(world: EngineWorld): Promise<Record<string, string>> {
  const places = ["--", "notes", "other"];
  const files: Record<string, string> = {
    "(entries)": storedFlags(await world.git("ls-files", "-s", "-v", "--debug", ...places)),
    "(status)": await world.git("--no-optional-locks", "status", "--porcelain=v2", ...places),
    "(staged)": await world.git("diff", "--cached", "HEAD", ...places),
    "(unstaged)": await world.git("diff", ...places),
  };
  for (const folder of ["notes", "other"]) {
    for await (const { name } of Deno.readDir(join(world.root, folder))) {
      files[`${folder}/${name}`] = await Deno.readTextFile(join(world.root, folder, name));
    }
  }
  return files;
}

/** Without the flags that git only has in memory: gitformat-index(5) stores these three. */
function storedFlags(entries: string): string {
  const stored = 0x8000 | 0x2000_0000 | 0x4000_0000;
  return entries.replace(
    /flags: ([0-9a-f]+)$/gm,
    (_, flags: string) => `flags: ${(parseInt(flags, 16) & stored).toString(16)}`,
  );
}

/** Ways in which a work tree or its index can be unlike the usual one. */
const FORMS: readonly {
  readonly name: string;
  readonly prepare: (world: EngineWorld) => Promise<unknown>;
}[] = [
  { name: "a usual repository", prepare: () => Promise.resolve() },
  {
    name: "a split index",
    prepare: (world) => world.git("update-index", "--split-index"),
  },
  {
    name: "a split index by configuration",
    prepare: (world) => world.git("config", "core.splitIndex", "true"),
  },
  {
    name: "index version 4",
    prepare: (world) => world.git("update-index", "--index-version", "4"),
  },
  {
    name: "an untracked cache",
    prepare: (world) => world.git("update-index", "--force-untracked-cache"),
  },
  {
    name: "a sparse checkout",
    prepare: (world) => world.git("sparse-checkout", "set", "notes", "other", "out"),
  },
  {
    name: "a sparse index",
    prepare: (world) =>
      world.git("sparse-checkout", "set", "--sparse-index", "notes", "other", "out"),
  },
  {
    name: "a linked worktree",
    prepare: async (world) => {
      await world.git("worktree", "add", "--quiet", "-b", "side", "../linked tree");
      world.root = join(world.sandbox.root, "linked tree");
    },
  },
  {
    name: "a .git file",
    prepare: (world) => world.git("init", "--quiet", "--separate-git-dir", "../git directory"),
  },
  {
    name: "an index without a checksum",
    prepare: (world) => world.git("config", "index.skipHash", "true"),
  },
];

for (const { name, prepare } of FORMS) {
  Deno.test(`engine: finish leaves the user's work as it was → ${name}`, async () => {
    await using world = await EngineWorld.create({ ...FILES, "far/away.txt": "a\n" });
    await prepare(world);
    const jobId = await world.schedule("out");
    await leaveWork(world);
    await world.write("out/new.txt", "new\n");
    await world.write("out/old.txt", "renewed\n");
    const before = await lookAtWork(world);

    const outcome = await world.must("finish", jobId);

    assert.deepEqual(await lookAtWork(world), before);
    const status = await world.lines("status", "--porcelain", "out", "far", "slurm-job-1.env.json");
    assert.deepEqual(status, [], saidBy(outcome));
    assert.deepEqual(await world.changes(), [
      "A out/new.txt",
      "A slurm-job-1.env.json",
      "M out/old.txt",
    ]);
    await world.git("fsck", "--strict", "--no-dangling");
  });
}

Deno.test("engine: finish while the user stages something → it stays staged", async () => {
  await using world = await EngineWorld.create(FILES);
  const jobId = await world.schedule("out");
  await leaveWork(world);
  await world.write("out/old.txt", "renewed\n");
  await world.write("notes/late.txt", "late\n");
  const before = await lookAtWork(world);
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in *" fast-import "*)
  (cd ${quote(world.root)} && "$REAL" add notes/late.txt) ;;
esac
exec "$REAL" "$@"`,
  );

  await world.must("finish", jobId);

  const after = await lookAtWork(world);
  assert.deepEqual(await world.lines("diff", "--cached", "--name-only", "notes/late.txt"), [
    "notes/late.txt",
  ]);
  assert.equal(after["(unstaged)"], before["(unstaged)"]);
  assert.deepEqual(await world.lines("status", "--porcelain", "out"), []);
  const withoutLate = (text: string) => text.split("\n").filter((line) => !line.includes("late"));
  assert.deepEqual(withoutLate(after["(status)"]!), withoutLate(before["(status)"]!));
});

Deno.test("engine: finish of one job beside one that fails → the user's work stays", async () => {
  await using world = await EngineWorld.create(FILES);
  const good = await world.schedule("out");
  const bad = await world.schedule("nested");
  await leaveWork(world);
  await world.write("out/old.txt", "renewed\n");
  await world.write("nested/inner/file.txt", "x\n");
  await world.git("init", "--quiet", "nested/inner");
  await world.git("-C", "nested/inner", "add", ".");
  await world.git("-C", "nested/inner", "commit", "--quiet", "-m", "inner");
  const before = await lookAtWork(world);

  const outcome = await world.dlslurm("finish", good, bad);

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.match(saidBy(outcome), /"nested\/inner\/" is a Git repository of its own/);
  assert.deepEqual(await lookAtWork(world), before);
  assert.deepEqual(await world.changes(), ["A slurm-job-1.env.json", "M out/old.txt"]);
  assert.deepEqual(await world.lines("status", "--porcelain", "out"), []);
  assert.deepEqual(await world.lines("ls-files", "nested"), []);
});

Deno.test("engine: finish in a repository with SHA-256 oids → commits", async () => {
  await using world = await EngineWorld.create();
  const root = join(world.sandbox.root, "sha256");
  await world.git("init", "--quiet", "--object-format=sha256", root);
  world.root = root;
  await world.write("job.sh", "#!/bin/sh\n");
  await world.write("out/gone.txt", "x\n");
  await world.write("notes/staged.txt", "x\n");
  await world.git("add", ".");
  await world.git("commit", "--quiet", "-m", "start");
  const jobId = await world.schedule("out");
  await world.write("notes/staged.txt", "y\n");
  await world.git("add", "notes");
  await world.remove("out/gone.txt");
  await world.write("out/new.txt", "new\n");

  await world.must("finish", jobId);

  assert.deepEqual(await world.changes(), [
    "A out/new.txt",
    "A slurm-job-1.env.json",
    "D out/gone.txt",
  ]);
  assert.deepEqual(await world.lines("status", "--porcelain"), ["M  notes/staged.txt"]);
  await world.git("fsck", "--strict", "--no-dangling");
});

Deno.test("finish: many claims beside each other, work between them → left as it is", async () => {
  const names = ["changed", "gone", "kept", "staged"].map((name) => `out/notes/${name}.txt`);
  await using world = await EngineWorld.create(
    Object.fromEntries(names.map((name) => [name, "a\n"])),
    "plain git",
  );
  await world.schedule("out/1");
  // More than git is given pathspecs for: it looks at all of out/.
  await copyJobs(world, 40);
  for (let index = 1; index <= 40; index++) await world.write(`out/${index}/x`, `${index}\n`);
  await world.write("out/notes/changed.txt", "changed\n");
  await world.write("out/notes/staged.txt", "staged\n");
  await world.write("out/notes/new.txt", "new\n");
  await world.git("add", "out/notes/staged.txt");
  await world.git("rm", "--quiet", "--cached", "out/notes/kept.txt");
  await world.remove("out/notes/gone.txt");
  const look = () => world.lines("status", "--porcelain", "--", "out/notes");
  const before = await look();
  assert.equal(before.length, 6); // kept.txt is both taken out and untracked

  await world.must("finish");

  assert.deepEqual(await look(), before);
  assert.equal((await world.lines("ls-tree", "-r", "HEAD", "out/")).length, 44);
  assert.deepEqual(
    await world.lines("log", "--format=", "--name-only", "HEAD~40..", "--", "out/notes"),
    [],
  );
});

/** Has a stash come back over a file that a commit has changed meanwhile: without a trace but in the index. */
async function leaveConflict(world: EngineWorld, path: string): Promise<string[]> {
  await world.write(path, "mine\n");
  await world.git("stash", "--quiet");
  await world.write(path, "other\n");
  await world.git("commit", "--quiet", "--all", "-m", "other");
  await assert.rejects(world.git("stash", "pop"));
  return await world.lines("ls-files", "--unmerged");
}

for (const [where, outputs] of [["its claim", ["out"]], ["a claim of all", ["."]]] as const) {
  Deno.test(`finish: a file in ${where} is in conflict → the job stays open, and the conflict as it is`, async () => {
    await using world = await EngineWorld.create({ "out/tracked": "base\n" });
    await world.schedule(...outputs);
    const unmerged = await leaveConflict(world, "out/tracked");
    await world.write("out/new", "1\n");
    const before = await Deno.readTextFile(join(world.root, "out/tracked"));

    const refused = await world.dlslurm("finish");

    assert.equal(refused.code, 1, saidBy(refused));
    assert.match(saidBy(refused), /"out\/tracked" is in conflict/);
    assert.deepEqual(world.stages(), ["open"]);
    assert.deepEqual(await world.lines("ls-files", "--unmerged"), unmerged);
    assert.equal(await Deno.readTextFile(join(world.root, "out/tracked")), before);

    const command = /(git -C \S+.* add .*), then/.exec(refused.stderr)?.[1]?.split(", ").at(-1);
    await world.sandbox.require(["sh", "-c", command!], { cwd: "/" });
    await world.must("finish");
    assert.deepEqual(world.stages(), ["finished"]);
  });
}

Deno.test("finish: a file of one job is in conflict → the others are committed, and it stays", async () => {
  await using world = await EngineWorld.create({ "out/tracked": "base\n" });
  await world.schedule("out");
  await world.schedule("beside");
  const unmerged = await leaveConflict(world, "out/tracked");
  await world.write("beside", "1\n");

  const outcome = await world.dlslurm("finish", "--require-outputs");

  assert.deepEqual(world.stages(), ["open", "finished"], saidBy(outcome));
  assert.deepEqual(await world.changes(), ["A beside", "A slurm-job-2.env.json"]);
  assert.deepEqual(await world.lines("ls-files", "--unmerged"), unmerged);
});
