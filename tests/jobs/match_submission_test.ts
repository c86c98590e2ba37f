import assert from "node:assert/strict";
import { contradictionTo, matchSubmission } from "../../src/jobs/match_submission.ts";
import type {
  KnownJobs,
  SeenSubmissions,
  SoughtSubmission,
  SubmissionEntry,
} from "../../src/jobs/match_submission.ts";

const BEGAN_S = 1_800_000_000;

function entry(jobId: string, afterS: number, changes: Partial<SubmissionEntry> = {}) {
  const same = { workDir: "/data", submitLine: "sbatch job.sh" };
  return { jobId, submitS: BEGAN_S + afterS, ...same, ...changes };
}

/** A command that began at 0 s and ended at 5 s; asked a minute later, unless said otherwise. */
function match(
  accounted: readonly SubmissionEntry[],
  changes: {
    readonly sought?: Partial<SoughtSubmission>;
    readonly seen?: Partial<SeenSubmissions>;
    readonly known?: Partial<KnownJobs>;
  } = {},
) {
  return matchSubmission(
    {
      isLine: (line) => line === "sbatch job.sh",
      directory: "/data",
      beganMs: BEGAN_S * 1000,
      endedMs: (BEGAN_S + 5) * 1000,
      begunByMs: BEGAN_S * 1000,
      ...changes.sought,
    },
    {
      clock: { atLeastS: 0, atMostS: 0 },
      minJobAgeS: 300,
      isAccountingOn: true,
      accounted,
      queued: [],
      ...changes.seen,
    },
    { ever: new Set(), since: new Set(), nowMs: (BEGAN_S + 60) * 1000, ...changes.known },
  );
}

Deno.test("matchSubmission() takes the one job with line, folder and time", () => {
  assert.deepEqual(match([entry("7", 1)]), { kind: "found", jobId: "7" });
  // Tasks of one array, and the runs of a requeued job.
  assert.deepEqual(match([entry("7", 1), entry("7", 1)]), { kind: "found", jobId: "7" });
  for (const afterS of [-1, 0, 5, 6]) {
    assert.deepEqual(match([entry("7", afterS)]), { kind: "found", jobId: "7" }, `${afterS}`);
  }
});

Deno.test("matchSubmission() takes no job that differs in anything", () => {
  const others: Record<string, SubmissionEntry> = {
    "of another clone": entry("7", 1, { workDir: "/data/clone" }),
    "with another line": entry("7", 1, { submitLine: "sbatch job.sh 1" }),
  };
  for (const [name, other] of Object.entries(others)) {
    const found = match([other]);

    assert.deepEqual(found, { kind: "unclear", because: "none", jobIds: [] }, name);
  }
});

Deno.test("matchSubmission() names a job that differs in its time alone, and is never certain of none beside it", () => {
  const at = (seconds: number) => ({ known: { nowMs: (BEGAN_S + seconds) * 1000 } });
  const others: Record<string, SubmissionEntry> = {
    // The clock of this machine was set right since.
    earlier: entry("7", -5),
    later: entry("7", 7),
    // sacct prints times of another zone.
    "hours earlier": entry("7", 1 - 5 * 3600),
    "hours later": entry("7", 1 + 14 * 3600),
    "of an unknown time": entry("7", 1, { submitS: null }),
  };
  for (const [name, other] of Object.entries(others)) {
    for (const seconds of [60, 200]) {
      const found = match([other, other], at(seconds));

      assert.deepEqual(found, { kind: "unclear", because: "time", jobIds: ["7"] }, name);
    }
  }
  const known = { ever: new Set(["7"]), nowMs: (BEGAN_S + 200) * 1000 };
  assert.deepEqual(match([entry("7", -5)], { known }), { kind: "not submitted" });
});

Deno.test("matchSubmission() is not certain of none while accounting lacks a job of which the clock may be off", () => {
  const known = { nowMs: (BEGAN_S + 200) * 1000 };
  for (const isAccountingOn of [true, false]) {
    for (const afterS of [-5, -5 * 3600]) {
      const seen = { queued: [{ jobId: "8", submitS: BEGAN_S + afterS }], isAccountingOn };

      assert.equal(match([], { seen, known }).kind, "unclear", `${afterS}`);
      const inStore = { ...known, ever: new Set(["8"]) };
      assert.equal(match([], { seen, known: inStore }).kind, "not submitted", `${afterS}`);
    }
  }
  const long = { queued: [{ jobId: "8", submitS: BEGAN_S - 2 * 86_400 }] };
  assert.equal(match([], { seen: long, known }).kind, "not submitted");
});

Deno.test("matchSubmission() takes no job that is in the store, even if that has the ID of an older one", () => {
  const known = { ever: new Set(["7"]) };

  const found = match([entry("7", 1)], { known });

  assert.deepEqual(found, { kind: "unclear", because: "none", jobIds: [] });
  assert.deepEqual(match([entry("7", 1), entry("8", 1)], { known }), {
    kind: "found",
    jobId: "8",
  });
});

Deno.test("matchSubmission() asks about two identical jobs of the same second", () => {
  const found = match([entry("7", 1), entry("8", 1)]);

  assert.deepEqual(found, { kind: "unclear", because: "several", jobIds: ["7", "8"] });
});

