import assert from "node:assert/strict";
import { findProcesses } from "../support/processes.ts";
import { findManagers, until, withFakeSlurm } from "./with_fake_slurm.ts";

Deno.test("sbatch runs the script as it was submitted, in its directory, with its arguments", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write(
      "job.sh",
      '#!/bin/sh\n#SBATCH -J "my job"\npwd; echo "$SLURM_JOB_NAME" "$@"\n',
    );

    const said = await slurm.run("sbatch", "job.sh", "a b", "c");
    await slurm.write("job.sh", "#!/bin/sh\necho changed\n");

    assert.deepEqual(said, { code: 0, stdout: "Submitted batch job 1\n", stderr: "" });
    assert.deepEqual(await slurm.waitForEnd("1"), ["1|COMPLETED|0:0"]);
    assert.equal(await slurm.read("slurm-1.out"), `${slurm.workDir}\nmy job a b c\n`);
  }));

Deno.test("an array runs each index and tells each task's end apart", () =>
  withFakeSlurm(async (slurm) => {
    const script = '[ "$SLURM_ARRAY_TASK_ID" != 3 ] && echo $SLURM_ARRAY_TASK_COUNT';

    const id = await slurm.submit("-a", "1-5:2", "-o", "log-%A_%3a.txt", "--wrap", script);

    assert.deepEqual(await slurm.waitForEnd(id), [
      "1_1|COMPLETED|0:0",
      "1_3|FAILED|1:0",
      "1_5|COMPLETED|0:0",
    ]);
    assert.equal(await slurm.read("log-1_005.txt"), "3\n");
  }));

Deno.test("an array's waiting rest is one line with its limit, its tasks have own raw IDs", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("--array=0-9%2", "--wrap", "sleep 30");
    await slurm.waitFor(`${id}_1`, "RUNNING");

    const sacct = await slurm.run("sacct", "-XnPj", id, "-o", "jobid,jobidraw,state");
    const squeue = await slurm.run("squeue", "-h", "-o", "%i %T %r");

    assert.equal(sacct.stdout, "1_0|2|RUNNING\n1_1|3|RUNNING\n1_[2-9%2]|1|PENDING\n");
    assert.equal(
      squeue.stdout,
      "1_[2-9%2] PENDING JobArrayTaskLimit\n1_0 RUNNING None\n1_1 RUNNING None\n",
    );
  }));

Deno.test("jobs wait for CPUs, first come first served", () =>
  withFakeSlurm(async (slurm) => {
    const first = await slurm.submit("-n", "8", "--wrap", "sleep 30");
    await slurm.waitFor(first, "RUNNING");
    await slurm.submit("-c", "2", "--wrap", "true");
    await slurm.submit("--wrap", "true");
    const reasons = async () => (await slurm.run("squeue", "-h", "-t", "PD", "-o", "%r")).stdout;

    // The manager notices new jobs within some milliseconds.
    await until(async () => await reasons() === "Resources\nPriority\n");
    await slurm.run("scancel", first);

    assert.deepEqual(await slurm.waitForEnd("2,3"), ["2|COMPLETED|0:0", "3|COMPLETED|0:0"]);
  }));

Deno.test("a job over its time limit ends as TIMEOUT, and its log says so", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("-t", "1", "--wrap", "sleep 30");

    assert.deepEqual(await slurm.waitForEnd(id), ["1|TIMEOUT|0:0"]);
    assert.match(
      await slurm.read("slurm-1.out"),
      /^slurmstepd: error: \*\*\* JOB 1 ON \S+ CANCELLED AT \S+ DUE TO TIME LIMIT \*\*\*\n$/,
    );
  }, { settings: { SECONDS_PER_MINUTE: "0.3" } }));

Deno.test("--signal=B: warns the script before its time limit", () =>
  withFakeSlurm(async (slurm) => {
    const script = 'trap "echo warned; exit 0" USR1; sleep 30 & wait';

    const id = await slurm.submit("-t", "2", "--signal=B:USR1@60", "--wrap", script);

    assert.deepEqual(await slurm.waitForEnd(id), ["1|COMPLETED|0:0"]);
    assert.equal(await slurm.read("slurm-1.out"), "warned\n");
  }, { settings: { SECONDS_PER_MINUTE: "3" } }));

