import assert from "node:assert/strict";
import { join } from "node:path";
import { EngineWorld } from "../../engine/engine_world.ts";
import { createAnalysis, endStep, repeatStep } from "../../provenance/analysis.ts";
import { campaign, streamOf } from "../../report/recorded_history.ts";

/** What no job can have used. */
const FAR_OUT = {
  ...{ start: "+275760-09-13T00:00:00Z", end: "nonsense", elapsed: 1e300, cpus: 1e300 },
};

/** The report for scripts. */
// deno-lint-ignore no-explicit-any -- a record of any shape
async function jsonOf(world: EngineWorld, ...args: readonly string[]): Promise<any> {
  return JSON.parse((await world.must("report", "--format", "json", ...args)).stdout);
}

Deno.test("e2e: report of an analysis → one file, with every job, its lineage and what was repeated", async () => {
  await using world = await createAnalysis();
  await repeatStep(world, "HEAD~2", { "clean/obs.txt": "1\n2\n3\n" });
  await repeatStep(world, "HEAD~2", { "fit/n.txt": "4\n", "fit/when.txt": "at 10:00\n" });

  const { stdout } = await world.must("report");
  const page = await Deno.readTextFile(join(world.root, "report.html"));
  const report = await jsonOf(world);

  assert.match(stdout, /^slurm-report\(ok\): report\.html \(file\) \[5 jobs\]\n/);
  assert.match(page, /^<!doctype html><!-- dlslurm report -->/);
  assert.equal(report.jobs.length, 5);
  assert.deepEqual(report.figures.states, { COMPLETED: 5 });
  // deno-lint-ignore no-explicit-any -- as above
  const verdicts = report.repeats.map(({ reproduces }: any) => reproduces);
  assert.deepEqual(verdicts[0].differs, ["fit/n.txt"]);
  assert.deepEqual([verdicts[1].identical, verdicts[1].differs], [1, []]);
  assert.match(page, /2 jobs repeated another one: 1 came out the same, 1 did not\./);
  // deno-lint-ignore no-explicit-any -- as above
  const names = report.graph.nodes.map(({ name }: any) => name);
  // A run and what repeats it are one.
  assert.deepEqual(names.toSorted(), ["job.sh · 1, 4", "job.sh · 2, 5", "job.sh · 3", "raw/"]);
  assert.deepEqual(await world.lines("status", "--porcelain"), ["?? report.html"]);
});

Deno.test("e2e: report of a range → the jobs that it records, and no others", async () => {
  await using world = await createAnalysis();
  await world.schedule("open");

  const newest = await jsonOf(world, "HEAD~1..HEAD");
  const oldest = await jsonOf(world, "HEAD~2");
  const all = await jsonOf(world);
  const none = await world.dlslurm("report", "no-such-branch");
  const option = await world.dlslurm("report", "--", "--output=x");

  // deno-lint-ignore no-explicit-any -- as above
  const ids = ({ jobs }: any) => jobs.map((job: any) => job.job_id);
  assert.deepEqual(ids(newest), ["3"]);
  assert.deepEqual(ids(oldest), ["1"]);
  assert.deepEqual(ids(all), ["4", "3", "2", "1"]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /Cannot read the history of "no-such-branch"/);
  assert.equal(option.code, 2);
});

Deno.test("e2e: report of jobs that failed → causes with the ends of their logs", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription("JobName=job\n   StdOut=@PWD@/log-@ID@\n");
  await world.schedule("a");
  await world.schedule("b");
  await world.schedule("c");
  await world.slurm.setRows("1", "1|TIMEOUT");
  await world.slurm.setRows("2", "2|FAILED");
  await world.slurm.setRows("3", "3|RUNNING");
  await world.write("log-1", "step 1\nstep 2 <b>\n");

  const report = await jsonOf(world);
  const markdown = await world.must("report", "--format", "markdown");
  await world.must("report", "-o", "page.html");
  const page = await Deno.readTextFile(join(world.root, "page.html"));

  // deno-lint-ignore no-explicit-any -- as above
  const timeout = report.causes.find(({ cause }: any) => /time limit/.test(cause));
  assert.equal(timeout.cause, "the time limit was reached: --time");
  assert.deepEqual(timeout.logs, [{ job_id: "1", path: "log-1", text: "step 1\nstep 2 <b>" }]);
  assert.deepEqual(report.figures.states, { FAILED: 1, TIMEOUT: 1, RUNNING: 1 });
  assert.match(markdown.stdout, /: 1 job \(1\)\n\n```\nstep 1\nstep 2 <b>\n```/);
  assert.match(page, /<pre>step 1\nstep 2 &lt;b&gt;<\/pre>/);
});

