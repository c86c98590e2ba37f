import assert from "node:assert/strict";
import { parseJobRecord } from "../../src/slurm/job_record.ts";

/** The lines of a record as scontrol prints them, those of a job with these texts. */
function record(changes: Readonly<Record<string, string>> = {}): string {
  const text = { JobName: "x", Comment: "none", StdOut: "/w/out", ...changes };
  return [
    `JobId=7 JobName=${text.JobName}`,
    "UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A",
    "JobState=PENDING Reason=Priority Dependency=afterok:3(unfulfilled),afterok:4(failed)",
    "Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0",
    "SubmitTime=2026-10-01T10:00:00 EligibleTime=Unknown",
    "Partition=debug AllocNode:Sid=login:1234",
    "Command=/w/job.sh",
    "WorkDir=/w",
    `Comment=${text.Comment}`,
    "StdErr=/w/err",
    "StdIn=/dev/null",
    `StdOut=${text.StdOut}`,
    "",
  ].join("\n   ");
}

Deno.test("parseJobRecord() reads every pair, a value to the end of its line where it may have blanks", () => {
  const read = parseJobRecord(record());

  assert.deepEqual(
    ["JobId", "JobName", "GroupId", "Dependency", "ExitCode", "AllocNode:Sid", "WorkDir", "StdOut"]
      .map((key) => read.get(key)),
    [
      ...["7", "x", "ada(1000)", "afterok:3(unfulfilled),afterok:4(failed)", "0:0"],
      ...["login:1234", "/w", "/w/out"],
    ],
  );
});

const HOSTILE = [
  "a b=c",
  "x\n   JobState=COMPLETED Reason=None",
  "x\n   StdOut=/etc/passwd",
  "x\n\n   UserId=root(0) GroupId=root(0) MCS_label=N/A\n   JobState=COMPLETED Reason=None",
  "Restarts=9\nExitCode=1:0",
];

for (const text of HOSTILE) {
  for (const key of ["JobName", "Comment"]) {
    Deno.test(`parseJobRecord() reads a ${key} like ${JSON.stringify(text.slice(0, 40))} as its text`, () => {
      const expected = new Map(parseJobRecord(record()));

      const read = new Map(parseJobRecord(record({ [key]: text })));

      assert.equal(read.get(key), text.trimEnd());
      read.delete(key);
      expected.delete(key);
      assert.deepEqual(read, expected);
    });
  }
}

Deno.test("parseJobRecord() reads a comment that holds a whole record as its text", () => {
  const text = `x\n${record().split("\n").slice(1).join("\n").replace("PENDING", "FAILED")}`;

  const read = parseJobRecord(record({ Comment: text }));

  assert.equal(read.get("JobState"), "PENDING");
  assert.equal(read.get("Comment"), text.trimEnd());
});

Deno.test("parseJobRecord() keeps a blank at the end of a path, and of no other text", () => {
  const read = parseJobRecord(record({ StdOut: "/w/out ", Comment: "none " }));

  assert.equal(read.get("StdOut"), "/w/out ");
  assert.equal(read.get("Comment"), "none");
});

Deno.test("parseJobRecord() reads lines that it does not know", () => {
  const lines = record().split("\n");
  lines.splice(4, 0, "   NewInSlurm=30.05 AndMore=yes");

  const read = parseJobRecord(lines.join("\n"));

  assert.equal(read.get("NewInSlurm"), "30.05");
  assert.equal(read.get("AndMore"), "yes");
  assert.equal(read.get("Restarts"), "0");
});

Deno.test("parseJobRecord() takes the first of a key that comes twice", () => {
  assert.equal(parseJobRecord("JobId=7 JobName=x\n   Requeue=1 Requeue=0\n").get("Requeue"), "1");
});

Deno.test("parseJobRecord() bears a name of a megabyte that looks like keys", () => {
  const name = "   JobState=COMPLETED\n".repeat(50_000);

  const read = parseJobRecord(record({ JobName: `x\n${name}` }));

  assert.equal(read.get("JobState"), "PENDING");
});