Deno.test("scancel ends running and waiting jobs, with all their processes", () =>
  withFakeSlurm(async (slurm) => {
    const running = await slurm.submit("--wrap", "sleep 31.7 & trap '' TERM; sleep 31.7; wait");
    const waiting = await slurm.submit("--hold", "--wrap", "true");
    await slurm.waitFor(running, "RUNNING");
    await until(async () => (await slurm.run("squeue", "-h", "-o", "%B")).stdout !== "n/a\n");

    await slurm.run("scancel", running, waiting);

    const uid = Deno.uid();
    assert.deepEqual(await slurm.waitForEnd("1,2"), [
      `1|CANCELLED by ${uid}|0:0`,
      `2|CANCELLED by ${uid}|0:0`,
    ]);
    await until(() => Promise.resolve(!isRunning("sleep", "31.7")));
  }, { settings: { KILL_WAIT: "0.3" } }));

Deno.test("scancel of one waiting index leaves the others", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("-H", "-a", "0-4", "--wrap", "true");

    await slurm.run("scancel", `${id}_[1-2]`);

    assert.equal((await slurm.run("squeue", "-h", "-o", "%i")).stdout, "1_[0,3-4]\n");
  }));

Deno.test("a script killed by a signal fails with it", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("--wrap", "kill -9 $$");

    assert.deepEqual(await slurm.waitForEnd(id), ["1|FAILED|0:9"]);
  }));

Deno.test("a log file that cannot be opened fails the job as Slurm does", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("-o", "missing/%j.out", "--wrap", "true");

    assert.deepEqual(await slurm.waitForEnd(id), ["1|FAILED|0:53"]);
    const shown = await slurm.run("scontrol", "show", "job", id);
    assert.match(shown.stdout, /JobState=FAILED Reason=JobLaunchFailure/);
  }));

Deno.test("dependencies: what is fulfilled runs, what never can be says so", () =>
  withFakeSlurm(async (slurm) => {
    const first = await slurm.submit("-H", "--wrap", "exit 1");
    const names = ["afternotok", "afterany", "after", "afterok"];
    const ids: string[] = [];
    for (const name of names) {
      ids.push(await slurm.submit(`--dependency=${name}:${first}`, "--wrap", "true"));
    }
    const killed = await slurm.submit(
      "-d",
      `afterok:${first}`,
      "--kill-on-invalid-dep=yes",
      "--wrap",
      "true",
    );
    const reasons = await slurm.run("squeue", "-h", "-o", "%r");

    await slurm.run("scontrol", "release", first);

    assert.equal(reasons.stdout, "Dependency\n".repeat(5) + "JobHeldUser\n");
    assert.deepEqual(await slurm.waitForEnd(ids.slice(0, 3).join(",")), [
      "2|COMPLETED|0:0",
      "3|COMPLETED|0:0",
      "4|COMPLETED|0:0",
    ]);
    await slurm.waitFor(killed, "CANCELLED");
    const left = await slurm.run("squeue", "-h", "-o", "%i %r %E");
    assert.equal(left.stdout, "5 DependencyNeverSatisfied afterok:1(failed)\n");
  }));

Deno.test("--dependency=singleton lets one job of a name run at a time", () =>
  withFakeSlurm(async (slurm) => {
    const first = await slurm.submit("-J", "one", "--wrap", "sleep 30");
    const second = await slurm.submit("-J", "one", "-d", "singleton", "--wrap", "true");
    await slurm.waitFor(first, "RUNNING");
    assert.equal(await slurm.state(second), "PENDING");

    await slurm.run("scancel", first);

    assert.deepEqual(await slurm.waitForEnd(second), ["2|COMPLETED|0:0"]);
  }));

Deno.test("--begin keeps a job waiting until its time", () =>
  withFakeSlurm(async (slurm) => {
    const later = await slurm.submit("--begin=now+1hour", "--wrap", "true");
    const soon = await slurm.submit("--begin=now+1", "--wrap", "true");

    assert.deepEqual(await slurm.waitForEnd(soon), ["2|COMPLETED|0:0"]);
    assert.equal((await slurm.run("squeue", "-hj", later, "-o", "%r")).stdout, "BeginTime\n");
  }));

