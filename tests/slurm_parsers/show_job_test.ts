import assert from "node:assert/strict";
import type { Runner } from "../../src/process/runner.ts";
import { parseShowJob, showJobs } from "../../src/slurm/show_job.ts";
import {
  areLogsUnclear,
  arrayTasksOf,
  environmentOf,
  logsOf,
} from "../../src/slurm/submission_details.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { readRecording } from "./recordings.ts";

for (const version of VERSIONS) {
  const read = (name: string) => parseShowJob(readRecording(version, `${name}_scontrol`).stdout);

  Deno.test(`parseShowJob() reads values with blanks and "=" whole, Slurm ${version}`, () => {
    const [record] = read("awkward_names");

    assert.equal(record!.get("JobName"), "my | job a=b JobId=1");
    assert.equal(record!.get("Comment")!.trim(), "x=1 Y=2, with blanks");
    assert.equal(record!.get("Command"), "/data/my work/ok job=1 A=2.sh");
    assert.equal(record!.get("WorkDir"), "/data/my work");
    assert.equal(record!.get("StdErr"), "/data/my work/errors ada.err");
    assert.match(
      record!.get("StdOut")!,
      /^\/data\/my work\/logs a=b C=d my \| job a=b JobId=1 .*\.out$/,
    );
  });

  Deno.test(`parseShowJob() reads every pair of a line, Slurm ${version}`, () => {
    const [record] = read("failed_job");

    assert.equal(record!.get("JobState"), "FAILED");
    assert.equal(record!.get("Reason"), "NonZeroExitCode");
    assert.equal(record!.get("Dependency"), "(null)");
    assert.equal(record!.get("ExitCode"), "3:0");
    assert.equal(record!.get("CPUs/Task"), "1");
    assert.equal(record!.get("AllocNode:Sid"), "login01:1234");
    assert.equal(record!.get("ReqB:S:C:T"), "0:0:*:*");
  });

  Deno.test(`parseShowJob() reads one record per array task, Slurm ${version}`, () => {
    assert.equal(read("array_pending").length, 1);
    assert.equal(read("array_running").length, 3);
    assert.equal(read("array_done").length, 4);
    assert.equal(read("het_job").length, 2);
  });

  Deno.test(`arrayTasksOf() names all tasks of a long array, Slurm ${version}`, () => {
    assert.equal(
      arrayTasksOf(read("array_long_pending")),
      "0,3,6,9,12,15,18,21,24,27,30,33,36,39,50,57,64,71,78,85",
    );
    assert.equal(arrayTasksOf(read("array_pending")), "0-3");
    assert.equal(arrayTasksOf(read("single_job")), null);
    const tasks = arrayTasksOf(read("array_running"))!.split(",").sort();
    assert.deepEqual(tasks, ["0", "1", "2-3"]);
  });

  Deno.test(`logsOf() gives one log where StdOut is StdErr, Slurm ${version}`, () => {
    assert.equal(logsOf(read("single_job")).length, 1);
    assert.equal(logsOf(read("single_job"))[0]!.task, null);
    assert.equal(logsOf(read("awkward_names")).length, 2);
    const tasks = logsOf(read("array_running")).map((log) => log.task);
    assert.deepEqual(tasks.sort(), [0, 1, null]);
  });

  Deno.test(`environmentOf() names no person, Slurm ${version}`, () => {
    const environment = environmentOf(read("single_job")[0]!);

    assert.equal(environment["JobName"], "ok.sh");
    for (const key of ["JobId", "UserId", "GroupId", "MailUser", "AllocNode:Sid"]) {
      assert(!(key in environment), key);
    }
    assert(!JSON.stringify(environment).includes("(1000)"));
  });
}

Deno.test("parseShowJob() finds nothing in an error message", () => {
  const { stdout, stderr } = readRecording("22.05", "unknown_job_scontrol");

  assert.deepEqual(parseShowJob(stdout + stderr), []);
});

Deno.test("arrayTasksOf() does not trust a list that was cut off", () => {
  const records = parseShowJob("JobId=7 ArrayJobId=7 ArrayTaskId=1,3,5,... JobName=x\n");

  assert.equal(arrayTasksOf(records), null);
});

