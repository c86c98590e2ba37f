import assert from "node:assert/strict";
import { join } from "node:path";
import { assertRefused, assertSays } from "../../support/refusal.ts";
import { storedClaims, storedJobs } from "../../support/snapshots.ts";
import {
  MISBEHAVIOUR,
  pathWithout,
  unwrapProgram,
  wrapProgram,
} from "../../support/wrapped_programs.ts";
import { World } from "../../support/world.ts";

const GOLD = ["submit_gold.slurm"];
const SCHEDULE = ["schedule", "-o", "out", "sbatch", ...GOLD];

Deno.test("e2e: schedule without sbatch on PATH → refused, nothing is claimed", async () => {
  await using world = await World.create();
  const path = await pathWithout(world.sandbox, ["sbatch"]);

  await assertRefused(
    world.dataset,
    world.slurm,
    SCHEDULE,
    {
      code: 1,
      says: [
        /Cannot submit "sbatch submit_gold\.slurm": the program "sbatch" was not found/,
        /No job was submitted/,
        /hint: .*module load/,
      ],
    },
    { env: { PATH: path } },
  );
});

Deno.test("e2e: schedule of a script that is not there → refused, named as the shell names it", async () => {
  await using world = await World.create();

  const outcome = await assertRefused(
    world.dataset,
    world.slurm,
    ["schedule", "-o", "out", "./mysubmit.sh", "job.sh"],
    { code: 1, says: [/the program "\.\/mysubmit\.sh" was not found/, /No job was submitted/] },
  );

  assert.doesNotMatch(outcome.stderr, /module load/);
});

Deno.test("e2e: schedule with a command that no shell can read → refused in the shell's words", async () => {
  await using world = await World.create();

  await assertRefused(
    world.dataset,
    world.slurm,
    ["schedule", "-o", "out", `sbatch ${GOLD[0]} && echo "it's`],
    { code: 1, says: [/^(\/bin\/)?sh: .*(unterminated|unexpected EOF)/im, /No job was submitted/] },
  );
});

Deno.test("e2e: schedule with a command of which a shell runs the first line → unclear", async () => {
  await using world = await World.create();
  const command = `sbatch ${GOLD[0]} >/dev/null\n(`;

  const outcome = await world.dataset.dlslurm(["schedule", "-o", "out", command]);

  assertSays(outcome, { code: 1, says: [/Cannot tell which job/] });
  assert.deepEqual(storedClaims(world.dataset), ["out"]);
});

Deno.test("e2e: schedule with a script that ends in a program that is not there → unclear, it is named", async () => {
  await using world = await World.create();
  const script = join(world.dataset.root, "mysubmit.sh");
  await Deno.writeTextFile(script, '#!/bin/sh\nsbatch "$@" >/dev/null\nnotify-me\n', {
    mode: 0o755,
  });

  const outcome = await world.dataset.dlslurm(["schedule", "-o", "out", "./mysubmit.sh", ...GOLD]);

  assertSays(outcome, { code: 1, says: [/Cannot tell which job/, /it did not find "notify-me"/] });
  assert.deepEqual(storedClaims(world.dataset), ["out"]);
});

for (
  const text of [
    "Unable to contact slurm controller (receive failure)",
    "Message receive failure",
    "words that no Slurm has had yet",
  ]
) {
  Deno.test(`e2e: schedule with sbatch saying "${text}" → unclear, claims are kept`, async () => {
    await using world = await World.create();
    const words = `sbatch: error: Batch job submission failed: ${text}`;
    await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(words, 1));

    const outcome = await world.dataset.dlslurm(SCHEDULE);

    assertSays(outcome, { code: 1, says: [/Cannot tell which job/, /outputs stay claimed/] });
    assert.deepEqual(storedClaims(world.dataset), ["out"]);
  });
}

Deno.test("e2e: schedule with a mistake in an option of sbatch → refused, nothing is claimed", async (test) => {
  await using world = await World.create();
  for (const option of ["--time=abc", "--mem=50X", "--bogus", "--test-only"]) {
    await test.step(option, async () => {
      await assertRefused(
        world.dataset,
        world.slurm,
        ["schedule", "-o", "out", "sbatch", option, ...GOLD],
        { code: 1, says: [/No job was submitted, no output is claimed/] },
      );
    });
  }
});

