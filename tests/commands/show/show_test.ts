import assert from "node:assert/strict";
import { join } from "node:path";
import { addSubdataset, gitIn } from "../../engine/subdatasets.ts";
import { EngineWorld } from "../../engine/engine_world.ts";
import { createAnalysis, endStep, runStep } from "../../provenance/analysis.ts";

/** The record that `show -f json` prints. */
// deno-lint-ignore no-explicit-any -- a record of any shape
async function shown(world: EngineWorld, ...args: readonly string[]): Promise<any> {
  return JSON.parse((await world.must("-f", "json", "show", ...args)).stdout);
}

/** What a page says behind a label, lines joined. */
function said(page: string, label: string): string {
  const lines = page.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`  ${label} `));
  if (at < 0) return "";
  const more = lines.slice(at + 1).findIndex((line) => !line.startsWith(" ".repeat(15)));
  return lines.slice(at, at + 1 + Math.max(0, more)).map((line) => line.slice(15)).join("\n");
}

Deno.test("e2e: show of a job, a commit, a path → the same page", async () => {
  await using world = await createAnalysis();
  const page = (await world.must("show", "3")).stdout;

  assert.match(page, /^Slurm job 3: COMPLETED\n/);
  assert.equal(said(page, "command"), "sbatch job.sh");
  assert.equal(said(page, "script"), "job.sh, as it is today");
  assert.match(
    said(page, "inputs"),
    /^clean\/obs\.txt ← job 1 [0-9a-f]{10}\nfit\/n\.txt ← job 2 [0-9a-f]{10}$/,
  );
  assert.equal(said(page, "outputs"), "fig.txt (7 bytes)");
  assert.match(said(page, "log"), /^log-3/);
  for (const name of ["fig.txt", "HEAD", ""]) {
    assert.equal((await world.must("show", ...name === "" ? [] : [name])).stdout, page, name);
  }
});

Deno.test("e2e: show, verify and compare of a label → the newest job that has it", async () => {
  await using world = await createAnalysis();
  const words = ["--label", "redraw", "-o", "again.txt", "sbatch", "job.sh"];
  await world.must("schedule", ...words);
  await endStep(world, "4", { "again.txt": "1\n" });

  assert.match((await world.must("show", "redraw")).stdout, /^Slurm job 4: COMPLETED\n/);
  assert.match((await world.must("compare", "3", "redraw")).stdout, /job 3 \S+ +job 4 /);
  assert.match((await world.dlslurm("verify", "redraw")).stderr, /nobody has repeated it yet/);
  // A file that is in no commit is no job's work.
  await world.write("redraw", "by hand\n");
  await world.must("schedule", ...words.with(3, "again2.txt"));
  const { stdout, stderr } = await world.must("show", "redraw");
  assert.match(stdout, /^Slurm job 5: /);
  assert.match(stderr, /2 jobs have the label "redraw": this is the newest/);
});

Deno.test("e2e: show of what changed since → script, input and file are said to be", async () => {
  await using world = await createAnalysis();
  await world.write("job.sh", "#!/bin/sh\necho other\n");
  await world.write("clean/obs.txt", "by hand\n");
  await world.git("commit", "-q", "-a", "-m", "Edit by hand");
  await world.write("fit/n.txt", "not saved\n");

  const page = (await world.must("show", "3")).stdout;
  const file = await world.must("show", "clean/obs.txt");
  await world.git("rm", "-q", "-r", "clean");
  const gone = await world.must("show", "clean/obs.txt");

  assert.equal(said(page, "script"), "job.sh, changed since");
  assert.match(said(page, "inputs"), /obs\.txt ← job 1 .*; changed since\nfit.*; changed since$/);
  assert.match(file.stdout, /^Slurm job 1: /);
  assert.match(file.stderr, /"clean\/obs\.txt" was changed since, by commit .*: Edit by hand\n/);
  assert.match(gone.stdout, /^Slurm job 1: /);
  // The commit still has it; what is taken away is in the index alone.
  assert.match(gone.stderr, /has changes that are in no commit/);
  await world.git("commit", "-q", "-m", "Take it away");
  assert.match((await world.must("show", "clean/obs.txt")).stderr, /is not there any more/);
});

