import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { CopyError, copyTree } from "../../src/fs/copy_tree.ts";
import { TestDataset } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { assertRefused, assertSays } from "../support/refusal.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { DLSLURM, Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";
import { stateOf, storedJobs } from "../support/snapshots.ts";
import { quote } from "../support/wrapped_programs.ts";

interface Setting {
  readonly sandbox: Sandbox;
  readonly slurm: TestSlurm;
  readonly dataset: TestDataset;
  /** Outside of the dataset; its name has a blank and a quotation mark. */
  readonly scratch: string;
}

async function withScratch(
  test: (setting: Setting) => Promise<void>,
  kind: DatasetKind = "plain git",
): Promise<void> {
  await using sandbox = await Sandbox.create();
  await using slurm = await TestSlurm.startFake(sandbox);
  const files = { "in.txt": "input\n", "sub/in.txt": "input\n" };
  const dataset = await TestDataset.create(sandbox, kind, files);
  const scratch = join(sandbox.root, "scratch 'space'");
  await Deno.mkdir(scratch);
  await test({ sandbox, slurm, dataset, scratch });
}

/** Every name that a shell, or a program's options, could take for something else. */
const ODD_NAMES = [
  "with blank",
  "it's",
  '"quoted"',
  "-rf",
  "--help",
  "$HOME",
  "a;b",
  "gr\u00fc\u00dfe",
  "new\nline",
  "x".repeat(250),
];

Deno.test("e2e: schedule --alt-dir with odd file names → copied there and back, nothing else is", () =>
  withScratch(async ({ dataset, slurm, scratch }) => {
    for (const name of ODD_NAMES) await dataset.write(`in/${name}`, `content of ${name}\n`);
    const jobId = await dataset.schedule(
      ...["-a", scratch, "-i", "in", "-o", "out dir", "-o", "-x"],
      ...["sbatch", "--wrap", "mkdir 'out dir' && cp in/* 'out dir/' && echo dash >./-x"],
    );
    await slurm.waitUntilEnded(jobId);

    const { code, stdout, stderr } = await dataset.dlslurm(["finish"]);

    assert.equal(code, 0, stdout + stderr);
    for (const name of ODD_NAMES) {
      const text = await Deno.readTextFile(join(dataset.root, "out dir", name));
      assert.equal(text, `content of ${name}\n`);
    }
    const tree = await dataset.tree();
    assert.deepEqual(
      tree.filter((path) => path.startsWith("out dir/")).sort(),
      ODD_NAMES.map((name) => `out dir/${name}`).sort(),
    );
    assert.ok(tree.includes("-x"));
    const names = (await Array.fromAsync(Deno.readDir(scratch))).map(({ name }) => name).sort();
    const own = [`slurm-${jobId}.out`, `slurm-job-${jobId}.env.json`];
    assert.deepEqual(names, ["-x", "in", "out dir", ...own].sort());
  }));

Deno.test("e2e: schedule --alt-dir → links are followed, times and modes kept, copies not made twice", () =>
  withScratch(async ({ dataset, scratch }) => {
    const source = join(dataset.root, "tools/run");
    await dataset.write("tools/run", "#!/bin/sh\n");
    await Deno.chmod(source, 0o751);
    await Deno.utime(source, 1_000_000_000, 1_234_567_890);
    await Deno.symlink("run", join(dataset.root, "tools/link"));
    await Deno.symlink("tools", join(dataset.root, "linked"));
    const args = ["-a", scratch, "-i", "tools", "-i", "linked", "-o"];

    await dataset.schedule(...args, "one", "sbatch", "--hold", "--wrap", "true");

    const copy = join(scratch, "tools/run");
    for (const path of ["tools/run", "tools/link", "linked/run"]) {
      const info = await Deno.lstat(join(scratch, path));
      assert.ok(info.isFile, path);
      assert.equal(info.mode! & 0o777, 0o751);
      assert.equal(info.mtime!.getTime(), 1_234_567_890_000);
    }
    const { ino } = await Deno.stat(copy);
    await dataset.write("tools/other", "new\n");
    await dataset.schedule(...args, "two", "sbatch", "--hold", "--wrap", "true");
    assert.equal((await Deno.stat(copy)).ino, ino, "the copy is the same file");
    assert.equal(await Deno.readTextFile(join(scratch, "tools/other")), "new\n");
    await dataset.write("tools/run", "#!/bin/sh\necho changed\n");
    await dataset.schedule(...args, "three", "sbatch", "--hold", "--wrap", "true");
    assert.match(await Deno.readTextFile(copy), /changed/);
  }));

