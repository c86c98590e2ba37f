import assert from "node:assert/strict";
import { type FakeSlurm, withFakeSlurm } from "./with_fake_slurm.ts";

// Expectations: what Slurm 22.05.8 and 24.11.5 printed for the same commands.

/** Runs `test` with a fake that speaks like each of the versions. */
function inBoth(test: (slurm: FakeSlurm, version: "22.05" | "24.11") => Promise<void>) {
  return async (context: Deno.TestContext) => {
    for (const version of ["22.05", "24.11"] as const) {
      await context.step(
        version,
        () => withFakeSlurm((slurm) => test(slurm, version), { settings: { VERSION: version } }),
      );
    }
  };
}

Deno.test(
  "scontrol show job differs in resources, paths and reasons",
  inBoth(async (slurm, version) => {
    const id = await slurm.submit("-o", "%x-%4j-%%", "--wrap", "kill -9 $$");
    const rest = await slurm.submit("-H", "-a", "1-5%2", "-o", "a-%A_%4a.out", "--wrap", "true");
    await slurm.waitForEnd(id);

    const ended = (await slurm.run("scontrol", "show", "job", id)).stdout;
    const waiting = (await slurm.run("scontrol", "show", "job", rest)).stdout;

    const pick = (text: string) =>
      text.replaceAll(slurm.workDir, "DIR").split("\n").map((line) => line.trim())
        .filter((line) =>
          /^(JobState|Priority|NumNodes|TRES|ReqTRES|Alloc|StdOut|Power)/.test(line)
        )
        .filter((line) => !line.startsWith("AllocNode:"))
        .map((line) => line.replace(/ (Nice|NumCPUs).*/, ""));
    assert.deepEqual(
      [...pick(ended), ...pick(waiting)],
      version === "22.05"
        ? [
          "Priority=4294901759",
          "JobState=FAILED Reason=JobLaunchFailure Dependency=(null)",
          "NumNodes=1",
          "TRES=cpu=1,node=1,billing=1",
          "StdOut=DIR/wrap-%4j-%%",
          "Power=",
          "Priority=0",
          "JobState=PENDING Reason=JobHeldUser Dependency=(null)",
          "NumNodes=1",
          "TRES=cpu=1,mem=100M,node=1,billing=1",
          "StdOut=DIR/a-2_%4a.out",
          "Power=",
        ]
        : [
          "Priority=1",
          "JobState=FAILED Reason=RaisedSignal:9(Killed) Dependency=(null)",
          "NumNodes=1",
          "ReqTRES=cpu=1,mem=100M,node=1,billing=1",
          "AllocTRES=cpu=1,node=1,billing=1",
          "StdOut=DIR/wrap-0001-%",
          "Priority=0",
          "JobState=PENDING Reason=JobHeldUser Dependency=(null)",
          "NumNodes=1-1",
          "ReqTRES=cpu=1,mem=100M,node=1,billing=1",
          "AllocTRES=(null)",
          "StdOut=DIR/a-2_4294967294.out",
        ],
    );
  }),
);

Deno.test(
  "sacct differs in its fields and in what a waiting job has",
  inBoth(async (slurm, version) => {
    await slurm.submit("-H", "-n", "2", "--wrap", "true");

    const fields = "alloccpus,reqcpus,reason,priority";
    const { stdout } = await slurm.run("sacct", "-nPo", fields);
    const newer = await slurm.run("sacct", "-nPo", "stdout,stderr,stdin,planned,restarts");
    const older = await slurm.run("sacct", "-nPo", "reserved");

    if (version === "22.05") {
      assert.equal(stdout, "2|2|JobHeldUser|0\n");
      assert.equal(newer.stderr, 'sacct: error: Invalid field requested: "stdout"\n');
      assert.equal(older.stdout, "00:00:00\n");
    } else {
      assert.equal(stdout, "0|2|None|0\n");
      assert.equal(newer.stdout, `${slurm.workDir}/slurm-%j.out||/dev/null|00:00:00|0\n`);
      assert.equal(older.stdout, "");
    }
  }),
);

Deno.test(
  "programs say their version, know its options and refuse in its words",
  inBoth(async (slurm, version) => {
    const isNewer = version === "24.11";
    for (const program of ["sbatch", "sacct", "squeue", "scancel", "sinfo", "scontrol", "srun"]) {
      const { stdout } = await slurm.run(program, "--version");
      assert.equal(stdout, `slurm-wlm ${isNewer ? "24.11.5" : "22.05.8"}\n`);
    }
    const states = (await slurm.run("squeue", "-t", "FOO")).stderr;
    assert.match(states, isNewer ? /include: pending,running/ : /include: PENDING,RUNNING/);
    const option = await slurm.run("sbatch", "--oom-kill-step", "--test-only", "--wrap", "true");
    assert.equal(option.code, isNewer ? 0 : 255);
    const elsewhere = await slurm.run("scontrol", "-M", "nope", "show", "job", "1");
    assert.equal(elsewhere.code, 1);
    assert.equal(/Could not get cluster information/.test(elsewhere.stderr), isNewer);
  }),
);

Deno.test(
  "a log in a folder that is missing fails the job, or has it made",
  inBoth(async (slurm, version) => {
    const id = await slurm.submit("-o", "missing/%j.out", "--wrap", "echo said");

    const ended = await slurm.waitForEnd(id);

    if (version === "22.05") assert.deepEqual(ended, ["1|FAILED|0:53"]);
    else {
      assert.deepEqual(ended, ["1|COMPLETED|0:0"]);
      assert.equal(await slurm.read("missing/1.out"), "said\n");
    }
  }),
);

Deno.test("a version that does not exist is refused, with those that do", () =>
  withFakeSlurm(async (slurm) => {
    const { code, stderr } = await slurm.runWith({ VERSION: "19.05" }, "sinfo");

    assert.equal(code, 1);
    assert.match(stderr, /Cannot speak like Slurm "19\.05": the fake knows 22\.05 and 24\.11/);
  }));