Deno.test("e2e: schedule with sbatch failing → its words verbatim, nothing is claimed", async () => {
  await using world = await World.create();
  const words = 'sbatch: error: QOSMaxSubmitJobPerUserLimit\n  "50%" of the \\ limit';
  await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.fail(words, 7));

  const outcome = await assertRefused(world.dataset, world.slurm, SCHEDULE, {
    code: 1,
    says: [/it ended with exit status 7/, /No job was submitted, no output is claimed/],
  });

  assert.ok(outcome.stderr.startsWith(`${words}\n`), outcome.stderr);
});

for (
  const { situation, text, seen } of [
    { situation: "no job ID", text: "Welcome to the cluster\n", seen: /names no job ID/ },
    { situation: "nothing", text: "", seen: /names no job ID/ },
    {
      situation: "two job IDs",
      text: "Submitted batch job 41\nSubmitted batch job 42\n",
      seen: /several job IDs \(41, 42\)/,
    },
    {
      situation: "one job ID on two clusters",
      text: "Submitted batch job 7 on cluster a\nSubmitted batch job 7 on cluster b\n",
      seen: /several job IDs \(7;a, 7;b\)/,
    },
  ]
) {
  Deno.test(`e2e: schedule with sbatch printing ${situation} → unclear, claims are kept`, async () => {
    await using world = await World.create();
    await wrapProgram(world.sandbox, "sbatch", MISBEHAVIOUR.print(text));

    const outcome = await world.dataset.dlslurm(SCHEDULE);

    assertSays(outcome, {
      code: 1,
      says: [/Cannot tell which job/, seen, /outputs stay claimed/, /dlslurm recover \d+ --job-id/],
    });
    assert.deepEqual(storedClaims(world.dataset), ["out"]);
    await unwrapProgram(world.sandbox, "sbatch");
    const second = await world.dataset.dlslurm(SCHEDULE);
    assertSays(second, { code: 1, says: [/conflicting outputs/, /is being submitted/] });
    assert.deepEqual(await world.slurm.submittedJobs(), []);
  });
}

Deno.test("e2e: recover after an unclear submission → settled either way, no job is lost", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  await wrapProgram(sandbox, "sbatch", '"$REAL" "$@" >/dev/null; echo "queued, have a nice day"');
  // Of what a shell has to read Slurm cannot tell which job it is.
  await dataset.dlslurm(["schedule", "-o", "out", "cd . && sbatch submit_gold.slurm"]);
  await dataset.dlslurm(["schedule", "-o", "two", "cd . && sbatch submit_silver.slurm"]);
  await unwrapProgram(sandbox, "sbatch");
  const [first] = await slurm.submittedJobs();

  const listed = await dataset.dlslurm(["recover"]);
  const known = await dataset.dlslurm(["recover", "1", "--job-id", first!]);
  const forgotten = await dataset.dlslurm(["recover", "2", "--not-submitted"]);

  assertSays(listed, {
    code: 1,
    says: [/submission 1 .* is unclear/, /submission 2 .* is unclear/],
  });
  assert.equal(known.code, 0, known.stderr);
  assert.equal(forgotten.code, 0, forgotten.stderr);
  assert.deepEqual(storedJobs(dataset).map(({ stage, jobId }) => [stage, jobId]), [[
    "open",
    first,
  ]]);
  assert.deepEqual(storedClaims(dataset), ["out"]);
});

Deno.test("e2e: recover of a job on another cluster → that cluster is asked, never this one", async (test) => {
  const settle: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["named with the ID", ["sbatch"], ["--job-id", "4242;big"]],
    ["named beside the ID", ["sbatch"], ["--job-id", "4242", "--cluster", "big"]],
    ["named by the command", ["sbatch", "-M", "big"], ["--job-id", "4242"]],
  ];
  for (const [how, command, words] of settle) {
    await test.step(how, async () => {
      await using world = await World.create();
      const { dataset, sandbox } = world;
      await wrapProgram(sandbox, "sbatch", MISBEHAVIOUR.print(""));
      await dataset.dlslurm(["schedule", "-o", "out", ...command, ...GOLD]);
      const calls = join(sandbox.root, "calls");
      for (const program of ["sacct", "squeue", "scontrol"]) {
        await wrapProgram(sandbox, program, `echo "${program} $*" >>'${calls}'`);
      }

      const recovered = await dataset.dlslurm(["recover", "1", ...words]);
      const finish = await dataset.dlslurm(["finish"]);

      assert.match(recovered.stdout, /submission 1 is job 4242 on cluster big/);
      assertSays(finish, { code: 1, says: [/4242: UNKNOWN/] });
      const asked = (await Deno.readTextFile(calls)).trim().split("\n");
      assert.deepEqual(asked.filter((call) => !call.includes("-M big")), []);
      assert.deepEqual(new Set(asked.map((call) => call.split(" ")[0])).size, 3);
    });
  }
});

