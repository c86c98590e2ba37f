/** Outputs that git-annex has in its hands when finish is killed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { storedJobs } from "../support/snapshots.ts";
import { TestDataset } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { CallLog, quote, unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

const FILES = ["out/1.bin", "out/2.bin", "out/3.bin"];

async function createWithOutputs(): Promise<EngineWorld> {
  const world = await EngineWorld.create({}, "git-annex");
  await world.schedule("out");
  for (const file of FILES) await world.write(file, `\0${file}`);
  return world;
}

async function assertWhole(world: EngineWorld): Promise<void> {
  const changed = await world.changes();
  assert.deepEqual(changed.filter((change) => / out\//.test(change)), FILES.map((f) => `A ${f}`));
  for (const file of FILES) {
    assert.equal(await Deno.readTextFile(join(world.root, file)), `\0${file}`);
  }
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  await world.git("annex", "fsck", "--quiet");
}

testIfAvailable(
  ["git-annex"],
  "finish: killed when git-annex had taken the outputs in → the next one hands no link to it",
  async () => {
    await using world = await createWithOutputs();
    await killCallerOf(world, "git", "fast-import", "before");
    assert.equal((await world.dlslurm("finish")).code, 137);
    await mend(world, "git");
    assert((await Deno.lstat(join(world.root, FILES[0]!))).isSymlink);
    const log = await CallLog.watch(world.sandbox, ["git"]);

    await world.must("finish");

    const handed = (await log.read()).filter(({ args }) =>
      args.includes("annex") && args.some((word) => FILES.includes(word))
    );
    assert.deepEqual(handed, []);
    await unwrapProgram(world.sandbox, "git");
    await assertWhole(world);
    assert.match(await world.git("annex", "whereis", FILES[0]!), /\(1 copy\)/);
  },
);

/** Has `git annex add` take a file away, as it does where it cannot make hard links, and be killed. */
async function killWhileAdding(world: EngineWorld, file: string): Promise<void> {
  const script = `case " $* " in *" annex add "*" -- "*) rm -f ${quote(join(world.root, file))}; ` +
    'kill -9 "$PPID"; exit 1 ;; esac\nexec "$REAL" "$@"';
  await wrapProgram(world.sandbox, "git", script);
  assert.equal((await world.dlslurm("finish")).code, 137);
  await unwrapProgram(world.sandbox, "git");
}

testIfAvailable(
  ["git-annex"],
  "finish: killed while git-annex had an output away → it comes back",
  async () => {
    await using world = await createWithOutputs();
    await killWhileAdding(world, FILES[1]!);

    await world.must("finish");

    await assertWhole(world);
  },
);

testIfAvailable(
  ["git-annex"],
  "finish: an output that git-annex had is gone for good → the job stays open until somebody says so",
  async () => {
    await using world = await createWithOutputs();
    await killWhileAdding(world, FILES[1]!);
    await world.remove(".git/dlslurm/links");
    for (let attempt = 1; attempt <= 2; attempt++) {
      const refused = await world.dlslurm("finish");

      assert.equal(refused.code, 1);
      assert.match(saidBy(refused), /"out\/2\.bin" was there when a finish began/);
      assert.equal(storedJobs({ root: world.root } as TestDataset)[0]!.stage, "open");
    }

    await world.remove(".git/dlslurm/handed-over");
    await world.must("finish");

    assert.equal((await world.changes()).filter((change) => / out\//.test(change)).length, 2);
  },
);

Deno.test("finish: an output is removed before git has listed it → the job stays open, it is named", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.schedule("other");
  await world.write("out/x", "x\n");
  await world.write("other/y", "y\n");
  const script =
    `case " $* " in *" ls-files "*) rm -rf ${quote(join(world.root, "out"))} ;; esac\n` +
    'exec "$REAL" "$@"';
  await wrapProgram(world.sandbox, "git", script);

  const refused = await world.dlslurm("finish");

  await unwrapProgram(world.sandbox, "git");
  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /"out" was there a moment ago, and is gone/);
  assert.deepEqual(await world.changes(), ["A other/y", "A slurm-job-2.env.json"]);
});

testIfAvailable(
  ["git-annex"],
  "finish: an output is removed while it is committed → the job stays open, the file is named",
  async () => {
    await using world = await createWithOutputs();
    const script = `"$REAL" "$@"; status=$?\ncase " $* " in *" annex add "*" -- "*) ` +
      `rm -f ${quote(join(world.root, FILES[2]!))} ;; esac\nexit "$status"`;
    await wrapProgram(world.sandbox, "git", script);

    const refused = await world.dlslurm("finish");

    await unwrapProgram(world.sandbox, "git");
    assert.equal(refused.code, 1);
    assert.match(saidBy(refused), /"out\/3\.bin" was there a moment ago, and is gone/);
    assert.equal((await world.subjects()).length, 1);
  },
);
