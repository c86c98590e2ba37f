import assert from "node:assert/strict";
import { join } from "node:path";
import type { Evidence } from "../../src/jobs/evidence.ts";
import { parseMessage } from "../../src/datalad/run_record.ts";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import { findViolations } from "../support/json_schema.ts";
import { DATASET_KINDS } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import schema from "../../docs/record.schema.json" with { type: "json" };
import { EngineWorld, saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";

/** What the record of a commit proves; it must be as the schema says. */
async function evidenceOf(world: EngineWorld, commit = "HEAD"): Promise<Evidence> {
  const message = await world.git("log", "-1", "--format=%B", commit);
  const json = /below ===\n(.*)\n\^\^\^ Do not/s.exec(message)?.[1];
  assert(json !== undefined, message);
  assert.deepEqual(findViolations(schema, JSON.parse(json).dlslurm), [], json);
  return (parseMessage(message)!.record as RunRecord).evidence!;
}

async function finishJob(world: EngineWorld, output = "out"): Promise<Evidence> {
  await world.write(output, `${output}\n`);
  await world.must("finish");
  return await evidenceOf(world);
}

const hashOf = (world: EngineWorld, path: string) => world.git("hash-object", "--no-filters", path);

Deno.test("evidence: of a plain job → submission, script, inputs, accounting with the peak over its steps", async () => {
  await using world = await EngineWorld.create({ "a.txt": "a\n", "data/b.txt": "b\n" });
  const head = await world.git("rev-parse", "HEAD");
  const outcome = await world.must(
    "schedule",
    "-o",
    "out",
    "-i",
    "data",
    "-i",
    "*.txt",
    "sbatch",
    "job.sh",
  );
  assert.doesNotMatch(outcome.stderr, /warning/);

  const { version, submission, script, inputs, ...rest } = await finishJob(world);

  assert.match(version!, /^\d+\.\d+\.\d+$/);
  assert.equal(submission!.head, head);
  assert(Math.abs(Date.parse(submission!.at!) - Date.now()) < 600_000);
  assert.deepEqual(script, { path: "job.sh", blob: await hashOf(world, "job.sh"), saved: true });
  assert.deepEqual(inputs, [
    { path: "data/b.txt", blob: await hashOf(world, "data/b.txt") },
    { path: "a.txt", blob: await hashOf(world, "a.txt") },
  ]);
  assert.deepEqual(rest, {
    accounting: {
      ...{ state: "COMPLETED", exitCode: "0:0", elapsed: 90, cpu: 62.5, maxRss: 2 * 1024 ** 2 },
      ...{ start: "2026-11-01T00:00:00Z", end: "2026-11-01T00:01:30Z", reqMem: 8 * 1024 ** 3 },
      ...{ timeLimit: 3600, nodes: 1, cpus: 4, nodeList: "n1", partition: "debug" },
      ...{ cluster: "mini", restarts: 2, tres: "billing=4,cpu=4,mem=8G,node=1" },
    },
  });
});

Deno.test("evidence: the environment file tells how the job ended, not that it was pending", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription(
    "JobName=job\n   JobState=PENDING Reason=None\n   RunTime=00:00:00 TimeLimit=01:00:00\n" +
      "   NodeList=\n   StdOut=@PWD@/slurm-@ID@.out\n",
  );
  await world.schedule("out");
  await finishJob(world);
  const told = JSON.parse(await world.git("show", "HEAD:slurm-job-1.env.json"));
  assert.equal(told.JobState, "COMPLETED");
  assert.equal(told.RunTime, "00:01:30");
  assert.equal(told.NodeList, "n1");
  assert.equal(told.TimeLimit, "01:00:00");
});