Deno.test("scontrol requeue runs a job again and keeps the earlier run for --duplicates", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("--wrap", '[ "$SLURM_RESTART_COUNT" = 1 ] || sleep 30');
    await slurm.waitFor(id, "RUNNING");

    await slurm.run("scontrol", "requeue", id);

    await slurm.waitFor(id, "COMPLETED");
    const all = await slurm.run("sacct", "-DXnPj", id, "-o", "jobid,state");
    assert.equal(all.stdout, "1|REQUEUED\n1|COMPLETED\n");
  }, { settings: { REQUEUE_DELAY: "0.1" } }));

Deno.test("a requeued job runs again, however long a minute is", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("--wrap", "[ -e again ] || { touch again; sleep 30; }");
    await until(() => Deno.stat(`${slurm.workDir}/again`).then(() => true, () => false));

    await slurm.run("scontrol", "requeue", id);

    assert.deepEqual(await slurm.waitForEnd(id), [`${id}|COMPLETED|0:0`]);
  }, { settings: { SECONDS_PER_MINUTE: "0.7" } }));

Deno.test("a requeued job waits for two minutes, as in Slurm, unless it may not be requeued", () =>
  withFakeSlurm(async (slurm) => {
    const again = await slurm.submit("--wrap", "true");
    const held = await slurm.submit("--wrap", "true");
    const never = await slurm.submit("--no-requeue", "--wrap", "true");
    await slurm.waitForEnd([again, held, never].join(","));

    await slurm.run("scontrol", "requeue", again);
    await slurm.run("scontrol", "requeuehold", held);
    const refused = await slurm.run("scontrol", "requeue", never);

    assert.deepEqual(refused, {
      code: 1,
      stdout: "",
      stderr: `Requested operation is presently disabled for job ${never}\n`,
    });
    const queue = (await slurm.run("squeue", "-h", "-o", "%i %t %r|%V|%S")).stdout.trim();
    const [first, second, ...others] = queue.split("\n").sort();
    assert.deepEqual(others, []);
    const [state = "", submitted = "", begins = ""] = (first ?? "").split("|");
    assert.equal(state, `${again} PD BeginTime`);
    assert.equal(Date.parse(begins) - Date.parse(submitted), 121_000);
    assert.match(second ?? "", /^2 PD job requeued in held state\|/);
    const shown = (await slurm.run("scontrol", "show", "job", held)).stdout;
    assert.match(shown, / Reason=job_requeued_in_held_state /);
  }));

Deno.test("scontrol update changes the time limit of a running job", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("-t", "60", "--wrap", "sleep 30");
    await slurm.waitFor(id, "RUNNING");

    await slurm.run("scontrol", "update", `jobid=${id}`, "timelimit=1");

    assert.deepEqual(await slurm.waitForEnd(id), ["1|TIMEOUT|0:0"]);
  }, { settings: { SECONDS_PER_MINUTE: "0.3" } }));

Deno.test("--export picks what the job sees", () =>
  withFakeSlurm(async (slurm) => {
    const script = 'echo "$FAKE_A|$FAKE_B|$SLURM_SUBMIT_DIR"';
    const lists = ["ALL", "NONE", "FAKE_A,FAKE_B=two", "ALL,FAKE_A=new"];
    Deno.env.set("FAKE_A", "one");
    for (const list of lists) await slurm.submit(`--export=${list}`, "--wrap", script);
    Deno.env.delete("FAKE_A");
    await slurm.waitForEnd("1,2,3,4");

    const logs = await Promise.all(lists.map((_, at) => slurm.read(`slurm-${at + 1}.out`)));

    const dir = slurm.workDir;
    assert.deepEqual(logs, [`one||${dir}\n`, `||${dir}\n`, `one|two|${dir}\n`, `new||${dir}\n`]);
  }));

Deno.test("--open-mode=append keeps what the log held, the default does not", () =>
  withFakeSlurm(async (slurm) => {
    await slurm.write("a.out", "old\n");
    await slurm.write("t.out", "old\n");

    await slurm.submit("-o", "a.out", "--open-mode=append", "--wrap", "echo new");
    await slurm.submit("-o", "t.out", "--wrap", "echo new");
    await slurm.waitForEnd("1,2");

    assert.deepEqual([await slurm.read("a.out"), await slurm.read("t.out")], [
      "old\nnew\n",
      "new\n",
    ]);
  }));

