import assert from "node:assert/strict";
import { withFakeSlurm } from "./with_fake_slurm.ts";

const NO_HETEROGENEOUS = "sbatch: error: the fake Slurm does not support heterogeneous jobs\n";

// What Slurm 22.05.8 printed for the same commands.
const REFUSALS: readonly (readonly [string[], number, string])[] = [
  [["sbatch", "nope.sh"], 1, "sbatch: error: Unable to open file nope.sh\n"],
  [["sbatch", "/tmp"], 1, "sbatch: error: Batch script is empty!\n"],
  [
    ["sbatch", "plain.txt"],
    1,
    "sbatch: error: This does not look like a batch script.  The first\n" +
    "sbatch: error: line must start with #! followed by the path to an interpreter.\n" +
    "sbatch: error: For instance: #!/bin/sh\n",
  ],
  [
    ["sbatch", "-p", "nopart", "--wrap", "ls"],
    1,
    "sbatch: error: invalid partition specified: nopart\n" +
    "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
  ],
  [
    ["sbatch", "--array=abc", "--wrap", "ls"],
    1,
    "sbatch: error: Batch job submission failed: Invalid job array specification\n",
  ],
  [["sbatch", "-t", "abc", "--wrap", "ls"], 255, "sbatch: error: Invalid --time specification\n"],
  [
    ["sbatch", "--nosuchoption"],
    255,
    "sbatch: unrecognized option '--nosuchoption'\nTry \"sbatch --help\" for more information\n",
  ],
  [["sacct", "-o", "foo"], 1, 'sacct: error: Invalid field requested: "foo"\n'],
  [["sacct", "-j", "abc"], 1, "sacct: fatal: Bad job/step specified: abc\n"],
  [["scontrol", "show", "job", "99"], 1, "slurm_load_jobs error: Invalid job id specified\n"],
  [["squeue", "-j", "99"], 1, "slurm_load_jobs error: Invalid job id specified\n"],
  // Slurm takes these two.
  [["sbatch", "-n1", ":", "-n2", "het.sh"], 1, NO_HETEROGENEOUS],
  [["sbatch", "het.sh"], 1, NO_HETEROGENEOUS],
  [["scancel", "abc"], 1, "scancel: error: Invalid job id abc\n"],
  [["scancel", "99"], 0, ""],
];

Deno.test("programs refuse in Slurm's words and with its exit status", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write("plain.txt", "echo\n");
    await slurm.write("het.sh", "#!/bin/sh\n#SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n2\n");
    for (const [[name = "", ...args], code, stderr] of REFUSALS) {
      assert.deepEqual(
        await slurm.run(name, ...args),
        { code, stdout: "", stderr },
        args.join(" "),
      );
    }
    assert.equal((await slurm.run("sacct", "-j", "99", "-n")).code, 0);
    assert.equal((await slurm.run("scontrol", "--version")).stdout, "slurm-wlm 22.05.8\n");
  }));

Deno.test("scontrol show job lays a record out as Slurm 22.05 does", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit(
      "-t",
      "5",
      "--comment",
      "a b=c",
      "-o",
      "%x.log",
      "--wrap",
      "exit 3",
    );
    await slurm.waitForEnd(id);

    const { stdout } = await slurm.run("scontrol", "show", "job", id);

    const dir = slurm.workDir;
    const text = stdout
      .replace(/\d{4}-\d\d-\d\dT[\d:]{8}/g, "TIME")
      .replace(/(UserId|GroupId)=\S+/g, "$1=WHO")
      .replace(/Account=\S+/, "Account=WHO")
      .replace(/RunTime=\S+/, "RunTime=SHORT")
      .replace(/( NodeList|BatchHost)=\S+/g, "$1=NODE")
      .replace(/Sid=.*/, "Sid=SHELL");
    assert.equal(
      text,
      `JobId=1 JobName=wrap
   UserId=WHO GroupId=WHO MCS_label=N/A
   Priority=4294901759 Nice=0 Account=WHO QOS=normal
   JobState=FAILED Reason=NonZeroExitCode Dependency=(null)
   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=3:0
   RunTime=SHORT TimeLimit=00:05:00 TimeMin=N/A
   SubmitTime=TIME EligibleTime=TIME
   AccrueTime=TIME
   StartTime=TIME EndTime=TIME Deadline=N/A
   SuspendTime=None SecsPreSuspend=0 LastSchedEval=TIME Scheduler=Main
   Partition=debug AllocNode:Sid=SHELL
   ReqNodeList=(null) ExcNodeList=(null)
   NodeList=NODE
   BatchHost=NODE
   NumNodes=1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:*
   TRES=cpu=1,node=1,billing=1
   Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=*
   MinCPUsNode=1 MinMemoryCPU=100M MinTmpDiskNode=0
   Features=(null) DelayBoot=00:00:00
   OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null)
   Command=(null)
   WorkDir=${dir}
   Comment=a b=c 
   StdErr=${dir}/wrap.log
   StdIn=/dev/null
   StdOut=${dir}/wrap.log
   Power=
   

`,
    );
  }));

