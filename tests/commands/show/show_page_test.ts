import assert from "node:assert/strict";
import { renderPage } from "../../../src/commands/show/show_page.ts";
import type { AccountingEvidence } from "../../../src/jobs/evidence.ts";
import type { DescribedInput } from "../../../src/provenance/describe_run.ts";
import { shownJob } from "./shown.ts";
import type { ShownChanges } from "./shown.ts";

/** What the page says behind a label, lines joined; empty if the label is not there. */
function said(label: string, changes: ShownChanges): string {
  const lines = renderPage(shownJob(changes)).split("\n");
  const at = lines.findIndex((line) => line.startsWith(`  ${label} `));
  if (at < 0) return "";
  const more = lines.slice(at + 1).findIndex((line) => !line.startsWith(" ".repeat(15)));
  return lines.slice(at, at + 1 + more).map((line) => line.slice(15)).join("\n");
}

Deno.test("renderPage() says what it is about, and leaves out what there is nothing to tell of", () => {
  assert.equal(
    renderPage(shownJob()),
    "Slurm job 151: RUNNING\n  stage        open\n  command      sbatch job.sh\n",
  );
  const { jobId: _, ...lost } = shownJob({ state: "UNKNOWN", stage: "submitting" });
  assert.match(renderPage(lost), /^A submission without an answer: UNKNOWN\n/);
  assert.equal(said("stage", { stage: "finished" }), "");
});

const COSTS: readonly [label: string, accounting: AccountingEvidence, text: string][] = [
  ["elapsed", { elapsed: 60, timeLimit: 600 }, "00:01:00 of 00:10:00 (10 %)"],
  ["elapsed", { elapsed: 60 }, "00:01:00"],
  ["CPU time", { cpu: 60 }, "00:01:00"],
  ["CPU time", { cpu: 60, cpus: 2, elapsed: 60 }, "00:01:00 of 2 CPUs (50 %)"],
  ["CPU time", { cpu: 60, cpus: 1, elapsed: 60 }, "00:01:00 of 1 CPU (100 %)"],
  ["memory", { reqMem: 1024 ** 3 }, "not gathered, of 1.0 GiB"],
  ["memory", { reqMem: 1024 ** 3, maxRss: 1024 ** 3 / 2 }, "512 MiB of 1.0 GiB (50 %)"],
  ["memory", {}, ""],
  ["exit code", { exitCode: "0:0" }, ""],
  ["exit code", { exitCode: "1:0" }, "1:0"],
  ["where", { nodeList: "n1", partition: "short", cluster: "c" }, "n1, partition short, cluster c"],
  ["where", { nodeList: "", partition: "short" }, "partition short"],
  ["restarts", { restarts: 0 }, ""],
  ["restarts", { restarts: 2 }, "2"],
];

for (const [label, accounting, text] of COSTS) {
  Deno.test(`renderPage() ${label} of ${JSON.stringify(accounting)} → ${text || "nothing"}`, () => {
    assert.equal(said(label, { accounting }), text);
  });
}

Deno.test("renderPage() tells of a requeued job when it was submitted, not when it was requeued", () => {
  const accounting = { submit: "2026-11-28T13:00:00Z", restarts: 1 };

  const submittedAt = "2026-11-28T12:00:00Z";

  assert.equal(said("submitted", { accounting, submittedAt }), said("submitted", { submittedAt }));
  assert.equal(
    said("submitted", { accounting }),
    said("submitted", { submittedAt: accounting.submit }),
  );
});

Deno.test("renderPage() tells a wait that is worth telling", () => {
  const waited = (start: string) =>
    said("started", { accounting: { submit: "2026-11-28T12:00:00Z", start } });

  assert.doesNotMatch(waited("2026-11-28T12:00:05Z"), /wait/);
  assert.match(waited("2026-11-28T13:00:00Z"), /, after a wait of 01:00:00$/);
});