Deno.test("evidence: a script in no commit, edited while the job waits → warned of, kept as it was submitted", async () => {
  await using world = await EngineWorld.create();
  const submitted = "#!/bin/sh\necho first\n";
  await world.write("new.sh", submitted);
  const blob = await hashOf(world, "new.sh");
  const { stderr } = await world.must("schedule", "-o", "out", "sbatch", "--time=1", "new.sh", "x");
  assert.match(stderr, /warning: the batch script "new\.sh" is not saved: it is in no commit/);
  await world.write("new.sh", "#!/bin/sh\necho second\n");
  await world.git("gc", "--quiet", "--prune=now");
  await world.write("out", "x\n");

  const finished = await world.must("finish");

  assert.match(
    finished.stderr,
    /warning: while job 1 was open, the batch script "new\.sh" was changed/,
  );
  const { script, changedWhileOpen } = await evidenceOf(world);
  const kept = `.datalad/slurm/scripts/${blob}`;
  assert.deepEqual(script, { path: "new.sh", blob, saved: false, kept });
  assert.deepEqual(changedWhileOpen, ["new.sh"]);
  assert.equal(`${await world.git("show", `HEAD:${kept}`)}\n`, submitted);
  assert.deepEqual(await world.lines("status", "--porcelain"), ["?? new.sh"]);
});

Deno.test("evidence: a script that differs from HEAD, shared by two jobs → kept once, both records name it", async () => {
  await using world = await EngineWorld.create();
  await world.write("job.sh", "#!/bin/sh\necho changed\n");
  const blob = await hashOf(world, "job.sh");
  const { stderr } = await world.must("schedule", "-o", "one", "sbatch", "job.sh");
  assert.match(stderr, /"job\.sh" is not saved: it differs from what HEAD has/);
  await world.schedule("two");
  await world.write("one", "1\n");
  await world.write("two", "2\n");

  await world.must("finish");

  for (const commit of ["HEAD", "HEAD~1"]) {
    const { script } = await evidenceOf(world, commit);
    assert.deepEqual(script, {
      ...{ path: "job.sh", blob, saved: false },
      kept: `.datalad/slurm/scripts/${blob}`,
    });
  }
  assert.deepEqual(await world.lines("ls-tree", "-r", "--name-only", "HEAD", ".datalad"), [
    `.datalad/slurm/scripts/${blob}`,
  ]);
});

Deno.test("evidence: a script that was committed as another version meanwhile → the record names the one that ran", async () => {
  await using world = await EngineWorld.create();
  const blob = await hashOf(world, "job.sh");
  await world.schedule("out");
  await world.write("job.sh", "#!/bin/sh\necho later\n");
  await world.git("commit", "--quiet", "-am", "later");
  const { script, changedWhileOpen } = await finishJob(world);
  assert.deepEqual(script, { path: "job.sh", blob, saved: true });
  assert.deepEqual(changedWhileOpen, ["job.sh"]);
});

Deno.test("evidence: --wrap → the text's own name; stdin and what only a shell can read → nothing", async () => {
  await using world = await EngineWorld.create();
  const scriptOf = async (at: number, ...command: string[]) => {
    const { stderr } = await world.must("schedule", "-o", `out/${at}`, ...command);
    assert.doesNotMatch(stderr, /warning/);
    return (await finishJob(world, `out/${at}`)).script;
  };
  await Deno.writeTextFile(join(world.sandbox.root, "text"), "echo a");
  const blob = await world.git("hash-object", join(world.sandbox.root, "text"));
  assert.deepEqual(await scriptOf(1, "sbatch", "--wrap=echo a"), { wrap: true, blob, saved: true });
  assert.equal(await scriptOf(2, "cd . && sbatch job.sh"), undefined);
  assert.equal(await scriptOf(3, 'S=job.sh; sbatch "$S"'), undefined);
  assert.equal(
    (await scriptOf(4, "sbatch job.sh >&2 && echo Submitted batch job 4"))?.path,
    "job.sh",
  );
});

Deno.test("evidence: a script elsewhere → found where sbatch looks, and kept", async () => {
  await using world = await EngineWorld.create({ "sub/job.sh": "#!/bin/sh\necho sub\n" });
  await Deno.mkdir(join(world.sandbox.root, "bin"));
  await Deno.writeTextFile(join(world.sandbox.root, "bin", "tool.sh"), "#!/bin/sh\n");
  world.sandbox.env["PATH"] += `:${join(world.sandbox.root, "bin")}`;
  await world.must("schedule", "-o", "a", "sbatch", "--chdir=sub", "job.sh");
  assert.deepEqual((await finishJob(world, "a")).script, {
    ...{ path: "sub/job.sh", blob: await hashOf(world, "sub/job.sh"), saved: true },
  });
  const { stderr } = await world.must("schedule", "-o", "b", "sbatch", "tool.sh");
  assert.match(stderr, /"tool\.sh" is not saved: it is not in the dataset/);
  const { script } = await finishJob(world, "b");
  assert.deepEqual([script?.path, script?.outside], ["tool.sh", true]);
  assert.equal(await world.git("show", `HEAD:${script!.kept}`), "#!/bin/sh");
});

