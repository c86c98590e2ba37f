/** Slurm is asked by the commands that the user's settings name. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { World } from "../support/world.ts";

/** ssh to this machine: the words are joined for a shell that knows nothing of our environment. */
const SSH = `#!/bin/sh
echo "$1" >>"$0.calls"
shift
exec env -i PATH="$PATH" HOME="$HOME" DLSLURM_FAKE_SLURM_DIR="$DLSLURM_FAKE_SLURM_DIR" \\
  DENO_DIR="$DENO_DIR" SQUEUE_USERS=nobody TZ=Asia/Tokyo sh -c "$*"
`;

async function createFar(programs: readonly string[]) {
  const world = await World.create();
  await Deno.writeTextFile(join(world.sandbox.programs, "ssh"), SSH, { mode: 0o755 });
  for (const program of programs) {
    await world.dataset.git("config", `dlslurm.slurm.${program}`, `ssh login1 ${program}`);
  }
  const calls = async () => {
    const text = await Deno.readTextFile(join(world.sandbox.programs, "ssh.calls")).catch(() => "");
    return text.split("\n").length - 1;
  };
  return Object.assign(world, { calls });
}

Deno.test("e2e: sacct, squeue and scontrol by ssh → scheduled, listed and finished as ever, with as many calls", async () => {
  await using world = await createFar(["sacct", "squeue", "scontrol"]);
  const jobId = await world.completeJob("mkdir -p out && echo result >out/result.txt");
  assert.equal(await world.calls(), 1, "scontrol, for the logs");

  const list = await world.dataset.dlslurm(["list"]);
  assert.match(list.stdout, new RegExp(`^${jobId} +\\S+ +COMPLETED`, "m"), list.stderr);
  assert.equal(await world.calls(), 2, "sacct");
  const finish = await world.dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.equal((await world.dataset.log())[0], `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`);
  assert.ok((await world.dataset.tree()).includes(`slurm-${jobId}.out`));
});

Deno.test("e2e: a dataset's own configuration names no command", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset } = world;
  await Deno.mkdir(join(dataset.root, ".datalad"), { recursive: true });
  await dataset.write(
    ".datalad/config",
    '[dlslurm "slurm"]\n\tsacct = touch /tmp/evil\n\tsqueue = false\n',
  );

  const list = await dataset.dlslurm(["list"]);

  assert.match(list.stdout, /COMPLETED/, list.stderr);
});

Deno.test("e2e: a command that is none, or is not there → said, with the setting", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset } = world;
  const listBy = (command: string) =>
    dataset.dlslurm(["-c", `dlslurm.slurm.sacct=${command}`, "list"]);

  const piped = await listBy("sacct | cat");
  const gone = await listBy("no-such-ssh login1");
  const doctor = await dataset.dlslurm(["-c", "dlslurm.slurm.sacct=a | b", "doctor"]);

  assert.equal(piped.code, 1);
  assert.match(
    piped.stderr,
    /Cannot ask Slurm by dlslurm\.slurm\.sacct, "sacct \| cat": a shell would have to read its \|/,
  );
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /there is no "no-such-ssh", which dlslurm\.slurm\.sacct names/);
  assert.match(doctor.stdout, /problem +slurm-commands +Cannot ask Slurm by dlslurm\.slurm\.sacct/);
});

Deno.test("e2e: sbatch and scancel by ssh → the finishing job is submitted and replaced there", async () => {
  await using world = await createFar(["sbatch", "scancel"]);
  const { dataset } = world;
  await dataset.schedule("-o", "out", "sbatch", "--hold", "--wrap", "true");

  const first = await dataset.dlslurm(["finish", "--submit"]);
  const second = await dataset.dlslurm(["finish", "--submit"]);

  assert.match(first.stdout, /finishes 1 job/, first.stderr);
  assert.match(second.stdout, /it replaces job/, second.stderr);
  assert.equal(await world.calls(), 3);
});