testIfAvailable(
  ["git-annex"],
  "e2e: schedule --alt-dir with annexed inputs, locked, unlocked and elsewhere → contents are copied",
  () =>
    withScratch(async ({ sandbox, dataset, slurm, scratch }) => {
      const names = ["locked", "unlocked", "away with blank"];
      for (const name of names) await dataset.write(`data/${name}`, `content of ${name}\n`);
      await dataset.git("-c", "annex.largefiles=anything", "annex", "add", "-q", "data");
      await dataset.git("annex", "unlock", "-q", "data/unlocked");
      await dataset.git("commit", "-qm", "Add data");
      const server = join(sandbox.root, "server");
      await sandbox.require(["git", "clone", "-q", dataset.root, server]);
      await sandbox.require(["git", "annex", "init", "-q", "server"], { cwd: server });
      await dataset.git("remote", "add", "server", server);
      await dataset.git("annex", "copy", "-q", "--to", "server", "data/away with blank");
      await dataset.git("annex", "drop", "-q", "data/away with blank");

      const jobId = await dataset.schedule(
        ...["-a", scratch, "-i", "data", "-o", "sum", "sbatch", "--wrap", "cat data/* >sum"],
      );
      await slurm.waitUntilEnded(jobId);

      assert.equal((await dataset.dlslurm(["finish"])).code, 0);
      assert.equal(
        await Deno.readTextFile(join(dataset.root, "sum")),
        names.toSorted().map((name) => `content of ${name}\n`).join(""),
      );
      assert.equal(await dataset.git("status", "--porcelain"), "");
    }, "git-annex"),
);

testIfAvailable(
  ["git-annex"],
  "e2e: schedule with an input whose content no remote has → refused, names it, nothing submitted",
  () =>
    withScratch(async ({ dataset, slurm, scratch }) => {
      await dataset.write("data/lost file", "lost\n");
      await dataset.git("-c", "annex.largefiles=anything", "annex", "add", "-q", "data");
      await dataset.git("commit", "-qm", "Add data");
      await dataset.git("annex", "drop", "-q", "--force", "data/lost file");

      for (const more of [[], ["-a", scratch], ["-J", "3"]]) {
        await assertRefused(
          dataset,
          slurm,
          ["schedule", ...more, "-i", "data", "-o", "sum", "sbatch", "--wrap", "true"],
          {
            code: 1,
            says: [
              /Cannot get 1 file, .*"data\/lost file"/,
              /No job was submitted/,
              /git annex get/,
            ],
          },
        );
      }
      assert.deepEqual(await Array.fromAsync(Deno.readDir(scratch)), []);
    }, "git-annex"),
);

Deno.test("e2e: finish of a job whose outputs cannot be brought back → stays open, the file is named", () =>
  withScratch(async ({ dataset, slurm, scratch }) => {
    const jobId = await dataset.schedule(
      ...["-a", scratch, "-o", "out", "sbatch", "--wrap"],
      "mkdir out && echo 1 >out/a && ln -s nowhere 'out/b c' && echo 3 >out/d",
    );
    await slurm.waitUntilEnded(jobId);
    const head = await dataset.git("rev-parse", "HEAD");

    const refused = await dataset.dlslurm(["finish"]);

    assertSays(refused, {
      code: 1,
      says: [
        new RegExp(`Cannot bring the outputs of job ${jobId} back: Cannot copy ".*/out/b c"`),
        /The job stays open/,
      ],
    });
    assert.equal(await dataset.git("rev-parse", "HEAD"), head);
    assert.equal(storedJobs(dataset)[0]!.stage, "open");
    await Deno.remove(join(scratch, "out/b c"));
    await Deno.writeTextFile(join(scratch, "out/b c"), "2\n");
    assert.equal((await dataset.dlslurm(["finish"])).code, 0);
    assert.equal(await dataset.git("show", "HEAD:out/b c"), "2");
  }));

Deno.test("e2e: finish of a job that failed in an alternative folder → nothing is brought back", () =>
  withScratch(async ({ dataset, slurm, scratch }) => {
    const job = ["-a", scratch, "-o", "out", "sbatch", "--wrap", "echo half >out; exit 3"];
    const jobId = await dataset.schedule(...job);
    await slurm.waitUntilEnded(jobId);
    const before = await stateOf(dataset);

    assert.equal((await dataset.dlslurm(["finish"])).code, 1);

    assert.deepEqual(await stateOf(dataset), before);
    assert.equal((await dataset.dlslurm(["finish", "--commit-failed-jobs"])).code, 0);
    assert.equal(await dataset.git("show", "HEAD:out"), "half");
  }));