Deno.test("schedule --require-saved: a script that HEAD has not → nothing is submitted, for a table neither", async () => {
  await using world = await EngineWorld.create({ "rows.csv": "x\n1\n2\n" });
  await world.must("schedule", "--require-saved", "-o", "ok", "sbatch", "job.sh");
  await world.write("job.sh", "#!/bin/sh\necho changed\n");
  const plain = await world.dlslurm("schedule", "--require-saved", "-o", "out", "sbatch", "job.sh");
  assert.equal(plain.code, 1, saidBy(plain));
  assert.match(saidBy(plain), /Cannot submit the batch script "job\.sh": it differs .* No job was/);
  const untold = await world.dlslurm(
    "schedule",
    "--require-saved",
    "-o",
    "out",
    "S=job.sh; sbatch $S",
  );
  assert.match(saidBy(untold), /Cannot tell which batch script/);
  const table = [
    "schedule",
    "--require-saved",
    "--from",
    "rows.csv",
    "-o",
    "{x}",
    "sbatch",
    "job.sh",
    "{x}",
  ];
  const rows = await world.dlslurm(...table);
  assert.match(saidBy(rows), /line 2: .*job\.sh/);
  assert.deepEqual(await world.slurm.submitted(), ["1"]);
  await world.git("commit", "--quiet", "-am", "changed");
  await world.must(...table);
  assert.deepEqual(await world.slurm.submitted(), ["1", "2", "3"]);
});

testIfAvailable(
  DATASET_KINDS["git-annex"],
  "evidence: inputs by key, name or size, and what became of them",
  async () => {
    await using world = await EngineWorld.create(
      { "in/text": "a\n", "in/edited": "a\n" },
      "git-annex",
    );
    for (const name of ["locked", "unlocked", "gone"]) await world.write(`in/${name}`, `${name}\n`);
    await world.git(
      "-c",
      "annex.largefiles=anything",
      "annex",
      "add",
      "in/locked",
      "in/unlocked",
      "in/gone",
    );
    await world.git("annex", "unlock", "--quiet", "in/unlocked");
    await world.git("commit", "--quiet", "-m", "inputs");
    await world.write("in/edited", "edited\n");
    await world.write("in/untracked", "x\n");
    await world.must("schedule", "-o", "out", "-i", "in", "sbatch", "job.sh");
    const keyOf = (path: string) => world.git("annex", "lookupkey", path);
    const keys = {
      locked: await keyOf("in/locked"),
      unlocked: await keyOf("in/unlocked"),
      gone: await keyOf("in/gone"),
    };
    await world.remove("in/gone");
    await world.write("in/text", "other content\n");
    await world.write("out", "x\n");
    const edited = await hashOf(world, "in/edited");

    const { stderr } = await world.must("finish");

    const { inputs, changedWhileOpen } = await evidenceOf(world);
    assert(Array.isArray(inputs));
    assert.deepEqual(inputs.map(({ mtime: _, ...input }) => input), [
      { path: "in/edited", blob: edited, size: 7, modified: true },
      { path: "in/gone", key: keys.gone },
      { path: "in/locked", key: keys.locked },
      { path: "in/text", blob: await world.git("rev-parse", "HEAD~1:in/text") },
      { path: "in/unlocked", key: keys.unlocked },
      { path: "in/untracked", blob: await hashOf(world, "in/untracked"), size: 2 },
    ]);
    assert.deepEqual(changedWhileOpen, ["in/gone", "in/text"]);
    assert.match(stderr, /warning: while job 1 was open, 2 inputs were changed.*in\/gone/);
  },
);

testIfAvailable(
  DATASET_KINDS["git-annex"],
  "evidence: an input that only moved between annex and work tree has not changed",
  async () => {
    await using world = await EngineWorld.create({}, "git-annex");
    for (const name of ["a", "b"]) await world.write(name, `${name}${name}\n`);
    await world.git("-c", "annex.largefiles=anything", "annex", "add", "a", "b");
    await world.git("annex", "unlock", "--quiet", "b");
    await world.git("commit", "--quiet", "-m", "inputs");
    await world.must("schedule", "-o", "out", "-i", "a", "-i", "b", "sbatch", "job.sh");
    await world.git("annex", "unlock", "--quiet", "a");
    await world.git("annex", "lock", "--quiet", "b");
    assert.equal((await finishJob(world)).changedWhileOpen, undefined);
  },
);

