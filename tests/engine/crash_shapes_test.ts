/**
 * Finish is killed at each step of its commits, in each shape, in one dataset and in three; the next run
 * has to leave what an undisturbed one leaves.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { storedClaims, storedJobs } from "../support/snapshots.ts";
import type { TestDataset } from "../support/datasets.ts";
import { wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { KILL_GRANDPARENT, killCallerOf, mend } from "./kill_caller.ts";
import type { Moment } from "./kill_caller.ts";
import {
  assertShape,
  createNested,
  gitIn,
  headsOf,
  isThere,
  jobsIn,
  PLACES,
  runNestedJob,
  SHAPES,
} from "./subdatasets.ts";

type Shape = keyof typeof SHAPES;
/** Arguments of the git call, which of these calls, and when. */
type Step = readonly [word: string, nth: number, moment: Moment];

const ALONE: readonly (readonly [Shape, readonly Step[]])[] = [
  ["branches", [
    ["fast-import", 1, "after"],
    ["update-ref -m", 1, "before"],
    ["update-ref -m", 1, "after"],
    ["checkout", 1, "before"],
    ["checkout", 1, "after"],
  ]],
  ["octopus", [
    ["fast-import", 1, "after"],
    ["update-ref -m", 1, "before"],
    ["update-ref -m", 1, "after"],
  ]],
];

for (const [shape, steps] of ALONE) {
  for (const [word, nth, moment] of steps) {
    Deno.test(`crash: finish --${shape} killed ${moment} git ${word} → the next finish completes it`, async () => {
      await using world = await EngineWorld.create({ "one/old.txt": "old\n" });
      const jobIds = [await world.schedule("one"), await world.schedule("two")] as const;
      await world.write("one/old.txt", "changed\n");
      await world.write("two/new.txt", "x\n");
      const heads = await headsOf(world, ["."]);
      await killFinish(world, shape, [word, nth, moment]);

      await world.must("finish", ...SHAPES[shape]);

      await assertShape(world, shape, jobIds, ["."], heads);
      assertEnded(world);
      assert.equal(await isThere(world, "two/new.txt"), shape !== "branches");
      const old = await Deno.readTextFile(`${world.root}/one/old.txt`);
      assert.equal(old, shape === "branches" ? "old\n" : "changed\n");
    });
  }
}

const NESTED: readonly (readonly [Shape, readonly Step[]])[] = [
  ["sequence", [
    ["ls-files", 2, "before"],
    ["fast-import", 1, "after"],
    ["fast-import", 3, "after"],
    ["update-ref -m", 1, "before"],
    ["update-ref -m", 1, "after"],
    ["update-ref -m", 2, "after"],
    ["update-ref -m", 3, "before"],
    ["update-ref -m", 3, "after"],
    ["--index-info", 1, "before"],
    ["--index-info", 2, "after"],
  ]],
  ["branches", [
    ["update-ref -m", 1, "after"],
    ["update-ref -m", 3, "before"],
    ["update-ref -m", 3, "after"],
  ]],
  ["octopus", [
    ["update-ref -m", 1, "after"],
    ["update-ref -m", 2, "after"],
    ["update-ref -m", 3, "after"],
    ["--index-info", 1, "after"],
  ]],
];

for (const [shape, steps] of NESTED) {
  for (const [word, nth, moment] of steps) {
    const name = `finish in subdatasets (${shape}) killed ${moment} call ${nth} of git ${word}`;
    Deno.test(`crash: ${name} → the next finish completes it`, async () => {
      await using world = await createNested();
      const jobIds = [await runNestedJob(world, "one"), await runNestedJob(world, "two")] as const;
      const heads = await headsOf(world, PLACES);
      await killFinish(world, shape, [word, nth, moment]);

      await world.must("finish", ...SHAPES[shape]);

      await assertShape(world, shape, jobIds, PLACES.slice(0, 3), heads);
      assertEnded(world);
      assert.equal(await gitIn(world, "beside", "rev-parse", "HEAD"), heads.get("beside"));
      await world.must("finish", ...SHAPES[shape]);
      await assertShape(world, shape, jobIds, PLACES.slice(0, 3), heads);
    });
  }
}

Deno.test("crash: finish in subdatasets stopped, then another branch tip in two of them → rebuilt, linked, once", async () => {
  await using world = await createNested();
  const jobIds = [await runNestedJob(world, "one"), await runNestedJob(world, "two")];
  await killFinish(world, "sequence", ["update-ref -m", 1, "after"]);
  const deep = await gitIn(world, "sub/deep", "rev-parse", "HEAD");
  for (const place of ["sub", "."]) {
    await world.write(`${place}/mine.txt`, "x\n");
    await gitIn(world, place, "add", "mine.txt");
    await gitIn(world, place, "commit", "--quiet", "-m", "meanwhile", "mine.txt");
  }

  const outcome = await world.must("finish");

  assert.equal(await gitIn(world, "sub/deep", "rev-parse", "HEAD"), deep, saidBy(outcome));
  for (const [place, name] of [[".", "sub"], ["sub", "deep"]] as const) {
    const log = (await gitIn(world, place, "log", "-3", "--format=%s")).split("\n");
    assert.deepEqual(log, [
      ...jobIds.toReversed().map((id) => `[DATALAD SLURM RUN] Slurm job ${id}: Completed`),
      "meanwhile",
    ]);
    const inner = place === "." ? name : `${place}/${name}`;
    for (const back of ["HEAD", "HEAD~1"]) {
      const expected = await gitIn(world, inner, "rev-parse", back);
      assert.equal(await gitIn(world, place, "rev-parse", `${back}:${name}`), expected);
    }
    assert.equal(await gitIn(world, place, "status", "--porcelain"), "");
  }
  assertEnded(world);
});