Deno.test("sacct fills its default columns, cuts with a plus and adds the batch step", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("-J", "a-long-job-name", "-A", "acc", "--wrap", "true");
    await slurm.waitForEnd(id);

    assert.equal(
      (await slurm.run("sacct", "-j", id)).stdout,
      "JobID           JobName  Partition    Account  AllocCPUS      State ExitCode \n" +
        "------------ ---------- ---------- ---------- ---------- ---------- -------- \n" +
        "1            a-long-jo+      debug        acc          1  COMPLETED      0:0 \n" +
        "1.batch           batch                   acc          1  COMPLETED      0:0 \n",
    );
  }));

Deno.test("ended jobs leave scontrol and squeue after MinJobAge, and stay in sacct", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("--wrap", "true");
    await slurm.waitForEnd(id);

    await new Promise((resolve) => setTimeout(resolve, 600));

    assert.equal((await slurm.run("scontrol", "show", "job", id)).code, 1);
    assert.equal((await slurm.run("squeue", "-h", "-t", "all")).stdout, "");
    assert.equal(await slurm.state(id), "COMPLETED");
  }, { settings: { MIN_JOB_AGE: "0.5" } }));

Deno.test("sacct shows a job that was cancelled before its begin time to those who name it", () =>
  withFakeSlurm(async (slurm) => {
    const { stdout } = await slurm.run(
      ...["sbatch", "--parsable", "--begin=now+1hour", "--wrap", "true"] as const,
    );
    const jobId = stdout.trim();
    await slurm.run("scancel", jobId);
    const format = ["-X", "-n", "-P", "-o", "jobid,state"];

    assert.match((await slurm.run("sacct", "-j", jobId, ...format)).stdout, /^1\|CANCELLED/);
    assert.equal((await slurm.run("sacct", ...format)).stdout, "");
    const ended = await slurm.run("sacct", "-j", jobId, "-E", "now-1hour", ...format);
    assert.equal(ended.stdout, "");
  }));

Deno.test("a job in an array's waiting rest has Slurm's NO_VAL in its log path", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("-H", "-a", "1-3", "--wrap", "true");

    const { stdout } = await slurm.run("scontrol", "-o", "show", "job", id);

    assert.match(stdout, /^JobId=1 ArrayJobId=1 ArrayTaskId=1-3 JobName=wrap /);
    assert.match(stdout, /\/slurm-1_4294967294\.out /);
  }));

Deno.test("sinfo lays its listings out as Slurm 22.05 does", () =>
  withFakeSlurm(async (slurm) => {
    const node = (await slurm.run("sinfo", "-h", "-o", "%N")).stdout.trim();
    const ask = async (...args: string[]) =>
      (await slurm.run("sinfo", ...args)).stdout.replaceAll(node, "vm");

    assert.equal(
      await ask(),
      "PARTITION AVAIL  TIMELIMIT  NODES  STATE NODELIST\n" +
        "debug*       up   infinite      1   idle vm\n",
    );
    assert.equal(
      await ask("-s"),
      "PARTITION AVAIL  TIMELIMIT   NODES(A/I/O/T) NODELIST\n" +
        "debug*       up   infinite          0/1/0/1 vm\n",
    );
    assert.equal(await ask("-h", "-o", "%P|%D|%c|%C|%T"), "debug*|1|8|0/8/0/8|idle\n");
    assert.equal(await ask("-t", "down", "-h"), "");
    assert.equal(await ask("-p", "nope", "-h"), "");
  }));
