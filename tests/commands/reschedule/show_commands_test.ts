import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import { confirmRuns, showCommand } from "../../../src/commands/reschedule/show_commands.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { GitConfig } from "../../../src/git/git_config.ts";
import type { RecordedRun } from "../../../src/provenance/recorded_runs.ts";
import type { SubmissionPlan } from "../../../src/submit/plan_submission.ts";
import { testSession } from "../../support/test_session.ts";

function run(email: string, cmd = "sbatch job.sh", pwd = "."): RecordedRun {
  return {
    commit: { oid: "0123456789abcdef", author: { name: "Bo", email }, parents: [], message: "" },
    record: { cmd, pwd, slurmJobId: "7" },
  } as unknown as RecordedRun;
}

interface Asked {
  readonly setting?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly answer?: boolean;
  /** Whether there is nobody to be asked. */
  readonly isAlone?: boolean;
}

/** Asks Ada, whose address is ada@example.org. */
async function confirm(runs: readonly RecordedRun[], asked: Asked = {}) {
  const { setting, env = {}, answer = true, isAlone = false } = asked;
  const own = new Map([["user.email", ["Ada@Example.org"]]]);
  if (setting !== undefined) own.set("dlslurm.reschedule.confirm", [setting]);
  const dataset = { root: "/r", config: new GitConfig(own) } as Dataset;
  const session = testSession();
  const questions: string[] = [];
  const ask = (question: string) => {
    questions.push(question);
    return Promise.resolve(answer);
  };
  const context = {
    ...session,
    ask: isAlone ? undefined : ask,
    env: { get: (name: string) => env[name] },
  } as unknown as CommandContext;
  await confirmRuns(dataset, runs, context);
  return { questions, notes: session.notes };
}

const OWN = run("ada@example.org");
const OTHERS = run("bo@example.org");

const CASES: readonly [
  name: string,
  runs: readonly RecordedRun[],
  asked: Asked,
  isAsked: boolean,
][] = [
  ["one's own", [OWN], {}, false],
  ["somebody else's", [OTHERS], {}, true],
  ["somebody else's among one's own", [OWN, OTHERS], {}, true],
  ["somebody else's without a terminal", [OTHERS], { isAlone: true }, false],
  ["somebody else's where nobody is to be asked", [OTHERS], { setting: "false" }, false],
  ["one's own where one is always asked", [OWN], { setting: "true" }, true],
  ["somebody else's by the word for it", [OTHERS], { setting: "others" }, true],
  ["those by an address of the environment", [OTHERS], {
    env: { GIT_AUTHOR_EMAIL: "bo@example.org" },
  }, false],
];

for (const [name, runs, asked, isAsked] of CASES) {
  Deno.test(`confirmRuns() ${isAsked ? "asks" : "does not ask"} about ${name}`, async () => {
    assert.equal((await confirm(runs, asked)).questions.length, isAsked ? 1 : 0);
  });
}

Deno.test("confirmRuns() shows each command of somebody else's before it asks, as it can be seen", async () => {
  const hidden = run("bo@example.org", "sbatch a\x1b[2K\nrm -r x", "sub");

  const { notes, questions } = await confirm([OWN, OTHERS, hidden]);

  assert.equal(notes.length, 2);
  assert.match(notes[0]!, /^0123456789 by Bo <bo@example\.org>, job 7: sbatch job\.sh$/);
  assert.match(notes[1]!, /job 7 in sub: sbatch a.*\n {4}rm -r x$/s);
  assert(!notes[1]!.includes("\x1b"));
  assert.deepEqual(questions, ["Run these 2 commands, which somebody else has recorded?"]);
});

Deno.test("confirmRuns() runs nothing where the answer is no", async () => {
  await assert.rejects(confirm([OTHERS], { answer: false }), {
    code: "NOT_CONFIRMED",
    hint: /--yes/,
  });
});

Deno.test("showCommand() shows what will be run, and where, to people only", () => {
  const plan = { directory: "/r/sub", command: "sbatch x" } as SubmissionPlan;
  const shownTo = (isForPrograms: boolean) => {
    const session = testSession({ isForPrograms });
    showCommand(OWN, { root: "/r" } as Dataset, plan, session as unknown as CommandContext);
    return session.notes;
  };

  assert.deepEqual(shownTo(false), ["job 7 in sub again: sbatch x"]);
  assert.deepEqual(shownTo(true), []);
});
