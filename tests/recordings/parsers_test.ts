import assert from "node:assert/strict";
import { decideStatus } from "../../src/jobs/job_status.ts";
import { querySacct } from "../../src/slurm/query_sacct.ts";
import { querySqueue } from "../../src/slurm/query_squeue.ts";
import { showJob } from "../../src/slurm/show_job.ts";
import { parseSubmissionAnswer } from "../../src/slurm/submission_answer.ts";
import { arrayTasksOf, logsOf } from "../../src/slurm/submission_details.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { RecordedRunner } from "./slurm_recordings.ts";

interface Expected {
  readonly name: string;
  /** Which of the case's jobs; the last one where absent. */
  readonly tasks?: readonly number[];
  /** What the answers of accounting mean, one after the other; several where versions differ. */
  readonly sacct: readonly (string | readonly string[])[];
  /** JobState of the answers of scontrol; "-" for a job that is not known. */
  readonly scontrol: readonly (string | readonly string[])[];
}

const LAGGING = ["unknown UNKNOWN", "active PENDING"];
const SEVERAL = ["failed ARRAY FAILED (SOME COMPLETE)", "unknown UNKNOWN"];

const CASES: readonly Expected[] = [
  {
    name: "single_job",
    sacct: [[...LAGGING, "active RUNNING"], "active RUNNING", "completed COMPLETED"],
    scontrol: [["PENDING", "RUNNING"], "RUNNING", "COMPLETED"],
  },
  {
    name: "array_one_failure",
    tasks: [0, 1, 2, 3, 4],
    // Accounting of 22.05 knew one task only: that must not be taken for all.
    sacct: [SEVERAL, "failed ARRAY FAILED (SOME COMPLETE)"],
    scontrol: ["COMPLETED", "COMPLETED"],
  },
  {
    name: "array_limit",
    tasks: [0, 1, 2, 3, 4, 5],
    sacct: [
      "active PENDING",
      "active RUNNING",
      ["completed COMPLETED", "unknown UNKNOWN"],
      "completed COMPLETED",
    ],
    scontrol: ["PENDING", "PENDING", "COMPLETED", "COMPLETED"],
  },
  { name: "cancelled", sacct: ["failed CANCELLED"], scontrol: ["CANCELLED"] },
  { name: "timeout", sacct: ["failed TIMEOUT"], scontrol: ["TIMEOUT"] },
  { name: "failed_exit_code", sacct: ["failed FAILED"], scontrol: ["FAILED"] },
  { name: "failed_signal", sacct: ["failed FAILED"], scontrol: ["FAILED"] },
  {
    name: "requeued",
    sacct: ["active PENDING", "completed COMPLETED"],
    scontrol: ["PENDING", "COMPLETED"],
  },
  {
    name: "dependency_never_satisfied",
    sacct: ["active PENDING", "failed CANCELLED"],
    scontrol: ["PENDING", "CANCELLED"],
  },
  {
    name: "held",
    sacct: ["active PENDING", "completed COMPLETED"],
    scontrol: ["PENDING", "COMPLETED"],
  },
  {
    name: "het_job",
    sacct: ["active PENDING", "failed CANCELLED"],
    scontrol: ["PENDING", "CANCELLED"],
  },
  { name: "blanks", sacct: ["completed COMPLETED"], scontrol: ["COMPLETED"] },
  { name: "purged", sacct: ["completed COMPLETED"], scontrol: ["-"] },
  {
    name: "accounting_lag",
    sacct: [LAGGING, LAGGING, [...LAGGING, "active RUNNING"], "completed COMPLETED"],
    scontrol: [],
  },
  { name: "node_fail", sacct: ["failed NODE_FAIL"], scontrol: ["NODE_FAIL"] },
];

