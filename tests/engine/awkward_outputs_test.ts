import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** What a job did to its claim `out`, and what the commit has to show of it. */
const CASES: readonly {
  readonly name: string;
  readonly before: Readonly<Record<string, string>>;
  readonly work: (world: EngineWorld) => Promise<unknown>;
  readonly changes: readonly string[];
}[] = [
  {
    name: "a file becomes a folder",
    before: { "out/a": "file\n" },
    work: async (world) => {
      await world.remove("out/a");
      await world.write("out/a/b/c.txt", "c\n");
    },
    changes: ["A out/a/b/c.txt", "D out/a"],
  },
  {
    name: "a folder becomes a file",
    before: { "out/a/b.txt": "b\n", "out/a/c/d.txt": "d\n" },
    work: async (world) => {
      await world.remove("out/a");
      await world.write("out/a", "file\n");
    },
    changes: ["A out/a", "D out/a/b.txt", "D out/a/c/d.txt"],
  },
  {
    name: "the claim itself becomes a folder",
    before: { "out": "file\n" },
    work: async (world) => {
      await world.remove("out");
      await world.write("out/x.txt", "x\n");
    },
    changes: ["A out/x.txt", "D out"],
  },
  {
    name: "the claim itself becomes a file",
    before: { "out/x.txt": "x\n" },
    work: async (world) => {
      await world.remove("out");
      await world.write("out", "file\n");
    },
    changes: ["A out", "D out/x.txt"],
  },
  {
    name: "the claim itself becomes a link that leads to itself",
    before: { "out/x.txt": "x\n" },
    work: async (world) => {
      await world.remove("out");
      await Deno.symlink("out", join(world.root, "out"));
    },
    changes: ["A out", "D out/x.txt"],
  },
  {
    name: "a link in it leads to itself",
    before: { "out/x.txt": "x\n" },
    work: (world) => Deno.symlink("loop", join(world.root, "out/loop")),
    changes: ["A out/loop"],
  },
  {
    name: "a file becomes executable",
    before: { "out/run.sh": "#!/bin/sh\n" },
    work: (world) => Deno.chmod(join(world.root, "out/run.sh"), 0o755),
    changes: ["M out/run.sh"],
  },
  {
    name: "links, also one that leads nowhere and one in place of a folder",
    before: { "out/folder/x.txt": "x\n", "out/target.txt": "t\n" },
    work: async (world) => {
      await Deno.symlink("target.txt", join(world.root, "out/link"));
      await Deno.symlink("nowhere", join(world.root, "out/broken"));
      await world.remove("out/folder");
      await Deno.symlink(".", join(world.root, "out/folder"));
    },
    changes: ["A out/broken", "A out/folder", "A out/link", "D out/folder/x.txt"],
  },
  {
    name: "deleted outputs",
    before: { "out/gone.txt": "x\n", "out/kept.txt": "x\n" },
    work: (world) => world.remove("out/gone.txt"),
    changes: ["D out/gone.txt"],
  },
  {
    name: "the whole claim is deleted",
    before: { "out/gone.txt": "x\n" },
    work: (world) => world.remove("out"),
    changes: ["D out/gone.txt"],
  },
  {
    name: "ignored files are left out, tracked ones are not",
    before: { ".gitignore": "*.tmp\n" },
    work: async (world) => {
      await world.write("out/new.tmp", "x\n");
      await world.write("out/new.txt", "x\n");
      await world.write("out/tracked.tmp", "x\n");
      await world.git("add", "--force", "out/tracked.tmp");
    },
    changes: ["A out/new.txt", "A out/tracked.tmp"],
  },
  {
    name: "names with blanks, quotes, newlines, dashes, patterns and letters of all kinds",
    before: {},
    work: async (world) => {
      for (
        const name of ['a "quoted" name', " blank ", "-dash", "*?[a]", "täb\t", "new\nline", "é😀"]
      ) {
        await world.write(`out/${name}`, "x\n");
      }
      await world.write("out/:(top)x", "x\n");
      await world.write("out/back\\slash", "x\n");
    },
    changes: [
      'A "out/a \\"quoted\\" name"',
      'A "out/back\\\\slash"',
      'A "out/new\\nline"',
      'A "out/täb\\t"',
      "A out/ blank ",
      "A out/*?[a]",
      "A out/-dash",
      "A out/:(top)x",
      "A out/é😀",
    ],
  },
  {
    name: "an emptied file and an empty folder",
    before: { "out/full.txt": "x\n" },
    work: async (world) => {
      await world.write("out/full.txt", "");
      await Deno.mkdir(join(world.root, "out/empty"));
    },
    changes: ["M out/full.txt"],
  },
  {
    name: "a file that was staged before with another content",
    before: { "out/a.txt": "old\n" },
    work: async (world) => {
      await world.write("out/a.txt", "staged\n");
      await world.git("add", "out/a.txt");
      await world.write("out/a.txt", "result\n");
      await world.write("out/b.txt", "b\n");
      await world.git("add", "-N", "out/b.txt");
    },
    changes: ["A out/b.txt", "M out/a.txt"],
  },
];

