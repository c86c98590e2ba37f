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
       srun -n 1 -o 'out-%j.%s.%t' pwd; echo piped | srun -n 1 cat
       for word in one two; do srun -n 1 -o both --open-mode=append echo "$word"; done`,
    );

    assert.equal(said, "here 1.0 2\nhere 1.0 2\npiped\n");
    assert.equal(await slurm.read("out-1.1.0"), `${slurm.workDir}\n`);
    assert.equal(await slurm.read("both"), "one\ntwo\n");
  }));

Deno.test("srun leaves no trace of ended tasks where signals to the job look for running ones", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `srun -n 1 ls '${slurm.stateDir}/steps/1'
       srun -n 2 sh -c 'kill -9 $$' 2>log2; ls '${slurm.stateDir}/steps'
       ls '${slurm.stateDir}/steps/1'`,
    );

    assert.equal(said, "0.0\n1\n");
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
      `#!/bin/sh\nPATH="${slurm.stateDir}/bin:$PATH"\nsrun sh -c 'echo >begun; sleep 30'\n`,
    );
    const id = await slurm.submit("job.sh");
    await until(() => exists(slurm, "begun"));

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

Deno.test("steps wait for the CPUs of others, unless they are exact or overlap", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `# The first waits for the second, for so many tenths of a second: too short a time ends it alone.
       pair() { rm -f a b; patience=$1; shift
         srun "$@" -n 1 sh -c 'echo >a; i=0; while [ ! -e b ] && [ $i -lt '$patience' ]; do
           sleep 0.1; i=$((i+1)); done; [ -e b ] && echo together || echo alone' &
         while [ ! -e a ]; do sleep 0.02; done
         srun -Q "$@" -n 1 sh -c 'echo >b'; wait; }
       pair 3; pair 300 --exact; pair 300 --overlap
       rm a; srun -n 1 sh -c 'echo >a; i=0; until grep -q disabled log || [ $i = 300 ]; do
         sleep 0.1; i=$((i+1)); done' & while [ ! -e a ]; do sleep 0.02; done
       srun -n 1 echo after; wait`,
    );

    assert.match(said, /^alone\ntogether\ntogether\n/);
    assert.match(
      said,
      /Job 1 step creation temporarily disabled, retrying \(Requested nodes are busy\)\nsrun: Step created for job 1\nafter\n$/,
    );
  }));

Deno.test("a step has a time limit of its own, and ends with its first bad task when asked to", () =>
  withFakeSlurm(async (slurm) => {
    const said = await inJob(
      slurm,
      `srun -n 1 -t 1 sleep 30; echo "rc $?"
       srun -K sh -c '[ $SLURM_PROCID = 1 ] || exit 2; sleep 30'; echo "rc $?"
       srun -W 1 sh -c '[ $SLURM_PROCID = 0 ] || sleep 30'; echo "rc $?"`,
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
srun: First task exited 1s ago
srun: StepId=1.2 task 1: running
srun: StepId=1.2 task 0: exited
srun: launch/slurm: _step_signal: Terminating StepId=1.2
srun: Job step aborted: Waiting up to 32 seconds for job step to finish.
slurmstepd-NODE: error: *** STEP 1.2 ON NODE CANCELLED AT TIME ***
srun: error: NODE: task 1: Killed
rc 137
`,
    );
    const { stdout } = await slurm.run("sacct", "-nPo", "jobid,state,exitcode,derivedexitcode");
    assert.deepEqual(
      stdout.trim().split("\n").slice(2).map((line) => line.split("|").slice(0, 3)),
      [
        ["1.0", "TIMEOUT", "0:15"],
        ["1.1", "CANCELLED", "0:15"],
        ["1.2", "CANCELLED", "0:9"],
      ],
    );
  }, { settings: { SECONDS_PER_MINUTE: "0.5" } }));

Deno.test("a signal reaches what srun started, and the script only when that is asked for", async (t) => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ["scancel -s", ["-s", "USR1", "1"], "step\nrc 7\n"],
    ["scancel -s of one step", ["-s", "USR1", "1.0"], "step\nrc 7\n"],
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

Deno.test("scancel of a step ends that step alone", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write(
      "job.sh",
      `#!/bin/sh\nPATH="${slurm.stateDir}/bin:$PATH"\nsrun sh -c 'echo >ready; sleep 30'; echo "rc $?"\n`,
    );
    const id = await slurm.submit("-o", "log", "job.sh");
    await until(() => exists(slurm, "ready"));
    const listed = (await slurm.run("squeue", "-hs", "-o", "%i|%j|%P|%N")).stdout;
    const shown = (await slurm.run("scontrol", "show", "step", "1.0")).stdout;

    const ended = await slurm.run("scancel", "-v", `${id}.0`);

    assert.deepEqual(ended, { code: 0, stdout: "", stderr: "scancel: Terminating step 1.0\n" });
    assert.deepEqual(await slurm.waitForEnd(id), ["1|COMPLETED|0:0"]);
    const node = (await slurm.run("sinfo", "-h", "-o", "%N")).stdout.trim();
    assert.equal(listed, `1.0|sh|debug|${node}\n1.batch|batch|debug|${node}\n`);
    assert.match(
      shown,
      /^StepId=1\.0 UserId=\d+ StartTime=\S+ TimeLimit=UNLIMITED\n {3}State=RUNNING /,
    );
    assert.match(await slurm.read("log"), /task 0: Killed\nrc 137\n$/);
    const uid = Deno.uid();
    const { stdout } = await slurm.run("sacct", "-nPj", "1.0", "-o", "jobid,state,exitcode");
    assert.equal(stdout, `1.0|CANCELLED by ${uid}|0:9\n`);
  }));

async function exists(slurm: FakeSlurm, name: string): Promise<boolean> {
  return await slurm.read(name).then(() => true, () => false);
}