Deno.test("evidence: what the job itself writes, and a file that was only touched, have not changed", async () => {
  await using world = await EngineWorld.create({ "table": "1\n", "other": "1\n" });
  await world.must("schedule", "-o", "table", "-i", "table", "-i", "other", "sbatch", "job.sh");
  await Deno.utime(join(world.root, "other"), 1, 1);
  await Deno.utime(join(world.root, "job.sh"), 1, 1);
  assert.equal((await finishJob(world, "table")).changedWhileOpen, undefined);
});

Deno.test("evidence: 10,000 inputs → a digest, and the list in a file of its own", async () => {
  await using world = await EngineWorld.create();
  for (let at = 0; at < 10_000; at++) {
    if (at % 100 === 0) {
      await Deno.mkdir(join(world.root, "in", `${at / 100}`), { recursive: true });
    }
    await Deno.writeTextFile(join(world.root, "in", `${Math.floor(at / 100)}`, `${at}`), `${at}\n`);
  }
  await world.git("add", "in");
  await world.git("commit", "--quiet", "-m", "many");
  await world.write("in/0/7", "changed\n");
  await world.must("schedule", "-o", "out", "-i", "in/*/*", "sbatch", "job.sh");
  const { inputs } = await finishJob(world);
  assert(inputs !== undefined && "digest" in inputs);
  const { count, digest, list, modified } = inputs;
  assert.deepEqual([count, modified], [10_000, 1]);
  const content = await Deno.readFile(join(world.root, list!));
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
  assert.equal(digest, `sha256:${sum}`);
  const lines = new TextDecoder().decode(content).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.equal(lines.length, 10_000);
  for (const line of lines.slice(0, 20)) assert.deepEqual(findViolations(inputSchema, line), []);
  assert.equal(lines[0].blob, await hashOf(world, lines[0].path));
  assert.match(await world.git("show", "--format=", "--name-only", "HEAD"), new RegExp(list!));
  // A second job with the same inputs shares the list.
  await world.must("schedule", "-o", "again", "-i", "in/*/*", "sbatch", "job.sh");
  assert.deepEqual((await finishJob(world, "again")).inputs, inputs);
});

const inputSchema = { ...schema, ...schema.$defs.input };

Deno.test("evidence: a folder with too many files → its name in HEAD; a large file → read when the job is finished", async () => {
  await using world = await EngineWorld.create({ "large": "x".repeat(1_000_000) });
  for (let at = 0; at <= 1_000; at++) await world.write(`in/${at}`, "");
  await world.git("add", "in");
  await world.git("commit", "--quiet", "-m", "many");
  await world.must("schedule", "-o", "out", "-i", "in", "-i", "large", "sbatch", "job.sh");
  assert.deepEqual((await finishJob(world)).inputs, [
    { path: "in", tree: await world.git("rev-parse", "HEAD:in") },
    { path: "large", blob: await hashOf(world, "large") },
  ]);
});

Deno.test("evidence: an input that another job is to write first → as that one has left it", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("first");
  await world.must(
    "schedule",
    "-o",
    "out",
    "-i",
    "first",
    "sbatch",
    "--dependency=afterok:1",
    "job.sh",
  );
  await world.write("first", "made\n");
  const blob = await hashOf(world, "first");
  const { inputs, changedWhileOpen } = await finishJob(world);
  assert(Array.isArray(inputs));
  assert.deepEqual(inputs.map(({ path, blob, missing }) => ({ path, blob, missing })), [
    { path: "first", blob, missing: true },
  ]);
  assert.equal(changedWhileOpen, undefined);
});