Deno.test("e2e: show of a path → through renames, from a folder, with what else wrote there", async () => {
  await using world = await createAnalysis();
  await world.write("old/.keep", "");
  await world.git("mv", "fit/n.txt", "old/count.txt");
  await world.git("add", ".");
  await world.git("commit", "-q", "-m", "Move it");
  await world.git("mv", "old/count.txt", "count.txt");
  await world.git("commit", "-q", "-m", "Move it again");
  const root = world.root;
  await runStep(world, { outputs: ["clean/more"], files: { "clean/more/x": "x\n" } });

  const moved = await world.must("show", "count.txt");
  const folder = await world.must("show", "clean");
  world.root = join(root, "clean");
  const inside = await world.must("show", "obs.txt");
  const other = await world.dlslurm("show", "../raw/obs.txt");
  const outside = await world.dlslurm("show", "../../elsewhere");

  assert.match(moved.stdout, /^Slurm job 2: /);
  assert.match(moved.stderr, /"count\.txt" was "fit\/n\.txt" then/);
  assert.match(folder.stdout, /^Slurm job 4: /);
  assert.match(folder.stderr, /2 jobs have written in "clean"/);
  assert.match(inside.stdout, /^Slurm job 1: /);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /no job wrote it; it was added by commit [0-9a-f]{10}: Add files\n/);
  assert.equal(outside.code, 1);
  assert.match(outside.stderr, /it is not in the dataset/);
});

Deno.test("e2e: show of an open job that failed → what the code means, the end of its log", async () => {
  await using world = await EngineWorld.create();
  await world.slurm.setDescription("JobName=job\n   StdOut=@PWD@/log-@ID@\n");
  await world.schedule("out");
  await world.slurm.setRows("1", "1|TIMEOUT");
  const lines = Array.from({ length: 20 }, (_, at) => `line ${at + 1}`);
  await world.write("log-1", `${lines.join("\n")}\n 10%\r 99%\rstopped \x1b[31m here\n`);

  const page = (await world.must("show", "1")).stdout;
  const record = await shown(world, "1");
  const byClaim = await world.must("show", "out/anything");

  assert.match(page, /^Slurm job 1: TIMEOUT\n/);
  assert.equal(said(page, "stage"), "open");
  assert.equal(said(page, "reason"), "the time limit was reached: --time");
  assert.match(page, /\n {2}the end of log-1:\n {2}\| line 12\n/);
  assert.match(page, /\| stopped \\x1b\[31m here\n$/);
  assert.equal(record.log_end.split("\n").length, 10);
  assert.equal(record.explanation, "the time limit was reached: --time");
  assert.equal(byClaim.stdout, page);
});

Deno.test("e2e: show in a clone → what the history tells, without a store", async () => {
  await using world = await createAnalysis();
  const page = (await world.must("show", "2")).stdout;
  const clone = `${world.root} clone`;
  await world.git("clone", "-q", world.root, clone);
  world.root = clone;

  const there = (await world.must("show", "2")).stdout;

  for (const label of ["commit", "command", "script", "inputs", "outputs", "log"]) {
    assert.equal(said(there, label), said(page, label), label);
  }
  assert.equal((await world.must("show")).stdout.split("\n")[0], "Slurm job 3: COMPLETED");
});

Deno.test("e2e: show in a shallow clone → what is cut off is said, nothing is made up", async () => {
  await using world = await createAnalysis();
  const clone = `${world.root} clone`;
  await world.git("clone", "-q", "--depth=2", `file://${world.root}`, clone);
  world.root = clone;

  const newest = (await world.must("show", "3")).stdout;
  const oldest = (await world.must("show", "2")).stdout;
  const older = await world.dlslurm("show", "1");

  assert.equal(said(newest, "outputs"), "fig.txt (7 bytes)");
  // Job 2's commit stands at the end: it looks as if it had brought everything.
  assert.match(said(newest, "inputs"), /fit\/n\.txt/);
  assert.doesNotMatch(newest, /← job 1/);
  assert.match(said(oldest, "outputs"), /the clone is shallow and ends here$/);
  assert.doesNotMatch(said(oldest, "outputs"), /raw/);
  assert.equal(older.code, 1);
});

Deno.test("e2e: show of a path in a subdataset → the job, from above and from within", async () => {
  await using world = await EngineWorld.create();
  await addSubdataset(world, "sub", { "in.txt": "in\n" });
  await world.git("add", "--all");
  await world.git("commit", "-q", "--allow-empty", "-m", "sub");
  await runStep(world, {
    inputs: ["sub/in.txt"],
    outputs: ["sub/out"],
    files: { "sub/out/a": "a\n" },
  });
  await runStep(world, { inputs: ["sub/out"], outputs: ["top"], files: { "top/b": "b\n" } });

  const above = (await world.must("show", "sub/out/a")).stdout;
  const lineage = (await world.must("show", "top/b", "--lineage")).stdout;
  const top = await gitIn(world, ".", "rev-parse", "--short=10", "HEAD~1");
  world.root = join(world.root, "sub");
  const within = (await world.must("show", "out/a")).stdout;

  assert.match(above, /^Slurm job 1: /);
  assert.equal(said(above, "outputs"), "sub/out/a (2 bytes)");
  assert.match(said(above, "inputs"), /^sub\/in\.txt ← commit [0-9a-f]{10} first files$/);
  assert.match(lineage, new RegExp(`sub/out/a ← job 1 ${top} sbatch job\\.sh\n`));
  assert.match(lineage, / sub\/in\.txt ← commit [0-9a-f]{10} first files\n/);
  assert.match(within, /^Slurm job 1: /);
  assert.equal(said(within, "outputs"), "out/a (2 bytes)");
  assert.match(said(within, "inputs"), /^in\.txt ← commit /);
});

Deno.test("e2e: show --lineage → from what, in every form", async () => {
  await using world = await createAnalysis();

  const tree = (await world.must("show", "fig.txt", "--lineage")).stdout;
  const mermaid = (await world.must("show", "fig.txt", "--lineage=mermaid")).stdout;
  const dot = (await world.must("show", "fig.txt", "--lineage=dot")).stdout;
  const json = JSON.parse((await world.must("show", "fig.txt", "--lineage=json")).stdout);
  const record = await shown(world, "fig.txt", "--lineage");

  assert.equal(
    tree.replaceAll(/ [0-9a-f]{10} /g, " OID "),
    `job 3 OID sbatch job.sh
├─ clean/obs.txt ← job 1 OID sbatch job.sh
│  └─ job.sh, raw/obs.txt ← commit OID Add files
├─ fit/n.txt ← job 2 OID sbatch job.sh
│  ├─ clean/obs.txt ← job 1 OID sbatch job.sh (see above)
│  └─ job.sh ← commit OID Add files
└─ job.sh ← commit OID Add files
`,
  );
  assert.match(mermaid, /^flowchart BT\n {2}n0\["job 3: sbatch job\.sh"\]\n/);
  assert.match(dot, /^digraph lineage \{\n[^]*\n\}\n$/);
  assert.deepEqual(json.nodes.map((node: { kind: string }) => node.kind), [
    ...["job", "job", "job", "commit"],
  ]);
  assert.deepEqual(record.lineage, json);
  assert.equal((await world.dlslurm("show", "3", "--lineage=svg")).code, 2);
});

Deno.test("e2e: show of rows, arrays and jobs that are not there → what to do instead", async () => {
  await using world = await EngineWorld.create({ "t.csv": "run\nr01\nr02\n" });
  await world.must(
    ...["schedule", "--from", "t.csv", "-o", "res/{run}", "sbatch", "job.sh", "{run}"],
  );
  await world.write("res/r01/a", "1\n");
  await world.must("finish", "--allow-no-outputs");

  const row = (await world.must("show", "res/r01/a")).stdout;
  const none = await world.dlslurm("show", "99");

  assert.match(said(row, "table"), /^line [23] of t\.csv$/);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^error: Cannot show "99"/m);
  assert.match(none.stderr, /^hint: dlslurm list --all/m);
});