for (const { name, before, work, changes } of CASES) {
  Deno.test(`engine: finish of ${name} → one commit, clean status`, async () => {
    await using world = await EngineWorld.create(before);
    await world.schedule("out");
    await work(world);

    // One of the jobs leaves nothing.
    const outcome = await world.must("finish", "--allow-no-outputs");

    const own = (await world.changes()).filter((change) => change !== "A slurm-job-1.env.json");
    assert.deepEqual(own, [...changes].sort(), saidBy(outcome));
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
    await world.git("fsck", "--strict", "--no-dangling");
  });
}

Deno.test("engine: finish with file names that are no UTF-8 → committed byte for byte", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.write("out/plain.txt", "x\n");
  await world.sandbox.require(["sh", "-c", `printf x >"$(printf 'out/a\\377b\\355\\240\\200')"`], {
    cwd: world.root,
  });

  await world.must("finish");

  const { stdoutBytes } = await world.sandbox.run(
    ["git", "ls-tree", "-rz", "--name-only", "HEAD", "out/"],
    { cwd: world.root },
  );
  const expected = [...new TextEncoder().encode("out/a"), 0xff, 0x62, 0xed, 0xa0, 0x80, 0];
  assert.deepEqual([...stdoutBytes.slice(0, expected.length)], expected);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

Deno.test("engine: finish beside a running job → its log inside the claim stays out", async () => {
  await using world = await EngineWorld.create({ "out/keep.txt": "x\n" });
  await world.slurm.setDescription(
    "JobName=job\n   WorkDir=@PWD@\n   StdErr=@PWD@/out/log-@ID@.txt\n   StdOut=@PWD@/out/log-@ID@.txt\n",
  );
  const running = await world.schedule("other");
  await world.slurm.setRows(running, `${running}|RUNNING`);
  const ended = await world.schedule("out");
  await world.write(`out/log-${running}.txt`, "still writing\n");
  await world.write(`out/log-${ended}.txt`, "done\n");
  await world.write("out/result.txt", "x\n");

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1);
  assert.deepEqual(await world.changes(), [
    "A out/log-2.txt",
    "A out/result.txt",
    "A out/slurm-job-2.env.json",
  ]);
  assert.deepEqual(await world.lines("status", "--porcelain"), [
    "?? out/log-1.txt",
    "?? out/slurm-job-1.env.json",
  ]);

  await world.slurm.setRows(running, `${running}|COMPLETED`);
  await world.write("other", "x\n");
  await world.must("finish");

  assert.deepEqual(await world.changes(), [
    "A other",
    "A out/log-1.txt",
    "A out/slurm-job-1.env.json",
  ]);
});

Deno.test("engine: finish of jobs whose files lie side by side → each commit holds its own", async () => {
  await using world = await EngineWorld.create({ "runs/a/old": "x\n", "runs/ab/old": "x\n" });
  await world.schedule("runs/a", "extra/a.txt");
  await world.schedule("runs/ab");
  await world.schedule("runs/b", "runs/b");
  for (const path of ["runs/a/new", "runs/ab/new", "runs/b/new", "runs/c/new", "extra/a.txt"]) {
    await world.write(path, "x\n");
  }
  await world.remove("runs/ab/old");

  await world.must("finish");

  assert.deepEqual(await world.changes("HEAD~2"), [
    "A extra/a.txt",
    "A runs/a/new",
    "A slurm-job-1.env.json",
  ]);
  assert.deepEqual(await world.changes("HEAD~1"), [
    "A runs/ab/new",
    "A slurm-job-2.env.json",
    "D runs/ab/old",
  ]);
  assert.deepEqual(await world.changes("HEAD"), ["A runs/b/new", "A slurm-job-3.env.json"]);
  assert.deepEqual(await world.lines("status", "--porcelain"), ["?? runs/c/"]);
});

Deno.test("engine: finish of a job that claims the whole dataset → all of it, nothing of .git", async () => {
  await using world = await EngineWorld.create({ "a.txt": "x\n" });
  await world.schedule(".");
  await world.write("a.txt", "y\n");
  await world.write("deep/er/b.txt", "x\n");

  await world.must("finish");

  assert.deepEqual(await world.changes(), [
    "A deep/er/b.txt",
    "A slurm-job-1.env.json",
    "M a.txt",
  ]);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

Deno.test("engine: finish of an array with details that came late → waits for all tasks", async () => {
  await using world = await EngineWorld.create();
  const scontrol = join(world.sandbox.programs, "scontrol");
  await Deno.chmod(scontrol, 0o644);
  const jobId = await world.schedule("out");
  await Deno.chmod(scontrol, 0o755);
  await world.slurm.setDescription(
    "ArrayJobId=@ID@ ArrayTaskId=0-3 JobName=job\n   WorkDir=@PWD@\n   StdOut=@PWD@/o_4294967294\n",
  );
  // Accounting lags: task 2 has failed, and is not there yet.
  await world.slurm.setRows(jobId, ...[0, 1, 3].map((task) => `${jobId}_${task}|COMPLETED`));
  await world.write("out/x", "x\n");

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.deepEqual(await world.subjects(), ["Add files"]);
});
