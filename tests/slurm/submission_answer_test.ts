import assert from "node:assert/strict";
import { parseSubmissionAnswer } from "../../src/slurm/submission_answer.ts";
import type { SubmissionAnswer } from "../../src/slurm/submission_answer.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { readRecording } from "./recordings.ts";

function submitted(jobId: string, cluster: string | null = null): SubmissionAnswer {
  return { kind: "submitted", jobId, cluster };
}

const NONE: SubmissionAnswer = { kind: "no job ID" };

const CASES: readonly (readonly [string, string, SubmissionAnswer])[] = [
  ["a sentence", "Submitted batch job 123\n", submitted("123")],
  ["a cluster", "Submitted batch job 123 on cluster big\n", submitted("123", "big")],
  ["--parsable", "123\n", submitted("123")],
  ["--parsable with a cluster", "123;big\n", submitted("123", "big")],
  ["no line end", "123", submitted("123")],
  ["DOS line ends", "Welcome\r\n123;big\r\n", submitted("123", "big")],
  ["a banner before", "*** Welcome, 2026 ***\n\nSubmitted batch job 9\n", submitted("9")],
  ["a banner behind", "9\nYour quota: 5 of 10\n", submitted("9")],
  ["words before on the line", "sbatch: Submitted batch job 9\n", submitted("9")],
  ["the same job twice", "Submitted batch job 9\nSubmitted batch job 9\n", submitted("9")],
  ["a number beside the sentence", "42\nSubmitted batch job 9\n", submitted("9")],
  ["nothing", "", NONE],
  ["a number in a text", "Queue position 17\n", NONE],
  ["job 0", "Submitted batch job 0\n", NONE],
  ["a failure", "Batch job submission failed\n", NONE],
  [
    "two jobs",
    "Submitted batch job 9\nSubmitted batch job 10\n",
    { kind: "ambiguous", jobIds: ["9", "10"] },
  ],
  [
    "one ID on two clusters",
    "Submitted batch job 9 on cluster a\nSubmitted batch job 9 on cluster b\n",
    { kind: "ambiguous", jobIds: ["9;a", "9;b"] },
  ],
  [
    "one ID here and on another cluster",
    "9\n9;b\n",
    { kind: "ambiguous", jobIds: ["9", "9;b"] },
  ],
  ["a cluster that is none", "9;-x\n", { kind: "ambiguous", jobIds: ["9;-x"] }],
  ["all clusters", "9;all\n", { kind: "ambiguous", jobIds: ["9;all"] }],
  [
    "colours",
    "\x1b[32mSubmitted batch job \x1b[1m9\x1b[0m on cluster \x1b[1mwest\x1b[0m\n",
    submitted("9", "west"),
  ],
  ["colours around --parsable", "\x1b[1m9;west\x1b[0m\n", submitted("9", "west")],
  ["two numbers", "9\n10\n", { kind: "ambiguous", jobIds: ["9", "10"] }],
];

for (const [name, stdout, answer] of CASES) {
  Deno.test(`parseSubmissionAnswer() reads ${name}`, () => {
    assert.deepEqual(parseSubmissionAnswer(stdout), answer);
  });
}

for (const version of VERSIONS) {
  Deno.test(`parseSubmissionAnswer() reads what Slurm ${version} prints`, () => {
    for (const name of ["sbatch_plain", "sbatch_parsable"]) {
      const answer = parseSubmissionAnswer(readRecording(version, name).stdout);
      assert.equal(answer.kind, "submitted", name);
    }
  });
}
