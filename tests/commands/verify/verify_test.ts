import assert from "node:assert/strict";
import { addSubdataset } from "../../engine/subdatasets.ts";
import { EngineWorld } from "../../engine/engine_world.ts";
import { createAnalysis, endStep, repeatStep, runStep } from "../../provenance/analysis.ts";
import { testIfAvailable } from "../../support/requirements.ts";

/** The records of a command, whatever its exit status. */
async function recordsOf(world: EngineWorld, ...args: readonly string[]) {
  const { code, stdout } = await world.dlslurm("-f", "json", ...args);
  // deno-lint-ignore no-explicit-any -- records of any shape
  const records: any[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  return { code, records };
}

const SAME = { "fit/n.txt": "3\n", "fit/when.txt": "at 10:00\n" };

Deno.test("e2e: finish of a repetition with the same outputs → said in result, record, message", async () => {
  await using world = await createAnalysis();
  const { stdout } = await world.must("reschedule", "2");
  assert.match(stdout, /Submitted batch job 4/);
  await world.write("log-4", "job 4\n");

  const { records } = await recordsOf(world, "finish");

  const original = (await world.git("rev-parse", "HEAD~2")).trim();
  const expected = {
    ...{ commit: original, "job_id": "2", identical: 2 },
    ...{ differs: [], missing: [], new: [] },
  };
  const saved = records.find(({ action }) => action === "save");
  assert.deepEqual(saved.reproduces, expected);
  const message = await world.git("log", "-1", "--format=%B");
  assert.match(message, /\n\nOutputs as in job 2 \([0-9a-f]{10}\): 2 identical\.\n\n=== /);
  const [, json] = /below ===\n([^]*)\n\^\^\^/.exec(message)!;
  assert.deepEqual(JSON.parse(json!).dlslurm.reproduces, expected);
  assert.deepEqual(await world.changes(), ["A log-4", "A slurm-job-4.env.json"]);
  // What the next repetition says of itself is its own.
  const { commit } = await repeatStep(world, "HEAD", { ...SAME, "fit/n.txt": "4\n" });
  const again = await world.git("log", "-1", "--format=%B", commit);
  assert.doesNotMatch(again, /Outputs as in/);
  assert.match(again, /\nOutputs other than in job 4 .*: 1 differs \(fit\/n\.txt\), 1 identical\./);
});

Deno.test("e2e: verify --ignore, --numeric → no other line breaks pass, and they are named", async () => {
  await using world = await createAnalysis();
  await repeatStep(world, "2", { "fit/n.txt": "3\r\n", "fit/when.txt": "at 10:00" });

  for (const rule of [[], ["--ignore", "[0-9]+:[0-9]+"], ["--numeric", "0"]]) {
    const { code, stdout } = await world.dlslurm("verify", ...rule);

    assert.equal(code, 1, stdout);
    assert.match(
      stdout,
      /fit\/n\.txt \(file\) \[differs: 3 bytes, 2 bytes before, in line breaks \(CRLF and LF\) alone[,\]]/,
    );
    assert.match(
      stdout,
      /fit\/when\.txt \(file\) \[differs: 8 bytes, 9 bytes before, in the last line break alone[,\]]/,
    );
  }
  const { records } = await recordsOf(world, "verify", "--ignore", "\\r");
  assert.deepEqual(
    records.filter(({ type }) => type === "file").map(({ verdict, line_breaks: breaks }) => [
      ...[verdict, breaks],
    ]),
    [["identical", undefined], ["differs", "last"]],
  );
});

Deno.test("e2e: verify → identical, differs, missing, new, per path; lines and sizes", async () => {
  await using world = await createAnalysis();
  const same = await repeatStep(world, "2", SAME);
  const one = await world.dlslurm("verify");
  const { stdout } = await world.must("reschedule", "2");
  const jobId = /job ([0-9]+)\n/.exec(stdout)![1]!;
  await world.remove("fit/n.txt");
  await endStep(world, jobId, { "fit/when.txt": "at 11:30\n", "fit/more": "new\n" });

  const other = await world.dlslurm("verify", jobId);
  const byOriginal = await world.dlslurm("verify", "2");
  const { code, records } = await recordsOf(world, "verify", jobId);
  const all = await recordsOf(world, "verify", "--since=");

  assert.equal(one.code, 0, one.stderr);
  assert.match(one.stdout, /^slurm-verify\(ok\): \. .*job 4 came out as job 2: 2 identical\]$/m);
  assert.equal(other.code, 1);
  assert.equal(
    other.stdout.split("action summary")[0],
    `slurm-verify(error): fit/more (file) [new: 4 bytes]
slurm-verify(error): fit/n.txt (file) [missing: 2 bytes before]
slurm-verify(error): fit/when.txt (file) [differs: 9 bytes, as before]
  line 1:
  - at 10:00
  + at 11:30
slurm-verify(error): . (dataset) [job 5 did not come out as job 2: 1 differs (fit/when.txt), 1 missing (fit/n.txt), 1 new (fit/more)]
`,
  );
  assert.equal(byOriginal.stdout, other.stdout);
  assert.equal(code, 1);
  assert.deepEqual(records.map((record) => [record.verdict, record.size, record.size_before]), [
    ["new", 4, undefined],
    ["missing", undefined, 2],
    ["differs", 9, 9],
    [undefined, undefined, undefined],
  ]);
  assert.deepEqual(records.at(-1).reproduces.missing, ["fit/n.txt"]);
  assert.equal(all.code, 1);
  assert.deepEqual(
    all.records.filter(({ type }) => type === "dataset").map((
      { commit, status },
    ) => [commit, status]),
    [[same.commit, "ok"], [records.at(-1).commit, "error"]],
  );
});

