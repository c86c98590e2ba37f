/** What finish does while accounting makes up its answer, and what is there if that never comes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { statIfPresent } from "../../src/fs/if_present.ts";
import { DATASET_KINDS } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { quote, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

const DESCRIPTION = "JobName=job\n   JobState=PENDING Reason=None\n   RunTime=00:00:00\n" +
  "   StdOut=@PWD@/slurm-@ID@.out\n";

/** Jobs that have ended, beside an accounting that answers when everything else is done. */
async function createEnded(kind: DatasetKind, jobs: number): Promise<EngineWorld> {
  const world = await EngineWorld.create({}, kind);
  await world.slurm.setDescription(DESCRIPTION);
  for (let at = 1; at <= jobs; at++) {
    await world.schedule(`out/${at}`);
    await world.write(`out/${at}`, `result of ${at}\n`);
  }
  await beforeAccounting(world, "sleep 1");
  return world;
}

/** Puts a shell line before each question for what jobs have used, in place of the one that is there. */
async function beforeAccounting(world: EngineWorld, line: string): Promise<void> {
  const sacct = join(world.sandbox.programs, "sacct");
  const scripted = `${sacct}.scripted`;
  if (await statIfPresent(scripted) === undefined) await Deno.rename(sacct, scripted);
  const script = `case "$*" in *MaxRSS*) ${line} ;; esac\nexec ${quote(scripted)} "$@"`;
  await Deno.writeTextFile(sacct, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** What an environment file says in a commit, wherever its content is. */
async function stateIn(world: EngineWorld, job: number): Promise<string> {
  const path = `slurm-job-${job}.env.json`;
  const text = await Deno.readTextFile(`${world.root}/${path}`);
  assert.equal(await world.git("status", "--porcelain", "--", path), "");
  return JSON.parse(text).JobState;
}

for (const [kind, needs] of Object.entries(DATASET_KINDS)) {
  for (const jobs of [1, 14]) {
    testIfAvailable(
      needs,
      `late accounting: ${jobs} in ${kind} → environment files and records have it`,
      async () => {
        await using world = await createEnded(kind as DatasetKind, jobs);

        await world.must("finish");

        assert.deepEqual(world.stages(), Array(jobs).fill("finished"));
        for (let at = 1; at <= jobs; at++) assert.equal(await stateIn(world, at), "COMPLETED");
        for (let at = 0; at < jobs; at++) {
          const { dlslurm } = await world.record(`HEAD~${at}`);
          assert.equal(dlslurm.accounting.elapsed, 90);
        }
        assert.deepEqual(await world.lines("status", "--porcelain"), []);
      },
    );
  }
}

Deno.test("late accounting: an environment file that was committed meanwhile → committed again with its job", async () => {
  await using world = await createEnded("plain git", 1);
  await world.git("add", "slurm-job-1.env.json");
  await world.git("commit", "--quiet", "-m", "mine");

  await world.must("finish");

  assert.equal(await stateIn(world, 1), "COMPLETED");
  assert((await world.changes()).includes("M slurm-job-1.env.json"));
});

testIfAvailable(["xz"], "late accounting: sidecars → they have what accounting told", async () => {
  await using world = await createEnded("plain git", 3);
  await world.git("config", "datalad.run.record-sidecar", "true");

  await world.must("finish");

  for (let at = 1; at <= 3; at++) {
    const shown = await world.must("-f", "json", "show", `${at}`);
    assert.equal(JSON.parse(shown.stdout.split("\n")[0]!).accounting.elapsed, 90);
    assert.equal(await stateIn(world, at), "COMPLETED");
  }
});

testIfAvailable(
  ["xz"],
  "late accounting: no sidecar can be written → the files as they were",
  async () => {
    await using world = await createEnded("plain git", 2);
    await world.git("config", "datalad.run.record-sidecar", "true");
    await world.write(".datalad/runinfo", "in the way\n");

    const outcome = await world.dlslurm("finish");

    assert.equal(outcome.code, 1, saidBy(outcome));
    assert.deepEqual(world.stages(), ["open", "open"]);
    for (const at of [1, 2]) {
      assert.match(await Deno.readTextFile(`${world.root}/slurm-job-${at}.env.json`), /PENDING/);
    }
  },
);

for (const [kind, needs] of Object.entries(DATASET_KINDS)) {
  for (const jobs of [2, 14]) {
    testIfAvailable(
      needs,
      `late accounting: an output of one of ${jobs} in ${kind} goes meanwhile → that job alone stays open`,
      async () => {
        await using world = await createEnded(kind as DatasetKind, jobs);
        await beforeAccounting(world, `sleep 0.7; rm -f ${quote(join(world.root, "out/2"))}`);

        const outcome = await world.dlslurm("finish");

        assert.equal(outcome.code, 1, saidBy(outcome));
        assert.match(saidBy(outcome), /"out\/2" was there a moment ago, and is gone/);
        const stages = world.stages();
        assert.equal(stages[1], "open");
        assert.deepEqual(stages.toSpliced(1, 1), Array(jobs - 1).fill("finished"));
        await world.write("out/2", "again\n");
        await beforeAccounting(world, ":");
        await world.must("finish");
        assert.equal(await stateIn(world, 2), "COMPLETED");
        assert.deepEqual(await world.lines("status", "--porcelain"), []);
      },
    );
  }
}

Deno.test("late accounting: the user's own words in the file of a job that is not committed → stay", async () => {
  await using world = await createEnded("plain git", 2);
  const file = `${world.root}/slurm-job-2.env.json`;
  await wrapProgram(
    world.sandbox,
    "git",
    `"$REAL" "$@"; status=$?
case " $* " in *" update-index "*) echo mine >${quote(file)} ;; esac
exit $status`,
  );

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.deepEqual(world.stages(), ["finished", "open"]);
  assert.equal(await Deno.readTextFile(file), "mine\n");
});

testIfAvailable(
  ["git-annex"],
  "late accounting: a rule about sizes → judges the files as they are committed",
  async () => {
    await using world = await createEnded("git-annex", 14);
    const { size } = await Deno.stat(`${world.root}/slurm-job-14.env.json`);
    await world.git("config", "annex.largefiles", `largerthan=${size}b`);

    await world.must("finish");

    const modes = new Map<boolean, string>();
    for (let at = 1; at <= 14; at++) {
      const path = `slurm-job-${at}.env.json`;
      const isLarge = (await Deno.stat(`${world.root}/${path}`)).size > size;
      const [mode] = (await world.git("ls-files", "-s", path)).split(" ");
      assert.equal(mode, isLarge ? "120000" : "100644", path);
      modes.set(isLarge, mode!);
    }
    assert(modes.has(true));
  },
);

Deno.test("late accounting: it fails → the jobs are committed, and their files stay as they were", async () => {
  await using world = await createEnded("plain git", 2);
  await beforeAccounting(world, "sleep 1; echo down >&2; exit 1");

  const { stderr } = await world.must("finish");

  assert.match(stderr, /warning: what the jobs have used is not recorded: /);
  assert.deepEqual(world.stages(), ["finished", "finished"]);
  assert.equal(await stateIn(world, 1), "PENDING");
  assert.equal((await world.record()).dlslurm.accounting, undefined);
});

Deno.test("late accounting: nothing can be committed → the files are as they were, and nothing is left behind", async () => {
  await using world = await createEnded("plain git", 1);
  await world.git("config", "user.useConfigOnly", "true");
  await world.git("config", "--unset-all", "user.email").catch(() => undefined);
  for (const name of ["EMAIL", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]) {
    delete world.sandbox.env[name];
  }
  await world.git("config", "--global", "--unset-all", "user.email").catch(() => undefined);

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1, saidBy(outcome));
  assert.deepEqual(world.stages(), ["open"]);
  assert.match(await Deno.readTextFile(`${world.root}/slurm-job-1.env.json`), /PENDING/);
});

for (const jobs of [1, 14]) {
  testIfAvailable(
    DATASET_KINDS.text2git,
    `late accounting: killed while it is asked, ${jobs} → the next finish commits all`,
    async () => {
      await using world = await createEnded("text2git", jobs);
      await beforeAccounting(world, "sleep 0.3; kill -9 $PPID; sleep 1");
      const killed = await world.dlslurm("finish");
      assert.notEqual(killed.code, 0);
      await beforeAccounting(world, ":");

      await world.must("finish");

      assert.deepEqual(world.stages(), Array(jobs).fill("finished"));
      for (let at = 1; at <= jobs; at++) assert.equal(await stateIn(world, at), "COMPLETED");
      assert.deepEqual(await world.lines("status", "--porcelain"), []);
    },
  );
}
