import assert from "node:assert/strict";
import type { Attempt, SubmittedJob } from "../../src/jobs/job.ts";
import { askSlurm, Question } from "../../src/slurm/ask_slurm.ts";
import type { Answer } from "../support/fake_runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { openJob } from "../support/jobs.ts";
import { TEST_NOW_MS, testSession } from "../support/test_session.ts";

/** When {@linkcode openJob} was submitted, seconds since 1970. */
const SUBMIT_S = 1_799_999_000;
const HOUR = 3_600;

const plain = { config: { get: () => undefined } };

function at(seconds: number | null): string {
  return seconds === null ? "Unknown" : new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** A line of sacct, for a job that ended with its state a minute after it was submitted. */
function accounted(jobId: string, state: string, submitS = SUBMIT_S): string {
  const isOver = !["PENDING", "RUNNING", "REQUEUED"].includes(state);
  const times = `${at(submitS)}|${at(isOver ? submitS + 60 : null)}`;
  return `${jobId}|${jobId}|${state}|${times}|0:0|00:01:00|01:00:00|n01\n`;
}

function queued(jobId: string, state: string, submitS = SUBMIT_S, restarts = 0): string {
  return `${jobId}|${state}|${jobId}|n01|${at(submitS)}|${restarts}|\n`;
}

async function ask(jobs: readonly SubmittedJob[], answers: readonly Answer[], doubts = false) {
  using runner = fakeRunner(...answers);
  const session = testSession({ runner });
  const statuses = await askSlurm(plain, jobs, session, { doubtsActive: doubts });
  const states = [...statuses].map(([key, { groupState }]) => `${key} ${groupState}`).sort();
  return { states, commands: runner.commands };
}

Deno.test("askSlurm() asks sacct once for all jobs, for an array's rows by the array", async () => {
  const jobs = [
    openJob(),
    openJob({ jobKey: 2, jobId: "160_0" }),
    openJob({ jobKey: 3, jobId: "160_1" }),
  ];
  const stdout = accounted("151", "COMPLETED") + accounted("160_0", "COMPLETED") +
    accounted("160_1", "TIMEOUT");

  const { states, commands } = await ask(jobs, [{ to: ["sacct"], stdout }]);

  assert.deepEqual(states, ["1 COMPLETED", "2 COMPLETED", "3 TIMEOUT"]);
  assert.match(commands[0]!, / -j 151,160$/);
});

/** An attempt of a job that had failed. */
function attemptOf(jobId: string, cluster: string | null = null): Attempt {
  const end = {
    ...{ state: "FAILED", counts: {}, exitCode: "1:0", elapsed: "0", timeLimit: "", endS: null },
  };
  return {
    ...{ jobId, cluster, submitter: "{}", submittedAtMs: SUBMIT_S * 1000, acceptedAtMs: null },
    ...{ reusedFromS: null, details: null, cmd: "sbatch job.sh", options: [], arrayTask: null },
    ...{ submissionKey: null, end, completedTasks: "" },
  };
}

Deno.test("askSlurm() asks for failed attempts in the same call; a job of which one is active again is", async () => {
  const jobs = [
    openJob({ attempts: [attemptOf("140"), attemptOf("141")] }),
    openJob({ jobKey: 2, jobId: "152", attempts: [attemptOf("142"), attemptOf("143", "big")] }),
    openJob({ jobKey: 3, jobId: "153", attempts: [attemptOf("144")] }),
  ];
  const stdout = accounted("140", "FAILED") + accounted("141", "RUNNING") +
    accounted("151", "COMPLETED") +
    // Accounting may be wrong about the one, and has forgotten the other: nobody is asked for their sake.
    accounted("142", "NODE_FAIL") + accounted("152", "COMPLETED") + accounted("153", "TIMEOUT");
  using runner = fakeRunner({ to: ["sacct"], stdout });

  const statuses = await askSlurm(plain, jobs, testSession({ runner }));

  assert.match(runner.commands[0]!, / -j 151,152,153,140,141,142,144$/);
  assert.equal(runner.commands.length, 1);
  assert.deepEqual(
    [...statuses].map(([key, { phase, groupState, activeAttempts }]) => [
      ...[key, phase, groupState, activeAttempts],
    ]),
    [
      [1, "active", "RUNNING", ["141"]],
      [2, "completed", "COMPLETED", undefined],
      [3, "failed", "TIMEOUT", undefined],
    ],
  );
  assert.deepEqual([...statuses.get(1)!.states], [["141", "RUNNING"], ["151", "COMPLETED"]]);
});

Deno.test("askSlurm() asks each cluster for its own jobs, whose numbers may be the same", async () => {
  const jobs = [
    openJob(),
    openJob({ jobKey: 2, cluster: "big" }),
    openJob({ jobKey: 3, jobId: "152", cluster: "big" }),
  ];

  const { states, commands } = await ask(jobs, [
    { to: ["sacct"], stdout: accounted("151", "COMPLETED") },
    { to: ["sacct"], stdout: accounted("151", "FAILED") },
    { to: ["squeue"], stdout: queued("151", "COMPLETED") + queued("152", "RUNNING") },
  ]);

  assert.deepEqual(states, ["1 COMPLETED", "2 FAILED", "3 RUNNING"]);
  assert.doesNotMatch(commands[0]!, / -M /);
  assert.match(commands[1]!, / -M big -j 151,152$/);
  assert.match(commands[2]!, / -M big$/);
});

Deno.test("askSlurm() where one cluster cannot be asked: its jobs alone are unknown, and it says why", async () => {
  const jobs = [
    openJob({ jobKey: 1, cluster: "big" }),
    openJob({ jobKey: 2, jobId: "152", cluster: "big" }),
    openJob({ jobKey: 3 }),
  ];
  const stderr = "squeue: error: 'big' can't be reached now\n";
  const told = { to: ["sacct"], stdout: accounted("151", "COMPLETED") };
  const fails = { code: 1, stderr };
  const words = async (...answers: readonly Answer[]) => {
    using runner = fakeRunner(...answers);
    const statuses = await askSlurm(plain, jobs, testSession({ runner }));
    return [...statuses].map(([key, { groupState, doubt }]) => {
      const reason = doubt?.kind === "not asked" ? ` ${doubt.cluster}: ${doubt.error.detail}` : "";
      return `${key} ${groupState}${reason}`;
    });
  };
  const reason = "big: squeue: error: 'big' can't be reached now";

  // A slurmdbd of all clusters knows what has ended.
  assert.deepEqual(await words(told, told, { to: ["squeue"], ...fails }), [
    ...["1 COMPLETED", `2 UNKNOWN ${reason}`, "3 COMPLETED"],
  ]);
  assert.deepEqual(await words({ to: ["sacct"], ...fails }, told), [
    ...[`1 UNKNOWN ${reason}`, `2 UNKNOWN ${reason}`, "3 COMPLETED"],
  ]);
});

Deno.test("askSlurm() throws where no cluster can be asked, unless the user says that nothing will be heard", async () => {
  const fails: Answer = { to: ["sacct"], code: 1, stderr: "sacct: error: no\n" };
  const big = openJob({ jobKey: 2, cluster: "big" });
  const askOf = async (jobs: readonly SubmittedJob[], bearsSilence: boolean) => {
    using runner = fakeRunner(...jobs.map(() => fails));
    const statuses = await askSlurm(plain, jobs, testSession({ runner }), { bearsSilence });
    return [...statuses.values()].map(({ groupState }) => groupState);
  };

  const unavailable = { code: "SLURM_UNAVAILABLE", hint: "try again later" };
  await assert.rejects(askOf([openJob()], true), unavailable);
  await assert.rejects(askOf([openJob(), big], true), unavailable);
  await assert.rejects(askOf([big], false), { hint: /permanently gone: .* --close-unknown-jobs/ });
  assert.deepEqual(await askOf([big], true), ["UNKNOWN"]);
});

Deno.test("askSlurm() asks squeue for what accounting does not know, and never guesses an end", async () => {
  const jobs = [151, 152, 153].map((id, at) => openJob({ jobKey: at, jobId: String(id) }));

  const { states } = await ask(jobs, [
    { to: ["sacct"], stdout: accounted("151", "COMPLETED") },
    { to: ["squeue"], stdout: queued("152", "RUNNING") + queued("999", "COMPLETED") },
  ]);

  assert.deepEqual(states, ["0 COMPLETED", "1 RUNNING", "2 UNKNOWN"]);
});

Deno.test("askSlurm() lets squeue decide where a site keeps no accounting", async () => {
  const { states } = await ask([openJob()], [
    { to: ["sacct"], code: 1, stderr: "Slurm accounting storage is disabled\n" },
    { to: ["squeue"], stdout: queued("151", "COMPLETED") },
  ]);

  assert.deepEqual(states, ["1 COMPLETED"]);
});

Deno.test("askSlurm() does not take a failed job that was requeued for failed", async () => {
  const { states } = await ask([openJob()], [
    { to: ["sacct"], stdout: accounted("151", "NODE_FAIL") },
    { to: ["squeue"], stdout: queued("151", "PENDING", SUBMIT_S + 61, 1) },
  ]);

  assert.deepEqual(states, ["1 PENDING"]);
});

Deno.test("askSlurm() throws where squeue is needed and fails, and knows nothing then", async () => {
  const fails = { to: ["squeue"], code: 1, stderr: "Unable to contact slurm controller" };

  await assert.rejects(ask([openJob()], [{ to: ["sacct"] }, fails]), { code: "SLURM_UNAVAILABLE" });
});

Deno.test("askSlurm() bears a squeue that fails where it would only confirm what runs", async () => {
  const over = accounted("151", "RUNNING").replace("00:01:00", "03:00:00");
  const fails = { to: ["squeue"], code: 1, stderr: "Unable to contact slurm controller" };

  const { states } = await ask([openJob()], [{ to: ["sacct"], stdout: over }, fails]);

  assert.deepEqual(states, ["1 RUNNING"]);
  const doubted = ask([openJob()], [{ to: ["sacct"], stdout: over }, fails], true);
  await assert.rejects(doubted, { code: "SLURM_UNAVAILABLE" });
});

Deno.test("askSlurm() asks squeue for what runs when the user says that it is over", async () => {
  const sacct = { to: ["sacct"], stdout: accounted("151", "RUNNING") };

  assert.deepEqual((await ask([openJob()], [sacct])).commands.length, 1);
  const { states } = await ask([openJob()], [sacct, { to: ["squeue"] }], true);
  assert.deepEqual(states, ["1 UNKNOWN"]);
});

Deno.test("askSlurm() takes times of another zone only if sacct knows the job by how long ago it was", async () => {
  const now = TEST_NOW_MS / 1000;
  const submitS = now - 5 * HOUR;
  const job = openJob({
    submittedAtMs: submitS * 1000,
    acceptedAtMs: submitS * 1000,
    details: { logs: [], environmentFile: null, arrayTasks: null, submitS },
  });
  // Two hours late, and yet not in the future: another job's, for all that the times tell.
  const shifted = { to: ["sacct"], stdout: accounted("151", "COMPLETED", now - 3 * HOUR) };

  const proven = await ask([job], [shifted, { to: ["sacct"], stdout: "151\n" }]);
  const other = await ask([job], [shifted, { to: ["sacct"] }, { to: ["squeue"] }]);

  assert.deepEqual(proven.states, ["1 COMPLETED"]);
  assert.match(proven.commands[1]!, / -E now-17940seconds -j 151$/);
  assert.deepEqual(other.states, ["1 UNKNOWN"]);
});

Deno.test("askSlurm() shows for what it waits", async () => {
  using runner = fakeRunner({ to: ["sacct"], stdout: accounted("151", "COMPLETED") });
  const session = testSession({ runner });

  await askSlurm(plain, [openJob()], session);

  assert.deepEqual(session.begun, ["asking Slurm"]);
});

Deno.test("askSlurm() of an array whose tasks were told late: what nobody knows of is unknown, not completed", async () => {
  const details = { logs: [], environmentFile: null, arrayTasks: "2-3", mayHaveMoreTasks: true };
  const jobs = [openJob({ details })];
  const stdout = queued("151_2", "COMPLETED") + queued("151_3", "COMPLETED");
  const disabled = { code: 1, stderr: "Slurm accounting storage is disabled\n" };

  const without = await ask(jobs, [{ to: ["sacct"], ...disabled }, { to: ["squeue"], stdout }]);
  const rows = [0, 1, 2, 3].map((task) =>
    accounted(`151_${task}`, task === 0 ? "FAILED" : "COMPLETED")
  );
  const accounting = await ask(jobs, [{ to: ["sacct"], stdout: rows.join("") }]);

  assert.deepEqual(without.states, ["1 UNKNOWN"]);
  assert.deepEqual(accounting.states, ["1 ARRAY FAILED (SOME COMPLETE)"]);
});

Deno.test("askSlurm() takes the answer to a question that was begun, and asks for what came meanwhile", async () => {
  const jobs = [
    openJob({ jobKey: 1, jobId: "160_0" }),
    openJob({ jobKey: 2, jobId: "160_1" }),
    openJob({ jobKey: 3, jobId: "170" }),
    openJob({ jobKey: 4, jobId: "151", cluster: "big" }),
  ];
  using runner = fakeRunner(
    { to: ["sacct"], stdout: accounted("160_0", "COMPLETED") + accounted("160_1", "FAILED") },
    { to: ["sacct"], stdout: accounted("170", "TIMEOUT") },
    { to: ["sacct"], stdout: accounted("151", "COMPLETED") },
  );
  const session = testSession({ runner });

  using question = new Question(plain, [jobs[0]!, { jobId: "9", cluster: null }], session);
  const begun = runner.commands.length;
  const statuses = await askSlurm(plain, jobs, session, { question });

  assert.equal(begun, 1);
  assert.deepEqual(runner.commands.map((command) => command.replace(/.*? (?=-[jM])/, "")), [
    "-j 160,9",
    "-j 170",
    "-M big -j 151",
  ]);
  assert.deepEqual([...statuses.values()].map(({ groupState }) => groupState), [
    ...["COMPLETED", "FAILED", "TIMEOUT", "COMPLETED"],
  ]);
});

Deno.test("Question lets nobody know of an answer that nobody wants", async () => {
  using runner = fakeRunner({ to: ["sacct"], code: 1, stderr: "sacct: error: no\n" });
  using question = new Question(plain, [openJob()], testSession({ runner }));

  // An error that is not caught ends the test.
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(runner.commands.length, 1);
  await assert.rejects(question.entriesOf(null, [openJob()]), { code: "SLURM_UNAVAILABLE" });
});

Deno.test("askSlurm() asks for a heterogeneous job's components by their own IDs where sacct shows them so", async () => {
  const details = { logs: [], environmentFile: null, arrayTasks: null, components: ["151", "152"] };
  const jobs = [openJob({ details })];
  const answers = (second: string) => [
    { to: ["sacct"], stdout: accounted("151", "COMPLETED") },
    { to: ["sacct"], stdout: accounted("152", second) },
  ];

  for (const state of ["COMPLETED", "RUNNING"]) {
    const { states, commands } = await ask(jobs, answers(state));

    assert.deepEqual(states, [`1 ${state}`]);
    assert.match(commands[1]!, /^sacct .* -j 152$/);
    assert.equal(commands.length, 2);
  }
});

Deno.test("askSlurm() takes a job of which nobody could tell its tasks for a plain one only if squeue shows it so", async () => {
  const asked = async (areGapsFilled: boolean, ...answers: readonly Answer[]) => {
    using runner = fakeRunner({ to: ["sacct"], stdout: accounted("151", "COMPLETED") }, ...answers);
    const session = testSession({ runner });
    const statuses = await askSlurm(plain, [openJob({ details: null })], session, {
      areGapsFilled,
    });
    return statuses.get(1)!.groupState;
  };

  assert.equal(await asked(false), "COMPLETED");
  assert.equal(await asked(true, { to: ["squeue"] }), "UNKNOWN");
  const seen = { to: ["squeue"], stdout: queued("151", "COMPLETED") };
  assert.equal(await asked(true, seen), "COMPLETED");
});
