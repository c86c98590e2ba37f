import assert from "node:assert/strict";
import { type FakeSlurm, withFakeSlurm } from "./with_fake_slurm.ts";

/** Runs `commands` as a job of two tasks; gives what it printed, with this node called NODE. */
async function inJob(slurm: FakeSlurm, commands: string): Promise<string> {
  await slurm.write(
    "job.sh",
    `#!/bin/sh\n#SBATCH -n 2 -o log\nPATH="${slurm.stateDir}/bin:$PATH"\n${commands}\n`,
  );
  const id = await slurm.submit("job.sh");
  await slurm.waitForEnd(id);
  const node = (await slurm.run("sinfo", "-h", "-o", "%N")).stdout.trim();
  return (await slurm.read("log")).replaceAll(`${node}:`, "NODE:").replaceAll(`-${node}`, "-NODE");
}

Deno.test("srun runs the command once for each task, in the job's environment", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `export MARK=here
       srun sh -c 'echo "$MARK $SLURM_JOB_ID.$SLURM_STEP_ID $SLURM_NTASKS"'
       srun -n 1 -o 'out-%j.%s.%t' pwd; echo piped | srun -n 1 cat`,
    );

    assert.equal(said, "here 1.0 2\nhere 1.0 2\npiped\n");
    assert.equal(await slurm.read("out-1.1.0"), `${slurm.workDir}\n`);
  }));

Deno.test("srun passes exit status and signal on, in the words of Slurm 22.05", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `srun -J named sh -c 'exit 3'; echo "rc $?"; srun -n 1 sh -c 'kill -9 $$'; echo "rc $?"
       srun -n 1 nosuchprogram; echo "rc $?"; srun -n 5 true; echo "rc $?"; srun; echo "rc $?"`,
    );

    assert.equal(
      said,
      `srun: error: NODE: tasks 0-1: Exited with exit code 3
rc 3
srun: error: NODE: task 0: Killed
srun: Force Terminated StepId=1.1
rc 137
slurmstepd-NODE: error: execve(): nosuchprogram: No such file or directory
srun: error: NODE: task 0: Exited with exit code 2
rc 2
srun: error: Unable to create step for job 1: More processors requested than permitted
rc 1
srun: fatal: No command given to execute.
rc 1
`,
    );
    const fields = "jobid,jobname,state,exitcode,derivedexitcode,ntasks,layout,submitline";
    assert.equal(
      (await slurm.run("sacct", "-n", "-P", "-o", fields)).stdout,
      `1|job.sh|COMPLETED|0:0|3:0|||sbatch --parsable job.sh
1.batch|batch|COMPLETED|0:0||1|Unknown|
1.0|named|FAILED|3:0||2|Block|srun -J named sh -c exit 3
1.1|sh|CANCELLED|0:9||1|Cyclic|srun -n 1 sh -c kill -9 $$
1.2|nosuchprogram|FAILED|2:0||1|Cyclic|srun -n 1 nosuchprogram
`,
    );
    assert.equal((await slurm.run("sacct", "-nPXo", "jobid")).stdout, "1\n");
    assert.equal((await slurm.run("sacct", "-nPj", "1.1", "-o", "jobid")).stdout, "1.1\n");
  }));

Deno.test("srun outside a job, or in one that is over, is refused", () =>
  withFakeSlurm(async (slurm) => {
    assert.deepEqual(await slurm.run("srun", "hostname"), {
      code: 1,
      stdout: "",
      stderr: "srun: error: Unable to allocate resources: Access/permission denied\n",
    });
    assert.match(
      await inJob(slurm, "SLURM_JOB_ID=99 srun hostname"),
      /^srun: error: Unable to confirm allocation for job 99: Invalid job id specified\nsrun: Check /,
    );
  }));

Deno.test("a step that runs when its job is cancelled ends with it", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write(
      "job.sh",
      `#!/bin/sh\nPATH="${slurm.stateDir}/bin:$PATH"\nsrun sh -c 'echo >begun; sleep 30'\n`,
    );
    const id = await slurm.submit("job.sh");
    for (;;) {
      if (await slurm.read("begun").catch(() => undefined) !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    await slurm.run("scancel", id);

    await slurm.waitForEnd(id);
    const { stdout } = await slurm.run(
      "sacct",
      "-n",
      "-P",
      "-o",
      "jobid,state,exitcode",
      "-j",
      "1.0",
    );
    assert.equal(stdout, "1.0|CANCELLED|0:15\n");
  }));