Deno.test("e2e: verify --ignore, --numeric and the setting → what was compared is said", async () => {
  await using world = await EngineWorld.create();
  await world.must("schedule", "-o", "out", "sbatch", "job.sh");
  await endStep(world, "1", { "out/t": "at 10:00\nx=1.0000000 n=3\n" });
  await repeatStep(world, "1", { "out/t": "at 11:30\nx=1.0000001 n=3\n" });
  const verify = async (...args: string[]) => {
    const { code, stdout } = await world.dlslurm("verify", ...args);
    return [code, stdout.split("\n")[0]];
  };

  const time = ["--ignore", "[0-9]{2}:[0-9]{2}"];
  assert.equal((await verify())[0], 1);
  assert.equal((await verify(...time))[0], 1);
  assert.equal((await verify(...time, "--numeric", "1e-9"))[0], 1);
  assert.equal((await verify("--numeric", "1e-6"))[0], 1);
  assert.deepEqual(await verify(...time, "--numeric", "1e-6"), [
    0,
    'slurm-verify(ok): out/t (file) [identical without what matches "[0-9]{2}:[0-9]{2}", with ' +
    "numbers within 0.000001 (2 compared, largest difference 1.0e-7)]",
  ]);
  await world.git("config", "--add", "dlslurm.verify.ignore", "^at .*");
  await world.git("config", "--add", "dlslurm.verify.ignore", "x=[0-9.]+");
  assert.equal((await verify())[0], 0);
  assert.equal((await verify("--ignore", "nothing"))[0], 1);
  assert.equal((await world.dlslurm("verify", "--ignore", "(")).code, 2);
  assert.equal((await world.dlslurm("verify", "--numeric", "x")).code, 2);
});

Deno.test("e2e: verify without anything to compare → not 0, and what to do", async () => {
  await using world = await createAnalysis();
  await world.schedule("open");

  for (
    const [args, says] of [
      [["3"], /nobody has repeated it yet\nhint: dlslurm verify [0-9a-f]{10} --run --wait/],
      [["4"], /it is not recorded yet\nhint: dlslurm finish 4/],
      [["99"], /it is neither a job, nor a commit of one, nor a label/],
      [["--since=HEAD~1"], /no job there repeats another one/],
    ] as const
  ) {
    const { code, stderr } = await world.dlslurm("verify", ...args);
    assert.equal(code, 1, args.join(" "));
    assert.match(stderr, says);
  }
});

