import assert from "node:assert/strict";
import { type FakeSlurm, until, withFakeSlurm } from "./with_fake_slurm.ts";

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
       srun -n 1 pwd; echo piped | srun -n 1 cat`,
    );

    assert.equal(said, `here 1.0 2\nhere 1.0 2\n${slurm.workDir}\npiped\n`);
  }));

Deno.test("srun leaves no trace of ended tasks where signals to the job look for running ones", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `srun -n 1 ls '${slurm.stateDir}/steps/1'
       srun -n 2 sh -c 'kill -9 $$' 2>log2; ls '${slurm.stateDir}/steps'
       ls '${slurm.stateDir}/steps/1'`,
    );

    assert.equal(said, "0\n0.0\n1\n0\n1\n");
  }));

Deno.test("srun passes exit status and signal on, in the words of Slurm 22.05", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `srun -J named sh -c 'exit 3'; echo "rc $?"; srun -n 1 sh -c 'kill -9 $$'; echo "rc $?"
       srun -n 1 nosuchprogram; echo "rc $?"; srun -n 5 true; echo "rc $?"; srun; echo "rc $?"`,
    );

    // On a busy machine two tasks may not end within one look: then, as with srun, each has its line.
    const apart =
      /(srun: error: NODE: )task ([01]): (Exited with exit code 3\n)\1task (?!\2)[01]: \3/;
    assert.equal(
      said.replace(apart, "$1tasks 0-1: $3"),
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
    assert.equal(
      (await slurm.run("sacct", "-nPo", "jobid,jobname,state,exitcode,submitline")).stdout,
      "1|job.sh|COMPLETED|0:0|sbatch --parsable job.sh\n1.batch|batch|COMPLETED|0:0|\n",
    );
    assert.equal((await slurm.run("sacct", "-nPXo", "jobid")).stdout, "1\n");
    assert.equal((await slurm.run("sacct", "-nPj", "1.batch", "-o", "jobid")).stdout, "1.batch\n");
  }));

Deno.test("srun in a job that is over is refused", () =>
  withFakeSlurm(async (slurm) => {
    assert.match(
      await inJob(slurm, "SLURM_JOB_ID=99 srun hostname"),
      /^srun: error: Unable to confirm allocation for job 99: Invalid job id specified\nsrun: Check /,
    );
  }));

Deno.test("a step that runs when its job is cancelled ends with it", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write(
      "job.sh",
      `#!/bin/sh\nPATH="${slurm.stateDir}/bin:$PATH"\nsrun sh -c 'echo $$ >begun; exec sleep 30'\n`,
    );
    const id = await slurm.submit("job.sh");
    await until(() => exists(slurm, "begun"));

    await slurm.run("scancel", id);

    await slurm.waitForEnd(id);
    const [pid = ""] = (await slurm.read("begun")).split("\n");
    await until(() => Promise.resolve(!isThere(Number(pid))));
  }));

Deno.test("steps that run side by side have numbers of their own", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `for word in one two three; do srun -n 1 >$word sh -c 'echo $SLURM_STEP_ID' & done; wait
       sort one two three`,
    );

    assert.equal(said, "0\n1\n2\n");
  }));

Deno.test("a task has time for a last word when its job is cancelled and its script waits", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write(
      "job.sh",
      `#!/bin/sh
PATH="${slurm.stateDir}/bin:$PATH"
trap : TERM
srun sh -c 'trap "sleep 0.5; echo saved >last; exit" TERM; echo >begun; while :; do sleep 0.1; done'
`,
    );
    const id = await slurm.submit("-o", "log", "job.sh");
    await until(() => exists(slurm, "begun"));

    await slurm.run("scancel", id);

    await slurm.waitForEnd(id);
    assert.equal(await slurm.read("last"), "saved\n");
  }));

Deno.test("a step has a time limit of its own, and ends with its first bad task when asked to", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `srun -n 1 -t 1 sleep 30; echo "rc $?"
       srun -K sh -c '[ $SLURM_PROCID = 1 ] || exit 2; sleep 30'; echo "rc $?"`,
    );

    const when = /\d{4}-\d\d-\d\dT[\d:]+/g;
    assert.equal(
      said.replaceAll(when, "TIME").replaceAll(/ ON \S+ /g, " ON NODE "),
      `slurmstepd-NODE: error: *** STEP 1.0 ON NODE CANCELLED AT TIME DUE TO TIME LIMIT ***
srun: error: NODE: task 0: Terminated
srun: Force Terminated StepId=1.0
rc 143
srun: error: NODE: task 0: Exited with exit code 2
srun: launch/slurm: _step_signal: Terminating StepId=1.1
slurmstepd-NODE: error: *** STEP 1.1 ON NODE CANCELLED AT TIME ***
srun: error: NODE: task 1: Terminated
srun: Force Terminated StepId=1.1
rc 143
`,
    );
  }, { settings: { SECONDS_PER_MINUTE: "0.5" } }));

