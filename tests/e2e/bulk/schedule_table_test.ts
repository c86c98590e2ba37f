import assert from "node:assert/strict";
import { join } from "node:path";
import { assertRefused } from "../../support/refusal.ts";
import { storedClaims, storedJobs } from "../../support/snapshots.ts";
import { CallLog, unwrapProgram, wrapProgram } from "../../support/wrapped_programs.ts";
import { recordIn, scheduleArguments, TableWorld } from "./table_world.ts";

Deno.test("e2e: schedule --from → a job, a commit and a record for each row, whatever its values", async () => {
  await using world = await TableWorld.create();
  const odd = `it's "$HOME" \`id\``;
  const table = await world.writeTable(
    `name,value\nplain,1\n"${odd.replaceAll('"', '""')}","{two}\nlines"\n`,
  );

  const scheduled = await world.schedule(table, "-J", "1", "-m", "About {name}");
  assert.equal(scheduled.code, 0, scheduled.stderr);
  await world.waitForAll();
  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);

  assert.deepEqual(await world.said(odd), ["row", odd, "{two}", "lines"]);
  const messages = (await world.dataset.git("log", "-2", "--format=%B%x00")).split("\0");
  assert.match(messages[1]!, /Slurm job 1: Completed\n\nAbout plain\n/);
  const record = recordIn(messages[0]!);
  const rowIn = (told: Record<string, unknown>) =>
    (told["dlslurm"] as Record<string, unknown>)["row"];
  assert.deepEqual(rowIn(record), {
    cmd: "sbatch row.sh '{name}' '{value}'",
    line: 3,
    table: "table.csv",
    values: { name: odd, value: "{two}\nlines" },
  });
  assert.match(messages[0]!, new RegExp(`About it's "\\$HOME" `));
  assert.equal(await world.dataset.git("status", "--porcelain"), "");

  // The recorded command is complete: it needs no table.
  await Deno.remove(table);
  await Deno.remove(join(world.dataset.root, "results", odd, "said"));
  await world.dataset.git("commit", "-qam", "Lose it");
  assert.equal((await world.dataset.dlslurm(["reschedule", "HEAD~1"])).code, 0);
  await world.waitForAll();
  assert.equal((await world.dataset.dlslurm(["finish"])).code, 0);
  assert.deepEqual(await world.said(odd), ["row", odd, "{two}", "lines"]);
  const again = recordIn(await world.dataset.git("log", "-1", "--format=%B"));
  assert.deepEqual(rowIn(again), rowIn(record));
  assert.equal((again["chain"] as string[]).length, 1);
});

Deno.test("e2e: schedule --from a table with faults → all of them with their lines, nothing submitted", async () => {
  await using world = await TableWorld.create();
  await world.dataset.schedule("-o", "results/taken", "sbatch", "-H", "row.sh", "taken");
  const table = await world.writeTable(
    "name,value\ntaken/x,1\na,2\na,3\nragged\n../../out,5\n\na/b,7,8\n",
  );

  await assertRefused(world.dataset, world.slurm, scheduleArguments(table, "-i", "{value}"), {
    code: 1,
    says: [
      /"table\.csv": it has \d+ problems\. No job was submitted/,
      /line 2: .*input "1" is not there/,
      /line 5: the row has 1 field, the header 2/,
      /line 7: the row is empty/,
      /line 8: the row has 3 fields/,
    ],
  });
  await assertRefused(world.dataset, world.slurm, scheduleArguments(table), {
    code: 1,
    says: [
      /line 2: output "results\/taken\/x" conflicts with "results\/taken" of job 1 \(sbatch/,
      /line 4: output "results\/a" conflicts with "results\/a" of line 3/,
      /line 5: the row has 1 field/,
      /line 6: .*outside the dataset/,
    ],
  });
});

Deno.test("e2e: schedule --from with an alternative folder that is none → said once, not for each row", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\nc,3\n");
  const args = scheduleArguments(table, "--alt-dir", "../nowhere");

  const { stderr } = await assertRefused(world.dataset, world.slurm, args, {
    code: 1,
    says: [/Cannot use alternative folder ".*nowhere": it does not exist\. No job was submitted/],
  });

  assert.equal(stderr.match(/nowhere/g)!.length, 2, "in the message and in the hint");
});

