/** Everything that was declared as an output is committed, or it is named. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { storedClaims } from "../support/snapshots.ts";
import type { TestDataset } from "../support/datasets.ts";
import { unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { createNested } from "./subdatasets.ts";

const SLURM_LOG = "slurm-1.out";
const LOG = "A slurm-job-1.env.json";

for (
  const [name, work] of [
    ["wrote elsewhere", (world) => world.write("result/x", "x\n")],
    ["made empty folders", (world) => Deno.mkdir(join(world.root, "res/a"), { recursive: true })],
  ] as const satisfies readonly (readonly [string, (world: EngineWorld) => Promise<void>])[]
) {
  Deno.test(`declared: a completed job that ${name} → it stays open, with what to do`, async () => {
    await using world = await EngineWorld.create();
    await world.schedule("res", "other/res");
    await work(world);

    for (const option of ["", "--require-outputs"]) {
      const refused = await world.dlslurm("finish", ...option === "" ? [] : [option]);

      assert.equal(refused.code, 1);
      assert.deepEqual(world.stages(), ["open"]);
      if (option !== "") continue;
      assert.match(
        saidBy(refused),
        /Cannot commit job 1: it wrote none of its outputs, "res", "other/,
      );
      assert.match(saidBy(refused), /hint: if it wrote elsewhere: dlslurm finish 1 -o PATH;/);
    }
    await world.must("finish", "1", "--allow-no-outputs");
    assert.deepEqual(await world.changes(), [LOG]);
    assert.deepEqual(world.stages(), ["finished"]);
  });
}

Deno.test("declared: finish -o names where the job wrote → committed, and claimed until then", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("res");
  await world.write("result/x", "x\n");
  assert.equal((await world.dlslurm("finish")).code, 1);

  const finished = await world.must("finish", "1", "-o", "result");

  assert.deepEqual(await world.changes(), ["A result/x", LOG]);
  assert.match(saidBy(finished), /warning: job 1 left nothing at its output "res"/);
  assert.match(
    await world.git("log", "-1", "--format=%B"),
    /"outputs": \[\n {2}"res",\n {2}"result",/,
  );
});

Deno.test("declared: finish -o of a job that cannot be committed yet → what was named is kept for the next finish", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("res");
  await world.write("result/x", "x\n");
  await world.write("res", "x\n");
  const script = `case " $* " in *" fast-import "*) exit 1 ;; esac\nexec "$REAL" "$@"`;
  await wrapProgram(world.sandbox, "git", script);
  assert.equal((await world.dlslurm("finish", "1", "-o", "result")).code, 1);
  await unwrapProgram(world.sandbox, "git");
  assert.deepEqual(storedClaims({ root: world.root } as TestDataset), ["res", "result"]);

  await world.must("finish");

  assert.deepEqual(await world.changes(), ["A res", "A result/x", LOG]);
});

Deno.test("declared: finish -o of what another open job holds → refused, nothing is committed", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("res");
  const other = await world.schedule("result");
  await world.slurm.setRows(other, `${other}|RUNNING`);
  await world.write("res", "x\n");

  const refused = await world.dlslurm("finish", "1", "-o", "result/x");

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /Cannot commit "result\/x" with job 1: job 2 .* holds it/);
  assert.equal((await world.subjects()).length, 1);
});

Deno.test("declared: outputs that are there and did not change → notneeded, as ever", async () => {
  await using world = await EngineWorld.create({ "res/x": "x\n", ".gitignore": "slurm-*\n" });
  await world.schedule("res");

  const finished = await world.must("finish");

  assert.match(saidBy(finished), /^slurm-finish\(notneeded\)/m);
});

Deno.test("declared: --require-outputs together with --allow-no-outputs → wrong usage", async () => {
  await using world = await EngineWorld.create();

  assert.equal((await world.dlslurm("finish", "--require-outputs", "--allow-no-outputs")).code, 2);
});

/** Where a rule can stand that ignores `result.nii`, and a claim in a folder. */
const RULES: Readonly<Record<string, (world: EngineWorld) => Promise<unknown>>> = {
  ".gitignore": (world) => world.write(".gitignore", "# images\n\n*.nii\n"),
  "a folder's .gitignore": (world) => world.write("deep/.gitignore", "/result.*\n"),
  ".git/info/exclude": (world) => world.write(".git/info/exclude", "RESULT.nii\nresult.[n]ii\n"),
  "core.excludesFile": async (world) => {
    await Deno.writeTextFile(join(world.sandbox.home, "ignored"), "deep/result*\nresult*\n");
    await world.git("config", "core.excludesFile", "~/ignored");
  },
  "the user's own file": async (world) => {
    await Deno.mkdir(join(world.sandbox.home, ".config/git"), { recursive: true });
    await Deno.writeTextFile(join(world.sandbox.home, ".config/git/ignore"), "result.nii\n");
  },
};