Deno.test("e2e: report when Slurm does not answer → made all the same, and said", async () => {
  await using world = await createAnalysis();
  await world.schedule("open");
  for (const program of ["sacct", "squeue"]) {
    await Deno.writeTextFile(join(world.sandbox.programs, program), "#!/bin/sh\nexit 1\n");
  }

  const { stderr } = await world.must("report");
  const page = await Deno.readTextFile(join(world.root, "report.html"));

  assert.match(stderr, /what became of 1 open jobs is not known/);
  assert.match(page, /what became of 1 open jobs is not known/);
});

Deno.test("e2e: report over another file → refused, unless told to; over a report → made anew", async () => {
  await using world = await createAnalysis();
  await world.write("notes.html", "mine\n");
  await Deno.mkdir(join(world.root, "folder"));

  const refused = await world.dlslurm("report", "-o", "notes.html");
  const folder = await world.dlslurm("report", "-o", "folder", "--format", "json");
  const nowhere = await world.dlslurm("report", "-o", "no such/page.html");
  const device = await world.dlslurm("report", "-o", "/dev/null", "--force");
  const kept = await Deno.readTextFile(join(world.root, "notes.html"));
  await world.must("report", "-o", "notes.html", "--force");
  await world.must("report", "-o", "notes.html");

  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /Cannot write the report to ".*notes\.html": a file that is no report/,
  );
  assert.match(refused.stderr, /hint: dlslurm report --force -o notes\.html/);
  assert.equal(folder.code, 1);
  assert.match(folder.stderr, /it is no file/);
  assert.match(nowhere.stderr, /the folder is not there.*\nhint: mkdir -p '.*no such'/);
  assert.equal(device.code, 1);
  assert.ok((await Deno.stat("/dev/null")).isCharDevice);
  assert.equal(kept, "mine\n");
});

Deno.test("e2e: report where a history was rewritten → each job once", async () => {
  await using world = await createAnalysis();
  await world.git("branch", "before");
  await world.git("commit", "-q", "--amend", "--no-edit", "--date=2001-01-01T00:00:00Z");

  const report = await jsonOf(world);

  assert.equal(report.jobs.length, 3);
  assert.match(report.notes.join(), /record a job once more, as after a rebase, are left out: 1/);
});

Deno.test("e2e: report of records that are damaged or hostile → what can be read, as text", async () => {
  await using world = await EngineWorld.create();
  const jobs = [...campaign(6)].map((job, at) => ({
    ...job,
    ...(at === 3 ? { cmd: "sbatch '</script><img src=x onerror=alert(1)>'" } : {}),
    ...(at === 4
      ? { state: "FAILED", slurmOutputs: ["../../../../etc/hostname", "/etc/hostname"] }
      : {}),
    ...(at === 5 ? { evidence: { accounting: FAR_OUT } } : {}),
  }));
  await world.sandbox.require(["git", "fast-import", "--quiet"], {
    cwd: world.root,
    stdin: [...streamOf(jobs)].join(""),
  });
  await world.git("reset", "-q", "--hard");
  await world.git(
    ...["commit", "-q", "--allow-empty", "-m"],
    "[DATALAD SLURM RUN] Slurm job 9: Completed\n\n=== Do not change lines below ===\n{broken\n^^^ Do not change lines above ^^^",
  );

  const { stderr } = await world.must("report", "--commit-url", "https://x.org/c/{commit}");
  const page = await Deno.readTextFile(join(world.root, "report.html"));
  const script = await world.dlslurm("report", "--commit-url", "javascript:alert('{commit}')");

  assert.match(stderr, /records that cannot be read are left out: 1/);
  assert.match(page, /&lt;\/script&gt;&lt;img src=x/);
  assert.equal(page.match(/<img|<script>/g)?.length, 1);
  assert.match(page, /<a href="https:\/\/x\.org\/c\/[0-9a-f]{40}"><code>/);
  assert.equal(script.code, 2);
});

Deno.test("e2e: report of nothing, of one job → a page that says so", async () => {
  await using world = await EngineWorld.create();
  await world.must("report");
  const page = await Deno.readTextFile(join(world.root, "report.html"));
  await world.schedule("out");
  await endStep(world, "1", { "out/x": "x\n" });
  const one = await world.must("report", "-o", "-");
  const result = await world.must("-f", "json", "report");

  assert.match(page, /No jobs are recorded here yet/);
  assert.match(one.stdout, /1 Slurm job/);
  const { action, path, count, counts } = JSON.parse(result.stdout);
  assert.deepEqual(
    [action, path, count, counts],
    ["slurm-report", join(world.root, "report.html"), 1, { COMPLETED: 1 }],
  );
});

Deno.test("e2e: report to standard output beside JSON records → one of them has it", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await endStep(world, "1", { "out/x": "x\n" });
  const words = ["report", "--format", "markdown"];
  const alone = await world.must(...words);

  for (const more of [[], ["-o", "-"]]) {
    const { stdout } = await world.must("-f", "json", ...words, ...more);
    const { report, path, count } = JSON.parse(stdout);
    assert.deepEqual([report, path, count], [alone.stdout, world.root, 1]);
  }
});
