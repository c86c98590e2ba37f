/** A finish of many jobs that is stopped half-way, by a person or by the machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DATASET_KINDS } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { DLSLURM } from "../support/sandbox.ts";
import { runOnFullDisk } from "../support/small_disk.ts";
import { unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { copyJobs } from "./copy_jobs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

const JOBS = 200;

/** Completed jobs with a file for git and one for the annex each; nothing is finished. */
async function createManyJobs(kind: DatasetKind): Promise<EngineWorld> {
  const attributes = "* annex.largefiles=nothing\n*.bin annex.largefiles=anything\n";
  const world = await EngineWorld.create({ ".gitattributes": attributes }, kind);
  await world.schedule("out/1");
  await copyJobs(world, JOBS);
  for (let index = 1; index <= JOBS; index++) {
    await world.write(`out/${index}/table.txt`, `${index}\n`);
    await world.write(`out/${index}/field.bin`, `\0${index}`);
  }
  return world;
}

/** Each job has exactly one commit with both files, nothing is left over, contents are what they were. */
async function assertAllFinished(
  world: EngineWorld,
  kind: DatasetKind,
  said = "",
): Promise<void> {
  const subjects = (await world.subjects()).filter((subject) => subject.startsWith("[DATALAD"));
  assert.equal(subjects.length, JOBS, said);
  assert.equal(new Set(subjects).size, JOBS);
  const tree = await world.lines("ls-tree", "-r", "HEAD", "out/");
  assert.equal(tree.length, 2 * JOBS);
  const links = tree.filter((line) => line.startsWith("120000"));
  assert.equal(links.length, kind === "git-annex" ? JOBS : 0);
  for (const index of [1, 2, 77, JOBS]) {
    const content = await Deno.readTextFile(join(world.root, `out/${index}/field.bin`));
    assert.equal(content, `\0${index}`);
  }
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  await world.git("fsck", "--strict", "--no-dangling");
  if (kind === "git-annex") {
    await world.git("annex", "fsck", "--quiet");
    assert.equal((await world.lines("annex", "find")).length, JOBS);
  }
  assert.match(saidBy(await world.must("finish")), /no open jobs/);
}

/** What the wrapped git does at a step; `$PPID` is the finish. */
const DEEDS = {
  // The terminal sends Ctrl-C to every process of the group.
  "Ctrl-C during": "kill -INT $PPID; trap - INT; kill -INT $$; sleep 5",
  "a signal during": 'kill -INT $PPID; exec "$REAL" "$@"',
  "kill -9 before": "kill -9 $PPID; exit 1",
  "kill -9 after": '"$REAL" "$@"; kill -9 $PPID; exit 1',
} as const;

/** Steps of a finish, by a word of the git command that is under way; crash_test.ts kills at others. */
const STEPS: readonly (readonly [DatasetKind, string, readonly (keyof typeof DEEDS)[]])[] = [
  ["git-annex", "ls-files", ["Ctrl-C during"]],
  ["git-annex", "annex calckey", ["Ctrl-C during", "kill -9 after"]],
  // The note of where contents are; what makes the commits of the jobs has --force.
  ["git-annex", "fast-import --quiet", ["Ctrl-C during", "kill -9 before", "kill -9 after"]],
  ["git-annex", "update-index", ["a signal during", "kill -9 after"]],
  ["plain git", "fast-import", ["Ctrl-C during", "a signal during"]],
  ["plain git", "update-ref -m", ["Ctrl-C during", "a signal during"]],
];

for (const [kind, word, names] of STEPS) {
  for (const name of names) {
    testIfAvailable(
      DATASET_KINDS[kind],
      `finish of ${JOBS} jobs in ${kind}: ${name} git ${word} → the next finish goes on`,
      async () => {
        await using world = await createManyJobs(kind);
        const script = `case " $* " in *" ${word} "*) ${DEEDS[name]} ;; esac\nexec "$REAL" "$@"`;
        await wrapProgram(world.sandbox, "git", script);

        const stopped = await world.dlslurm("finish");

        await unwrapProgram(world.sandbox, "git");
        assert.equal(stopped.code, name.startsWith("kill") ? 137 : 130, saidBy(stopped));
        assert.doesNotMatch(saidBy(stopped), /this is a bug/);
        await world.git("fsck", "--strict", "--no-dangling");
        const next = await world.dlslurm("finish");
        await assertAllFinished(world, kind, saidBy(next));
      },
    );
  }
}