for (const [where, ignore] of Object.entries(RULES)) {
  Deno.test(`declared: an output that ${where} has Git ignore → named at schedule and at finish`, async () => {
    await using world = await EngineWorld.create({ "deep/x": "x\n" });
    await ignore(world);

    const scheduled = await world.must("schedule", "-o", "deep/result.nii", "sbatch", "job.sh");

    assert.match(
      scheduled.stderr,
      /^warning: the output "deep\/result\.nii" is ignored by Git \(.*:[0-9]+: .*\): finish will not/,
    );
    await world.write("deep/result.nii", "x\n");
    const required = await world.dlslurm("finish", "--require-outputs");
    assert.equal(required.code, 1);
    assert.match(saidBy(required), /"deep\/result\.nii" is ignored by Git\. The job stays open/);
    assert.deepEqual(world.stages(), ["open"]);
    await world.git("add", "-f", "deep/result.nii");
    await world.must("finish", "--require-outputs");
    assert((await world.changes()).includes("A deep/result.nii"));
  });
}

Deno.test("declared: ignored outputs without --require-outputs → the job is finished, with warnings", async () => {
  await using world = await EngineWorld.create({ ".gitignore": "*.nii\n*.tmp\n/all/\n" });
  const { stderr } = await world.must(
    ...["schedule", "-o", "out", "-o", "all/of/it", "-o", "a.nii", "sbatch", "job.sh"],
  );
  assert.match(
    stderr,
    /"all\/of\/it" is ignored by Git \(\.gitignore:3: \/all\/\), and so are 1 more/,
  );
  for (const path of ["out/x.tmp", "out/deep/y.tmp", "out/z", "all/of/it/q", "a.nii", SLURM_LOG]) {
    await world.write(path, "x\n");
  }

  const finished = await world.must("finish");

  assert.deepEqual(await world.changes(), ["A out/z", `A ${SLURM_LOG}`, LOG]);
  const warnings = finished.stderr.split("\n").filter((line) => line.startsWith("warning: "));
  assert.equal(warnings.length, 3, finished.stderr);
  assert.match(finished.stderr, /the output "all\/of\/it" is ignored by Git and not committed/);
  assert.match(finished.stderr, /the output "a\.nii" is ignored by Git and not committed/);
  assert.match(finished.stderr, /2 files in outputs are ignored by Git .* the first is "out\//);
});

/** The record in the message of the last commit. */
async function lastRecord(world: EngineWorld) {
  const json = /"chain"[^]*?\n\}/.exec(await world.git("log", "-1", "--format=%B"))![0];
  return JSON.parse(`{${json}`);
}

Deno.test("declared: a log and an environment file that Git ignores → named, and in no record", async () => {
  await using world = await EngineWorld.create({ ".gitignore": "*.out\n*.env.json\n" });
  await world.schedule("res");
  for (const path of ["res", SLURM_LOG]) await world.write(path, "x\n");

  const refused = await world.dlslurm("finish", "--require-outputs");
  assert.match(saidBy(refused), /"slurm-1\.out" is ignored by Git\. The job stays open/);
  assert.deepEqual(world.stages(), ["open"]);

  const finished = await world.must("finish");

  assert.match(
    finished.stderr,
    /^warning: "slurm-1\.out", "slurm-job-1\.env\.json" are ignored by Git and not committed, .*git check-ignore -v/m,
  );
  assert.deepEqual(await world.changes(), ["A res"]);
  const record = await lastRecord(world);
  assert.deepEqual([record.outputs, record.slurm_outputs], [["res"], []]);
});

testIfAvailable(
  ["xz"],
  "declared: Git ignores what a record is kept in → the message has it, and names no such file",
  async () => {
    await using world = await EngineWorld.create({ ".gitignore": ".*\n*.out\n" });
    await world.git("config", "datalad.run.record-sidecar", "true");
    await world.write("new.sh", "#!/bin/sh\n");
    await world.must("schedule", "-o", "res", "sbatch", "new.sh");
    for (const path of ["res", SLURM_LOG]) await world.write(path, "x\n");

    const finished = await world.must("finish");

    assert.match(finished.stderr, /\.datalad\/slurm\/scripts\/.* are ignored by Git/);
    assert.deepEqual(await world.changes(), ["A res", LOG]);
    const record = await lastRecord(world);
    assert.deepEqual(record.slurm_outputs, ["slurm-job-1.env.json"]);
    assert.equal(record.dlslurm.script.saved, false);
    assert.equal("kept" in record.dlslurm.script, false);
  },
);

