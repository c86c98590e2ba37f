import assert from "node:assert/strict";
import { readSubmissionCommand, splitLeniently } from "../../src/slurm/submission_command.ts";
import type { SubmissionCommand } from "../../src/slurm/submission_command.ts";

const PLAIN = { dependency: undefined, script: "job.sh", isPlain: true };
const CASES: readonly [command: string, read: SubmissionCommand][] = [
  ["sbatch job.sh --dependency=afterok:1", PLAIN],
  ["/opt/slurm/bin/sbatch -n 3 job.sh", PLAIN],
  ["sbatch -d afterok:1 job.sh", { ...PLAIN, dependency: "afterok:1" }],
  ["sbatch -dafterok:1 job.sh", { ...PLAIN, dependency: "afterok:1" }],
  ["sbatch -Hdafterok:1 job.sh", { ...PLAIN, dependency: "afterok:1" }],
  ["sbatch --dependency=afterok:1 job.sh", { ...PLAIN, dependency: "afterok:1" }],
  ["sbatch --dependency afterok:1 job.sh", { ...PLAIN, dependency: "afterok:1" }],
  // getopt_long(3) takes the beginning of a name, but not one that deadline has, too.
  ["sbatch --dep=afterok:1 job.sh", { ...PLAIN, dependency: "afterok:1" }],
  ["sbatch --de=afterok:1 job.sh", PLAIN],
  // The last one counts.
  ["sbatch -d afterok:1 -d afterok:2 job.sh", { ...PLAIN, dependency: "afterok:2" }],
  // A letter of another option's value.
  ["sbatch -Jd job.sh", PLAIN],
  ["sbatch -D/data job.sh", { ...PLAIN, chdir: "/data" }],
  ["sbatch --chdir a -D b job.sh", { ...PLAIN, chdir: "b" }],
  // One without jobs takes what the script says out.
  ["sbatch --dependency= job.sh", { ...PLAIN, dependency: "" }],
  // The components of a heterogeneous job start together.
  ["sbatch -n1 : -n2 job.sh", PLAIN],
  ["sbatch -n1 : -n2 -d afterok:1 -D sub job.sh", {
    ...PLAIN,
    dependency: "afterok:1",
    chdir: "sub",
  }],
  ["sbatch -d afterok:1 : -d afterok:2 job.sh", { ...PLAIN, dependency: "afterok:1,afterok:2" }],
  ["sbatch --job-name --dependency=1 job.sh", PLAIN],
  ["sbatch -- job.sh", PLAIN],
  ["sbatch", { ...PLAIN, script: undefined }],
  ["sbatch --wrap 'sleep 1'", { ...PLAIN, script: undefined, wrap: "sleep 1" }],
  ["sbatch --wrap='sleep 1' -d singleton", {
    ...{ dependency: "singleton", script: undefined, wrap: "sleep 1" },
    isPlain: true,
  }],
  // What an unknown option makes of the next word nobody knows.
  ["sbatch --new-option x -d afterok:1 job.sh", { ...PLAIN, script: undefined }],
  ["sbatch --new-option x --dependency=afterok:1 job.sh", {
    ...{ dependency: "afterok:1", script: undefined },
    isPlain: true,
  }],
  ["sbatch -d afterok:1 job.sh | tail -1", {
    ...{ dependency: "afterok:1", script: "job.sh" },
    isPlain: false,
  }],
  ["cd sub && sbatch -d afterok:1 job.sh", {
    ...{ dependency: "afterok:1", script: undefined },
    isPlain: false,
  }],
  ["sbatch -d afterok:1 <<E\n#!/bin/sh\necho\nE", {
    ...{ dependency: "afterok:1", script: undefined },
    isPlain: false,
  }],
  ["sbatch -d afterok:1 -J $(date +%s) job.sh || exit 1", {
    ...{ dependency: "afterok:1", script: undefined },
    isPlain: false,
  }],
  // Which of them submits nobody knows.
  ["false && sbatch -d afterok:1 a.sh || sbatch b.sh", {
    ...{ dependency: undefined, script: undefined },
    isPlain: false,
  }],
  ["./perhaps.sh || sbatch -d afterok:1 a.sh", {
    ...{ dependency: undefined, script: undefined },
    isPlain: false,
  }],
  ["if true; then sbatch -d afterok:1 a.sh; fi", {
    ...{ dependency: undefined, script: undefined },
    isPlain: false,
  }],
  ["submit -d afterok:1 job.sh", { dependency: undefined, script: undefined, isPlain: false }],
  ["submit --dependency afterok:1 x", {
    ...{ dependency: "afterok:1", script: undefined },
    isPlain: false,
  }],
  ["my-sbatch job.sh", { dependency: undefined, script: undefined, isPlain: false }],
];

for (const [command, read] of CASES) {
  Deno.test(`readSubmissionCommand() of ${command}`, () => {
    assert.deepEqual(readSubmissionCommand(command), read);
  });
}

Deno.test("splitLeniently() splits what no shell would take between its blanks", () => {
  assert.deepEqual(splitLeniently("a 'b c'"), ["a", "b c"]);
  assert.deepEqual(splitLeniently("  a 'b\tc "), ["a", "'b", "c"]);
});
