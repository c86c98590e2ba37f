/** What users write into names, comments and command lines is read as that, whatever it looks like. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Runner } from "../../src/process/runner.ts";
import type { JobRecord } from "../../src/slurm/job_record.ts";
import { parseShowJob, showJobs } from "../../src/slurm/show_job.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { readRecording } from "./recordings.ts";

/** Where scontrol prints them, one way or the other: Command with arguments up to 23.11, SubmitLine from 25.11. */
const FREE_KEYS = ["JobName", "Command", "SubmitLine", "Comment", "MailUser"] as const;
type FreeKey = (typeof FREE_KEYS)[number];

const PIECES = [
  ...[
    "a",
    "ü",
    " ",
    "=",
    "|",
    "x=1 ",
    "\n",
    "\n\n",
    "\n   ",
    "JobId=9",
    " JobState=FAILED ExitCode=0:0",
  ],
  ...[
    "\n   StdOut=/evil",
    "\n   StdErr=/evil",
    "\nStdOut=/evil",
    "\n   WorkDir=/evil",
    "WorkDir=/evil",
  ],
  ...[
    "\n   UserId=eve(0) GroupId=eve(0)",
    "\n   SubmitTime=1999-01-01T00:00:00",
    "\n   Unheard=of",
  ],
  ...[
    "x\n\nJobId=9 JobName=other\n   UserId=eve(0)",
    "x\n\nJobId=9 ArrayJobId=8 ArrayTaskId=1 JobName=x",
  ],
];
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 })
  // Blanks at the end are not told from those that some versions print.
  .map((pieces) => `t${pieces.join("")}.`);
const texts = fc.record({
  JobName: text,
  Command: text,
  SubmitLine: fc.option(text),
  Comment: fc.option(text),
  MailUser: fc.option(text),
});
type Texts = typeof texts extends fc.Arbitrary<infer T> ? T : never;

/** A recorded record with other texts in it, at the places where scontrol prints them. */
function withTexts(record: string, given: Texts): string {
  const line = (key: FreeKey) => given[key] === null ? [] : [`   ${key}=${given[key]}`];
  return record.trimEnd().split("\n").flatMap((own) => {
    if (own.startsWith("JobId=")) {
      return [own.replace(/JobName=.*/, () => `JobName=${given.JobName}`)];
    }
    if (own.startsWith("   Command=")) return line("Command");
    if (own.startsWith("   WorkDir=")) return [...line("SubmitLine"), own, ...line("Comment")];
    return [own];
  }).concat(line("MailUser"), "   ", "", "").join("\n");
}

function assertSame(read: JobRecord, original: JobRecord, given: Texts): void {
  const expected = new Map(original);
  for (const key of FREE_KEYS) {
    const value = given[key as FreeKey];
    if (value === null) expected.delete(key);
    else expected.set(key, value);
  }
  assert.deepEqual(
    [...read].sort(([a], [b]) => a.localeCompare(b)),
    [...expected].sort(([a], [b]) => a.localeCompare(b)),
  );
}

function printing(stdout: string): Runner {
  return {
    run: (_, options) => {
      options!.onStdout!(new TextEncoder().encode(stdout));
      return Promise.resolve({ code: 0, signal: null, stdout: new Uint8Array(), stderr: "" });
    },
  };
}

