import assert from "node:assert/strict";
import { parseJobRecord } from "../../src/slurm/job_record.ts";
import { parseShowJob } from "../../src/slurm/show_job.ts";
import {
  areLogsUnclear,
  arrayTasksOf,
  detailsOfSubmission,
  environmentFileName,
  environmentOf,
  fillNames,
  logsOf,
  makesLogFolders,
  submitTimeOf,
} from "../../src/slurm/submission_details.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { readRecording } from "./recordings.ts";

for (const version of VERSIONS) {
  const read = (name: string) => parseShowJob(readRecording(version, `${name}_scontrol`).stdout);

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

  Deno.test(`submitTimeOf() reads when a job was submitted, Slurm ${version}`, () => {
    const { submitS, isRequeued } = submitTimeOf(read("single_job"));

    assert.equal(new Date(submitS! * 1000).toISOString().slice(0, 4), "2026");
    assert.equal(isRequeued, false);
  });

  Deno.test(`makesLogFolders() knows Slurm ${version} by its record`, () => {
    assert.equal(makesLogFolders(read("single_job")[0]!), version === "24.11");
  });
}

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

Deno.test("logsOf() takes percent signs in folders and names for what they are", () => {
  const logOf = (record: Readonly<Record<string, string>>, stdout?: string) =>
    logsOf(
      [new Map(Object.entries({ JobId: "7", ...record }))],
      stdout === undefined ? undefined : { stdout, stderr: null },
    ).map(({ path }) => path);
  const folder = "/w/80%train/5%%x/a%j";
  const escaped = "/w/80%%train/5%%%%x/a%%j";

  assert.deepEqual(logOf({ WorkDir: folder, StdOut: `${folder}/slurm-7.out` }), [
    `${escaped}/slurm-7.out`,
  ]);
  assert.deepEqual(logOf({ WorkDir: "/w", JobName: "x%j", StdOut: "/w/x%j.log" }), [
    "/w/x%%j.log",
  ]);
  assert.deepEqual(logOf({ WorkDir: "/w", JobName: "x%4a", StdOut: "/w/x%4a-%4a.log" }), [
    "/w/x%%4a-%4a.log",
  ]);
  const pending = {
    ...{ ArrayJobId: "7", ArrayTaskId: "0-1", WorkDir: folder },
    StdOut: `${folder}/log-7`,
  };
  assert.deepEqual(logOf(pending, `${folder}/log-%j`), [`${escaped}/log-%j`]);
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

function recordsWith(...lines: readonly string[]) {
  return lines.map((line) => parseJobRecord(`JobId=1 JobName=x\n   ${line}\n`));
}

Deno.test("submitTimeOf() takes the first of the tasks, and sees that one was requeued", () => {
  const records = recordsWith(
    "Requeue=1 Restarts=0 BatchFlag=1\n   SubmitTime=2026-10-01T10:00:05 EligibleTime=Unknown",
    "Requeue=1 Restarts=10 BatchFlag=1\n   SubmitTime=2026-10-01T10:00:00 EligibleTime=Unknown",
    "Requeue=1 Restarts=0 BatchFlag=1\n   SubmitTime=Unknown EligibleTime=Unknown",
  );

  assert.deepEqual(submitTimeOf(records), {
    submitS: Date.UTC(2026, 9, 1, 10) / 1000,
    isRequeued: true,
  });
});

Deno.test("submitTimeOf() does not know what no record tells", () => {
  assert.deepEqual(submitTimeOf([]), { submitS: null, isRequeued: false });
  assert.deepEqual(submitTimeOf(recordsWith("Requeue=1 Restarts=0")), {
    submitS: null,
    isRequeued: false,
  });
});

const NAMES: readonly [pattern: string, filled: string][] = [
  ["%x-%j.out", "my run-%j.out"],
  ["%u/%x", "ada/my run"],
  // A width is no use for a name.
  ["%8x.%03A_%4a", "my run.%03A_%4a"],
  // A doubled sign stands for itself: what follows it is text.
  ["%%x%%%x", "%%x%%my run"],
  ["100%", "100%"],
  ["%", "%"],
];

for (const [pattern, filled] of NAMES) {
  Deno.test(`fillNames() fills "${pattern}"`, () => {
    assert.equal(fillNames(pattern, "my run", "ada"), filled);
  });
}

Deno.test("fillNames() makes no field of what is in a name, and leaves what is not known", () => {
  assert.equal(fillNames("%x-%u", "50%j", undefined), "50%%j-%u");
});

Deno.test("environmentFileName() tells the tasks of an array apart", () => {
  assert.notEqual(environmentFileName("151_3"), environmentFileName("151"));
});

for (const version of VERSIONS) {
  Deno.test(`detailsOfSubmission() has the components of a heterogeneous job, Slurm ${version}`, () => {
    const records = parseShowJob(readRecording(version, "het_job_scontrol").stdout);
    const first = Number(records[0]!.get("JobId"));
    const jobId = String(first);

    const details = detailsOfSubmission([], records, null)({ jobId });

    assert.deepEqual(details.components, [jobId, String(first + 1)]);
    assert.equal(details.arrayTasks, null);
  });
}

Deno.test("detailsOfSubmission() does not take an array whose list was cut off for a plain job", () => {
  const text = "JobId=7 ArrayJobId=7 ArrayTaskId=0,2,4,... JobName=x";

  const details = detailsOfSubmission([], [parseJobRecord(text)], null)({ jobId: "7" });

  assert.deepEqual([details.arrayTasks, details.areTasksUnknown], [null, true]);
});