testIfAvailable(
  ["git-annex"],
  "finish: stopped between an object and its link, or between a link and its note → completed",
  async () => {
    await using world = await createManyJobs("git-annex");
    const key = (path: string) => world.git("annex", "calckey", path);
    const objectOf = async (path: string) =>
      await world.git("annex", "examinekey", "--format=${objectpath}", await key(path));
    const script = `set -e; ln "$0" "$1.new"; mkdir -p "$(dirname "$1")"; mv "$1.new" "$1"; ` +
      `chmod 0444 "$1"; chmod 0555 "$(dirname "$1")"`;
    const second = join(world.root, "out/2/field.bin");
    for (const path of ["out/1/field.bin", "out/2/field.bin"]) {
      const object = await objectOf(path);
      await world.sandbox.require(
        ["sh", "-c", script.replaceAll("$1.new", ".git/new"), path, object],
        { cwd: world.root },
      );
      if (path.startsWith("out/2")) {
        await Deno.remove(second);
        await Deno.symlink(`../../${object}`, second);
      }
    }
    await Deno.mkdir(join(world.root, ".git/dlslurm/links"), { recursive: true });
    await Deno.symlink("left", join(world.root, ".git/dlslurm/links/left"));

    await world.must("finish");

    await assertAllFinished(world, "git-annex");
  },
);

testIfAvailable(
  ["git-annex"],
  "finish: git-annex cannot note where contents are → nothing is committed, the next finish goes on",
  async () => {
    await using world = await createManyJobs("git-annex");
    const before = await world.subjects();
    const script =
      'case " $* " in *" fast-import --quiet "*) exit 1 ;; *" annex setpresentkey "*) ' +
      'sleep 1; echo "the disk is full" >&2; exit 1 ;; esac\nexec "$REAL" "$@"';
    await wrapProgram(world.sandbox, "git", script);

    const failed = await world.dlslurm("finish");

    await unwrapProgram(world.sandbox, "git");
    assert.equal(failed.code, 1);
    assert.match(saidBy(failed), /git annex setpresentkey ended with exit status 1/);
    assert.match(saidBy(failed), /the disk is full/);
    assert.deepEqual(await world.subjects(), before);
    await world.must("finish");
    await assertAllFinished(world, "git-annex");
  },
);

for (const freeKib of [64, 256, 512, 1024]) {
  testIfAvailable(
    [...DATASET_KINDS["git-annex"], "root", "mount"],
    `finish of ${JOBS} jobs, the disk is full after ${freeKib} KiB → nothing is lost, the next one goes on`,
    async () => {
      await using world = await createManyJobs("git-annex");
      const before = await world.subjects();

      const full = await runOnFullDisk(world.sandbox, world.root, freeKib, [...DLSLURM, "finish"]);

      assert.equal(full.code, 1, saidBy(full));
      assert.match(saidBy(full), /Cannot write (to the repository|the store)/);
      assert.match(saidBy(full), /^hint: free space/m);
      assert.deepEqual(await world.subjects(), before);
      await world.must("finish");
      await assertAllFinished(world, "git-annex");
    },
  );
}

testIfAvailable(
  ["git-annex"],
  "finish: the branch moves only when git-annex has noted where all contents are",
  async () => {
    await using world = await createManyJobs("git-annex");
    const noted = join(world.sandbox.root, "noted");
    const early = join(world.sandbox.root, "early");
    const script = 'case " $* " in *" fast-import --quiet "*) ' +
      `sleep 2; "$REAL" "$@"; status=$?; : >'${noted}'; exit "$status" ;;\n` +
      `*" update-ref -m "*) [ -e '${noted}' ] || : >'${early}' ;; esac\nexec "$REAL" "$@"`;
    await wrapProgram(world.sandbox, "git", script);

    await world.must("finish");

    await unwrapProgram(world.sandbox, "git");
    await Deno.lstat(noted);
    await assert.rejects(Deno.lstat(early), Deno.errors.NotFound);
    await assertAllFinished(world, "git-annex");
  },
);