testIfAvailable(
  ["xz"],
  "declared: a log that Git ignores, and a sidecar → that does not name it either",
  async () => {
    await using world = await EngineWorld.create({ ".gitignore": "*.out\n" });
    await world.git("config", "datalad.run.record-sidecar", "true");
    await world.schedule("res");
    for (const path of ["res", SLURM_LOG]) await world.write(path, "x\n");

    await world.must("finish");

    const [sidecar] = (await world.changes()).filter((change) => change.includes("runinfo"));
    const text = await world.sandbox.require([
      "xz",
      "-dc",
      "--format=xz",
      join(world.root, sidecar!.slice(2)),
    ]);
    assert.deepEqual(JSON.parse(text).slurm_outputs, ["slurm-job-1.env.json"]);
  },
);

Deno.test("declared: no output is ignored, though its name is like one → no word of it", async () => {
  await using world = await EngineWorld.create({
    ".gitignore": "*.nii\n!keep.nii\n/out\n!/out\n/forced.nii\n",
    "out/x": "x\n",
  });
  await world.write("forced.nii", "x\n");
  await world.git("add", "-f", "forced.nii");
  const claims = ["keep.nii", "out", "forced.nii"].flatMap((claim) => ["-o", claim]);

  const scheduled = await world.must("schedule", ...claims, "sbatch", "job.sh");

  assert.equal(scheduled.stderr, "");
  await world.write("keep.nii", "x\n");
  await world.write("out/y", "x\n");
  await world.write(SLURM_LOG, "");
  const finished = await world.must("finish");
  assert.equal(finished.stderr, "");
  assert.deepEqual(await world.changes(), [
    "A forced.nii",
    "A keep.nii",
    "A out/y",
    `A ${SLURM_LOG}`,
    LOG,
  ]);
});

Deno.test("declared: rows of a table whose outputs Git ignores → one warning for all", async () => {
  await using world = await EngineWorld.create({ ".gitignore": "*.nii\n" });
  await Deno.writeTextFile(join(world.root, "../t.csv"), "n\n1\n2\n3\n");

  const { stderr } = await world.must(
    ...["schedule", "--from", "../t.csv", "-o", "{n}.nii", "sbatch", "job.sh", "{n}"],
  );

  assert.equal(stderr.match(/ignored by Git/g)?.length, 1, stderr);
  assert.match(stderr, /"1\.nii" is ignored by Git \(.*\), and so are 2 more/);
});

Deno.test("declared: an output in a subdataset that this one ignores → named", async () => {
  await using world = await createNested();
  await world.write("sub/.gitignore", "*.nii\n");

  const scheduled = await world.must("schedule", "-o", "sub/a.nii", "sbatch", "job.sh");

  assert.match(scheduled.stderr, /"sub\/a\.nii" is ignored by Git/);
  await world.write("sub/a.nii", "x\n");
  assert.equal((await world.dlslurm("finish", "--require-outputs")).code, 1);
  assert.match((await world.must("finish")).stderr, /"a\.nii" is ignored by Git and not committed/);
});

Deno.test("finish -o of an array whose tasks are jobs → refused: nobody could tell which of them wrote it", async () => {
  await using world = await EngineWorld.create({ "table.tsv": "name\none\ntwo\n" });
  const words = ["schedule", "--from", "table.tsv", "--array", "-o", "{name}", "sbatch", "job.sh"];
  await world.must(...words, "{name}");
  for (const name of ["one", "two", "more"]) await world.write(name, `${name}\n`);
  await world.slurm.setRows("1", "1_0|COMPLETED", "1_1|COMPLETED");

  const outcome = await world.dlslurm("finish", "1", "-o", "more");

  assert.equal(outcome.code, 2);
  assert.match(
    saidBy(outcome),
    /with several jobs, 1_0, 1_1: it is unclear .* Nothing was committed, the jobs stay open/,
  );
  await world.must("finish", "1_1", "-o", "more");
  assert((await world.changes()).includes("A more"));
  assert.deepEqual(await world.subjects(), [
    ...["[DATALAD SLURM RUN] Slurm job 1_1: Completed", "Add files"],
  ]);
});