Deno.test("e2e: recover of a job that may be on several clusters → refused until one is named", async (test) => {
  await using world = await World.create();
  const { dataset, sandbox } = world;
  await wrapProgram(sandbox, "sbatch", MISBEHAVIOUR.print(""));
  await dataset.dlslurm(["schedule", "-o", "one", "sbatch", "-M", "big,small", ...GOLD]);
  await dataset.dlslurm(["schedule", "-o", "two", "sbatch", ...GOLD]);

  await test.step("by the command", async () => {
    const outcome = await dataset.dlslurm(["recover", "1", "--job-id", "4242"]);
    assertSays(outcome, { code: 2, says: [/on which cluster/, /big,small/, /--cluster NAME/] });
  });
  await test.step("by the environment", async () => {
    const env = { SLURM_CLUSTERS: "other" };
    const outcome = await dataset.dlslurm(["recover", "2", "--job-id", "4242"], { env });
    assertSays(outcome, { code: 2, says: [/on which cluster/, /other/] });
  });
  await test.step("both named", async () => {
    const outcome = await dataset.dlslurm(
      ["recover", "1", "--job-id", "4242;big", "--cluster", "small"],
    );
    assertSays(outcome, { code: 2, says: [/4242;big/, /small/] });
  });
  await test.step("by what is no single name", async () => {
    for (
      const words of [
        ...[["4242", "--cluster", "all"], ["4242", "--cluster="], ["4242;"], ["4242;big,small"]],
        ["4242", "--cluster=-x"],
      ]
    ) {
      const outcome = await dataset.dlslurm(["recover", "2", "--job-id", ...words]);
      assertSays(outcome, { code: 2, says: [/for the cluster of job 4242/, /--cluster NAME/] });
    }
  });
  assert.deepEqual(storedJobs(dataset).map(({ stage }) => stage), ["submitting", "submitting"]);
});

Deno.test("e2e: schedule with a banner around sbatch's answer → the job ID is found", async () => {
  await using world = await World.create();
  await wrapProgram(
    world.sandbox,
    "sbatch",
    MISBEHAVIOUR.greet("*** Maintenance on 2026-12-24, see ticket 4711 ***"),
  );

  const jobId = await world.dataset.schedule("-o", "out", "sbatch", "submit_gold.slurm");

  assert.deepEqual(await world.slurm.submittedJobs(), [jobId]);
});

Deno.test("e2e: schedule killed right after sbatch → the next command finds the job", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  const pidFile = `${sandbox.root}/pid`;
  await wrapProgram(sandbox, "sbatch", MISBEHAVIOUR.workThenKill(pidFile));

  const running = sandbox.startDlslurm(SCHEDULE, { cwd: dataset.root });
  await Deno.writeTextFile(pidFile, String(running.pid));
  const killed = await running.ended;

  assert.notEqual(killed.code, 0);
  const [jobId] = await slurm.submittedJobs();
  await unwrapProgram(sandbox, "sbatch");
  assert.deepEqual(storedClaims(dataset), ["out"]);
  const recovered = await dataset.dlslurm(["recover"]);
  assert.equal(recovered.code, 0, recovered.stderr);
  assert.match(recovered.stderr, new RegExp(`interrupted submission was found to be job ${jobId}`));
  assert.deepEqual(storedJobs(dataset).map(({ stage, jobId }) => [stage, jobId]), [[
    "open",
    jobId,
  ]]);
  assert.deepEqual(await slurm.submittedJobs(), [jobId]);
});

Deno.test("e2e: schedule with scontrol missing → the job is open, finish fills the gap", async () => {
  await using world = await World.create();
  const { dataset, sandbox, slurm } = world;
  await wrapProgram(sandbox, "scontrol", MISBEHAVIOUR.fail("slurm_load_jobs error: timed out"));

  const scheduled = await dataset.dlslurm([
    "schedule",
    "-o",
    "models/abrupt/gold",
    "sbatch",
    "submit_gold.slurm",
  ]);

  assert.equal(scheduled.code, 0, scheduled.stderr);
  assert.match(
    scheduled.stderr,
    /warning: job \d+ is recorded, but its log paths are not known yet/,
  );
  const [jobId] = await slurm.submittedJobs();
  await unwrapProgram(sandbox, "scontrol");
  await slurm.waitUntilEnded(jobId!);
  const finish = await dataset.dlslurm(["finish"]);
  assert.equal(finish.code, 0, finish.stderr);
  assert.ok((await dataset.tree()).includes(`slurm-${jobId}.out`));
});
