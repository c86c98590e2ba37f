import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import type { JobEnd } from "../../src/jobs/job.ts";
import {
  findPredecessors,
  gatherPredecessors,
  noteEnded,
} from "../../src/submit/find_predecessors.ts";
import type { Predecessors } from "../../src/submit/plan_submission.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { jobRequest } from "../support/jobs.ts";
import { StoredDataset } from "../support/stored_dataset.ts";
import { testSession } from "../support/test_session.ts";

/** Before the moment at which a {@linkcode testSession} stands. */
const SUBMITTED_MS = 1_799_999_000_000;
const TIME = "2027-01-15T07:43:25";

class World extends StoredDataset {
  #count = 0;

  static async create(): Promise<World> {
    return new World(...await StoredDataset.make());
  }

  /** Notes an open job, or with `end` one that has ended. */
  note(jobId: string, label?: string, end?: { as: "finished" | "closed"; state: string }): number {
    const request = jobRequest({ outputs: [`out-${this.#count++}`], label: label ?? null });
    const key = this.store.beginSubmission(request, "{}", SUBMITTED_MS);
    this.store.receipts.store([{ key, jobId, cluster: null }], SUBMITTED_MS + 1_000);
    if (jobId === "8") {
      const details = { logs: [], environmentFile: null, arrayTasks: "0-1" };
      this.store.notes.addDetails(new Map([[key, details]]));
    }
    if (end !== undefined) {
      const told: JobEnd = {
        ...{ state: end.state, counts: {}, exitCode: "", elapsed: "", timeLimit: "", endS: null },
      };
      this.store.notes.addEnds(new Map([[key, told]]));
      this.store.end([key], end.as, 1);
    }
    return key;
  }

  /** What names stand for while Slurm tells these states by job ID: `open 7; ended 8`, or the code. */
  async find(names: readonly string[], states: Readonly<Record<string, string>> = {}) {
    const lines = Object.entries(states).map(([id, state]) =>
      `${id}|${id.replace("_", "9")}|${state}|${TIME}|${TIME}|0:0|00:00:05|UNLIMITED|n01\n`
    );
    using runner = fakeRunner(
      ...(lines.length === 0 ? [] : [{ to: ["sacct"], stdout: lines.join("") }]),
    );
    const session = testSession({ runner });
    const dataset = await this.open();
    return await findPredecessors({ dataset, store: this.store, session }, names);
  }

  async said(name: string, states: Readonly<Record<string, string>> = {}): Promise<string> {
    return said((await this.find([name], states)).get(name)!);
  }
}

function said(found: Predecessors | UserError): string {
  if (found instanceof UserError) return found.code;
  const ids = (jobs: Predecessors["open"]) => jobs.map(({ jobId }) => jobId).join(",");
  return [
    ...(found.open.length === 0 ? [] : [`open ${ids(found.open)}`]),
    ...(found.ended.length === 0 ? [] : [`ended ${ids(found.ended)}`]),
  ].join("; ");
}

const CONDITIONS: readonly [name: string, state: string, found: string][] = [
  ["7", "RUNNING", "open 7"],
  ["7", "COMPLETED", "open 7"],
  ["7", "FAILED", "BAD_DEPENDENCY"],
  ["any:7", "FAILED", "open 7"],
  ["notok:7", "COMPLETED", "BAD_DEPENDENCY"],
  ["notok:7", "FAILED", "open 7"],
  ["notok:7", "RUNNING", "open 7"],
  ["corr:7", "FAILED", "BAD_DEPENDENCY"],
];

for (const [name, state, found] of CONDITIONS) {
  Deno.test(`findPredecessors() of ${name}, a job that is ${state} → ${found}`, async () => {
    await using world = await World.create();
    world.note("7");

    assert.equal(await world.said(name, { 7: state }), found);
  });
}

const ENDS: readonly [name: string, as: "finished" | "closed", state: string, found: string][] = [
  ["7", "finished", "COMPLETED", "ended 7"],
  ["7", "finished", "FAILED", "BAD_DEPENDENCY"],
  ["7", "closed", "FAILED", "BAD_DEPENDENCY"],
  ["any:7", "closed", "FAILED", "ended 7"],
  ["notok:7", "finished", "COMPLETED", "BAD_DEPENDENCY"],
  ["notok:7", "finished", "FAILED", "ended 7"],
];

