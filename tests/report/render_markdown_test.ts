import assert from "node:assert/strict";
import { figuresOf } from "../../src/report/figures.ts";
import { renderMarkdown } from "../../src/report/render_markdown.ts";
import type { Report, ReportedJob } from "../../src/report/report.ts";
import { requestsOf } from "../../src/report/requests.ts";
import { reportedJob } from "./reported_job.ts";

function reportOf(jobs: readonly ReportedJob[], fields: Partial<Report> = {}): Report {
  return {
    ...{
      title: "climate",
      range: "All branches",
      head: "a".repeat(40),
      madeS: 0,
      version: "0.2.0",
    },
    ...{ jobs, figures: figuresOf(jobs), requests: requestsOf(jobs), causes: [], repeats: [] },
    graph: { nodes: [], edges: [], isOfJobs: true, hidden: 0 },
    notes: [],
    ...fields,
  };
}

Deno.test("renderMarkdown() tells numbers, requests, failures and repetitions in short", () => {
  const jobs = [
    reportedJob({ cpus: 4, elapsed: 7200, longest: 7200, cpu: 20_000, timeLimit: 36_000 }),
    reportedJob({ jobId: "8", state: "FAILED", phase: "failed", cpus: 1, elapsed: 3600 }),
  ];
  const text = renderMarkdown(reportOf(jobs, {
    causes: [{
      cause: "exit code 3",
      signs: ["FAILED 3:0"],
      failures: [{ jobId: "8", job: 1, isAttempt: false }],
      logs: [{ path: "log", text: "```\nTraceback" }],
    }],
    repeats: [{
      job: 0,
      original: "b".repeat(40),
      reproduces: { commit: "b".repeat(40), identical: 1, differs: ["x_y"] },
    }],
  }));

  assert.match(text, /^## Slurm jobs of climate\n/);
  assert.match(text, /\| jobs +\| 2: 1 completed, 1 failed \|/);
  assert.match(text, /\| core hours allocated +\| 9\.0 +\|/);
  assert.match(text, /\| `job\.sh` \| +1 \| 10:00:00 \| +2:00:00 \| `2:30:00` \|/);
  assert.match(text, /\*\*exit code 3\*\*: 1 job \(8\)\n\n````\n```\nTraceback\n````\n/);
  assert.match(
    text,
    /1 job repeated another one, 0 came out the same\.\n\n- job 7 of `bbbbbbbbbb`: 1 differs \(x&#95;y\), 1 identical\n/,
  );
});

Deno.test("renderMarkdown() what is hostile stays text", () => {
  const hostile = "<img src=x onerror=alert(1)> [a](javascript:b) `c` | @team #1 \u202e\n# d";
  const text = renderMarkdown(
    reportOf([reportedJob({ step: hostile, timeLimit: 60, longest: 1 })], {
      ...{ title: hostile, range: hostile, notes: [hostile] },
    }),
  );

  const outsideCode = text.replaceAll(/`[^`\n]*`/g, "");
  assert.doesNotMatch(outsideCode, /<img|\]\(|@team|\u202e|^# d/m);
  assert.equal(text.match(/^\| `[^`]*` \|/m)?.length, 1);
});
