import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import type { Runner } from "../../src/process/runner.ts";
import { querySubmissions } from "../../src/slurm/query_submissions.ts";

const NOW_MS = Date.parse("2026-11-29T02:00:00Z");
const CONFIG = "Configuration data as of 2026-11-29T02:00:02\nMinJobAge               = 300 sec\n";

interface Said {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** Asks programs that answer like this; sacct's rows get the delimiter that it was asked for. */
async function ask(
  answers: { scontrol?: Said; squeue?: Said; sacct?: (words: string) => string[][] | Said },
  cluster: string | null = null,
) {
  const calls: string[] = [];
  const runner: Runner = {
    run: (argv) => {
      const words = argv.join(" ");
      const end = argv.find((word) => word.startsWith("--delimiter="))?.slice(12) ?? " none ";
      calls.push(words.replace(end, "END"));
      const given = argv[0] === "scontrol"
        ? answers.scontrol ?? { stdout: CONFIG }
        : argv[0] === "squeue"
        ? answers.squeue ?? {}
        : answers.sacct?.(words) ?? [];
      const said = Array.isArray(given)
        ? { stdout: given.map((row) => `${row.join(end)}${end}\n`).join("") }
        : given;
      const { code = 0, stdout = "", stderr = "" } = said;
      return Promise.resolve({
        ...{ code, signal: null, stderr },
        stdout: new TextEncoder().encode(stdout),
      });
    },
  };
  const question = {
    ...{ uid: 1000, cluster, sinceMs: NOW_MS - 60_000 },
    now: () => new Date(NOW_MS),
  };
  const seen = await querySubmissions({ runner, timeoutMs: 1_000 }, question);
  return { seen, calls };
}

const TIME = "2026-11-29T01:59:30";
const TIME_S = Date.parse(`${TIME}Z`) / 1000;

Deno.test("querySubmissions() reads rows whose free text holds line breaks, bars and whole rows", async () => {
  const evil = `sbatch job.sh x|y\n99|${TIME}|/data|sbatch job.sh|\n100`;

  const { seen } = await ask({
    sacct: () => [["Welcome\n7", TIME, "/data\nset|", evil], ["8_[0-3]", TIME, "/data", "sbatch"]],
  });

  assert.deepEqual(seen.accounted, [
    { jobId: "7", submitS: TIME_S, workDir: "/data\nset|", submitLine: evil },
    { jobId: "8", submitS: TIME_S, workDir: "/data", submitLine: "sbatch" },
  ]);
});

Deno.test("querySubmissions() tells how far the controller's clock is off, and MinJobAge", async () => {
  const { seen } = await ask({});
  const silent = await ask({ scontrol: { stdout: "MaxArraySize = 1001\n" } });

  assert.deepEqual([seen.clock, seen.minJobAgeS], [{ atLeastS: 2, atMostS: 3 }, 300]);
  assert.deepEqual([silent.seen.clock, silent.seen.minJobAgeS], [null, null]);
});

Deno.test("querySubmissions() asks sacct by name for queued jobs that it left out, and for no others", async () => {
  const { seen, calls } = await ask({
    squeue: {
      stdout: `9|${TIME}|\n7|${TIME}|\n11_[0-2%1]|${TIME}|\n5|2026-11-20T00:00:00|\nnonsense\n`,
    },
    sacct: (words) =>
      words.includes(" -j ") ? [["9", TIME, "/data", "sbatch -H job.sh"]] : [
        ["7", TIME, "/data", "sbatch job.sh"],
      ],
  });

  assert.deepEqual(seen.accounted.map(({ jobId }) => jobId), ["7", "9"]);
  assert.deepEqual(seen.queued.map(({ jobId }) => jobId), ["9", "7", "11", "5"]);
  const format = "--delimiter=END --format=JobID,Submit,WorkDir,SubmitLine";
  assert.deepEqual(calls, [
    "scontrol show config",
    "squeue -h -t all -u 1000 -O JobArrayID:|,SubmitTime:|",
    `sacct --noheader --parsable --duplicates -X ${format} -u 1000 -S now-94260seconds`,
    `sacct --noheader --parsable --duplicates -X ${format} -j 9,11`,
  ]);
});

Deno.test("querySubmissions() asks the cluster that is named", async () => {
  const { calls } = await ask({}, "big");

  assert.equal(calls.filter((call) => call.includes(" -M big")).length, 3);
});

Deno.test("querySubmissions() says where accounting is off or too old", async () => {
  for (
    const stderr of [
      "Slurm accounting storage is disabled\n",
      'sacct: error: Invalid field requested: "SubmitLine"\n',
    ]
  ) {
    const { seen } = await ask({ sacct: () => ({ code: 1, stderr }) });

    assert.deepEqual([seen.isAccountingOn, seen.accounted], [false, []]);
  }
});

Deno.test("querySubmissions() throws if the controller or accounting gives no answer", async () => {
  const refusal = { code: 1, stderr: "Unable to contact slurm controller" };
  for (const answers of [{ scontrol: refusal }, { squeue: refusal }, { sacct: () => refusal }]) {
    await assert.rejects(
      ask(answers),
      (error) => error instanceof UserError && error.code === "SLURM_UNAVAILABLE",
    );
  }
});

Deno.test("querySubmissions() throws if something else than an answer was printed, with exit status 0", async () => {
  const errors: Record<string, Said> = {
    "on stdout": { stdout: "error: Connection refused\n" },
    "on stderr alone": { stderr: "sacct: error: Connection refused\n" },
  };
  for (const [where, error] of Object.entries(errors)) {
    for (const answers of [{ scontrol: error }, { squeue: error }, { sacct: () => error }]) {
      await assert.rejects(ask(answers), {
        code: "SLURM_UNAVAILABLE",
        message: /error: Connection refused/,
      }, `${where}: ${Object.keys(answers)}`);
    }
  }
});

Deno.test("querySubmissions() sees a queued array whose printed ID was cut", async () => {
  const { seen } = await ask({ squeue: { stdout: `7_[1,3,5,...|${TIME}|\n` } });

  assert.deepEqual(seen.queued, [{ jobId: "7", submitS: TIME_S }]);
});
