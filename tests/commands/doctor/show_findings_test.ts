import assert from "node:assert/strict";
import { showFindings } from "../../../src/commands/doctor/show_findings.ts";

Deno.test("showFindings() what is the case, what was said, what follows, what to do", () => {
  const text = showFindings([
    { check: "git", verdict: "ok", message: "git 2.39" },
    {
      ...{ check: "slurm-answers", verdict: "problem", message: "sacct failed" },
      ...{ detail: "sacct: error: no\n", consequence: "states are UNKNOWN", hint: "try later" },
    },
  ]);

  assert.equal(
    text,
    `ok       git            git 2.39
problem  slurm-answers  sacct failed
                          sacct: error: no
                        states are UNKNOWN
                        -> try later
`,
  );
});

Deno.test("showFindings() long texts are broken between words, hints are not", () => {
  const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");

  const lines = showFindings([{ check: "git", verdict: "note", message: words, hint: words }])
    .trimEnd().split("\n");

  assert.ok(lines.slice(0, -1).every((line) => line.length <= 100));
  assert.equal(lines.slice(0, -1).map((line) => line.slice(14)).join(" "), words);
  assert.equal(lines.at(-1), `${" ".repeat(14)}-> ${words}`);
});