for (const version of VERSIONS) {
  for (const { name, tasks = null, sacct, scontrol } of CASES) {
    Deno.test(`querySacct() reads ${name} as Slurm ${version} answered`, async () => {
      const runner = await RecordedRunner.open(version, name);
      const jobId = runner.jobIds.at(-1)!;
      const submission = {
        jobId,
        submittedAtMs: Date.parse(runner.recording.manifest.recordedAt),
        arrayTasks: tasks,
      };

      for (const expected of sacct) {
        const rows = await querySacct({ runner, timeoutMs: 1000 }, [jobId], null);

        const { phase, groupState } = decideStatus(submission, rows);
        assert.ok([expected].flat().includes(`${phase} ${groupState}`), `${phase} ${groupState}`);
      }
      await assert.rejects(
        querySacct({ runner, timeoutMs: 1000 }, [jobId], null),
        /Not recorded/,
        "the case holds no answer that is not read here",
      );
    });

    Deno.test(`showJob() reads ${name} as Slurm ${version} answered`, async () => {
      const runner = await RecordedRunner.open(version, name);
      const jobId = runner.jobIds.at(-1)!;

      for (const expected of scontrol) {
        const shown = showJob({ runner, timeoutMs: 1000 }, jobId, null);
        if (expected === "-") {
          await assert.rejects(shown, { code: "SLURM_UNAVAILABLE", detail: /Invalid job id/ });
          continue;
        }
        const records = await shown;
        const states = records.map((record) => record.get("JobState")!);
        assert.ok(states.some((state) => [expected].flat().includes(state)), String(states));
        for (const record of records) {
          assert.equal(record.get("UserId"), "user1(10001)");
          assert.equal(record.get("Partition"), "debug");
          assert.match(record.get("WorkDir")!, /^\/data\/work(\/my folder)?$/);
        }
      }
    });
  }

  Deno.test(`showJob() tells the logs and tasks of array_limit of Slurm ${version}`, async () => {
    const runner = await RecordedRunner.open(version, "array_limit");
    const jobId = runner.jobIds[0]!;

    const records = await showJob({ runner, timeoutMs: 1000 }, jobId, null);

    assert.equal(arrayTasksOf(records), "0-5");
    assert.deepEqual(logsOf(records), [
      { task: null, path: `/data/work/slurm-${jobId}_4294967294.out` },
    ]);
  });

  Deno.test(`showJob() reads paths and names with blanks of Slurm ${version}`, async () => {
    const runner = await RecordedRunner.open(version, "blanks");
    const [jobId] = runner.jobIds;

    const [record] = await showJob({ runner, timeoutMs: 1000 }, jobId!, null);

    assert.equal(record!.get("JobName"), "my | job a=b JobId=1");
    assert.equal(record!.get("Command"), "/data/work/my folder/my job=1 A=2.sh");
    assert.equal(record!.get("WorkDir"), "/data/work/my folder");
    assert.equal(record!.get("StdErr"), "/data/work/my folder/my logs/errors.err");
    assert.match(record!.get("StdOut")!, /^\/data\/work\/my folder\/my logs\/a=b C=d /);
  });

  Deno.test(`showJob() reads both components of het_job of Slurm ${version}`, async () => {
    const runner = await RecordedRunner.open(version, "het_job");
    const [jobId] = runner.jobIds;

    const records = await showJob({ runner, timeoutMs: 1000 }, jobId!, null);

    assert.deepEqual(records.map((record) => record.get("HetJobOffset")), ["0", "1"]);
  });

  Deno.test(`querySqueue() reads every row that Slurm ${version} printed`, async () => {
    for (const name of ["single_job", "array_limit", "held", "het_job"]) {
      const runner = await RecordedRunner.open(version, name);
      const [jobId] = runner.jobIds;
      const { stdout } = runner.recording.calls.find(({ argv }) => argv[0] === "squeue")!;

      const rows = await querySqueue({ runner, timeoutMs: 1000 }, null);

      assert.equal(rows.length, stdout.trimEnd().split("\n").length);
      assert.ok(
        rows.every((row) => /^[0-9]+([_+].*)?$/.test(row.jobId) && /^[A-Z_]+$/.test(row.state)),
      );
      const own = rows.filter((row) => row.jobId.split(/[_+]/)[0] === jobId);
      assert.ok(own.length > 0 && own.every((row) => /^(PENDING|RUNNING)$/.test(row.state)), name);
    }
  });

  Deno.test(`all three say of unknown_job of Slurm ${version} that they do not know it`, async () => {
    const client = { runner: await RecordedRunner.open(version, "unknown_job"), timeoutMs: 1000 };

    assert.deepEqual(await querySacct(client, ["4000000"], null), []);
    await assert.rejects(showJob(client, "4000000", null), { code: "SLURM_UNAVAILABLE" });
    const rows = await querySqueue(client, null);
    assert.equal(rows.some((row) => row.jobId === "4000000"), false);
  });

  Deno.test(`parseSubmissionAnswer() reads the answers of sbatch of Slurm ${version}`, async () => {
    const { recording } = await RecordedRunner.open(version, "parsable");
    const refused = (await RecordedRunner.open(version, "invalid_partition")).recording;

    const kinds = recording.calls.map(({ stdout }) => parseSubmissionAnswer(stdout).kind);
    assert.deepEqual(kinds, ["submitted", "submitted", "submitted", "no job ID"]);
    for (const { stdout, exitCode } of refused.calls) {
      assert.equal(parseSubmissionAnswer(stdout).kind, "no job ID");
      assert.notEqual(exitCode, 0);
    }
  });
}

for (const version of VERSIONS) {
  Deno.test(`querySacct() does not take accounting of ${version} that is down for a job that is gone`, async () => {
    const runner = await RecordedRunner.open(version, "accounting_down");
    const client = { runner, timeoutMs: 1000 };
    const [first, second] = runner.jobIds;

    for (const jobId of [first!, second!]) {
      await assert.rejects(querySacct(client, [jobId], null), {
        code: "SLURM_UNAVAILABLE",
        detail: /Connection refused/,
      });
    }

    const rows = await querySacct(client, [second!], null);
    assert.deepEqual(rows.map(({ state }) => state), ["COMPLETED"]);
  });
}
