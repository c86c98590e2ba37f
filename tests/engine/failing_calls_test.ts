/**
 * Each call on a file that a command makes is refused, as a full or read-only disk, a server that is gone,
 * or missing permissions would: never is that called a bug, never is a job lost or committed twice, and
 * the next run works.
 *
 * DLSLURM_TEST_FAILING_CALLS=all tries every call with every error, which takes an hour; else what
 * dlslurm itself makes, changes and reads back is tried, each with one error.
 */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { DLSLURM } from "../support/sandbox.ts";
import { DATASET_KINDS } from "../support/datasets.ts";
import type { TestDataset } from "../support/datasets.ts";
import type { Outcome } from "../support/sandbox.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { storedJobs } from "../support/snapshots.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { CALL_KINDS, findFaults, runWithFault } from "./failing_calls.ts";
import type { Fault } from "./failing_calls.ts";

const TRIES_ALL = Deno.env.get("DLSLURM_TEST_FAILING_CALLS") === "all";

/** Keeps dataset and Slurm as they are now; what is returned brings them back to that. */
async function keep(world: EngineWorld): Promise<() => Promise<void>> {
  const folders = [world.root, join(world.sandbox.root, "scripted slurm")];
  for (const folder of folders) {
    await world.sandbox.require(["cp", "-a", folder, `${folder}.kept`]);
  }
  return async () => {
    for (const folder of folders) {
      await world.sandbox.require(["rm", "-rf", folder]);
      await world.sandbox.require(["cp", "-a", `${folder}.kept`, folder]);
    }
  };
}

/** What is dlslurm's own, what it changes of git's, and where a job wrote. */
const OWN_REGEXP = /\/(\.git\/dlslurm.*|\.git\/index(\.lock)?|\.git\/refs\/heads\/main\.lock|out)$/;

/** Whether a fault is among those that are always tried. */
function isTriedAlways({ kind, path, when, isMiddle }: Fault): boolean {
  // SQLite waits half a minute for a lock.
  if (kind === "look" || kind === "lock" || !OWN_REGEXP.test(path)) return false;
  // Of SQLite's many calls one in the midst of a transaction, too.
  return when === "1+" || (isMiddle && kind === "write");
}

/** Those of the faults that are tried: all with each error, or some with one, all errors in turn. */
function* choose(faults: readonly Fault[]): Generator<readonly [Fault, string]> {
  const turns = new Map<string, number>();
  for (const fault of faults) {
    const { errors } = CALL_KINDS[fault.kind]!;
    if (TRIES_ALL) {
      for (const error of errors) yield [fault, error];
    } else if (isTriedAlways(fault)) {
      const turn = turns.get(fault.kind) ?? 0;
      turns.set(fault.kind, turn + 1);
      yield [fault, errors[turn % errors.length]!];
    }
  }
}

/**
 * Runs a command once for each of its faults, from the same state.
 *
 * @param isSettled requires of what came of it, and of what the next runs make of that, that all is well.
 */
async function tryFaults(
  test: Deno.TestContext,
  world: EngineWorld,
  args: readonly string[],
  isSettled: (outcome: Outcome) => Promise<void>,
): Promise<void> {
  const restore = await keep(world);
  const argv = [...DLSLURM, ...args];
  const faults = await findFaults(world.sandbox, world.root, argv);
  assert(faults.length > 10, `only ${faults.length} calls were found`);
  for (const [fault, error] of choose(faults)) {
    const name = `${fault.kind} of ${fault.path.slice(world.sandbox.root.length)}`;
    await test.step(`${name} (${fault.when}): ${error}`, async () => {
      await restore();
      const outcome = await runWithFault(world.sandbox, world.root, argv, fault, error);
      const said = saidBy(outcome);
      assert.doesNotMatch(said, /this is a bug|\n +at |panicked/);
      assert(outcome.code === 0 || outcome.code === 1, `exit status ${outcome.code}\n${said}`);
      if (outcome.code === 1) assert.match(said, /^(error: |slurm-\w+\((impossible|error)\))/m);
      await isSettled(outcome);
    });
  }
}

function stagesIn(world: EngineWorld): string[] {
  return storedJobs({ root: world.root } as TestDataset).map(({ stage }) => stage);
}