Deno.test("a signal reaches what srun started, and the script only when that is asked for", async (t) => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ["scancel -s", ["-s", "USR1", "1"], "step\nrc 7\n"],
    ["scancel --batch -s", ["-b", "-s", "USR1", "1"], "script\nrc 0\n"],
    ["scancel --full -s", ["-f", "-s", "USR1", "1"], "step\nscript\nrc 7\n"],
  ];
  for (const [name, args, expected] of cases) {
    await t.step(name, () =>
      withFakeSlurm(async (slurm) => {
        await slurm.write("job.sh", signalled(slurm));
        const id = await slurm.submit("-o", "log", "job.sh");
        await until(() => exists(slurm, "ready"));

        const { code } = await slurm.run("scancel", ...args);

        assert.equal(code, 0);
        if (!expected.startsWith("step")) await slurm.write("over", "");
        await slurm.waitForEnd(id);
        assert.equal(await whatCaught(slurm), expected);
      }));
  }
});

/** The log without what srun says, and what a shell says of a command in it that a signal ended. */
async function whatCaught(slurm: FakeSlurm): Promise<string> {
  return (await slurm.read("log")).replaceAll(/^(srun:|User defined).*\n/gm, "");
}

/** A script that says which of it and its step got SIGUSR1; the step waits for that, or for `over`. */
function signalled(slurm: FakeSlurm): string {
  return `#!/bin/sh
PATH="${slurm.stateDir}/bin:$PATH"
trap 'echo script' USR1
srun sh -c 'trap "trap : USR1; echo step; exit 7" USR1; echo >ready
  until [ -e over ]; do sleep 0.1; done'
echo "rc $?"
`;
}

Deno.test("srun outlives the signals that come while it ends", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `srun -n 1 sh -c 'trap "" USR2; echo >ready; sleep 0.5; exit 7' 2>log2 & srun=$!
       while [ ! -e ready ]; do sleep 0.1; done
       while kill -USR2 $srun; do sleep 0.001; done 2>log3
       wait $srun; echo "rc $?"`,
    );

    assert.equal(said, "rc 7\n");
  }));

Deno.test("--signal without B: reaches what srun started before the time limit, not the script", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write("job.sh", signalled(slurm));

    const id = await slurm.submit("-o", "log", "-t", "2", "--signal=USR1@60", "job.sh");

    assert.deepEqual(await slurm.waitForEnd(id), ["1|COMPLETED|0:0"]);
    assert.equal(await whatCaught(slurm), "step\nrc 7\n");
  }, { settings: { SECONDS_PER_MINUTE: "3" } }));

Deno.test("srun --label names the task in front of each line; input goes to all tasks", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `echo read | srun -l sh -c 'echo "$SLURM_PROCID of $SLURM_NTASKS"; cat'
       srun >both sh -c 'echo first; sleep 0.1; echo last'`,
    );

    assert.deepEqual(said.split("\n").sort(), [
      ...["", "0: 0 of 2", "0: read", "1: 1 of 2", "1: read"],
    ]);
    assert.deepEqual((await slurm.read("both")).split("\n").sort(), [
      ...["", "first", "first", "last", "last"],
    ]);
  }));

Deno.test("an srun that is told to end kills its step", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `srun -n 1 sh -c 'echo >ready; sleep 30' & srun=$!
       while [ ! -e ready ]; do sleep 0.1; done; kill $srun; wait $srun; echo "rc $?"`,
    );

    assert.match(
      said,
      /^srun: forcing job termination\nsrun: Job step aborted: .*\nslurmstepd-NODE: error: \*\*\* STEP 1\.0 ON \S+ CANCELLED AT \S+ \*\*\*\nsrun: error: NODE: task 0: Killed\nrc 137\n$/,
    );
  }));

Deno.test("srun refuses what it cannot do, and whatever its options say outside a job", () =>
  withFakeSlurm(async (slurm) => {
    const outside = "srun: error: the fake Slurm does not support srun outside a job: " +
      "call it in a script of sbatch\n";
    const unsupported = (name: string) =>
      `srun: error: the fake Slurm does not support --${name}\n`;
    const refusals: readonly (readonly [readonly string[], string, number])[] = [
      [["hostname"], outside, 1],
      [["--jobid=1", "hostname"], outside, 1],
      [["--multi-prog", "programs"], unsupported("multi-prog"), 1],
      [["--pty", "sh"], unsupported("pty"), 1],
      [["-W", "1", "true"], unsupported("wait"), 1],
      [["-o", "log", "true"], unsupported("output"), 1],
    ];
    for (const [args, stderr, code] of refusals) {
      assert.deepEqual(await slurm.run("srun", ...args), { code, stdout: "", stderr });
    }
    assert.equal(
      await inJob(
        slurm,
        `srun -t foo true; echo "rc $?"; srun -n 0 true`,
      ),
      `srun: error: Invalid --time specification
rc 255
srun: error: Invalid numeric value "0" for --ntasks.
`,
    );
    assert.equal(
      (await slurm.run("scancel", "1.0")).stderr,
      "scancel: error: the fake Slurm does not cancel steps: 1.0\n",
    );
  }));

async function exists(slurm: FakeSlurm, name: string): Promise<boolean> {
  return await slurm.read(name).then(() => true, () => false);
}

function isThere(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
