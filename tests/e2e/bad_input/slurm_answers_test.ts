import assert from "node:assert/strict";
import { assertRefused, assertSays } from "../../support/refusal.ts";
import { storedJobs } from "../../support/snapshots.ts";
import {
  MISBEHAVIOUR,
  pathWithout,
  unwrapProgram,
  wrapProgram,
} from "../../support/wrapped_programs.ts";
import { World } from "../../support/world.ts";

Deno.test("e2e: finish of a job ID that is no open job → impossible, nothing changes", async () => {
  await using world = await World.createWithCompletedJob();

  await assertRefused(world.dataset, world.slurm, ["finish", "4711"], {
    code: 1,
    says: [
      /slurm-finish\(impossible\): .*Slurm job 4711 is not an open job of this dataset/,
      /hint: dlslurm finish --list-open-jobs/,
    ],
  });
});

Deno.test("e2e: finish of an unknown and a completed job ID → the completed one is committed", async () => {
  await using world = await World.createWithCompletedJob();

  const outcome = await world.dataset.dlslurm(["finish", "4711", world.jobId]);

  assertSays(outcome, { code: 1, says: [/4711 is not an open job/, /save\(ok\)/] });
  assert.equal(
    (await world.dataset.log())[0],
    `[DATALAD SLURM RUN] Slurm job ${world.jobId}: Completed`,
  );
});

Deno.test("e2e: finish of what is no job ID → wrong usage, nothing changes", async (test) => {
  await using world = await World.createWithCompletedJob();
  for (const word of ["12x", "0", "-1", "1_", "", "1.batch"]) {
    await test.step(`"${word}"`, async () => {
      await assertRefused(world.dataset, world.slurm, ["finish", "--", word], {
        code: 2,
        says: [new RegExp(`Cannot read job ID "${word.replace(".", "\\.")}"`)],
      });
    });
  }
});

Deno.test("e2e: finish of one task of an array that was scheduled whole → impossible, names the array", async () => {
  await using world = await World.createWithCompletedJob();

  await assertRefused(world.dataset, world.slurm, ["finish", `${world.jobId}_2`], {
    code: 1,
    says: [/_2 is not an open job/, new RegExp(`dlslurm finish ${world.jobId}$`, "m")],
  });
});

Deno.test("e2e: finish of a job that was committed already → impossible, names the commit", async () => {
  await using world = await World.createWithCompletedJob();
  await world.dataset.dlslurm(["finish"]);
  const commit = await world.dataset.git("rev-parse", "HEAD");

  await assertRefused(world.dataset, world.slurm, ["finish", world.jobId], {
    code: 1,
    says: [new RegExp(`it was finished with commit ${commit}`)],
  });
});

const TROUBLE = [
  {
    situation: "failing",
    script: MISBEHAVIOUR.fail("sacct: error: Problem talking to the database: Connection refused"),
    says: [/sacct ended with exit status 1/, /Problem talking to the database: Connection refused/],
  },
  {
    situation: "printing nonsense",
    script: MISBEHAVIOUR.print("<html>502 Bad Gateway</html>\n"),
    says: [/Cannot read sacct's answer/, /502 Bad Gateway/],
  },
  {
    situation: "timing out",
    script: MISBEHAVIOUR.hang(),
    says: [/sacct gave no answer within 1 s/, /dlslurm\.slurm\.timeout/],
  },
];

for (const { situation, script, says } of TROUBLE) {
  Deno.test(`e2e: finish and list with sacct ${situation} → exit 1, the job stays open`, async () => {
    await using world = await World.createWithCompletedJob();
    const { dataset, sandbox, slurm } = world;
    // Where sacct answers, a slow machine may take its time.
    if (script === MISBEHAVIOUR.hang()) await dataset.git("config", "dlslurm.slurm.timeout", "1");
    await wrapProgram(sandbox, "sacct", script);

    for (const args of [["finish", "--close-failed-jobs"], ["finish", "--list-open-jobs"]]) {
      await assertRefused(dataset, slurm, args, { code: 1, says });
    }

    assert.equal(storedJobs(dataset)[0]!.stage, "open");
    await unwrapProgram(sandbox, "sacct");
    await dataset.git("config", "dlslurm.slurm.timeout", "120");
    assert.equal((await dataset.dlslurm(["finish"])).code, 0);
  });
}

Deno.test("e2e: finish with sacct missing → exit 1, the job stays open", async () => {
  await using world = await World.createWithCompletedJob();
  const path = await pathWithout(world.sandbox, ["sacct"]);

  await assertRefused(world.dataset, world.slurm, ["finish"], {
    code: 1,
    says: [/there is no "sacct" on PATH/, /hint: .*module load/],
  }, { env: { PATH: path } });
});

Deno.test("e2e: finish with accounting and squeue silent about the job → unknown, stays open", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox, slurm, jobId } = world;
  await wrapProgram(sandbox, "sacct", MISBEHAVIOUR.print(""));
  await wrapProgram(sandbox, "squeue", SILENT_SQUEUE);

  for (const option of [[], ["--close-failed-jobs"], ["--commit-failed-jobs"]]) {
    await assertRefused(dataset, slurm, ["finish", ...option], {
      code: 1,
      says: [new RegExp(`Statuses: ${jobId}: UNKNOWN`), /--close-unknown-jobs/],
    });
  }
});

