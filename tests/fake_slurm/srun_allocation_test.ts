import assert from "node:assert/strict";
import { type FakeSlurm, until, withFakeSlurm } from "./with_fake_slurm.ts";

// Expectations: what Slurm 22.05.8 and 24.11.5 printed for the same commands.

Deno.test("srun outside a job allocates one, runs as its step and passes the exit status on", () =>
  withFakeSlurm(async (slurm) => {
    const fine = await slurm.run(
      "srun",
      "-n",
      "2",
      "-l",
      "sh",
      "-c",
      'echo "$SLURM_JOB_ID.$SLURM_PROCID"',
    );
    const bad = await slurm.run("srun", "-J", "named", "sh", "-c", "exit 3");
    const killed = await slurm.run("srun", "sh", "-c", "kill -9 $$");

    assert.deepEqual(fine.stdout.split("\n").sort(), ["", "0: 1.0", "1: 1.1"]);
    assert.deepEqual([fine.code, fine.stderr], [0, ""]);
    const node = (await slurm.run("sinfo", "-h", "-o", "%N")).stdout.trim();
    assert.deepEqual([bad.code, bad.stderr], [
      3,
      `srun: error: ${node}: task 0: Exited with exit code 3\n`,
    ]);
    assert.deepEqual([killed.code, killed.stderr], [
      137,
      `srun: error: ${node}: task 0: Killed\nsrun: Force Terminated StepId=3.0\n`,
    ]);
    const fields = "jobid,jobname,state,exitcode,derivedexitcode,ntasks,layout,alloccpus";
    assert.equal(
      (await slurm.run("sacct", "-nPo", fields)).stdout,
      `1|sh|COMPLETED|0:0|0:0|||2
1.0|sh|COMPLETED|0:0||2|Block|2
2|named|FAILED|3:0|3:0|||1
2.0|named|FAILED|3:0||1|Block|1
3|sh|FAILED|0:9|0:9|||1
3.0|sh|CANCELLED|0:9||1|Block|1
`,
    );
    const shown = (await slurm.run("scontrol", "show", "job", "2")).stdout;
    assert.match(shown, / BatchFlag=0 /);
    assert.doesNotMatch(shown, /StdOut=/);
  }));

Deno.test("srun outside a job refuses in Slurm's words and leaves no job", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write("twice.conf", "0 true\n0-1 true\n");
    const refusals: readonly (readonly [readonly string[], string, number])[] = [
      [["-t", "foo", "true"], "srun: error: Invalid --time specification\n", 255],
      [["--open-mode=x", "true"], "srun: error: Invalid --open-mode specification\n", 255],
      [
        ["-p", "nope", "true"],
        "srun: error: invalid partition specified: nope\n" +
        "srun: error: Unable to allocate resources: Invalid partition name specified\n",
        1,
      ],
      [["-n", "0", "true"], 'srun: error: Invalid numeric value "0" for --ntasks.\n', 1],
      [
        ["-o", "no/such/file", "true"],
        "srun: error: Could not open stdout file: No such file or directory\n",
        1,
      ],
      [
        ["--multi-prog", "none.conf"],
        "srun: error: Could not open multi_prog config file none.conf\n",
        1,
      ],
      [
        ["-n2", "--multi-prog", "twice.conf"],
        "srun: error: Duplicate record for task 0\nsrun: error: Line 2 of configuration file twice.conf invalid\n",
        1,
      ],
      [["--prolog=x", "true"], "srun: error: the fake Slurm does not support --prolog\n", 1],
    ];
    for (const [args, stderr, code] of refusals) {
      assert.deepEqual(await slurm.run("srun", ...args), { code, stdout: "", stderr });
    }
    assert.equal((await slurm.run("squeue", "-h")).stdout, "");
  }));

Deno.test("srun --multi-prog gives each task its program; input goes to all tasks", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write("programs", "# of three\n1 echo one %t %o\n* sh -c cat\n");
    await slurm.write(
      "job.sh",
      `#!/bin/sh
#SBATCH -n 3 -o log
PATH="${slurm.stateDir}/bin:$PATH"
echo read | srun -l --multi-prog programs
srun -n 2 -o 'both' sh -c 'echo first; sleep 0.1; echo last'
`,
    );

    const id = await slurm.submit("job.sh");

    await slurm.waitForEnd(id);
    assert.deepEqual((await slurm.read("log")).split("\n").sort(), [
      ...["", "0: read", "1: one 1 0", "2: read"],
    ]);
    assert.deepEqual((await slurm.read("both")).split("\n").sort(), [
      ...["", "first", "first", "last", "last"],
    ]);
  }));

Deno.test("an srun that waits says so, and is told when its job is cancelled", () =>
  withFakeSlurm(async (slurm) => {
    const srun = startSrun(slurm, "-J", "held", "--hold", "true");
    await until(async () =>
      (await slurm.run("squeue", "-hn", "held", "-o", "%t %r")).stdout !== ""
    );
    assert.equal(
      (await slurm.run("squeue", "-hn", "held", "-o", "%t %r")).stdout,
      "PD JobHeldUser\n",
    );

    await slurm.run("scancel", "-n", "held");

    assert.deepEqual(await srun.end(), {
      code: 1,
      stderr: "srun: Job is in held state, pending scheduler release\n" +
        "srun: job 1 queued and waiting for resources\nsrun: Job has been cancelled\n" +
        "srun: error: Unable to allocate resources: Job/step already completing or completed\n",
    });
  }));

