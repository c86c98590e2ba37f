import assert from "node:assert/strict";
import { join } from "node:path";
import { parseMessage } from "../../src/datalad/run_record.ts";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

const IMAGE = "env/fit image.sif";
const TEXT = "the image\n";

/** A dataset whose container image git-annex has in another repository only. */
async function createWorld(): Promise<EngineWorld> {
  const world = await EngineWorld.create({
    "code/fit.sh": "#!/bin/sh\n",
    "a.txt": "1\n",
    "t.csv": "name\none\ntwo\n",
    ".datalad/config":
      `[datalad "containers.fit"]\n\timage = ${IMAGE}\n\tcmdexec = touch /tmp/never {img} {cmd}\n`,
  }, "git-annex");
  await world.write(IMAGE, TEXT);
  await world.git("-c", "annex.largefiles=anything", "annex", "add", "-q", "env");
  await world.git("commit", "-q", "-m", "Add the image");
  const clone = join(world.sandbox.root, "clone");
  await world.sandbox.require(["git", "clone", "-q", world.root, clone]);
  world.root = clone;
  await world.git("annex", "init", "-q", "clone");
  return world;
}

async function imageIn(folder: string): Promise<string | undefined> {
  return await Deno.readTextFile(join(folder, IMAGE)).catch(() => undefined);
}

async function recordOf(world: EngineWorld, commit = "HEAD"): Promise<RunRecord> {
  return parseMessage(await world.git("log", "-1", "--format=%B", commit))!.record as RunRecord;
}

const marked = ({ evidence }: RunRecord) =>
  (evidence!.inputs as { path: string; extra?: boolean }[]).map(({ path, extra }) => [path, extra]);

testIfAvailable(
  ["git-annex"],
  "schedule --container: the image is fetched, named in the command, and recorded as an extra input",
  async () => {
    await using world = await createWorld();

    const words = ["-i", "a.txt", "-o", "out", "sbatch", "code/fit.sh", "{container}", "{inputs}"];
    await world.must("schedule", "--container", "fit", ...words);

    assert.equal(await imageIn(world.root), TEXT);
    assert.deepEqual(await world.slurm.wordsOf("1"), ["code/fit.sh", IMAGE, "a.txt"]);
    await world.write("out", "x\n");
    await world.must("finish");
    const record = await recordOf(world);
    assert.equal(
      record.cmd,
      `sbatch code/fit.sh '${IMAGE}' '{inputs}'`,
      "it needs no configuration",
    );
    assert.deepEqual([record.inputs, record.extraInputs], [["a.txt"], [IMAGE]]);
    assert.deepEqual(marked(record), [["a.txt", undefined], [IMAGE, true]]);
    const shown = JSON.parse((await world.must("-f", "json", "show", "1")).stdout);
    assert.deepEqual(
      shown.sources.map(({ path, extra }: { path: string; extra?: boolean }) => [path, extra]),
      [["a.txt", undefined], [IMAGE, true]],
    );
    assert.match(
      (await world.must("show", "1")).stdout,
      /^ {2}extra inputs env\/fit image\.sif ← /m,
    );
  },
);

testIfAvailable(
  ["git-annex"],
  "reschedule and retry keep extra inputs, fetch them, and tell of one that has changed",
  async () => {
    await using world = await createWorld();
    await world.must("schedule", "-x", "env/*", "-o", "out", "sbatch", "job.sh");
    await world.write("out", "x\n");
    await world.must("finish");
    await world.git("annex", "drop", "-q", "--force", "env");

    const again = await world.must("reschedule");

    assert.doesNotMatch(saidBy(again), /changed since/);
    assert.equal(await imageIn(world.root), TEXT);
    await world.slurm.setRows("2", "2|FAILED");
    await world.git("annex", "drop", "-q", "--force", "env");
    await world.must("retry", "2");
    assert.equal(await imageIn(world.root), TEXT);
    await world.write("out", "y\n");
    await world.must("finish");
    const record = await recordOf(world);
    assert.deepEqual([record.slurmJobId, record.extraInputs], ["3", ["env/*"]]);
    assert.deepEqual(marked(record), [[IMAGE, true]]);
    await world.git("annex", "unlock", "-q", "env");
    await world.write(IMAGE, "another image\n");
    assert.match(
      saidBy(await world.must("reschedule", "--report")),
      /changed since .*fit image\.sif/,
    );
  },
);

