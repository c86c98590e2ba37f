import assert from "node:assert/strict";
import {
  addJobs,
  awaitedJobs,
  dependencyOfScript,
  isAwaited,
  replaceJobs,
  setDependency,
} from "../../src/slurm/dependency.ts";
import { readSubmissionCommand } from "../../src/slurm/submission_command.ts";

const COMMANDS: readonly (readonly [command: string, text: string | undefined, script?: string])[] =
  [
    ["sbatch --dependency=afterok:7 job.sh", "afterok:7", "job.sh"],
    ["sbatch --dependency afterok:7 job.sh a", "afterok:7", "job.sh"],
    ["/usr/bin/sbatch -d afterok:7 job.sh", "afterok:7", "job.sh"],
    ["sbatch -dafterok:7 job.sh", "afterok:7", "job.sh"],
    ["sbatch -Hdafterok:7 job.sh", "afterok:7", "job.sh"],
    ["sbatch --depend=afterok:7 job.sh", "afterok:7", "job.sh"],
    // The last one counts, sbatch(1); an array has its own option.
    ["sbatch -d afterok:1 --array=0-3 -d 'afterok:7' 'job x.sh'", "afterok:7", "job x.sh"],
    ["cd sub && sbatch -n 2 --dependency=afterok:7 job.sh", "afterok:7"],
    ["sbatch job.sh --dependency=afterok:7", undefined, "job.sh"],
    ["sbatch --time=1 -J d job.sh", undefined, "job.sh"],
    ["sbatch --deadline=now job.sh", undefined, "job.sh"],
    ["sbatch -d afterok:7 -- -odd.sh", "afterok:7", "-odd.sh"],
    ["./submit.sh --dependency=afterok:7 job.sh", "afterok:7"],
    ["./submit.sh -d afterok:7 job.sh", undefined],
    ["sbatch --site-option x --dependency=afterok:7 job.sh", "afterok:7"],
    ["sbatch --dependency=afterok:7 --wrap 'x y'", "afterok:7"],
    ["sbatch --dependency=afterok:7 'job.sh", undefined],
    ["", undefined],
  ];

for (const [line, dependency, script] of COMMANDS) {
  Deno.test(`readSubmissionCommand() reads "${line}"`, () => {
    const read = readSubmissionCommand(line);

    assert.deepEqual([read.dependency, read.script], [dependency, script]);
  });
}

Deno.test("readSubmissionCommand() knows what only a shell can read", () => {
  const plain = ["sbatch job.sh", "/usr/bin/sbatch -n 1 'a $x.sh'", 'sbatch "a b.sh" \\&'];
  const others = ["sbatch $x", "sbatch a; b", "sbatch a > b", "x=1 sbatch a", "sbatch 'a", "ssh h"];

  for (const line of plain) assert.ok(readSubmissionCommand(line).isPlain, line);
  for (const line of others) assert.ok(!readSubmissionCommand(line).isPlain, line);
});

Deno.test("dependencyOfScript() reads the directives, and no further", () => {
  const script = (...lines: string[]) => ["#!/bin/sh", ...lines, "true"].join("\n");

  assert.equal(dependencyOfScript(script("#SBATCH --dependency=afterok:7 # b")), "afterok:7");
  assert.equal(
    dependencyOfScript(script("#SBATCH -n 1 -d afterok:7", "#SBATCH -t 5")),
    "afterok:7",
  );
  assert.equal(dependencyOfScript(script("  # b", "#SBATCH-dafterok:7")), "afterok:7");
  assert.equal(dependencyOfScript(script("#SBATCH -n 1 # -d afterok:7")), undefined);
  assert.equal(dependencyOfScript(script("# SBATCH -d afterok:7")), undefined);
  assert.equal(dependencyOfScript(script("echo", "#SBATCH -d afterok:7")), undefined);
});

const TEXTS: readonly (readonly [text: string, ids: readonly string[]])[] = [
  ["afterok:7", ["7"]],
  ["afterok:7:8,afterany:9_3", ["7", "8", "9_3"]],
  ["afternotok:7,aftercorr:8,afterburstbuffer:9", ["7", "8", "9"]],
  ["afterok:7_*", ["7"]],
  ["AFTEROK:7,AfterAny: 8", ["7", "8"]],
  // A start is no end, of several conditions one is enough, and a name is no job.
  ["after:7+5", []],
  ["afterok:7?afterok:8", []],
  ["singleton", []],
  ["afterok:$ID", []],
  ["", []],
];

for (const [text, ids] of TEXTS) {
  Deno.test(`awaitedJobs() reads "${text}"`, () => {
    assert.deepEqual(awaitedJobs(text), ids);
  });
}

Deno.test("isAwaited() takes an array for each of its tasks, and no task for the array", () => {
  assert.ok(isAwaited("7", ["7"]));
  assert.ok(isAwaited("7_3", ["7"]));
  assert.ok(isAwaited("7_3", ["7_3"]));
  assert.ok(!isAwaited("7", ["7_3"]));
  assert.ok(!isAwaited("7_2", ["7_3"]));
  assert.ok(!isAwaited("7", ["77"]));
});