/** After the next finish: the job is in the history, once and whole, and nothing is left to be done. */
async function assertFinished(
  world: EngineWorld,
  before: Outcome,
  files: readonly string[],
): Promise<void> {
  const context = `before: ${saidBy(before)}`;
  const finish = await world.dlslurm("finish");
  assert.equal(finish.code, 0, `${context}\nfinish: ${saidBy(finish)}`);
  const subjects = (await world.subjects()).filter((each) => each.includes("SLURM RUN"));
  assert.deepEqual(subjects, ["[DATALAD SLURM RUN] Slurm job 1: Completed"], context);
  const changes = await world.changes();
  for (const file of files) assert(changes.includes(`A ${file}`), `${file}\n${context}`);
  assert.deepEqual(await world.lines("status", "--porcelain"), [], context);
  assert.deepEqual(stagesIn(world), ["finished"], context);
  await world.git("fsck", "--strict", "--no-dangling");
}

testIfAvailable(
  ["strace"],
  "failing calls: schedule → no job lost, and the next run works",
  async (test) => {
    await using world = await EngineWorld.create();
    await tryFaults(test, world, ["schedule", "-o", "out", "sbatch", "job.sh"], async (outcome) => {
      const submitted = await world.slurm.submitted();
      if (submitted.length === 0) {
        // Nothing was submitted, or nobody can know: then that is said, and settled by hand.
        const recover = await world.dlslurm("recover");
        if (recover.code === 1) await world.must("recover", "1", "--not-submitted");
        await world.must("schedule", "-o", "out", "sbatch", "job.sh");
      } else {
        const recover = await world.dlslurm("recover");
        // The answer was lost on its way to the disk: a person has to say which job it was.
        if (recover.code === 1) {
          assert.match(saidBy(recover), /submission 1 of .* is unclear/);
          await world.must("recover", "1", "--job-id", "1");
        }
      }
      assert.equal((await world.slurm.submitted()).length, 1, saidBy(outcome));
      await world.write("out/result.txt", "result\n");
      // The environment file is not there where it could not be written.
      await assertFinished(world, outcome, ["out/result.txt"]);
    });
  },
);

// git-annex takes a second for each.
for (const kind of TRIES_ALL ? ["plain git", "git-annex"] as const : ["plain git"] as const) {
  testIfAvailable(
    ["strace", ...DATASET_KINDS[kind]],
    `failing calls: finish in ${kind} → no job lost or doubled, and the next run works`,
    async (test) => {
      await using world = await EngineWorld.create({}, kind);
      await world.schedule("out");
      await world.write("out/result.txt", "result\n");
      await world.write("slurm-1.out", "log\n");
      await tryFaults(test, world, ["finish"], async (outcome) => {
        // git may have died with its lock held: that is told, and how it is removed.
        const next = await world.dlslurm("finish");
        const lock = /rm "(.*\.lock)"/.exec(saidBy(next))?.[1];
        if (lock !== undefined) await Deno.remove(lock);
        const files = ["out/result.txt", "slurm-1.out", "slurm-job-1.env.json"];
        await assertFinished(world, outcome, files);
      });
    },
  );
}

testIfAvailable(
  ["strace"],
  "finish of an output that the file system cannot read → its own job stays open",
  async (test) => {
    await using world = await EngineWorld.create();
    const names = ["one", "two", "three"];
    for (const name of names) await world.schedule(name);
    for (const name of names) await world.write(`${name}/result.txt`, `${name}\n`);
    const restore = await keep(world);
    for (const kind of ["open", "read", "look"]) {
      await test.step(kind, async () => {
        await restore();
        // git names it as it stands here, and strace takes it for both.
        const fault = { kind, path: "two/result.txt", when: "1+", isMiddle: false };
        const argv = [...DLSLURM, "finish"];
        const outcome = await runWithFault(world.sandbox, world.root, argv, fault, "EIO");
        assert.equal(outcome.code, 1);
        assert.match(saidBy(outcome), /two\/result\.txt".*(\n.*)*Input\/output error/);
        assert.match(saidBy(outcome), /wait until the file system/);
        assert.deepEqual(stagesIn(world), ["finished", "open", "finished"], saidBy(outcome));

        await world.must("finish");
        assert.deepEqual(stagesIn(world), ["finished", "finished", "finished"]);
      });
    }
  },
);

testIfAvailable(
  ["strace"],
  "failing calls: list and recover → nothing is changed, and the next run works",
  async (test) => {
    await using world = await EngineWorld.create();
    await world.schedule("out");
    // They read the store as all others do: recover is tried only where all is.
    for (const command of TRIES_ALL ? ["list", "recover"] : ["list"]) {
      await test.step(command, async (inner) => {
        await tryFaults(inner, world, [command], async (outcome) => {
          assert.deepEqual(stagesIn(world), ["open"], saidBy(outcome));
          await world.must(command);
        });
        for (const folder of [world.root, join(world.sandbox.root, "scripted slurm")]) {
          await Deno.remove(`${folder}.kept`, { recursive: true });
        }
      });
    }
    assert.equal(basename(world.root), "data set");
  },
);