/** An array of which task 0 has begun, as scontrol shows it. */
function arrayRecords(stdout: string, stderr: string) {
  const record = (jobId: string, tasks: string, own: string) =>
    [
      `JobId=${jobId} ArrayJobId=7 ArrayTaskId=${tasks} JobName=my run`,
      `UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A`,
      `StdErr=${stderr.replaceAll("@", own)}`,
      `StdOut=${stdout.replaceAll("@", own)}`,
    ].join("\n   ");
  return parseShowJob(`${record("7", "1-3%2", "7")}\n\n${record("8", "0", "8")}\n`);
}

Deno.test("logsOf() takes what squeue told for pending tasks, what scontrol printed for others", () => {
  const records = arrayRecords("/w/my run of ada-@", "/w/my run of ada-@");
  const told = { stdout: "/w/%x of %u-%j-%%x", stderr: null };

  assert.deepEqual(logsOf(records, told), [
    { task: null, path: "/w/my run of ada-%j-%%x" },
    { task: 0, path: "/w/my run of ada-8" },
  ]);
  assert.deepEqual(logsOf(records, { ...told, stderr: "/w/%3x.err" }).map(({ path }) => path), [
    "/w/my run of ada-%j-%%x",
    "/w/my run.err",
    "/w/my run of ada-8",
  ]);
  assert.deepEqual(logsOf(records), [
    { task: null, path: "/w/my run of ada-7" },
    { task: 0, path: "/w/my run of ada-8" },
  ]);
});

Deno.test("logsOf() keeps a name that tells the tasks, whatever squeue shows of it", () => {
  const records = arrayRecords("/w/slurm-7_4294967294.out", "/w/err-@");
  // Slurm 22.05, of a default name.
  const told = { stdout: "/w/slurm-7.out", stderr: "/w/err-%j" };

  assert.deepEqual(logsOf(records.slice(0, 1), told), [
    { task: null, path: "/w/slurm-7_4294967294.out" },
    { task: null, path: "/w/err-%j" },
  ]);
});

Deno.test("areLogsUnclear() holds where a name of pending tasks has the array's ID and no index", () => {
  assert.equal(areLogsUnclear(arrayRecords("/w/log-@", "/w/err")), true);
  assert.equal(areLogsUnclear(arrayRecords("/w/log", "/w/err-@")), true);
  assert.equal(areLogsUnclear(arrayRecords("/w/log", "/w/slurm-@_4294967294.out")), false);
  const [, ofTask] = arrayRecords("/w/log-@", "/w/err");
  assert.equal(areLogsUnclear([ofTask!]), false, "of a task that has begun all is known");
  assert.equal(
    areLogsUnclear(parseShowJob("JobId=7 JobName=x\n   StdOut=/w/slurm-7.out\n")),
    false,
  );
});

Deno.test("logsOf() leaves out what is no path", () => {
  assert.deepEqual(logsOf(parseShowJob("JobId=7 JobName=x\n   StdErr=(null)\n   StdOut=\n")), []);
});

/** A runner that prints `text` in pieces of `size` bytes. */
function printing(text: string, size: number): Runner {
  return {
    run: (_, options) => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length; at += size) {
        options!.onStdout!(bytes.slice(at, at + size));
      }
      return Promise.resolve({ code: 0, signal: null, stdout: new Uint8Array(), stderr: "" });
    },
  };
}

for (const version of VERSIONS) {
  Deno.test(`showJobs() picks the records of some jobs out of all, Slurm ${version}`, async () => {
    const names = ["single_job", "array_running", "awkward_names", "het_job", "failed_job"];
    const texts = names.map((name) => readRecording(version, `${name}_scontrol`).stdout);
    const idOf = (name: string) => {
      const record = parseShowJob(texts[names.indexOf(name)]!)[0]!;
      return record.get("ArrayJobId") ?? record.get("HetJobId") ?? record.get("JobId")!;
    };
    const wanted = new Set(["array_running", "het_job", "failed_job"].map(idOf).concat("1"));

    for (const size of [7, 1_000, 1_000_000]) {
      const client = { runner: printing(texts.join(""), size), timeoutMs: 1_000 };
      const found = await showJobs(client, wanted, null);

      assert.deepEqual(
        [...found].map(([id, records]) => [id, records.length]).sort(),
        [
          [idOf("array_running"), 3],
          [idOf("failed_job"), 1],
          [idOf("het_job"), 2],
        ].sort(),
      );
      assert.deepEqual(
        found.get(idOf("array_running")),
        parseShowJob(texts[names.indexOf("array_running")]!),
      );
    }
  });
}