Deno.test("e2e: schedule --from with labels that are none → that nothing was submitted is said once", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\n");

  const { stderr } = await assertRefused(
    world.dataset,
    world.slurm,
    scheduleArguments(table, "--label", "{value}"),
    { code: 1, says: [/line 2: .*"1" as a label/, /line 3: .*"2" as a label/] },
  );

  assert.equal(stderr.match(/No job was submitted/g)!.length, 1);
});

const REFUSED = [
  ["a column that is not there", "name\na\n", [
    /there is no column "value" for \{value\}: the columns are "name"/,
  ]],
  ["a column with a taken name", "name,value,pwd\na,1,2\n", [
    /line 1: column "pwd" has the name of a placeholder/,
  ]],
  ["two columns of one name", "name,value,name\na,1,2\n", [
    /line 1: columns 1 and 3 are both called "name"/,
  ]],
  ["the same row twice", "name,value\na,1\nb,1\na,1\n", [
    /line 4: it is the same job as line 2/,
  ]],
  ["no rows", "name,value\n", [/it has a header and no rows/]],
  ["nothing", "", [/it is empty/]],
  ["bytes that are no UTF-8", Uint8Array.from([0x61, 0x0a, 0xff]), [/line 2: it is no UTF-8 text/]],
] as const;

for (const [name, text, says] of REFUSED) {
  Deno.test(`e2e: schedule --from a table with ${name} → refused`, async () => {
    await using world = await TableWorld.create();
    const table = await world.writeTable("");
    await Deno.writeFile(table, typeof text === "string" ? new TextEncoder().encode(text) : text);

    await assertRefused(world.dataset, world.slurm, scheduleArguments(table), { code: 1, says });
  });
}

const USAGE = [
  [["--array"], 2, /Cannot use --array without --from/],
  [["--again"], 2, /Cannot use --again without --from/],
  [["--from-format", "csv"], 2, /Cannot use --from-format without --from/],
  [["--from", "t.txt"], 2, /Cannot tell the format of the table "t\.txt"/],
  [
    ["--from", "none.csv"],
    1,
    /Cannot read the table "none\.csv": there is no such file\. No job was submitted/,
  ],
  [["--from", "t.csv", "--array-limit", "2"], 2, /Cannot use --array-limit without --array/],
  [["--from", "t.csv", "--continue"], 2, /Cannot use --continue together with --from/],
  [["--continue"], 2, /Cannot take a command or outputs with --continue/],
] as const;

Deno.test("e2e: schedule with options for tables that make no sense → refused", async (test) => {
  await using world = await TableWorld.create();
  await world.dataset.write("t.csv", "name\na\n");
  for (const [options, code, says] of USAGE) {
    await test.step(options.join(" "), async () => {
      const args = ["schedule", ...options, "-o", "results/{name}", "sbatch", "row.sh", "{name}"];
      await assertRefused(world.dataset, world.slurm, args, { code, says: [says] });
    });
  }
  await test.step("no column is used", async () => {
    const args = ["schedule", "--from", "t.csv", "-o", "out", "sbatch", "row.sh", "x"];
    await assertRefused(world.dataset, world.slurm, args, { code: 1, says: [/no column is used/] });
  });
});

const NOT_WITH_CONTINUE = [
  ["--dry-run", "command"],
  ["--dry-run", "basic"],
  ["--array"],
  ["--array-limit", "2"],
  ["--again"],
  ["--from-format", "csv"],
  ["-m", "text"],
  ["-i", "row.sh"],
  ["-o", "results"],
  ["--alt-dir", "/"],
  ["--assume-ready", "both"],
  ["--expand", "both"],
  ["--no-check-outputs"],
] as const;

Deno.test("e2e: schedule --continue with what the rows were noted with → refused, they wait on", async (test) => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,2\n");
  await world.fillSiteFor("b");
  assert.equal((await world.schedule(table, "-J1")).code, 0);
  await unwrapProgram(world.sandbox, "sbatch");
  await world.waitForAll(); // what the row's job writes is no change that a refusal makes
  for (const options of NOT_WITH_CONTINUE) {
    await test.step(options.join(" "), async () => {
      await assertRefused(world.dataset, world.slurm, ["schedule", "--continue", ...options], {
        code: 2,
        says: [/with --continue: .*No job was submitted/],
      });
    });
  }
  const continued = await world.dataset.dlslurm(["schedule", "--continue", "-J1", "-d", "."]);
  assert.equal(continued.code, 0, continued.stderr);
  assert.deepEqual(await world.slurm.submittedJobs(), ["1", "2"]);
});