const BAD_PLACES: readonly {
  name: string;
  why: RegExp;
  place: (setting: Setting) => string;
}[] = [
  { name: "is missing", why: /it does not exist/, place: ({ scratch }) => join(scratch, "no") },
  { name: "is a file", why: /it is no folder/, place: () => "in.txt" },
  { name: "is the dataset", why: /it is inside the dataset/, place: () => "." },
  { name: "is inside the dataset", why: /it is inside the dataset/, place: () => "sub" },
  {
    name: "has the dataset inside it",
    why: /it has the dataset inside it/,
    place: ({ dataset }) => dirname(dataset.root),
  },
  { name: "has no name", why: /its name is empty/, place: () => "" },
];

for (const { name, why, place } of BAD_PLACES) {
  Deno.test(`e2e: schedule and reschedule with --alt-dir that ${name} → refused`, () =>
    withScratch(async (setting) => {
      const { dataset, slurm } = setting;
      await slurm.waitUntilEnded(await dataset.schedule("-o", "a", "sbatch", "--wrap", "date >a"));
      await dataset.dlslurm(["finish"]);
      const altDir = ["-a", place(setting)];

      for (
        const args of [["schedule", ...altDir, "-o", "x", "sbatch", "--wrap", "true"], [
          "reschedule",
          ...altDir,
        ]]
      ) {
        await assertRefused(dataset, slurm, args, {
          code: 1,
          says: [/Cannot use alternative folder/, why, /No job was submitted/],
        });
      }
    }));
}

Deno.test("e2e: schedule with --alt-dir in which a file has the folder's place → refused", () =>
  withScratch(async ({ dataset, slurm, scratch }) => {
    await Deno.writeTextFile(join(scratch, "sub"), "");

    await assertRefused(
      dataset,
      slurm,
      ["schedule", "-a", scratch, "-o", "x", "sbatch", "--wrap", "true"],
      { code: 1, says: [/nothing can be written to ".*sub"/, /No job was submitted/] },
      { cwd: join(dataset.root, "sub") },
    );
  }));

testIfAvailable(
  ["root", "mount"],
  "e2e: schedule with --alt-dir on another file system that is full, or read-only → refused",
  () =>
    withScratch(async ({ sandbox, dataset, slurm, scratch }) => {
      await dataset.write("large", "x".repeat(300_000));
      const before = await stateOf(dataset);
      // Only this namespace has a small disk at the folder's place.
      const schedule = `"$@" schedule -i in.txt -i large -o x -a ${
        quote(scratch)
      } sbatch --wrap true`;
      const said = (name: string) => quote(join(sandbox.root, name));
      const script = `cd ${quote(dataset.root)}
mount -t tmpfs -o size=64k none ${quote(scratch)}
${schedule} >${said("full.txt")} 2>&1; echo "exit $?" >>${said("full.txt")}
ls -A ${quote(scratch)} >${said("left.txt")}
mount -o remount,ro ${quote(scratch)}
${schedule} >${said("read only.txt")} 2>&1; echo "exit $?" >>${said("read only.txt")}
`;
      await sandbox.require(["unshare", "--mount", "sh", "-c", script, "sh", ...DLSLURM]);

      const full = await Deno.readTextFile(join(sandbox.root, "full.txt"));
      assert.match(full, /Cannot copy ".*large": No space left.* No job was submitted/);
      assert.match(full, /^hint: make room/m);
      assert.match(full, /^exit 1$/m);
      assert.equal(await Deno.readTextFile(join(sandbox.root, "left.txt")), "in.txt\n");
      const readOnly = await Deno.readTextFile(join(sandbox.root, "read only.txt"));
      assert.match(readOnly, /Cannot use alternative folder .*Read-only file system/);
      assert.match(readOnly, /^exit 1$/m);
      assert.deepEqual({ ...await stateOf(dataset) }, before);
      assert.deepEqual(await slurm.submittedJobs(), []);
    }),
);

Deno.test("copyTree() refuses a copy that is not as long as the file", async () => {
  await using sandbox = await Sandbox.create();
  const copy = join(sandbox.root, "copy");

  // The kernel tells a size of 4096 for what has a few bytes: sysfs(5).
  const failure = await copyTree("/sys/kernel/uevent_seqnum", copy).catch((error) => error);

  assert.ok(failure instanceof CopyError, String(failure));
  assert.match(failure.message, /uevent_seqnum": \d+ of 4096 bytes arrived/);
  assert.deepEqual(
    (await Array.fromAsync(Deno.readDir(sandbox.root))).map(({ name }) => name).sort(),
    [
      "home",
      "programs",
      "tmp",
    ],
  );
});