testIfAvailable(
  ["git-annex"],
  "schedule --alt-dir: extra inputs are copied to where the job runs",
  async () => {
    await using world = await createWorld();
    const altDir = join(world.sandbox.root, "alt");
    await Deno.mkdir(altDir);

    const words = ["-i", "job.sh", "-o", "out", "sbatch", "job.sh", "{container}"];
    await world.must("schedule", "-a", altDir, "--container", "fit", ...words);

    assert.equal(await imageIn(altDir), TEXT);
    assert.deepEqual(await world.slurm.wordsOf("1"), ["job.sh", IMAGE]);
  },
);

testIfAvailable(
  ["git-annex"],
  "schedule --assume-ready inputs fetches no extra input either; a dry run changes nothing",
  async () => {
    await using world = await createWorld();
    const words = ["--container", "fit", "-o", "out", "sbatch", "job.sh", "{container}"];

    const dry = await world.must("-f", "json", "schedule", "--dry-run", "basic", ...words);
    await world.must("schedule", "--assume-ready", "inputs", ...words);

    const { extra_inputs: extra, inputs, cmd_expanded: command } = JSON.parse(dry.stdout);
    assert.deepEqual([extra, inputs, command], [[IMAGE], [IMAGE], `sbatch job.sh '${IMAGE}'`]);
    assert.equal(await imageIn(world.root), undefined);
  },
);

testIfAvailable(
  ["git-annex"],
  "schedule --from and --per-task: each row and each task has the extra inputs in its record",
  async () => {
    await using world = await createWorld();
    await world.write("x/one", "");
    await world.write("x/two", "");
    const options = ["--container", "fit", "-x", "x/{name}", "-o", "out/{name}"];
    await world.must(
      "schedule",
      "--from",
      "t.csv",
      ...options,
      "sbatch",
      "job.sh",
      "{container}",
      "{name}",
    );
    assert.equal(await imageIn(world.root), TEXT);
    await world.write("out/one", "1\n");
    await world.write("out/two", "2\n");
    await world.must("finish");
    for (const commit of ["HEAD", "HEAD~"]) {
      const record = await recordOf(world, commit);
      const { name } = record.row!.values;
      assert.deepEqual(record.extraInputs, [`x/${name}`, IMAGE]);
      assert.deepEqual(marked(record), [[`x/${name}`, true], [IMAGE, true]]);
      assert.match(record.row!.cmd, /fit image\.sif/);
    }

    await world.write("x/7", "");
    const tasks = ["-x", "x/{task}", "-o", "task/{task}", "sbatch", "--array=7", "job.sh"];
    await world.must("schedule", "--per-task", "--container", "fit", ...tasks);
    const [job] = JSON.parse(
      `[${(await world.must("-f", "json", "list")).stdout.trim().replaceAll("\n", ",")}]`,
    );
    assert.equal(job.slurm_job_id, "3_7");
    await world.slurm.setRows("3", "3_7|COMPLETED");
    await world.write("task/7", "7\n");
    await world.must("finish");
    assert.deepEqual((await recordOf(world)).extraInputs, ["x/7", IMAGE]);
  },
);

testIfAvailable(
  ["git-annex"],
  "schedule: a container that is not there, or outside, or whose column is a placeholder → no job",
  async () => {
    await using world = await createWorld();
    await world.git("config", "-f", ".datalad/config", "datalad.containers.evil.image", "../x");
    await world.write("c.csv", "container\none\n");
    const refused: readonly (readonly [words: readonly string[], reason: RegExp])[] = [
      [
        ["--container", "fti", "-o", "out", "sbatch", "job.sh"],
        /no container of that name.*\n.*evil, fit/,
      ],
      [["--container", "evil", "-o", "out", "sbatch", "job.sh"], /"\.\.\/x" is not in the dataset/],
      [
        ["-o", "out", "sbatch", "job.sh", "{container}"],
        /no placeholder "\{container\}".*\n.*--container/,
      ],
      [
        ["--from", "c.csv", "--container", "fit", "-o", "out/{container}", "sbatch", "job.sh"],
        /column "container" has the name of a placeholder/,
      ],
      [["--continue", "--container", "fit"], /Cannot use --container together with --continue/],
    ];

    for (const [words, reason] of refused) {
      const outcome = await world.dlslurm("schedule", ...words);

      assert.notEqual(outcome.code, 0, words.join(" "));
      assert.match(saidBy(outcome), reason);
      assert.match(saidBy(outcome), /No job was submitted/);
    }
    assert.match(saidBy(await world.must("list")), /no open jobs/);
  },
);