Deno.test("e2e: schedule --from - with -f json → a result for each row", async () => {
  await using world = await TableWorld.create();
  const stdin = '{"name":"a","value":0.10}\n{"name":"b","value":true}\n';
  const args = ["-f", "json", ...scheduleArguments("-", "-J", "1")];

  const { code, stdout } = await world.dataset.dlslurm(args, { stdin });

  assert.equal(code, 0);
  const results = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    results.map((result) => [result.action, result.status, result.table_line, result.slurm_job_id]),
    [["slurm-schedule", "ok", 1, "1"], ["slurm-schedule", "ok", 2, "2"]],
  );
  await world.waitForAll();
  assert.deepEqual(await world.said("a"), ["row", "a", "0.10"]);
});

Deno.test("e2e: schedule --from --dry-run → shows what would be, and changes nothing", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name\tvalue\na\t1\nb\t2\n", "t.tsv");
  const before = storedJobs(world.dataset);

  const commands = await world.schedule(table, "--dry-run", "command");
  const basic = await world.schedule(table, "--dry-run", "basic");

  assert.equal(commands.stdout, "sbatch row.sh a 1\nsbatch row.sh b 2\n");
  assert.match(basic.stdout, /2 rows would be submitted\n line 2: sbatch row.sh a 1\n/);
  assert.match(basic.stdout, /outputs: results\/b/);
  assert.deepEqual(storedJobs(world.dataset), before);
  assert.deepEqual(await world.slurm.submittedJobs(), []);
});

Deno.test("e2e: schedule --from the same table → leaves open and finished rows, submits new and closed ones", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nbad,2\n");
  assert.equal((await world.schedule(table, "-J1")).code, 0);

  const open = await world.schedule(table);
  assert.equal(open.code, 0, open.stderr);
  assert.match(open.stdout, /2 rows are open already/);
  await world.waitForAll();
  await world.dataset.dlslurm(["finish", "--close-failed-jobs"]);
  await world.writeTable("name,value\nnew,0\na,1\nbad,2\n");
  const finished = await world.schedule(table, "-J1");

  assert.match(finished.stdout, /1 row is finished already/);
  assert.match(finished.stdout, /line 2, job 3: .*new/);
  assert.match(finished.stdout, /line 4, job 4: .*bad/);
  await world.waitForAll();
  await world.dataset.dlslurm(["finish", "--close-failed-jobs"]);
  const again = await world.schedule(table, "-J1", "--again");
  assert.match(again.stdout, /slurm-schedule \(ok: 3\)/);
});

Deno.test("e2e: schedule --from with other options of sbatch → the same rows; with another argument, others", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nbad,2\n");
  const schedule = (...command: readonly string[]) =>
    world.dataset.dlslurm(["schedule", "--from", table, "-o", "results/{name}", ...command]);
  const row = ["row.sh", "{name}", "{value}"];
  assert.equal((await schedule("sbatch", "--time=1", ...row)).code, 0);
  await world.waitForAll();
  await world.dataset.dlslurm(["finish", "--close-failed-jobs"]);

  const longer = await schedule("--dry-run", "command", "sbatch", "--time=5", "-J", "x", ...row);

  assert.match(longer.stdout, /^sbatch --time=5 -J x row.sh bad 2$/m);
  assert.doesNotMatch(longer.stdout, /row.sh a 1/);
  assert.match(longer.stdout, /1 row is finished already \(--again submits them once more\)/);
  for (
    const other of [
      ["sbatch", ...row, "more"],
      ["sbatch", "--export=ALL,mode=fast", ...row],
      [`MODE=fast sbatch ${row.join(" ")}`],
    ]
  ) {
    const { stdout } = await schedule("--dry-run", "command", ...other);
    assert.equal(stdout.match(/sbatch/g)!.length, 2, stdout);
  }
  const again = await schedule("--again", "--dry-run", "command", "sbatch", ...row);
  assert.equal(again.stdout.match(/sbatch/g)!.length, 2);
});