/** Shows no jobs to dlslurm, and all to the tests. */
const SILENT_SQUEUE = `case "$*" in *RestartCnt*) exit 0;; esac; exec "$REAL" "$@"`;

Deno.test("e2e: finish with one row of sacct's cut off → that job alone is unknown", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox, slurm, jobId } = world;
  const second = await dataset.schedule("-o", "second", "sbatch", "--wrap", "echo 2 >second");
  await slurm.waitUntilEnded(second);
  await wrapProgram(sandbox, "squeue", SILENT_SQUEUE);
  await wrapProgram(
    sandbox,
    "sacct",
    `"$REAL" "$@" | sed 's/^${jobId}|.*/${jobId}|${jobId}|COMPL/'`,
  );

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 1, finish.stderr);
  assert.match(finish.stdout, new RegExp(`Statuses: ${jobId}: UNKNOWN\\]`));
  assert.deepEqual(
    storedJobs(dataset).map(({ stage, jobId }) => `${jobId} ${stage}`).sort(),
    [`${jobId} open`, `${second} finished`].sort(),
  );
});

Deno.test("e2e: finish with accounting lagging behind squeue → the job is committed", async () => {
  await using world = await World.createWithCompletedJob();
  await wrapProgram(world.sandbox, "sacct", MISBEHAVIOUR.print(""));

  const finish = await world.dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
});

Deno.test("e2e: finish with accounting disabled → squeue decides", async () => {
  await using world = await World.createWithCompletedJob();
  await wrapProgram(
    world.sandbox,
    "sacct",
    MISBEHAVIOUR.fail("Slurm accounting storage is disabled"),
  );

  const finish = await world.dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
});

// Right after its end a real sacct shows an array as one row without a task index, with the state of
// the task that kept the array's own number, until accounting has caught up.
for (const scontrol of ["answers", "did not answer at schedule"]) {
  Deno.test(
    `e2e: finish with accounting showing an array as one row, scontrol ${scontrol} → ` +
      "the failed task is seen",
    async () => {
      await using world = await World.create();
      const { dataset, sandbox, slurm } = world;
      if (scontrol !== "answers") {
        await wrapProgram(sandbox, "scontrol", MISBEHAVIOUR.fail("timed out"));
      }
      const jobId = await dataset.schedule("-o", "models", "sbatch", "submit_array_platinum.slurm");
      await slurm.waitUntilEnded(jobId);
      if (scontrol !== "answers") await unwrapProgram(sandbox, "scontrol");
      const row =
        `${jobId}|${jobId}|COMPLETED|Unknown|Unknown|0:0|00:00:00|UNLIMITED|n1|platinum\n`;
      await wrapProgram(
        sandbox,
        "sacct",
        `case "$*" in *--duplicates*) printf '%s' '${row}';; *) exec "$REAL" "$@";; esac`,
      );

      const finish = await dataset.dlslurm(["finish"]);

      assert.equal(finish.code, 1, finish.stdout);
      assert.equal(
        finish.stdout,
        `slurm-finish(impossible): [Slurm job(s) for job ${jobId} are not complete.Statuses: ` +
          `${jobId}_1: FAILED; 2 COMPLETED]\n`,
      );
      assert.equal((await dataset.log())[0], "Add files");
    },
  );
}

// Free text that other programs print as it is, and that imitates what stands around it.
const HOSTILE_NAME = "1|1|FAILED\n\nJobId=1 JobName=x\n   StdOut=/dev/null";
const HOSTILE_COMMENT =
  "x\n   StdOut=/dev/null\n   WorkDir=/\n\nJobId=2 JobName=y\n   StdOut=/tmp/y";

Deno.test("e2e: schedule, list, finish of jobs whose names and comments imitate Slurm's answers → each is committed with its own log", async () => {
  await using world = await World.create();
  const { dataset, slurm } = world;
  const jobIds: string[] = [];
  for (const output of ["a", "b"]) {
    jobIds.push(
      await dataset.schedule(
        ...["-o", output, "sbatch", "-J", HOSTILE_NAME, "--comment", HOSTILE_COMMENT],
        ...["--wrap", `mkdir ${output}; echo ${output} >${output}/result; echo log of ${output}`],
      ),
    );
  }
  for (const jobId of jobIds) await slurm.waitUntilEnded(jobId);

  const list = await dataset.dlslurm(["-f", "json", "list"]);
  const finish = await dataset.dlslurm(["finish"]);

  const listed = list.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    new Map(
      listed.map((job) => [job["slurm_job_id"], [job["slurm_state"], job["slurm_job_name"]]]),
    ),
    new Map(jobIds.map((jobId) => [jobId, ["COMPLETED", HOSTILE_NAME]])),
  );
  assert.equal(finish.code, 0, finish.stdout + finish.stderr);
  const logs = await Promise.all(jobIds.map((id) => dataset.git("show", `HEAD:slurm-${id}.out`)));
  assert.deepEqual(logs, ["log of a", "log of b"]);
});