Deno.test("evidence: sacct without some fields, without steps, without an answer → that much less, and the commit all the same", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.refuseFields("Restarts", "AllocTRES");
  await world.schedule("a");
  const first = (await finishJob(world, "a")).accounting!;
  assert.deepEqual([first.restarts, first.tres, first.elapsed, first.maxRss], [
    ...[undefined, undefined, 90, 2 * 1024 ** 2],
  ]);
  await world.slurm.forgetSteps();
  await world.schedule("b");
  const second = (await finishJob(world, "b")).accounting!;
  assert.deepEqual([second.maxRss, second.cpu, second.state], [undefined, 62.5, "COMPLETED"]);
  await world.slurm.refuseFields("JobID");
  await world.schedule("c");
  await world.write("c", "c\n");
  const outcome = await world.must("finish");
  assert.match(
    outcome.stderr,
    /warning: what the jobs have used is not recorded: Cannot ask Slurm/,
  );
  assert.equal((await evidenceOf(world)).accounting, undefined);
});

Deno.test("evidence: dlslurm.record.nodes=false → no node is named, in the record or beside it", async () => {
  await using world = await EngineWorld.create();
  await world.git("config", "dlslurm.record.nodes", "false");
  await world.slurm.setDescription(
    "JobName=job\n   NodeList=n1\n   BatchHost=n1\n   StdOut=@PWD@/slurm-@ID@.out\n",
  );
  await world.schedule("out");
  const { accounting } = await finishJob(world);
  assert.deepEqual([accounting!.nodeList, accounting!.nodes], [undefined, 1]);
  assert.doesNotMatch(await world.git("show", "HEAD"), /n1/);
});

Deno.test("evidence: an array → totals, extremes and the tasks that differ", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription(
    "ArrayJobId=@ID@ ArrayTaskId=0-49 JobName=job\n   StdOut=@PWD@/slurm-@ID@_4294967294.out\n",
  );
  await world.must("schedule", "-o", "out", "sbatch", "--array=0-49", "job.sh");
  const rows = Array.from(
    { length: 50 },
    (_, at) => `1_${at}|${at === 7 ? "FAILED" : "COMPLETED"}`,
  );
  await world.slurm.setRows("1", ...rows);
  await world.write("out", "x\n");
  await world.must("finish", "--commit-failed-jobs");
  const { accounting, tasks } = await evidenceOf(world);
  assert.deepEqual([accounting!.state, accounting!.exitCode], [
    "ARRAY FAILED (SOME COMPLETE)",
    "1:0",
  ]);
  assert.deepEqual([accounting!.elapsed, accounting!.cpu, accounting!.restarts], [
    4_500,
    3_125,
    100,
  ]);
  assert.deepEqual([accounting!.cpus, accounting!.nodeList], [4, "n1"]);
  assert.equal(tasks!.count, 50);
  assert.deepEqual(tasks!.elapsed, { min: 90, max: 90 });
  assert.deepEqual(Object.keys(tasks!.differing!), ["7"]);
  assert.equal(tasks!.differing!["7"]!.state, "FAILED");
});

for (const array of [[], ["--array"]]) {
  Deno.test(`evidence: rows of a table ${array.join("")} → each has its own, the script as it was submitted`, async () => {
    await using world = await EngineWorld.create({
      "rows.csv": "x\na\nb\n",
      "in/a": "a\n",
      "in/b": "b\n",
    });
    await world.write("job.sh", "#!/bin/sh\necho unsaved\n");
    const blob = await hashOf(world, "job.sh");
    await world.slurm.setDescription(
      array.length === 0 ? "JobName=job\n" : "ArrayJobId=@ID@ ArrayTaskId=0-1 JobName=job\n",
    );
    const words = ["-i", "in/{x}", "-o", "{x}", "sbatch", "job.sh", "{x}"];
    const { stderr } = await world.must("schedule", "--from", "rows.csv", ...array, ...words);
    assert.equal(stderr.match(/is not saved/g)?.length, 1, stderr);
    await world.write("job.sh", "#!/bin/sh\necho later\n");
    if (array.length > 0) await world.slurm.setRows("1", "1_0|COMPLETED", "1_1|COMPLETED");
    await world.write("a", "1\n");
    await world.write("b", "2\n");
    const finished = await world.must("finish");
    assert.equal(finished.stderr.match(/was changed/g)?.length, 1, finished.stderr);
    for (const [commit, row] of [["HEAD", "b"], ["HEAD~1", "a"]] as const) {
      const { script, inputs, accounting, tasks } = await evidenceOf(world, commit);
      assert.deepEqual([script!.blob, script!.saved], [blob, false]);
      assert.deepEqual(inputs, [{ path: `in/${row}`, blob: await hashOf(world, `in/${row}`) }]);
      assert.equal(accounting!.elapsed, 90);
      assert.equal(tasks, undefined);
    }
    assert.equal(
      `${await world.git("show", `HEAD:.datalad/slurm/scripts/${blob}`)}\n`,
      "#!/bin/sh\necho unsaved\n",
    );
  });
}