for (const [name, as, state, found] of ENDS) {
  Deno.test(`findPredecessors() of ${name}, ${as} as ${state} → ${found}, and nobody is asked`, async () => {
    await using world = await World.create();
    world.note("7", undefined, { as, state });

    assert.equal(await world.said(name), found);
  });
}

Deno.test("findPredecessors() judges one task of an array by its own state, an array by any task", async () => {
  await using world = await World.create();
  world.note("8");
  const states = { "8_0": "FAILED", "8_1": "RUNNING" };

  assert.equal(await world.said("8_1", states), "open 8_1");
  assert.equal(await world.said("8_0", states), "BAD_DEPENDENCY");
  assert.equal(await world.said("8", states), "BAD_DEPENDENCY", "afterok holds for none of them");
  assert.equal(await world.said("corr:8", states), "open 8", "for the other tasks it may hold");
});

Deno.test("findPredecessors() of a label means all open jobs that have it, or else the newest", async () => {
  await using world = await World.create();
  world.note("5", "fit", { as: "finished", state: "FAILED" });
  world.note("6", "fit", { as: "finished", state: "COMPLETED" });
  assert.equal(await world.said("fit"), "ended 6");

  world.note("7", "fit");
  world.note("9", "fit");
  assert.equal(await world.said("fit", { 7: "RUNNING", 9: "PENDING" }), "open 7,9");
  world.store.beginSubmission(jobRequest({ outputs: ["x"], label: "fit" }), "{}", SUBMITTED_MS);
  assert.equal(
    await world.said("fit", { 7: "RUNNING", 9: "PENDING" }),
    "BAD_DEPENDENCY",
    "no job ID",
  );
});

Deno.test("findPredecessors() names the array in place of all its tasks, unless one was closed", async () => {
  await using world = await World.create();
  for (const task of [0, 1, 2]) world.note(`9_${task}`, "fit");
  const states = { "9_0": "RUNNING", "9_1": "RUNNING", "9_2": "PENDING" };
  const [found] = (await world.find(["fit"], states)).values();

  assert.deepEqual((found as Predecessors).open, [{ jobId: "9", label: "fit", type: "afterok" }]);
  world.note("9_3", "other", { as: "closed", state: "FAILED" });
  assert.equal(await world.said("fit", states), "open 9_0,9_1,9_2");
});

Deno.test("findPredecessors() does not know jobs of nobody, and says which labels there are", async () => {
  await using world = await World.create();
  world.note("7", "fit");

  const found = await world.find(["12", "12_3", "fitt"]);

  assert.deepEqual([...found.values()].map(said), ["UNKNOWN_JOB", "UNKNOWN_JOB", "UNKNOWN_JOB"]);
  assert.match((found.get("12") as UserError).hint!, /sbatch --dependency=afterok:12/);
  assert.equal((found.get("fitt") as UserError).hint, "labels of open jobs: fit");
});

Deno.test("findPredecessors() leaves it to sbatch where Slurm cannot be asked, with a warning", async () => {
  await using world = await World.create();
  world.note("7");
  using runner = fakeRunner({ to: ["sacct"], code: 1, stderr: "sacct: error: no\n" });
  const session = testSession({ runner });
  const dataset = await world.open();

  const found = await findPredecessors({ dataset, store: world.store, session }, ["7"]);

  assert.equal(said(found.get("7")!), "open 7");
  assert.match(
    session.warnings[0]!,
    /it is not known whether the jobs to be waited for have failed$/,
  );
});

Deno.test("gatherPredecessors() joins what names stand for, or throws the first reason against one", () => {
  const one = { open: [{ jobId: "1" }], ended: [] };
  const other = { open: [], ended: [{ jobId: "2", label: "fit" }] };
  const error = new UserError("UNKNOWN_JOB", "Cannot wait for 3");
  const found = new Map<string, Predecessors | UserError>([["1", one], ["fit", other], [
    "3",
    error,
  ]]);

  assert.deepEqual(gatherPredecessors(["1", "fit", "1"], found), {
    ...{ open: [{ jobId: "1" }], ended: [{ jobId: "2", label: "fit" }] },
  });
  assert.throws(() => gatherPredecessors(["1", "3"], found), error);
  const session = testSession();
  noteEnded(found.values(), session);
  noteEnded([one], session);
  assert.deepEqual(session.notes, ["nothing has to wait for job 2 (fit): finished already"]);
});
