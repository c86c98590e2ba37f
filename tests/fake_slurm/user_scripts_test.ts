import assert from "node:assert/strict";
import { type FakeSlurm, withFakeSlurm } from "./with_fake_slurm.ts";

// Expectations: what Slurm 22.05.8 and 24.11.5 printed for the same commands.

async function said(slurm: FakeSlurm, ...argv: [string, ...string[]]): Promise<string> {
  const { code, stdout, stderr } = await slurm.run(...argv);
  return code === 0 ? stdout : `${stderr}${stdout}status ${code}\n`;
}

Deno.test("scontrol show hostnames turns lists of nodes into names", () =>
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

Deno.test("scontrol update changes waiting jobs, and refuses as Slurm does", () =>
  withFakeSlurm(async (slurm) => {
    const array = await slurm.submit("-H", "-J", "many", "-a", "1-3%1", "--wrap", "true");
    const job = await slurm.submit("-H", "-t", "30", "--wrap", "true");

    const updates: readonly (readonly [readonly string[], string])[] = [
      [[`jobid=${array}`, "TimeLimit=7"], ""],
      [[`JobId=${job}`, "TimeLimit=+10"], ""],
      [[`jobid=${job}`, "TimeLimit=-5"], ""],
      [[`jobid=${job}`, "TimeLimit=foo"], "scontrol: error: Invalid TimeLimit value\nstatus 1\n"],
      [[`jobid=${job}`, "TimeLimit"], "Invalid input: TimeLimit\nRequest aborted\nstatus 1\n"],
      [[`jobid=${job}`], "No changes specified\nstatus 1\n"],
      [
        [`jobid=${job}`, "Foo=1"],
        "Update of this parameter is not supported: Foo=1\nRequest aborted\nstatus 1\n",
      ],
    ];
    for (const [words, expected] of updates) {
      assert.equal(await said(slurm, "scontrol", "update", ...words), expected);
    }

    assert.equal(
      await said(slurm, "squeue", "-h", "-S", "i", "-o", "%i|%l"),
      "1_[1-3%1]|7:00\n2|35:00\n",
    );
    await slurm.run("scontrol", "release", "jobname=many");
    await slurm.waitForEnd(array);
  }));

Deno.test("what the fake cannot show or do is refused by name", () =>
  withFakeSlurm(async (slurm) => {
    const refusals: readonly (readonly [[string, ...string[]], string])[] = [
      [["scontrol", "suspend", "1"], "suspend"],
      [["scontrol", "write", "batch_script", "1"], "write"],
      [["scontrol", "-o", "show", "node"], "show node"],
      [["scontrol", "show", "partition", "debug"], "show partition"],
      [["sinfo", "--long"], "--long"],
      [["squeue", "--steps"], "--steps"],
      [["sacct", "--long"], "--long"],
    ];
    for (const [argv, what] of refusals) {
      assert.equal(
        await said(slurm, ...argv),
        `${argv[0]}: error: the fake Slurm does not support ${what}\nstatus 1\n`,
      );
    }
  }));

Deno.test("squeue --start, --long and --Format show what scripts ask for", () =>
  withFakeSlurm(async (slurm) => {
    const array = await slurm.submit("--begin=now+1hour", "-J", "a", "-a", "1-2", "--wrap", "true");
    await slurm.submit("-J", "b", "-n", "2", "-c", "2", "-d", `afterok:${array}`, "--wrap", "true");

    const start = await said(slurm, "squeue", "--start");
    const long = await said(slurm, "squeue", "--long");
    const named = await said(
      slurm,
      ...["squeue", "-hn", "b", "-O", "NumCPUs:4,MinCPUs:4,Name:|,NumNodes:"],
    );

    const when = /\d{4}-\d\d-\d\dT[\d:]+/g;
    assert.match(
      start.replaceAll(when, "0000-00-00T00:00:00"),
      /^ {13}JOBID PARTITION {5}NAME {5}USER ST {10}START_TIME {2}NODES SCHEDNODES {11}NODELIST\(REASON\)\n {11}1_\[1-2\] .* PD 0000-00-00T00:00:00 {6}1 \(null\) {15}\(BeginTime\)\n {17}2 .* PD +N\/A {6}1 \(null\) {15}\(Dependency\)\n$/,
    );
    assert.match(long, /^\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}\n +JOBID PARTITION/);
    assert.equal(named, "4   2   b|1\n");
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