const REPLACEMENTS: readonly (readonly [text: string, expected: string])[] = [
  ["afterok:1:2,afterany:3", "afterok:10:20:21"],
  ["afterany:1,singleton", "afterany:10,singleton"],
  ["afterok:1?afterany:2", "afterok:10?afterany:20:21"],
  ["after:1+5", "after:10+5"],
  ["1", "afterany:10"],
  ["afterok:3", ""],
  // Not ours to understand: it stays.
  ["expand:1,expand:x,afterok:2", "expand:10,expand:x,afterok:20:21"],
];

for (const [text, expected] of REPLACEMENTS) {
  Deno.test(`replaceJobs() in "${text}"`, () => {
    const ids = new Map([["1", ["10"]], ["2", ["20", "21"]]]);

    assert.equal(replaceJobs(text, (jobId) => ids.get(jobId) ?? []), expected);
  });
}

Deno.test("addJobs() puts them beside what is there, each once", () => {
  const jobs = [{ jobId: "7", type: "afterok" }, { jobId: "8" }, { jobId: "9", type: "afterany" }];

  assert.equal(addJobs("", jobs), "afterok:7:8,afterany:9");
  assert.equal(addJobs("afterok:7,singleton", jobs), "afterok:8,afterany:9,afterok:7,singleton");
  assert.equal(addJobs("afterok:1?afterok:2", []), "afterok:1?afterok:2");
  assert.throws(() => addJobs("afterok:1?afterok:2", jobs), SyntaxError);
});

const CHANGES: readonly (readonly [command: string, expected: string])[] = [
  ["sbatch job.sh", "sbatch --dependency=afterok:7 job.sh"],
  ["  /usr/bin/sbatch  -n 1 job.sh", "  /usr/bin/sbatch --dependency=afterok:7 -n 1 job.sh"],
  ["sbatch 'a b.sh' \"$x\"", "sbatch --dependency=afterok:7 'a b.sh' \"$x\""],
  [
    "module load x && A=1 sbatch job.sh",
    "module load x && A=1 sbatch --dependency=afterok:7 job.sh",
  ],
  ["cd sub; sbatch job.sh | tee log", "cd sub; sbatch --dependency=afterok:7 job.sh | tee log"],
  ["sbatch -n 2 -d afterok:1 job.sh a", "sbatch --dependency=afterok:7 -n 2 job.sh a"],
  ["sbatch -Hdafterok:1 'a b.sh'", "sbatch --dependency=afterok:7 -H 'a b.sh'"],
  ["sbatch --depend=afterok:1 job.sh -d x", "sbatch --dependency=afterok:7 job.sh -d x"],
  ["sbatch --depend afterok:1 job.sh", "sbatch --dependency=afterok:7 job.sh"],
  ["sbatch -n1 : -n2 job.sh", "sbatch --dependency=afterok:7 -n1 : -n2 job.sh"],
  ["sbatch -n1 : -n2 -d afterok:1 job.sh", "sbatch --dependency=afterok:7 -n1 : -n2 job.sh"],
  ["sbatch --site-option x job.sh", "sbatch --dependency=afterok:7 --site-option x job.sh"],
  ["sbatch --dependency=a:1 -d a:2 job.sh", "sbatch --dependency=afterok:7 job.sh"],
  ["sbatch -d afterok:7 job.sh", "sbatch -d afterok:7 job.sh"],
];

for (const [command, expected] of CHANGES) {
  Deno.test(`setDependency() of "${command}"`, () => {
    assert.equal(setDependency(command, "afterok:7"), expected);
    assert.equal(readSubmissionCommand(expected).dependency, "afterok:7");
  });
}

const UNCHANGEABLE = [
  "./submit.sh job.sh",
  "ssh login sbatch job.sh",
  'echo "sbatch job.sh"; ./submit.sh',
  "sh -c 'sbatch job.sh'",
  "sbatch $OPTIONS job.sh",
  "sbatch --site-option x --depend afterok:1 job.sh",
  "sbatch a.sh && sbatch b.sh",
  "sbatch -d afterok:$ID job.sh",
  "# sbatch\nsbatch job.sh",
  "(sbatch job.sh)",
];

for (const command of UNCHANGEABLE) {
  Deno.test(`setDependency() refuses "${command}"`, () => {
    assert.throws(() => setDependency(command, "afterok:7"), SyntaxError);
  });
}

Deno.test("setDependency() takes one out, or has none whatever the script says", () => {
  assert.equal(setDependency("sbatch -n 1 -d afterok:1 job.sh", undefined), "sbatch -n 1 job.sh");
  assert.equal(setDependency("sbatch job.sh", undefined), "sbatch job.sh");
  assert.equal(setDependency("sbatch job.sh", ""), "sbatch --dependency= job.sh");
});