Deno.test("e2e: show of the extension's and older records → what they have", async () => {
  await using world = await EngineWorld.create({ "in.txt": "in\n" });
  const record = {
    chain: [],
    cmd: ["sbatch", "job.sh"],
    "commit_id": null,
    dsid: "61576cad-ea4f-4425-8f35-16b9955c9926",
    inputs: ["in.txt"],
    outputs: ["./models/silver", "./models/silver/slurm-7.out"],
    pwd: ".",
    "slurm_job_id": 7,
    "slurm_outputs": ["./models/silver/slurm-7.out"],
  };
  await world.write("models/silver/a", "a\n");
  await world.write("models/silver/slurm-7.out", "log\n");
  await world.git("add", ".");
  await world.git(...["commit", "-q", "-m"], messageOf(7, record));
  await world.git(
    ...["commit", "-q", "--allow-empty", "-m"],
    messageOf(8, {
      ...record,
      "slurm_job_id": 8,
      dlslurm: { form: 99, cluster: "x" },
    }),
  );

  const page = (await world.must("show", "models/silver/a")).stdout;
  const newer = await world.dlslurm("show", "8");

  assert.match(page, /^Slurm job 7: COMPLETED\n/);
  assert.equal(said(page, "outputs"), "models/silver/a (2 bytes)");
  assert.match(said(page, "inputs"), /^in\.txt ← commit /);
  assert.equal(said(page, "memory"), "");
  assert.equal(newer.code, 1);
  assert.match(newer.stderr, /it is of form 99.*use the newer one that wrote it/);
});

function messageOf(jobId: number, record: unknown): string {
  return `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed\n\n` +
    "=== Do not change lines below ===\n" +
    `${JSON.stringify(record, null, 1)}\n^^^ Do not change lines above ^^^\n`;
}