Deno.test("evidence: an alternative folder, and a job that is repeated → have it, too", async () => {
  await using world = await EngineWorld.create({ "a.txt": "a\n" });
  const altDir = join(world.sandbox.root, "alt");
  await Deno.mkdir(altDir);
  await world.must(...[
    "schedule",
    "-a",
    altDir,
    "-o",
    "out",
    "-i",
    "a.txt",
    "-i",
    "job.sh",
    "sbatch",
    "job.sh",
  ]);
  await Deno.writeTextFile(join(altDir, "out"), "x\n");
  await world.must("finish");
  const first = await evidenceOf(world);
  assert.deepEqual(first.script, {
    path: "job.sh",
    blob: await hashOf(world, "job.sh"),
    saved: true,
  });
  assert.equal((first.inputs as unknown[]).length, 2);
  await world.must("reschedule");
  await world.write("out", "y\n");
  await world.must("finish");
  const second = await evidenceOf(world);
  assert.deepEqual([second.script, second.inputs], [first.script, first.inputs]);
});

for (const [moment, jobs] of [["before", 0], ["after", 1]] as const) {
  Deno.test(`evidence: schedule is killed ${moment} sbatch → the script of the submission is kept`, async () => {
    await using world = await EngineWorld.create();
    await world.write("new.sh", "#!/bin/sh\necho first\n");
    const blob = await hashOf(world, "new.sh");
    await killCallerOf(world, "sbatch", "", moment);
    assert.equal((await world.dlslurm("schedule", "-o", "out", "sbatch", "new.sh")).code, 137);
    await mend(world, "sbatch");
    await world.write("new.sh", "#!/bin/sh\necho second\n");
    await world.git("gc", "--quiet", "--prune=now");
    if (jobs === 0) {
      await world.must("recover", "1", "--not-submitted");
      // Nothing of it is left in the store.
      await world.must("schedule", "-o", "out", "sbatch", "job.sh");
      assert.deepEqual(await keptContents(world), []);
      return;
    }
    const { script } = await finishJob(world);
    assert.deepEqual([script!.blob, script!.saved], [blob, false]);
    assert.equal(await world.git("show", `HEAD:${script!.kept}`), "#!/bin/sh\necho first");
    assert.deepEqual(await keptContents(world), []);
  });
}

for (
  const [program, word, moment] of [
    ["sacct", "MaxRSS", "after"],
    ["git", "ls-files", "before"],
    ["git", "fast-import", "after"],
    ["git", "update-ref -m", "before"],
    ["git", "update-ref -m", "after"],
  ] as const
) {
  Deno.test(`evidence: finish is killed ${moment} ${program} ${word} → one commit with the script, nothing left`, async () => {
    await using world = await EngineWorld.create();
    await world.write("new.sh", "#!/bin/sh\n# unsaved\n");
    const blob = await hashOf(world, "new.sh");
    await world.must("schedule", "-o", "out", "sbatch", "new.sh");
    await world.remove("new.sh");
    await world.write("out", "x\n");
    await killCallerOf(world, program, word, moment);
    assert.equal((await world.dlslurm("finish")).code, 137);
    await mend(world, program);

    await world.must("finish");

    assert.equal((await world.subjects()).length, 2);
    const { script } = await evidenceOf(world);
    assert.equal(script!.kept, `.datalad/slurm/scripts/${blob}`);
    assert.equal(await world.git("show", `HEAD:${script!.kept}`), "#!/bin/sh\n# unsaved");
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
    assert.deepEqual(await keptContents(world), []);
  });
}

/** What the store keeps of scripts and lists. */
async function keptContents(world: EngineWorld): Promise<unknown[]> {
  const { DatabaseSync } = await import("node:sqlite");
  using database = new DatabaseSync(join(world.root, ".git", "dlslurm", "jobs.sqlite"));
  return database.prepare("SELECT name FROM kept_content").all();
}