Deno.test("sbatch --wait ends with the job's own exit status", () =>
  withFakeSlurm(async (slurm) => {
    assert.equal((await slurm.run("sbatch", "--wait", "--wrap", "exit 4")).code, 4);
  }));

Deno.test("many submissions at once get IDs of their own and all run", () =>
  withFakeSlurm(async (slurm) => {
    const submitted = await Promise.all(
      Array.from({ length: 12 }, () => slurm.submit("--wrap", "true")),
    );

    const expected = Array.from({ length: 12 }, (_, at) => String(at + 1));
    assert.deepEqual(submitted.sort((a, b) => Number(a) - Number(b)), expected);
    const ends = await slurm.waitForEnd(submitted.join(","));
    assert.deepEqual(ends, expected.map((id) => `${id}|COMPLETED|0:0`));
  }));

Deno.test("the manager ends with the last job, and the next submission starts another", () =>
  withFakeSlurm(async (slurm) => {
    for (let round = 0; round < 3; round++) {
      const id = await slurm.submit("--wrap", "true");
      await slurm.waitForEnd(id);
      await until(() => Promise.resolve(findManagers(slurm.stateDir).length === 0));
    }
  }));

Deno.test("a job without its process is NODE_FAIL, and what waits runs, after the manager was killed", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("-n", "8", "--wrap", "echo $$ >pid; sleep 30");
    await slurm.waitFor(id, "RUNNING");
    const next = await slurm.submit("--wrap", "true");
    await until(async () => (await slurm.read("pid").catch(() => "")) !== "");
    for (const pid of findManagers(slurm.stateDir)) Deno.kill(pid, "SIGKILL");
    Deno.kill(-Number(await slurm.read("pid")), "SIGKILL");
    await until(() => Promise.resolve(!isRunning("sleep\x0030")));
    // Who asks begins another manager.
    await slurm.run("squeue");

    assert.deepEqual(await slurm.waitForEnd(`${id},${next}`), [
      "1|NODE_FAIL|0:0",
      "2|COMPLETED|0:0",
    ]);
  }));

Deno.test("a job whose process outlives its manager keeps running", () =>
  withFakeSlurm(async (slurm) => {
    const id = await slurm.submit("--wrap", "sleep 30");
    await until(async () => (await slurm.run("squeue", "-h", "-o", "%B")).stdout !== "n/a\n");
    await until(() => Promise.resolve(isRunning("sleep\x0030")));
    for (const pid of findManagers(slurm.stateDir)) Deno.kill(pid, "SIGKILL");

    assert.equal(await slurm.state(id), "RUNNING");
    await slurm.run("scancel", id);
    await slurm.waitFor(id, `CANCELLED by ${Deno.uid()}`);
  }));

/** Whether a process with this command line is alive. */
function isRunning(...command: string[]): boolean {
  return findProcesses(({ words }) => words.join("\0") === command.join("\0")).length > 0;
}

Deno.test("a job that waits for one that has ended before starts, though no other gives a reason", () =>
  withFakeSlurm(async (slurm) => {
    const first = await slurm.submit("--wrap", "exit 1");
    await slurm.waitForEnd(first);
    await until(() => Promise.resolve(findManagers(slurm.stateDir).length === 0));

    const after = await slurm.submit("-d", `afterany:${first}`, "--wrap", "true");
    const never = await slurm.submit(
      ...["-d", `afterok:${first}`, "--kill-on-invalid-dep=yes", "--wrap", "true"],
    );

    assert.deepEqual(await slurm.waitForEnd(after), ["2|COMPLETED|0:0"]);
    assert.deepEqual(await slurm.waitForEnd(never), ["3|CANCELLED|0:0"]);
  }));

Deno.test("scancel of thousands of waiting array tasks leaves of each array what it should", () =>
  withFakeSlurm(async (slurm) => {
    const all = await slurm.submit("--hold", "--array=0-9999", "--wrap", "true");
    const some = await slurm.submit("--hold", "--array=0-9", "--wrap", "true");

    await slurm.run("scancel", all, `${some}_[0-8]`);

    assert.equal((await slurm.run("squeue", "-h", "-o", "%i")).stdout, `${some}_[9]\n`);
    const rest = (await slurm.run("sacct", "-nPXj", all, "-o", "jobid,state")).stdout;
    assert.equal(rest, `${all}_[0-9999]|CANCELLED by ${Deno.uid()}\n`);
  }));
