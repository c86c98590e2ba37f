import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/commands/context.ts";
import { countJobs, linesOf, showSummary } from "../../../src/commands/list/job_counts.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { GitConfig } from "../../../src/git/git_config.ts";
import type { JobRequest } from "../../../src/jobs/job.ts";
import { JobStore } from "../../../src/store/job_store.ts";
import { fakeRunner } from "../../support/fake_runner.ts";
import { jobRequest } from "../../support/jobs.ts";
import { TestFolder } from "../../support/test_folder.ts";
import { testSession } from "../../support/test_session.ts";

const TIME = "2027-01-15T07:43:25";
const dataset = {
  root: "/set",
  worktree: "",
  config: new GitConfig(new Map()),
} as unknown as Dataset;

class World implements AsyncDisposable {
  readonly folder: TestFolder;
  readonly store: JobStore;
  readonly #states: string[] = [];
  #count = 0;

  constructor(folder: TestFolder) {
    this.folder = folder;
    this.store = JobStore.open(folder.root);
  }

  /** Notes a job that Slurm says to be in `state`, or that is in a stage of ours. */
  note(state: string, changes: Partial<JobRequest>): void {
    const jobId = `${++this.#count}`;
    const request = jobRequest({ outputs: [`out-${jobId}`], ...changes });
    const key = this.store.beginSubmission(request, "{}", 1_799_999_000_000);
    if (state === "submitting") return;
    this.store.receipts.store([{ key, jobId, cluster: null }], 1_799_999_001_000);
    if (state === "finished" || state === "closed") this.store.end([key], state, 1);
    else {
      this.#states.push(
        `${jobId}|${jobId}|${state}|${TIME}|${TIME}|0:0|00:00:05|UNLIMITED|n01\n`,
      );
    }
  }

  async counts(includesEnded = false) {
    const stdout = this.#states.join("");
    using runner = fakeRunner(...(stdout === "" ? [] : [{ to: ["sacct"], stdout }]));
    const context = testSession({ runner }) as unknown as CommandContext;
    return (await countJobs(dataset, this.store, includesEnded, context)).counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store[Symbol.dispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

async function createWorld(): Promise<World> {
  return new World(await TestFolder.create());
}

const row = { cmd: "x", line: 2, table: "t.csv", values: {} };

Deno.test("countJobs() groups by table, label, script or command, whichever there is first", async () => {
  await using world = await createWorld();
  world.note("RUNNING", { row, label: "fit" });
  world.note("RUNNING", { label: "fit", cmd: "sbatch a.sh" });
  world.note("RUNNING", { cmd: "sbatch --time=5 a.sh 1", pwd: "sub" });
  world.note("RUNNING", { cmd: "sbatch a.sh 2", pwd: "sub" });
  world.note("RUNNING", { cmd: "sbatch --wrap true" });
  world.note("RUNNING", { cmd: `true && sbatch ${"x".repeat(50)}` });

  const all = await world.counts();

  assert.deepEqual(
    new Set(all.map(({ groupKind, group, count }) => `${groupKind} ${group} ${count}`)),
    new Set([
      ...["table t.csv 1", "label fit 1", "script sub/a.sh 2", "command sbatch --wrap true 1"],
      `command true && sbatch ${"x".repeat(25)}... 1`,
    ]),
  );
});

Deno.test("countJobs() puts what is done first, then what wants a look, then what goes on", async () => {
  await using world = await createWorld();
  const states = [
    "PENDING",
    "RUNNING",
    "RUNNING",
    "TIMEOUT",
    "COMPLETED",
    "closed",
    "finished",
    "submitting",
  ];
  for (const state of states) world.note(state, { label: "fit" });

  const [counts] = await world.counts();

  assert.deepEqual([counts!.count, counts!.isActive], [8, true]);
  assert.equal(
    linesOf([counts!]),
    "fit: 8 = 1 finished, 1 COMPLETED, 1 TIMEOUT, 1 submitting, 2 RUNNING, 1 PENDING, 1 closed\n",
  );
});

Deno.test("countJobs() leaves out groups that have ended, unless they are asked for", async () => {
  await using world = await createWorld();
  world.note("finished", { label: "done" });
  world.note("closed", { label: "done" });

  assert.deepEqual(await world.counts(), []);
  const [counts] = await world.counts(true);
  assert.deepEqual([counts!.counts, counts!.isActive], [{ finished: 1, closed: 1 }, false]);
});

Deno.test("showSummary() shows lines to a person, results to a program, and says how to see more", async () => {
  await using world = await createWorld();
  world.note("finished", { label: "done" });
  const shown = async (isTailored: boolean, includesEnded: boolean) => {
    const session = testSession();
    const views: string[] = [];
    const show = ({ text }: { text: string }) => Promise.resolve(void views.push(text));
    const context = { ...session, isTailored, show } as unknown as CommandContext;
    await showSummary(dataset, world.store, includesEnded, context);
    return { views, notes: session.notes, results: session.results };
  };

  assert.deepEqual((await shown(true, true)).views, ["done: 1 = 1 finished\n"]);
  assert.match((await shown(true, false)).notes[0]!, /^there are no open jobs; .*--all/);
  const [result] = (await shown(false, true)).results as unknown as Record<string, unknown>[];
  assert.deepEqual([result!["group"], result!["count"], "isActive" in result!], ["done", 1, false]);
});