Deno.test("e2e: schedule --from rows that differ in options of sbatch alone → each is a job, once", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\na,2\n");
  const schedule = () =>
    world.dataset.dlslurm([
      ...["schedule", "--no-check-outputs", "--from", table, "-o", "results/{name}"],
      ...["sbatch", "--ntasks={value}", "row.sh", "{name}"],
    ]);

  assert.equal((await schedule()).code, 0);
  const second = await schedule();

  assert.match(second.stdout, /2 rows are open already/);
  assert.equal((await world.slurm.submittedJobs()).length, 2);
});

Deno.test("e2e: schedule --from one table in several shells at once, outputs unchecked → each row is one job", async () => {
  await using world = await TableWorld.create();
  const rows = Array.from({ length: 12 }, (_, at) => `row${at},${at}`);
  const table = await world.writeTable(`name,value\n${rows.join("\n")}\n`);

  const outcomes = await Promise.all(
    [1, 2, 3].map(() => world.schedule(table, "--no-check-outputs")),
  );

  for (const { code, stdout, stderr } of outcomes) assert.equal(code, 0, stdout + stderr);
  assert.equal((await world.slurm.submittedJobs()).length, rows.length);
});

Deno.test("e2e: schedule --from with a row that sbatch refuses → the others are submitted", async () => {
  await using world = await TableWorld.create();
  const table = await world.writeTable("name,value\na,1\nb,0\nc,3\n");
  const command = ["sbatch", "--time", "{value}:x", "row.sh", "{name}"];
  await wrapProgram(
    world.sandbox,
    "sbatch",
    `case "$*" in *0:x*) echo "sbatch: error: Invalid --time specification" >&2; exit 1; esac\n` +
      `shift 2; exec "$REAL" "$@"`,
  );
  const args = ["schedule", "--from", table, "-o", "results/{name}", ...command];

  const outcome = await world.dataset.dlslurm(args);

  assert.equal(outcome.code, 1);
  assert.match(
    outcome.stdout,
    /impossible.*line 3: Cannot submit .*\n {2}sbatch: error: Invalid --time/,
  );
  assert.deepEqual(storedClaims(world.dataset), ["results/a", "results/c"]);
  assert.deepEqual(await Array.fromAsync(submissions(world)), []);
});

Deno.test("e2e: schedule --from where sbatch refuses everything → three are tried, nothing is claimed", async () => {
  await using world = await TableWorld.create();
  const rows = Array.from({ length: 30 }, (_, at) => `n${at},1\n`);
  const table = await world.writeTable(`name,value\n${rows.join("")}`);
  const calls = await CallLog.watch(world.sandbox, ["sbatch"]);
  const args = ["schedule", "--from", table, "-J1", "-o", "results/{name}"];

  const outcome = await world.dataset.dlslurm([
    ...args,
    "sbatch",
    "-p",
    "nope",
    "row.sh",
    "{name}",
  ]);

  assert.equal(outcome.code, 1);
  assert.match(outcome.stdout, /invalid partition specified: nope/);
  assert.equal((await calls.read()).length, 3);
  assert.deepEqual(storedClaims(world.dataset), []);
  assert.deepEqual(storedJobs(world.dataset), []);
});

Deno.test("e2e: schedule --from of 60 rows → as many git processes as of one, one scontrol", async () => {
  await using world = await TableWorld.create();
  const rows = Array.from({ length: 60 }, (_, at) => `n${at},1\n`);
  const table = await world.writeTable(`name,value\n${rows.join("")}`);
  const calls = await CallLog.watch(world.sandbox, ["git", "git-annex", "scontrol", "sacct"]);

  const outcome = await world.schedule(table);

  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(outcome.stdout, /60 rows are submitted: 60 jobs, 1 to 60/);
  const programs = (await calls.read()).map((call) => call.program).sort();
  assert.deepEqual(programs, ["git", "scontrol"]);
});

async function* submissions(world: TableWorld) {
  const folder = join(world.dataset.root, ".git", "dlslurm", "submissions");
  for await (const { name } of Deno.readDir(folder)) yield name;
}
