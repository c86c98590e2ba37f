import assert from "node:assert/strict";
import type { Runner } from "../../src/process/runner.ts";
import { parseShowJob, showJob, showJobs } from "../../src/slurm/show_job.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { readRecording } from "./recordings.ts";

for (const version of VERSIONS) {
  const read = (name: string) => parseShowJob(readRecording(version, `${name}_scontrol`).stdout);

  Deno.test(`parseShowJob() reads values with blanks and "=" whole, Slurm ${version}`, () => {
    const [record] = read("awkward_names");

    assert.equal(record!.get("JobName"), "my | job a=b JobId=1");
    assert.equal(record!.get("Comment")!.trim(), "x=1 Y=2, with blanks");
    assert.equal(record!.get("Command"), "/data/my work/ok job=1 A=2.sh");
    assert.equal(record!.get("WorkDir"), "/data/my work");
    assert.equal(record!.get("StdErr"), "/data/my work/errors ada.err");
    assert.match(
      record!.get("StdOut")!,
      /^\/data\/my work\/logs a=b C=d my \| job a=b JobId=1 .*\.out$/,
    );
  });

  Deno.test(`parseShowJob() reads every pair of a line, Slurm ${version}`, () => {
    const [record] = read("failed_job");

    assert.equal(record!.get("JobState"), "FAILED");
    assert.equal(record!.get("Reason"), "NonZeroExitCode");
    assert.equal(record!.get("Dependency"), "(null)");
    assert.equal(record!.get("ExitCode"), "3:0");
    assert.equal(record!.get("CPUs/Task"), "1");
    assert.equal(record!.get("AllocNode:Sid"), "login01:1234");
    assert.equal(record!.get("ReqB:S:C:T"), "0:0:*:*");
  });

  Deno.test(`parseShowJob() reads one record per array task, Slurm ${version}`, () => {
    assert.equal(read("array_pending").length, 1);
    assert.equal(read("array_running").length, 3);
    assert.equal(read("array_done").length, 4);
    assert.equal(read("het_job").length, 2);
  });
}

Deno.test("parseShowJob() finds nothing in an error message", () => {
  const { stdout, stderr } = readRecording("22.05", "unknown_job_scontrol");

  assert.deepEqual(parseShowJob(stdout + stderr), []);
});

/** A runner whose scontrol prints `text` in pieces of `size` bytes, and whose squeue shows the same jobs. */
function printing(text: string, size: number): Runner {
  const queue = [...text.matchAll(/^JobId=([0-9]+) (?:(Array|Het)JobId=([0-9]+) \S+=(\S+) )?/gm)]
    .map(([, raw, kind, whole, part]) =>
      kind === undefined ? [raw, raw] : [`${whole}${kind === "Het" ? "+" : "_"}${part}`, raw]
    ).map(([printed, raw]) => `${printed}|RUNNING|${raw}|node|2026-11-28T19:07:44|0|\n`).join("");
  return {
    run: (argv, options) => {
      if (argv[0] === "squeue") {
        const stdout = new TextEncoder().encode(queue);
        return Promise.resolve({ code: 0, signal: null, stdout, stderr: "" });
      }
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length; at += size) {
        options!.onStdout!(bytes.slice(at, at + size));
      }
      return Promise.resolve({ code: 0, signal: null, stdout: new Uint8Array(), stderr: "" });
    },
  };
}

for (const version of VERSIONS) {
  Deno.test(`showJobs() picks the records of some jobs out of all, Slurm ${version}`, async () => {
    const names = ["single_job", "array_running", "awkward_names", "het_job", "failed_job"];
    const texts = names.map((name) => readRecording(version, `${name}_scontrol`).stdout);
    const idOf = (name: string) => {
      const record = parseShowJob(texts[names.indexOf(name)]!)[0]!;
      return record.get("ArrayJobId") ?? record.get("HetJobId") ?? record.get("JobId")!;
    };
    const wanted = new Set(["array_running", "het_job", "failed_job"].map(idOf).concat("1"));

    for (const size of [7, 1_000, 1_000_000]) {
      const client = { runner: printing(texts.join(""), size), timeoutMs: 1_000 };
      const found = await showJobs(client, wanted, null);

      assert.deepEqual(
        [...found].map(([id, records]) => [id, records.length]).sort(),
        [
          [idOf("array_running"), 3],
          [idOf("failed_job"), 1],
          [idOf("het_job"), 2],
        ].sort(),
      );
      assert.deepEqual(
        found.get(idOf("array_running")),
        parseShowJob(texts[names.indexOf("array_running")]!),
      );
    }
  });
}

Deno.test("showJob() and showJobs() do not take an error with exit status 0 for jobs that are forgotten", async () => {
  const error = "slurm_load_jobs error: Unable to contact slurm controller\n";
  const failure = { code: "SLURM_UNAVAILABLE", message: /Unable to contact/ };
  for (const said of [{ stdout: error }, { stderr: error }]) {
    using runner = fakeRunner({ to: ["scontrol"], ...said }, { to: ["scontrol"], ...said });
    const client = { runner, timeoutMs: 1_000 };

    await assert.rejects(showJob(client, "7", null), failure);
    await assert.rejects(showJobs(client, new Set(["7"]), null), failure);
  }
  const none = { runner: printing("No jobs in the system\n", 7), timeoutMs: 1_000 };
  assert.deepEqual(await showJobs(none, new Set(["7"]), null), new Map());
});