Deno.test("srun waits for CPUs behind what came first, --immediate does not", () =>
  withFakeSlurm(async (slurm) => {
    const first = startSrun(
      slurm,
      "-n",
      "8",
      "-J",
      "first",
      "sh",
      "-c",
      "while [ ! -e go ]; do sleep 0.02; done",
    );
    await slurm.waitFor("1", "RUNNING");
    const second = startSrun(slurm, "echo");
    await until(async () => (await slurm.run("squeue", "-hj2", "-o", "%t")).stdout === "PD\n");

    const immediate = await slurm.run("srun", "-I", "true");

    assert.equal(
      immediate.stderr,
      "srun: error: Unable to allocate resources: Requested nodes are busy\n",
    );
    await slurm.write("go", "");
    assert.equal((await first.end()).code, 0);
    assert.deepEqual(await second.end(), {
      code: 0,
      stderr: "srun: job 2 queued and waiting for resources\n" +
        "srun: job 2 has been allocated resources\n",
    });
  }));

Deno.test("Ctrl-C tells how the tasks stand, twice ends them and cancels the job", () =>
  withFakeSlurm(async (slurm) => {
    const srun = await startTask(slurm);

    const told = `srun: interrupt (one more within 1 sec to abort)
srun: StepId=1.0 task 0: running
`;
    const countTold = () => srun.said().split(told).length - 1;
    // On a busy machine more than a second may be between two.
    for (let sent = 1; sent <= 20 && !/sending Ctrl-C/.test(srun.said()); sent++) {
      srun.kill("SIGINT");
      const isAnswered = () => countTold() === sent || /sending Ctrl-C/.test(srun.said());
      await until(() => Promise.resolve(isAnswered()));
    }

    const { code, stderr } = await srun.end();
    assert.ok(countTold() >= 1);
    assert.deepEqual({ code, stderr }, {
      code: 130,
      stderr: `${told.repeat(countTold())}srun: sending Ctrl-C to StepId=1.0
srun: forcing job termination
srun: Job step aborted: Waiting up to 32 seconds for job step to finish.
`,
    });
    const uid = Deno.uid();
    assert.equal(
      (await slurm.run("sacct", "-nPo", "jobid,state,exitcode,derivedexitcode")).stdout,
      `1|CANCELLED by ${uid}|0:0|0:2\n1.0|CANCELLED by ${uid}|0:2|\n`,
    );
  }));

Deno.test("the job of an srun that is killed is cancelled, and nothing of it keeps running", () =>
  withFakeSlurm(async (slurm) => {
    const srun = await startTask(slurm);
    const pid = Number(await slurm.read("pid"));

    srun.kill("SIGKILL");

    await srun.end();
    const uid = Deno.uid();
    await slurm.waitFor("1", `CANCELLED by ${uid}`);
    assert.equal(
      (await slurm.run("sacct", "-nPo", "jobid,state,exitcode")).stdout,
      `1|CANCELLED by ${uid}|0:0\n1.0|CANCELLED by ${uid}|0:9\n`,
    );
    await until(() => Promise.resolve(!isThere(pid)));
  }));

Deno.test("a time limit ends the job of an srun, in the words of slurmstepd", () =>
  withFakeSlurm(async (slurm) => {
    const { code, stderr } = await slurm.run("srun", "-t", "1", "sleep", "30");

    assert.equal(code, 143);
    assert.match(
      stderr,
      /^srun: Job step aborted: .*\nslurmstepd-\S+: error: \*\*\* STEP 1\.0 ON \S+ CANCELLED AT \S+ DUE TO TIME LIMIT \*\*\*\nsrun: error: \S+: task 0: Terminated\n$/,
    );
    assert.equal((await slurm.run("sacct", "-nPXo", "state,exitcode")).stdout, "TIMEOUT|0:0\n");
  }, { settings: { SECONDS_PER_MINUTE: "2" } }));

interface Started {
  kill(signal: Deno.Signal): void;
  /** What it said on standard error until now. */
  said(): string;
  end(): Promise<{ code: number; stderr: string }>;
}

function startSrun(slurm: FakeSlurm, ...args: string[]): Started {
  const child = new Deno.Command(`${slurm.stateDir}/bin/srun`, {
    args,
    cwd: slurm.workDir,
    env: { DLSLURM_FAKE_SLURM_CPUS: "8" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let stderr = "";
  const taken = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) stderr += text;
  })();
  return {
    kill: (signal) => child.kill(signal),
    said: () => stderr,
    end: async () => {
      const { code } = await child.status;
      await taken;
      return { code, stderr };
    },
  };
}

/** An srun whose task has written its process number to `pid` and sleeps. */
async function startTask(slurm: FakeSlurm): Promise<Started> {
  const srun = startSrun(slurm, "sh", "-c", "echo $$ >pid.new; mv pid.new pid; exec sleep 30");
  await until(() => slurm.read("pid").then(() => true, () => false));
  return srun;
}

function isThere(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
