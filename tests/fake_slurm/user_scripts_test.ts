import assert from "node:assert/strict";
import { type FakeSlurm, withFakeSlurm } from "./with_fake_slurm.ts";

// Expectations: what Slurm 22.05.8 and 24.11.5 printed for the same commands.

async function said(slurm: FakeSlurm, ...argv: [string, ...string[]]): Promise<string> {
  const { code, stdout, stderr } = await slurm.run(...argv);
  return code === 0 ? stdout : `${stderr}${stdout}status ${code}\n`;
}

Deno.test("scontrol show hostnames and hostlist turn lists of nodes into names and back", () =>
  withFakeSlurm(async (slurm) => {
    const cases: readonly (readonly [string, string, string])[] = [
      ["hostnames", "n[1-3,7],m1", "n1\nn2\nn3\nn7\nm1\n"],
      ["hostnames", "n[08-10]", "n08\nn09\nn10\n"],
      ["hostnames", "a[1-2]b[08,10],c", "a1b08\na1b10\na2b08\na2b10\nc\n"],
      [
        "hostnames",
        "a[1-2]b[1-2]c[3,5]",
        "a1b1c3\na1b1c5\na2b1c3\na2b1c5\na1b2c3\na1b2c5\na2b2c3\na2b2c5\n",
      ],
      ["hostname", "one", "one\n"],
      ["hostlist", "n1,n2,n3", "n[1-3]\n"],
      ["hostlistsorted", "n3,n1", "n[1,3]\n"],
    ];
    for (const [entity, list, expected] of cases) {
      assert.equal(await said(slurm, "scontrol", "show", entity, list), expected);
    }
    const none = await slurm.run("scontrol", "show", "hostnames");
    assert.deepEqual(none, {
      code: 0,
      stdout: "",
      stderr: "scontrol: error: host list is empty\n",
    });
  }));

Deno.test("scontrol update changes waiting jobs, named by ID or name, and refuses as Slurm does", () =>
  withFakeSlurm(async (slurm) => {
    const array = await slurm.submit("-H", "-J", "many", "-a", "1-3%1", "--wrap", "true");
    const job = await slurm.submit("-H", "-t", "30", "--wrap", "true");

    const updates: readonly (readonly [readonly string[], string])[] = [
      [[`jobid=${array}`, "ArrayTaskThrottle=2"], ""],
      [["jobname=many", "Nice=7"], ""],
      [["job", job, "Nice=3", "Comment=two words"], ""],
      [[`JobId=${job}`, "TimeLimit=+10"], ""],
      [[`jobid=${job}`, "TimeLimit=-5"], ""],
      [[`jobid=${job}`, "TimeLimit=foo"], "scontrol: error: Invalid TimeLimit value\nstatus 1\n"],
      [[`jobid=${job}`, "TimeLimit"], "Invalid input: TimeLimit\nRequest aborted\nstatus 1\n"],
      [[`jobid=${job}`], "No changes specified\nstatus 1\n"],
      [
        [`jobid=${job}`, "Partition=nosuch"],
        `Invalid partition name specified for job ${job}\nstatus 1\n`,
      ],
      [
        [`jobid=${job}`, "Foo=1"],
        "Update of this parameter is not supported: Foo=1\nRequest aborted\nstatus 1\n",
      ],
    ];
    for (const [words, expected] of updates) {
      assert.equal(await said(slurm, "scontrol", "update", ...words), expected);
    }

    assert.equal(
      await said(slurm, "squeue", "-h", "-S", "i", "-o", "%i|%y|%k|%l"),
      "1_[1-3%2]|7|(null)|UNLIMITED\n2|3|two words|35:00\n",
    );
    await slurm.run("scontrol", "release", "jobname=many");
    await slurm.waitForEnd(array);
  }));

Deno.test("scontrol writes the batch script, and shows the node on one line", () =>
  withFakeSlurm(async (slurm) => {
    const job = await slurm.submit("-H", "--wrap", "echo hello");
    const script = "#!/bin/sh\n# This script was created by sbatch --wrap.\n\necho hello\n";

    assert.equal(await said(slurm, "scontrol", "write", "batch_script", job, "-"), script);
    assert.equal(
      await said(slurm, "scontrol", "write", "batch_script", job),
      `batch script for job ${job} written to slurm-${job}.sh\n`,
    );
    assert.equal(await slurm.read(`slurm-${job}.sh`), script);
    assert.match(
      await said(slurm, "scontrol", "-o", "show", "node"),
      /^NodeName=\S+ Arch=\S+ CoresPerSocket=1 {2}CPUAlloc=0 CPUEfctv=8 .* RealMemory=\d+ AllocMem=0 FreeMem=\d+ Sockets=8 Boards=1 State=IDLE .* CfgTRES=cpu=8,mem=\d+M,billing=8 AllocTRES= .*\n$/,
    );
    assert.equal(
      await said(slurm, "scontrol", "suspend", job),
      "scontrol: error: the fake Slurm does not support suspend\nstatus 1\n",
    );
  }));

