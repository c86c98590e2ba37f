/** What is advised where outputs cannot be committed helps, and costs nobody anything. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

Deno.test("advice: an output that is a link to the dataset itself → the link is committed, nothing is to be removed", async () => {
  await using world = await EngineWorld.create();
  const job = await world.schedule("out");
  await Deno.symlink(".", join(world.root, "out"));

  const finished = await world.must("finish", job);

  assert.doesNotMatch(saidBy(finished), /\.git/);
  assert.deepEqual(await world.changes(), ["A out", "A slurm-job-1.env.json"]);
});

Deno.test("advice: an output in which a repository lies → its history is not to be thrown away at once", async () => {
  await using world = await EngineWorld.create();
  const job = await world.schedule("out");
  await world.git("init", "--quiet", "out");
  await world.write("out/x", "x\n");

  const refused = await world.dlslurm("finish", job);

  assert.match(
    saidBy(refused),
    /move it out of the outputs; or, if nobody needs its history, remove/,
  );
});

Deno.test("advice: the program of a filter is missing → its own job is left open, with a word of the filter", async () => {
  await using world = await EngineWorld.create({ ".gitattributes": "*.bin filter=big\n" });
  await world.git("config", "filter.big.clean", "no-such-program");
  await world.git("config", "filter.big.required", "true");
  const filtered = await world.schedule("out");
  const plain = await world.schedule("other");
  await world.write("out/a.bin", "x\n");
  await world.write("other", "x\n");

  const finished = await world.dlslurm("finish", filtered, plain);

  assert.equal(finished.code, 1);
  assert.match(saidBy(finished), /"out\/a\.bin" cannot be added/);
  assert.match(saidBy(finished), /hint: have the program of the filter on PATH .*filter\.big/);
  assert.doesNotMatch(saidBy(finished), /ulimit|remove it/);
  assert.deepEqual(await world.changes(), ["A other", "A slurm-job-2.env.json"]);
});

Deno.test("advice: the alternative folder is gone → said so, and the job stays open", async () => {
  await using world = await EngineWorld.create({ out: "of an earlier run\n" });
  const altDir = join(world.sandbox.root, "scratch");
  await Deno.mkdir(altDir);
  await world.must("schedule", "-a", altDir, "-o", "out", "sbatch", "job.sh");
  await Deno.remove(altDir, { recursive: true });

  const refused = await world.dlslurm("finish");

  assert.equal(refused.code, 1);
  assert.match(
    saidBy(refused),
    /there is no folder ".*scratch", where it ran\. The job stays open/,
  );
  assert.match(saidBy(refused), /hint: see whether ".*scratch" is mounted on this machine/);
  assert.deepEqual(world.stages(), ["open"]);
  await world.must("finish", "1", "--allow-no-outputs");
  assert.deepEqual(world.stages(), ["finished"]);
});

testIfAvailable(
  ["git-annex"],
  "advice: TMPDIR names no folder → git-annex's failure is laid to that",
  async () => {
    await using world = await EngineWorld.create({}, "git-annex");
    const job = await world.schedule("out");
    await world.write("out/x", "x\n");

    const env = { TMPDIR: "/nowhere/at/all" };
    const refused = await world.sandbox.dlslurm(["finish", job], { cwd: world.root, env });

    assert.match(saidBy(refused), /hint: TMPDIR names "\/nowhere\/at\/all", and there is no such/);
    assert.doesNotMatch(saidBy(refused), /remove it/);
  },
);

Deno.test("advice: a branch without a commit, in a repository that has some → not to begin anew", async () => {
  await using world = await EngineWorld.create();
  const job = await world.schedule("out");
  await world.git("switch", "--quiet", "--orphan", "empty");

  const refused = await world.dlslurm("finish", job);

  assert.match(saidBy(refused), /has no commit, though other branches of the repository have/);
  assert.match(saidBy(refused), /hint: git switch NAME .* the newest is main/);
  assert.doesNotMatch(saidBy(refused), /git add/);
});

for (const file of ["index", "BRANCH"]) {
  Deno.test(`advice: a power cut has left .git/${file} empty → what is said mends it`, async () => {
    await using world = await EngineWorld.create();
    const branch = await world.git("symbolic-ref", "HEAD");
    const job = await world.schedule("out");
    await world.write("out", "1\n");
    await world.write(`.git/${file.replace("BRANCH", branch)}`, "");

    const refused = await world.dlslurm("finish", job);

    assert.match(saidBy(refused), /damaged.* nothing was changed|damaged\. Nothing was committed/);
    const repair = /: (rm .*?)(?:; then .*)?$/m.exec(refused.stderr)![1]!;
    await world.sandbox.require(["sh", "-c", repair], { cwd: world.root });
    await world.must("finish", job);
    assert.deepEqual(await world.changes(), ["A out", "A slurm-job-1.env.json"]);
  });
}