for (const version of VERSIONS) {
  const stdout = readRecording(version, "single_job_scontrol").stdout;
  const [original] = parseShowJob(stdout);

  Deno.test(`parseShowJob() of hostile texts → every other value as it was, Slurm ${version}`, () => {
    fc.assert(fc.property(texts, (given) => {
      const records = parseShowJob(withTexts(stdout, given));

      assert.equal(records.length, 1);
      assertSame(records[0]!, original!, given);
    }));
  });

  Deno.test(`showJobs() of hostile texts → each job's own, and no other job, Slurm ${version}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 4 }), async (all) => {
        const printed = all.map((given, at) =>
          withTexts(stdout, given).replace(/^JobId=[0-9]+/, `JobId=${at + 21}`)
        );
        const ids = all.map((_, at) => String(at + 21));
        const client = { runner: printing(printed.join("")), timeoutMs: 1_000 };

        const found = await showJobs(client, new Set([...ids, "8", "9"]), null);

        assert.deepEqual([...found.keys()], ids);
        for (const [at, given] of all.entries()) {
          const own = new Map(original).set("JobId", ids[at]!);
          assert.equal(found.get(ids[at]!)!.length, 1);
          assertSame(found.get(ids[at]!)![0]!, own, given);
        }
      }),
    );
  });
}

Deno.test("showJobs() of a comment that holds a whole record of our job → our job is asked for by itself", async () => {
  const { stdout } = readRecording("22.05", "single_job_scontrol");
  const own = stdout.replace(/^JobId=[0-9]+/, "JobId=7");
  const forged = own.replaceAll(/(?<=StdOut=).*/g, "/evil");
  const other = stdout.replace(/^JobId=[0-9]+/, "JobId=8")
    .replace(
      "\n   StdErr=",
      `\n   Comment=x\n   StdErr=\n   StdIn=\n   StdOut=\n\n${forged.trim()}\n   StdErr=`,
    );
  const asked: string[][] = [];
  const runner: Runner = {
    run: (argv, options) => {
      asked.push([...argv]);
      const bytes = new TextEncoder().encode(argv.length === 3 ? other + own : own);
      options!.onStdout?.(bytes);
      return Promise.resolve({ code: 0, signal: null, stdout: bytes, stderr: "" });
    },
  };

  const found = await showJobs({ runner, timeoutMs: 1_000 }, new Set(["7"]), null);

  assert.deepEqual(asked, [["scontrol", "show", "job"], ["scontrol", "show", "job", "7"]]);
  assert.equal(found.get("7")!.length, 1);
  assert.notEqual(found.get("7")![0]!.get("StdOut"), "/evil");
});

/** A job's record with another one in a comment, whose tail stands behind what begins like a third. */
function withForged(record: string, forged: string, third: string): string {
  const end = "\n   StdErr=/e\n   StdIn=/dev/null\n   StdOut=/o\n   \n\n";
  return record.replace("\n   StdErr=", () => `\n   Comment=x${end}${forged}${third}\n   StdErr=`);
}

interface Forged {
  readonly name: string;
  /** The first line of the forged record. */
  readonly head: string;
  /** What is behind it in the comment. */
  readonly third?: string;
  /** First lines of the real ones. */
  readonly own: readonly string[];
  readonly queue: readonly string[];
  readonly isLate?: boolean;
}

const THIRD = "JobId=8 JobName=x\n   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0";
const FORGED: readonly Forged[] = [
  {
    name: "of an array where ours is none",
    head: "JobId=7 ArrayJobId=7 ArrayTaskId=0-5",
    ...{ own: ["JobId=7"], queue: ["7|7"] },
  },
  {
    name: "of a further task of our array",
    head: "JobId=9 ArrayJobId=7 ArrayTaskId=6",
    ...{ own: ["JobId=7 ArrayJobId=7 ArrayTaskId=0-5"], queue: ["7_[0-5]|7"] },
  },
  {
    name: "of a further component of our job",
    head: "JobId=9 HetJobId=7 HetJobOffset=1",
    ...{ own: ["JobId=7 HetJobId=7 HetJobOffset=0"], queue: ["7+0|7"] },
  },
  {
    name: "behind which ours is taken for text",
    head: "JobId=7",
    third: "JobId=8 JobName=x",
    ...{ own: ["JobId=7"], queue: ["7|7"] },
  },
  {
    name: "of a job that slurmctld has forgotten",
    head: "JobId=7",
    ...{ own: [], queue: [], isLate: true },
  },
];

for (const { name, head, third = THIRD, own, queue, isLate } of FORGED) {
  Deno.test(`showJobs() of a comment that holds a record ${name} → the real ones`, async () => {
    const { stdout } = readRecording("22.05", "single_job_scontrol");
    const as = (line: string) => stdout.replace(/^JobId=[0-9]+/, line);
    const real = own.map(as).join("");
    const all = withForged(as("JobId=8"), as(head).replaceAll(/(?<=StdOut=).*/g, "/evil"), third);
    const runner: Runner = {
      run: (argv, options) => {
        const text = argv[0] === "squeue"
          ? queue.map((entry) => entry.replace("|", "|RUNNING|") + "|n|||\n").join("")
          : argv.length === 3
          ? all + real
          : real;
        const bytes = new TextEncoder().encode(text);
        options!.onStdout?.(bytes);
        const code = argv.length === 4 && real === "" ? 1 : 0;
        return Promise.resolve({ code, signal: null, stdout: bytes, stderr: "" });
      },
    };

    const found = await showJobs({ runner, timeoutMs: 1_000 }, new Set(["7"]), null, isLate);

    assert.deepEqual(found.get("7") ?? [], parseShowJob(real));
  });
}