Deno.test("evidence: an input that an awaited job writes anew → the version that was read, no warning", async () => {
  await using world = await EngineWorld.create({ "clean/obs.txt": "old\n", "raw.txt": "raw\n" });
  await world.must("schedule", "-o", "clean", "sbatch", "job.sh");
  await world.must("schedule", "-o", "mid", "--after", "1", "sbatch", "job.sh");
  const inputs = ["-i", "clean/obs.txt", "-i", "raw.txt"];
  await world.must("schedule", "-o", "fit", ...inputs, "--after", "2", "sbatch", "job.sh");
  await world.write("clean/obs.txt", "new, and longer\n");
  await world.write("raw.txt", "changed, and nobody knows when\n");
  for (const path of ["mid", "fit"]) await world.write(path, "x\n");

  const { stderr } = await world.must("finish");

  const { inputs: told, changedWhileOpen } = await evidenceOf(world);
  const clean = (told as { path: string; blob?: string }[]).find(({ path }) => path !== "raw.txt");
  assert.equal(clean!.blob, await hashOf(world, "clean/obs.txt"));
  assert.deepEqual(changedWhileOpen, ["raw.txt"]);
  assert.doesNotMatch(stderr, /clean\/obs\.txt/);
});

/** What the record says of one input: its blob, and whether it was changed while the job was open. */
async function toldOf(world: EngineWorld, path: string) {
  const { inputs, changedWhileOpen = [] } = await evidenceOf(world);
  assert(Array.isArray(inputs));
  return [inputs.find((input) => input.path === path)?.blob, changedWhileOpen];
}

Deno.test("evidence: an input of a job that was finished before the submission, edited while open → as it was, and named", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("clean");
  await world.write("clean/x", "v1\n");
  const read = await hashOf(world, "clean/x");
  await world.must("finish");
  await world.must(..."schedule --after 1 -i clean/x -o fit sbatch job.sh".split(" "));
  await world.write("clean/x", "edited\n");
  await world.git("commit", "-qam", "edited");
  await world.write("fit", "x\n");
  await world.must("finish");

  assert.deepEqual(await toldOf(world, "clean/x"), [read, ["clean/x"]]);
});

Deno.test("evidence: a file in an awaited job's claim that only a user has written → as it was, and named", async () => {
  for (const order of [["1", "2"], [""]]) {
    await using world = await EngineWorld.create({ "clean/notes": "v1\n" });
    const read = await hashOf(world, "clean/notes");
    await world.schedule("clean");
    await world.must(..."schedule --after 1 -i clean/notes -o fit sbatch job.sh".split(" "));
    await world.write("clean/notes", "edited\n");
    await world.git("commit", "-qam", "edited");
    for (const path of ["clean/x", "fit"]) await world.write(path, "x\n");
    for (const id of order) await world.must("finish", ...id === "" ? [] : [id]);

    assert.deepEqual(await toldOf(world, "clean/notes"), [read, ["clean/notes"]], `${order}`);
  }
});

for (const edited of ["", "committed", "uncommitted"]) {
  Deno.test(`evidence: an input of a job that was finished first, ${edited || "not"} edited since → as that one left it`, async () => {
    await using world = await EngineWorld.create({ "clean/x": "old\n" });
    await world.schedule("clean");
    const inputs = ["-i", "clean/x", "-i", "clean/y"];
    await world.must("schedule", "--after", "1", ...inputs, "-o", "fit", "sbatch", "job.sh");
    for (const path of ["clean/x", "clean/y"]) await world.write(path, `new ${path}\n`);
    const read = [await hashOf(world, "clean/x"), await hashOf(world, "clean/y")];
    await world.must("finish", "1");
    if (edited !== "") {
      for (const path of ["clean/x", "clean/y"]) await world.write(path, "edited\n");
    }
    if (edited === "committed") await world.git("commit", "-qam", "edited");
    await world.write("fit", "x\n");
    await world.must("finish", "2");

    const changed = edited === "" ? [] : ["clean/x", "clean/y"];
    assert.deepEqual(await toldOf(world, "clean/x"), [read[0], changed]);
    assert.deepEqual(await toldOf(world, "clean/y"), [read[1], changed]);
  });
}