Deno.test("e2e: verify of several, of which one cannot be → said, and the others are verified", async () => {
  await using world = await createAnalysis();
  await repeatStep(world, "3", { "fig.txt": "3 of 3\n" });

  for (const args of [["99", "3"], ["3", "99"]]) {
    const { code, stdout, stderr } = await world.dlslurm("verify", ...args);

    assert.equal(code, 1, args.join(" "));
    assert.match(stdout + stderr, /it is neither a job, nor a commit of one, nor a label/);
    assert.match(stdout, /job \d+ (came out as|did not come out as) job 3/);
  }
  const stopped = await world.dlslurm("--on-failure", "stop", "verify", "99", "3");
  assert.doesNotMatch(stopped.stdout, /job 3:/);
});

Deno.test("e2e: verify where the original is not in the history → said; compare needs no chain", async () => {
  await using world = await createAnalysis();
  await repeatStep(world, "3", { "fig.txt": "3 of 3\n" });
  const clone = `${world.root} clone`;
  await world.git("clone", "-q", "--depth=1", `file://${world.root}`, clone);
  world.root = clone;

  const { code, stderr } = await world.dlslurm("verify");

  assert.equal(code, 1);
  assert.match(stderr, /which it repeats, is not in this history\nhint: /);
});

Deno.test("e2e: verify in a subdataset → its files, below their paths from above", async () => {
  await using world = await EngineWorld.create();
  await addSubdataset(world, "sub");
  await runStep(world, { outputs: ["sub/out"], files: { "sub/out/a": "a\n", "sub/out/b": "b\n" } });
  await repeatStep(world, "1", { "sub/out/a": "a\n", "sub/out/b": "other\n" });

  const { code, records } = await recordsOf(world, "verify");

  assert.equal(code, 1);
  const { reproduces } = records.at(-1);
  assert.deepEqual([reproduces.identical, reproduces.differs], [1, ["sub/out/b"]]);
  const message = await world.git("log", "-1", "--format=%B");
  assert.match(message, /Outputs other than in job 1 .*: 1 differs \(sub\/out\/b\), 1 identical/);
});

testIfAvailable(
  ["git-annex"],
  "e2e: verify of annexed outputs → by key, locked or not; contents that are not here",
  async () => {
    await using world = await EngineWorld.create({}, "git-annex");
    await runStep(world, { outputs: ["out"], files: { "out/a": "a\n", "out/b": "b\n" } });
    await world.git("config", "annex.addunlocked", "true");
    await repeatStep(world, "1", { "out/a": "a\n", "out/b": "other\n" });

    const { records } = await recordsOf(world, "verify");
    assert.deepEqual(records[0].detail, "line 1:\n- b\n+ other");
    assert.deepEqual([records[0].size_before, records[0].size], [2, 6]);
    // To git, a link and the pointer of an unlocked file are not the same.
    assert.ok((await world.changes()).includes("T out/a"));
    assert.equal(records.at(-1).reproduces.identical, 1);
    await world.git("annex", "drop", "--force", "--all");
    const dropped = await recordsOf(world, "verify", "2");
    assert.match(dropped.records[0].message, /the content is not here, git annex get fetches it/);
    assert.equal(dropped.records[0].no_text, "not here");
  },
);

Deno.test("e2e: verify and show after a rewritten history → the original is found by its job ID", async () => {
  await using world = await createAnalysis();
  await repeatStep(world, "2", SAME);
  const second = await repeatStep(world, "2", { ...SAME, "fit/n.txt": "4\n" });
  const before = await world.dlslurm("verify", second.jobId);
  await world.git("filter-branch", "-f", "--msg-filter", "cat; echo rewritten", "HEAD");
  for (const ref of await world.lines("for-each-ref", "--format=%(refname)", "refs/original")) {
    await world.git("update-ref", "-d", ref);
  }

  const after = await world.dlslurm("verify", second.jobId);
  const byOriginal = await world.must("verify", "4");
  const page = (await world.must("show", "2")).stdout;

  assert.match(after.stdout, /job 5 did not come out as job 2: 1 differs \(fit\/n\.txt\)/);
  assert.deepEqual([after.code, after.stdout], [before.code, before.stdout]);
  assert.match(byOriginal.stdout, /job 4 came out as job 2: 2 identical/);
  assert.match(page, /job 5 .*1 differs[^]*job 4 .*2 identical/);
});