Deno.test("crash: finish in subdatasets stopped, then the user records a later commit → no step back", async () => {
  await using world = await createNested();
  const jobId = await runNestedJob(world, "one");
  await killFinish(world, "sequence", ["update-ref -m", 2, "after"]);
  // As git advises: "remove the file manually to continue".
  const index = ["rev-parse", "--path-format=absolute", "--git-path", "index"];
  await Deno.remove(`${await gitIn(world, "sub", ...index)}.lock`);
  await gitIn(world, "sub", "reset", "--quiet", "--hard");
  await world.write("sub/mine.txt", "x\n");
  await gitIn(world, "sub", "add", "mine.txt");
  await gitIn(world, "sub", "commit", "--quiet", "-m", "mine");
  await world.git("commit", "--quiet", "-m", "sub is ahead", "sub");
  const later = await gitIn(world, "sub", "rev-parse", "HEAD");

  await world.must("finish");

  assert.equal(await world.git("rev-parse", "HEAD:sub"), later);
  assert.deepEqual((await world.subjects()).slice(0, 2), [
    `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`,
    "sub is ahead",
  ]);
  assert.deepEqual(await world.changes(), ["A one/result.txt", "A slurm-job-1.env.json"]);
  assertEnded(world);
});

Deno.test("crash: a git commit while the completion moves branches → takes no output out of HEAD", async () => {
  await using world = await createNested();
  await runNestedJob(world, "one");
  await killFinish(world, "sequence", ["update-ref -m", 1, "after"]);
  for (const place of ["sub", "."]) {
    await world.write(`${place}/mine.txt`, "x\n");
    await gitIn(world, place, "add", "mine.txt");
  }
  const commit = '"$REAL" commit --quiet -m mine </dev/null >/dev/null 2>&1';
  const script = `"$REAL" "$@"; status=$?; case "$*" in *"update-ref -m"*) ${commit} ;; esac`;
  await wrapProgram(world.sandbox, "git", `${script}; exit $status`);
  const outcome = await world.must("finish");
  await mend(world, "git");

  for (const place of ["sub/deep", "sub", "."]) {
    assert.equal((await jobsIn(world, place)).length, 1, saidBy(outcome));
    const args = ["status", "--porcelain", "--ignore-submodules=dirty"];
    const status = await gitIn(world, place, ...args);
    assert.equal(status, place === "sub/deep" ? "" : "A  mine.txt", saidBy(outcome));
  }
  assertEnded(world);
});

Deno.test("crash: the completion is stopped, too → the one after it completes it", async () => {
  await using world = await createNested();
  const jobIds = [await runNestedJob(world, "one"), await runNestedJob(world, "two")] as const;
  const heads = await headsOf(world, PLACES);
  await killFinish(world, "sequence", ["update-ref -m", 1, "after"]);
  await killFinish(world, "sequence", ["update-ref -m", 1, "after"]);
  await killFinish(world, "sequence", ["update-ref -m", 1, "after"]);

  await world.must("finish");

  await assertShape(world, "sequence", jobIds, PLACES.slice(0, 3), heads);
  assertEnded(world);
});

for (const shape of ["branches", "sequence"] as const) {
  const name = `finish (${shape}) and its git killed together in a subdataset`;
  Deno.test(`crash: ${name} → a finish there removes the locks, one here completes it`, async () => {
    await using world = await createNested();
    const jobIds = [await runNestedJob(world, "one"), await runNestedJob(world, "two")] as const;
    const heads = await headsOf(world, PLACES);
    const hook = await gitIn(
      world,
      "sub/deep",
      ...["rev-parse", "--path-format=absolute", "--git-path", "hooks/reference-transaction"],
    );
    const kill = `[ "$1" = prepared ] && grep -q refs/heads && ${KILL_GRANDPARENT} "$PPID"`;
    await Deno.mkdir(dirname(hook), { recursive: true });
    await Deno.writeTextFile(hook, `#!/bin/sh\n${kill}\nexit 0\n`);
    await Deno.chmod(hook, 0o755);
    assert.equal((await world.dlslurm("finish", ...SHAPES[shape])).code, 137);
    await Deno.remove(hook);

    const there = await world.must("finish", "-d", "sub/deep");
    await world.must("finish", ...SHAPES[shape]);

    assert.match(there.stderr, /had left ".*refs\/heads\/.*\.lock": it was removed/);
    await assertShape(world, shape, jobIds, PLACES.slice(0, 3), heads);
    assertEnded(world);
  });
}

async function killFinish(world: EngineWorld, shape: Shape, [word, nth, moment]: Step) {
  await killCallerOf(world, "git", word, moment, nth);
  const killed = await world.dlslurm("finish", ...SHAPES[shape]);
  assert.equal(killed.code, 137, saidBy(killed));
  await mend(world, "git");
}

function assertEnded(world: EngineWorld): void {
  const dataset = { root: world.root } as TestDataset;
  assert.deepEqual(new Set(storedJobs(dataset).map((job) => job.stage)), new Set(["finished"]));
  assert.deepEqual(storedClaims(dataset), []);
}
