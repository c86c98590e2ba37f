import assert from "node:assert/strict";
import { EngineWorld, saidBy } from "../../engine/engine_world.ts";
import { pollUntil } from "../../support/polling.ts";
import { DLSLURM } from "../../support/sandbox.ts";
import { startOnTerminal } from "../../support/terminal.ts";
import { LIMIT_REACHED, MISBEHAVIOUR, wrapProgram } from "../../support/wrapped_programs.ts";
import { World } from "../../support/world.ts";

/** Schedules jobs that run, each with a file written already. */
async function running(count: number): Promise<EngineWorld> {
  const world = await EngineWorld.create();
  for (let id = 1; id <= count; id++) {
    await world.schedule(`out/${id}`);
    await world.write(`out/${id}/x`, `${id}\n`);
    await world.slurm.setRows(`${id}`, `${id}|RUNNING`);
  }
  return world;
}

Deno.test("e2e: finish --wait → commits once all have ended, failed ones are told", async () => {
  await using world = await running(3);
  const log = await world.watch(["sacct"]);
  const waiting = world.sandbox.startDlslurm(["finish", "--wait", "--poll", "0.1"], {
    cwd: world.root,
  });
  await world.slurm.setRows("1", "1|COMPLETED");
  await world.slurm.setRows("2", "2|FAILED");
  const looks = (await log.read()).length;
  await pollUntil("two more looks", async () => (await log.read()).length > looks + 2);
  assert.equal((await world.subjects()).length, 1, "one runs still");
  await world.slurm.setRows("3", "3|COMPLETED");

  const { code, stdout } = await waiting.ended;

  assert.equal(code, 1);
  assert.equal((await world.subjects()).length, 3);
  assert.equal(stdout.match(/^slurm-finish\(impossible\): .*2: FAILED/gm)?.length, 1);
});

Deno.test("e2e: finish --wait --each → each is committed when it has ended, failed ones told once", async () => {
  await using world = await running(3);
  const waiting = world.sandbox.startDlslurm(["finish", "-w", "--each", "--poll", "0.1"], {
    cwd: world.root,
  });
  await world.slurm.setRows("2", "2|FAILED");
  await world.slurm.setRows("1", "1|COMPLETED");
  await pollUntil("the first is committed", async () => (await world.subjects()).length === 2);
  await world.slurm.setRows("3", "3|COMPLETED");

  const { code, stdout } = await waiting.ended;

  assert.equal(code, 1);
  assert.equal((await world.subjects()).length, 3);
  assert.equal(stdout.match(/^slurm-finish/gm)?.length, 1, stdout);
});

Deno.test("e2e: finish --wait --each of named jobs → no word about those that it has finished", async () => {
  await using world = await running(3);
  const waiting = world.sandbox.startDlslurm(
    ["finish", "--wait", "--each", "--poll", "0.1", "1", "2"],
    { cwd: world.root },
  );
  await world.slurm.setRows("1", "1|COMPLETED");
  await pollUntil("the first is committed", async () => (await world.subjects()).length === 2);
  await world.slurm.setRows("2", "2|COMPLETED");

  const outcome = await waiting.ended;

  assert.equal(outcome.code, 0, saidBy(outcome));
  assert.doesNotMatch(outcome.stdout, /slurm-finish\(/);
  assert.equal((await world.subjects()).length, 3);
});

Deno.test("e2e: finish --wait --timeout → those that ended are committed, the others as without --wait", async () => {
  await using world = await running(2);
  await world.slurm.setRows("1", "1|COMPLETED");

  const strict = await world.dlslurm("finish", "--wait", "--timeout", "0.2");
  const lenient = await world.dlslurm("finish", "--wait", "--timeout", "0.2", "--ended");
  const wrong = await world.dlslurm("finish", "--timeout", "8h");

  assert.equal(strict.code, 1);
  assert.match(strict.stdout, /^save\(ok\)/m);
  assert.match(strict.stdout, /2: RUNNING/);
  assert.equal(lenient.code, 0, saidBy(lenient));
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--timeout without --wait/);
});

Deno.test("e2e: finish --wait while another finish works → it waits for the lease", async () => {
  await using world = await running(1);
  await world.slurm.setRows("1", "1|COMPLETED");
  // The lease of a process that runs: this one's.
  const lease = await world.git("rev-parse", "--git-path", "dlslurm/finish.lease");
  const holder = { host: Deno.hostname(), pid: Deno.pid, since: "2026-11-28T20:00:00Z" };
  await Deno.symlink(JSON.stringify(holder), `${world.root}/${lease}`);
  const waiting = startOnTerminal(world.sandbox, [...DLSLURM, "finish", "--wait"], {
    cwd: world.root,
  });
  await pollUntil(
    "it waits",
    async () => /another finish is at work[^]*trying again in 5 s/.test(await waiting.written()),
  );
  assert.equal((await world.subjects()).length, 1);
  await Deno.remove(`${world.root}/${lease}`);

  const outcome = await waiting.ended;

  assert.equal(outcome.code, 0, saidBy(outcome));
  assert.equal((await world.subjects()).length, 2);
});

Deno.test("e2e: finish --wait on the fake Slurm, rows that found no room → submitted and waited for", async () => {
  await using world = await World.create();
  const { sandbox, dataset } = world;
  const isFull = 'test "$(squeue -h -o %i | wc -l)" -ge 2';
  const refusal = MISBEHAVIOUR.fail(LIMIT_REACHED);
  await wrapProgram(sandbox, "sbatch", `if ${isFull}; then ${refusal}; fi; exec "$REAL" "$@"`);
  await Deno.writeTextFile(`${dataset.root}/t.csv`, "n\n1\n2\n3\n4\n5\n");
  await Deno.writeTextFile(
    `${dataset.root}/w.sh`,
    '#!/bin/sh\nmkdir -p r && echo "$1" >"r/$1"; until [ -e ../go ]; do sleep 0.1; done\n',
  );
  const scheduled = await sandbox.dlslurm(
    ["schedule", "--from", "t.csv", "-J", "1", "-o", "r/{n}", "sbatch", "w.sh", "{n}"],
    { cwd: dataset.root },
  );

  assert.match(saidBy(scheduled), /rows? waits?|waiting/, saidBy(scheduled));
  await Deno.writeTextFile(`${sandbox.root}/go`, "");
  const outcome = await sandbox.dlslurm(["finish", "--wait", "--poll", "0.2"], {
    cwd: dataset.root,
  });

  assert.equal(outcome.code, 0, saidBy(outcome));
  const files = await sandbox.require(["git", "ls-files", "r"], { cwd: dataset.root });
  assert.equal(files, "r/1\nr/2\nr/3\nr/4\nr/5");
});