Deno.test("e2e: show of evidence → times against limits, memory against request", async () => {
  await using world = await EngineWorld.create();
  await world.git(
    ...["commit", "-q", "--allow-empty", "-m"],
    messageOf(7, {
      cmd: "sbatch job.sh",
      outputs: ["out"],
      "slurm_job_id": 7,
      dlslurm: {
        submission: { at: "2026-11-28T16:00:00Z" },
        script: { path: "job.sh", blob: "9".repeat(40), saved: false },
        "changed_while_open": ["a.txt"],
        accounting: {
          ...{
            state: "COMPLETED",
            "exit_code": "0:0",
            elapsed: 5423,
            cpu: 20110,
            nodes: 1,
            cpus: 4,
          },
          ...{ submit: "2026-11-28T16:00:00Z", start: "2026-11-28T16:05:00Z" },
          ...{ "max_rss": 3328599654, "req_mem": 4294967296, "time_limit": 7200 },
          ...{ "node_list": "n012", partition: "standard" },
        },
        attempts: [{ "job_id": "6", state: "TIMEOUT", elapsed: 3600, options: ["--time=1:00:00"] }],
        strange: { of: "a newer form" },
      },
    }),
  );

  const page = (await world.must("show", "7")).stdout;

  assert.equal(said(page, "elapsed"), "01:30:23 of 02:00:00 (75 %)");
  assert.equal(said(page, "memory"), "3.1 GiB of 4.0 GiB (77 %)");
  assert.equal(said(page, "CPU time"), "05:35:10 of 4 CPUs (93 %)");
  assert.equal(said(page, "started"), "2026-11-28 16:05:00Z, after a wait of 00:05:00");
  assert.equal(said(page, "where"), "n012, partition standard");
  assert.equal(said(page, "attempts"), "job 6 TIMEOUT after 01:00:00 with --time=1:00:00");
  assert.equal(said(page, "changed"), "while the job was open: a.txt");
  assert.equal(
    said(page, "script"),
    "job.sh, changed since, in no commit when it was submitted",
  );
});

Deno.test("e2e: show of an array → its longest task against the limit, the tasks that differ", async () => {
  await using world = await EngineWorld.create();
  await world.git(
    ...["commit", "-q", "--allow-empty", "-m"],
    messageOf(9, {
      cmd: "sbatch --array=0-49 job.sh",
      outputs: ["out"],
      "slurm_job_id": 9,
      dlslurm: {
        accounting: { state: "ARRAY FAILED (SOME COMPLETE)", elapsed: 600, "time_limit": 120 },
        tasks: {
          count: 50,
          elapsed: { min: 3, max: 90 },
          differing: { "7": { state: "FAILED", "exit_code": "1:0" } },
        },
      },
    }),
  );

  const page = (await world.must("show", "9")).stdout;

  assert.match(page, /^Slurm job 9: ARRAY FAILED \(SOME COMPLETE\)\n/);
  assert.equal(said(page, "elapsed"), "00:01:30 of 00:02:00 (75 %), 00:10:00 in all");
  assert.equal(
    said(page, "tasks"),
    "50, of which 1 ended in another way\n7: FAILED 1:0",
  );
});

Deno.test("e2e: show of odd names → one line each, exact for programs", async () => {
  await using world = await EngineWorld.create({ "in a\nb.txt": "in\n" });
  const odd = "out/two words\n\x1b[2Jx";
  await world.must("schedule", "-i", "in a\nb.txt", "-o", "out", "sbatch", "job.sh");
  await endStep(world, "1", { [odd]: "x\n" });

  const page = (await world.must("show", odd)).stdout;
  const record = await shown(world, odd);

  assert.equal(said(page, "outputs"), "out/two words\\n\\x1b[2Jx (2 bytes)");
  assert.match(said(page, "inputs"), /^in a\\nb\.txt ← commit [0-9a-f]{10} Add files$/);
  assert.deepEqual(record.files.map(({ path }: { path: string }) => path), [odd]);
});

Deno.test("e2e: show after a rewritten history → by job ID and path, as before", async () => {
  await using world = await createAnalysis();
  const before = (await world.git("rev-parse", "HEAD")).trim();
  await world.git("filter-branch", "-f", "--msg-filter", "cat; echo rewritten", "HEAD");
  for (const ref of await world.lines("for-each-ref", "--format=%(refname)", "refs/original")) {
    await world.git("update-ref", "-d", ref);
  }

  const page = (await world.must("show", "3")).stdout;
  const file = (await world.must("show", "fit/n.txt")).stdout;
  const old = (await world.must("show", before)).stdout;

  assert.match(said(page, "inputs"), /← job 1 [^]*← job 2 /);
  assert.match(file, /^Slurm job 2: /);
  assert.match(old, /^Slurm job 3: /);
});