Deno.test("matchSubmission() takes none while accounting lacks a job of that time", () => {
  const queued = [{ jobId: "8", submitS: BEGAN_S + 1 }];

  assert.deepEqual(match([entry("7", 1)], { seen: { queued } }), {
    kind: "unclear",
    because: "behind",
    jobIds: ["7", "8"],
  });
  assert.deepEqual(match([], { seen: { queued, isAccountingOn: false } }), {
    kind: "unclear",
    because: "off",
    jobIds: ["8"],
  });
  // One of the store, one of another time, and one that is accounted for do not matter.
  const harmless = [
    { jobId: "3", submitS: BEGAN_S + 1 },
    { jobId: "4", submitS: BEGAN_S + 30 },
    { jobId: "7", submitS: BEGAN_S + 1 },
  ];
  const known = { ever: new Set(["3"]) };
  const found = match([entry("7", 1)], { seen: { queued: harmless }, known });
  assert.deepEqual(found, { kind: "found", jobId: "7" });
});

Deno.test("matchSubmission() goes by the controller's clock, and by none if that is not told", () => {
  const clock = { atLeastS: -3600, atMostS: -3599 };

  assert.equal(match([entry("7", 1)], { seen: { clock } }).kind, "unclear");
  assert.deepEqual(match([entry("7", -3598)], { seen: { clock } }), {
    kind: "found",
    jobId: "7",
  });
  assert.deepEqual(match([entry("7", 1)], { seen: { clock: null } }), {
    kind: "unclear",
    because: "clock",
    jobIds: [],
  });
});

Deno.test("matchSubmission() gives a command whose end nobody saw half a minute", () => {
  const sought = { endedMs: null };

  assert.equal(match([entry("7", 29)], { sought }).kind, "found");
  // A person may have typed it again.
  assert.equal(match([entry("7", 32)], { sought }).kind, "unclear");
});

Deno.test("matchSubmission() is certain of none only where the controller or accounting must know", () => {
  const at = (seconds: number) => ({ known: { nowMs: (BEGAN_S + seconds) * 1000 } });
  const later = entry("9", 1000, { submitLine: "sbatch other.sh" });

  assert.deepEqual(match([], at(200)), { kind: "not submitted" });
  // A request may still be on its way; the controller may have forgotten; nobody saw the end.
  assert.equal(match([], at(60)).kind, "unclear");
  assert.equal(match([], at(400)).kind, "unclear");
  assert.equal(match([], { ...at(200), sought: { endedMs: null } }).kind, "unclear");
  assert.equal(match([], { ...at(400), seen: { minJobAgeS: null } }).kind, "unclear");
  // Accounting that knows a later job of the user, which is in the store.
  const known = { ...at(2000).known, since: new Set(["9"]) };
  assert.deepEqual(match([later], { known }), { kind: "not submitted" });
  const tooSoon = { ...later, submitS: BEGAN_S + 200 };
  assert.equal(match([tooSoon], { known }).kind, "unclear");
});

Deno.test("matchSubmission() is not certain of none while there is any job that it does not know", () => {
  const known = { nowMs: (BEGAN_S + 200) * 1000 };
  const other = entry("7", 3, { workDir: "/elsewhere", submitLine: "sbatch --by-a-plugin job.sh" });

  assert.equal(match([other], { known }).kind, "unclear");
  assert.deepEqual(match([other], { known: { ...known, since: new Set(["7"]) } }), {
    kind: "not submitted",
  });
  // What began before and has another line cannot be it.
  const before = { ...other, submitS: BEGAN_S - 100 };
  assert.deepEqual(match([before], { known }), { kind: "not submitted" });
});

Deno.test("contradictionTo() tells of another line, folder or time, as far as they are known", () => {
  const sought = {
    beganMs: BEGAN_S * 1000,
    endedMs: (BEGAN_S + 5) * 1000,
    isLine: (line: string) => line === "sbatch job.sh",
    directory: "/data",
  };
  const clock = { atLeastS: 0, atMostS: 0 };
  const times = { beganMs: sought.beganMs, endedMs: null };

  assert.equal(contradictionTo(sought, entry("7", 1), clock), undefined);
  // A request may be looked at for a while after its command has ended.
  assert.equal(contradictionTo(sought, entry("7", 100), clock), undefined);
  assert.equal(
    contradictionTo(sought, entry("7", 1, { workDir: "", submitLine: "" }), clock),
    undefined,
  );
  assert.match(contradictionTo(sought, entry("7", 1, { submitLine: "x" }), clock)!, /command, "x"/);
  assert.match(contradictionTo(sought, entry("7", 1, { workDir: "/x" }), clock)!, /folder, "\/x"/);
  assert.match(contradictionTo(sought, entry("7", -3), clock)!, /began at/);
  assert.match(contradictionTo(sought, entry("7", 300), clock)!, /ended at/);
  // Of a script of the user's only the time tells, and without a clock hardly that.
  const other = entry("7", 9_000, { submitLine: "x", workDir: "/x" });
  assert.equal(contradictionTo(times, other, clock), undefined);
  assert.match(contradictionTo(times, entry("7", -3), clock)!, /began at/);
  assert.equal(contradictionTo(times, entry("7", -3), null), undefined);
});