Deno.test("renderPage() sets the longest task of an array against the limit, and names those that differ", () => {
  const differing = Object.fromEntries(
    Array.from({ length: 30 }, (_, task) => [task, { state: "FAILED", exitCode: "1:0" }]),
  );
  const tasks = { count: 50, elapsed: { min: 1, max: 300 }, differing, differingCount: 120 };
  const accounting = { elapsed: 3600, timeLimit: 600 };
  const changes = { accounting, record: { evidence: { accounting, tasks } } } as ShownChanges;

  assert.match(said("elapsed", changes), /^00:05:00 of 00:10:00 \(50 %\), 01:00:00 in all$/);
  const lines = said("tasks", changes).split("\n");
  assert.equal(lines[0], "50, of which 120 ended in another way");
  assert.equal(lines[1], "0: FAILED 1:0");
  assert.equal(lines.at(-1), `and ${120 - (lines.length - 2)} more`);
});

function input(path: string, changes: Partial<DescribedInput> = {}): DescribedInput {
  return {
    ...{ path, place: ".", pathInPlace: path, isScript: false, today: "same" },
    origin: { kind: "commit", oid: "c0ffeec0ffeec0ffee", subject: "New data" },
    ...changes,
  };
}

Deno.test("renderPage() groups inputs by what is to be said of them", () => {
  const inputs = [
    ...[input("a"), input("b"), input("c", { today: "changed" }), input("d", { today: "gone" })],
    input("e", { origin: { kind: "unknown" }, evidence: { path: "e", modified: true } }),
    input("f", { origin: { kind: "unknown" }, evidence: { path: "f", missing: true } }),
  ];

  assert.equal(
    said("inputs", { description: { inputs } }),
    [
      "a, b ← commit c0ffeec0ff New data",
      "c ← commit c0ffeec0ff New data; changed since",
      "d ← commit c0ffeec0ff New data; not there any more",
      "e; had changes that were in no commit",
      "f; not there yet when it was submitted",
    ].join("\n"),
  );
});

Deno.test("renderPage() says of a script whether it was saved, where it is kept, and what it is today", () => {
  const script = (saved: boolean, today: DescribedInput["today"], kept?: string) =>
    said("script", {
      description: { script: input("job.sh", { today, isScript: true }) },
      record: {
        evidence: { script: { path: "job.sh", saved, ...(kept === undefined ? {} : { kept }) } },
      },
    });

  assert.equal(script(true, "same"), "job.sh, as it is today");
  assert.equal(
    script(false, "changed", "kept/1"),
    "job.sh, changed since, in no commit when it was submitted: kept/1",
  );
  assert.equal(said("script", { record: { evidence: { script: { wrap: true } } } }), "");
});

Deno.test("renderPage() names outputs that were written, or else those that were claimed", () => {
  assert.equal(said("outputs", { claims: ["out", "log"] }), "out\nlog");
  const description = { outputs: [{ path: "a", size: 7 }, { path: "b" }], isCut: true };
  assert.match(
    said("outputs", { claims: ["out"], description }),
    /^a \(7 bytes\)\nb\nwhich of them/,
  );
  const unchanged = { isUnchanged: true } as const;
  const outputs = [{ path: "a", size: 7, ...unchanged }, { path: "b", ...unchanged }];
  assert.equal(
    said("outputs", { description: { outputs } }),
    "a (7 bytes, not changed by this job)\nb (not changed by this job)",
  );
});

Deno.test("renderPage() shows what a name holds, and lets no line end through", () => {
  const page = renderPage(shownJob({ record: { cmd: "sbatch 'a\nb\x1b[31m'" }, claims: ["x\ny"] }));

  assert.equal(page.split("\n").length, 5);
  assert.equal(page.includes("\x1b"), false);
});

Deno.test("renderPage() shows the end of a log below all else", () => {
  const page = renderPage(shownJob({ logEnd: { path: "log-151", text: "one\n\ntwo" } }));

  assert.ok(page.endsWith("\n  the end of log-151:\n  | one\n  |\n  | two\n"), page);
});