Deno.test("squeue --start, --long and --Format show what scripts ask for", () =>
  withFakeSlurm(async (slurm) => {
    const array = await slurm.submit("--begin=now+1hour", "-J", "a", "-a", "1-2", "--wrap", "true");
    await slurm.submit("-J", "b", "-n", "2", "-c", "2", "-d", `afterok:${array}`, "--wrap", "true");

    const start = await said(slurm, "squeue", "--start");
    const long = await said(slurm, "squeue", "--long");
    const named = await said(
      slurm,
      ...["squeue", "-hn", "b", "-O", "NumCPUs:4,cpus-per-task:4,ntpernode:4,tres:40,maxnodes:"],
    );

    const when = /\d{4}-\d\d-\d\dT[\d:]+/g;
    assert.match(
      start.replaceAll(when, "0000-00-00T00:00:00"),
      /^ {13}JOBID PARTITION {5}NAME {5}USER ST {10}START_TIME {2}NODES SCHEDNODES {11}NODELIST\(REASON\)\n {11}1_\[1-2\] .* PD 0000-00-00T00:00:00 {6}1 \(null\) {15}\(BeginTime\)\n {17}2 .* PD +N\/A {6}1 \(null\) {15}\(Dependency\)\n$/,
    );
    assert.match(long, /^\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}\n +JOBID PARTITION/);
    assert.equal(named, "4   2   0   cpu=4,mem=400M,node=1,billing=4         1\n");
    assert.equal(
      await said(slurm, "squeue", "-hn", "b", "-o", "%E|%e"),
      `afterok:${array}_*(unfulfilled)|N/A\n`,
    );
    assert.equal(
      await said(slurm, "squeue", "-w", "nosuch"),
      "squeue: error: Invalid node name nosuch\nstatus 1\n",
    );
  }));

Deno.test("sacct --state with a start alone asks for that very moment, as sacct(1) says", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.waitForEnd(await slurm.submit("--wrap", "exit 5"));

    const ask = (...args: string[]) =>
      said(slurm, "sacct", "-nPXs", "F", "-o", "jobid,state", ...args);

    assert.equal(await ask("-S", "now-1hour"), "");
    assert.equal(await ask("-S", "now-1hour", "-E", "now"), "1|FAILED\n");
    assert.equal(await ask("-j", "1"), "1|FAILED\n");
  }));

Deno.test("sbatch refuses values of options that it otherwise takes and ignores", () =>
  withFakeSlurm(async (slurm) => {
    const refusals: readonly (readonly [string, string, number])[] = [
      ["--time-min=foo", "Invalid --time-min specification", 255],
      ["--kill-on-invalid-dep=maybe", "Invalid --kill-on-invalid-dep specification", 255],
      ["--tmp=foo", "Invalid --tmp specification", 255],
      ["--exclusive=foo", "Invalid --exclusive specification", 255],
      ["--distribution=foo", "Invalid --distribution specification", 255],
      ["--mincpus=foo", 'Invalid numeric value "foo" for --mincpus.', 1],
      ["--switches=foo", 'Invalid numeric value "foo" for --switches.', 1],
      ["--threads-per-core=foo", 'Invalid numeric value "foo" for --threads-per-core.', 1],
      ["--hint=foo", 'unrecognized --hint argument "foo", see --hint=help', 1],
    ];
    for (const [option, words, code] of refusals) {
      assert.deepEqual(await slurm.run("sbatch", option, "--wrap", "true"), {
        code,
        stdout: "",
        stderr: `sbatch: error: ${words}\n`,
      });
    }
    const fine = [
      "--time-min=5",
      "--tmp=2G",
      "--exclusive=user",
      "-m",
      "cyclic:block",
      "--switches=1@10",
    ];
    assert.equal((await slurm.run("sbatch", "-H", ...fine, "--wrap", "true")).code, 0);
  }));
