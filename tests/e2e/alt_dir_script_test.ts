import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld, saidBy } from "../engine/engine_world.ts";
import { TestDataset } from "../support/datasets.ts";
import { Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";
import { PARTITION_REFUSED, quote, wrapProgram } from "../support/wrapped_programs.ts";

/** A dataset with a script at its root and one in a folder, and an alternative folder. */
class AltDirWorld implements AsyncDisposable {
  private constructor(
    readonly sandbox: Sandbox,
    readonly slurm: TestSlurm,
    readonly dataset: TestDataset,
    readonly altDir: string,
  ) {}

  static async create(): Promise<AltDirWorld> {
    const sandbox = await Sandbox.create();
    const slurm = await TestSlurm.startFake(sandbox);
    const dataset = await TestDataset.create(sandbox, "plain git", {
      "job.sh": "#!/bin/sh\n",
      "sub/fit run.sh": "#!/bin/sh\n",
      "t.csv": "run\na\nb\n",
    });
    const altDir = join(sandbox.root, "scratch space");
    await Deno.mkdir(altDir);
    return new AltDirWorld(sandbox, slurm, dataset, altDir);
  }

  async schedule(output: string, words: readonly string[]) {
    return await this.dataset.dlslurm(["schedule", "-a", this.altDir, "-o", output, ...words]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.slurm[Symbol.asyncDispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}

Deno.test("e2e: schedule --alt-dir without its batch script as input → sbatch's refusal leads to -i", async () => {
  await using world = await AltDirWorld.create();
  const refused: readonly (readonly [words: readonly string[], hint: RegExp])[] = [
    [["sbatch", "job.sh"], /^hint: .*: -i job\.sh$/m],
    [["sbatch", "--time=1", "job.sh", "a"], /^hint: .*: -i job\.sh$/m],
    [["sbatch --time=1 'sub/fit run.sh'"], /^hint: .*: -i "sub\/fit run\.sh"$/m],
    [["-i", "sub", "sbatch", "job.sh"], /^hint: .*: -i job\.sh$/m],
    [["--from", "t.csv", "sbatch", "job.sh", "{run}"], /^hint: .*: -i job\.sh$/m],
  ];
  for (const [words, hint] of refused) {
    const outcome = await world.schedule(words.includes("t.csv") ? "out/{run}" : "out", words);

    const said = saidBy(outcome);
    assert.equal(outcome.code, 1, words.join(" "));
    assert.match(said, /Unable to open file /);
    assert.match(said, hint);
    assert.match(said, /No job was submitted/);
  }
  assert.match(saidBy(await world.dataset.dlslurm(["list"])), /no open jobs/);
});

Deno.test("e2e: schedule --alt-dir whose sbatch refuses something else → no word of -i", async () => {
  await using world = await AltDirWorld.create();
  await wrapProgram(world.sandbox, "sbatch", `echo ${quote(PARTITION_REFUSED)} >&2; exit 1`);

  const outcome = await world.schedule("out", ["sbatch", "--partition=none", "job.sh"]);

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.match(outcome.stderr, /Invalid partition name specified/);
  assert.doesNotMatch(outcome.stderr, /-i job\.sh/);
});

Deno.test("e2e: schedule --array --alt-dir without its batch script as input → refused, says -i", async () => {
  await using world = await AltDirWorld.create();

  const words = ["--from", "t.csv", "--array", "sbatch", "job.sh", "{run}"];
  const outcome = await world.schedule("out/{run}", words);

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.match(outcome.stderr, /batch script "job\.sh" .*scratch space": .* no input \(-i\)/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(world.altDir)), []);
});

Deno.test("e2e: schedule --alt-dir whose batch script will be found → submitted", async () => {
  await using world = await AltDirWorld.create();
  await Deno.writeTextFile(join(world.altDir, "there.sh"), "#!/bin/sh\n");
  await Deno.writeTextFile(join(world.sandbox.programs, "site.sh"), "#!/bin/sh\n");
  const accepted: readonly (readonly string[])[] = [
    ["-i", "job.sh", "sbatch", "job.sh"],
    ["-i", "sub", "sbatch", "sub/fit run.sh"],
    ["-i", "*.sh", "sbatch", "./job.sh"],
    ["sbatch", "there.sh"],
    ["sbatch", join(world.dataset.root, "job.sh")],
    ["sbatch", "site.sh"],
    ["sbatch", "--wrap", "true"],
    ['script=there.sh; sbatch "$script"'],
  ];
  for (const [at, words] of accepted.entries()) {
    const outcome = await world.schedule(`out/${at}`, words);

    assert.equal(outcome.code, 0, `${words.join(" ")}\n${saidBy(outcome)}`);
  }
});

Deno.test("e2e: schedule --alt-dir where the site's sbatch takes its script from elsewhere → submitted", async () => {
  await using world = await EngineWorld.create();
  const altDir = join(world.sandbox.root, "scratch space");
  await Deno.mkdir(altDir);

  const outcome = await world.dlslurm("schedule", "-a", altDir, "-o", "out", "sbatch", "job.sh");

  assert.equal(outcome.code, 0, saidBy(outcome));
});

Deno.test("e2e: reschedule --alt-dir of a record without its batch script as input → says how to copy it", async () => {
  await using world = await AltDirWorld.create();
  await world.dataset.write("job.sh", "#!/bin/sh\nmkdir -p out; echo 1 >out/x\n");
  await world.dataset.git("commit", "--quiet", "-am", "job");
  await world.slurm.waitUntilEnded(await world.dataset.schedule("-o", "out", "sbatch", "job.sh"));
  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);

  const refused = await world.dataset.dlslurm(["reschedule", "-a", world.altDir]);
  const copy = /^hint: (cp ".*" ".*"), then run the same command again$/m.exec(refused.stderr)![1]!;
  await world.sandbox.require(["sh", "-c", copy]);
  const accepted = await world.dataset.dlslurm(["reschedule", "-a", world.altDir]);

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /Unable to open file job\.sh/);
  assert.equal(accepted.code, 0, saidBy(accepted));
});
