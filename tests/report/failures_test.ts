import assert from "node:assert/strict";
import { findCauses } from "../../src/report/failures.ts";
import { TestFolder } from "../support/test_folder.ts";
import { reportedJob } from "./reported_job.ts";

const failed = (jobId: string, state: string, exitCode: string, logs: readonly string[] = []) =>
  reportedJob({ jobId, state, exitCode, phase: "failed", cpus: 2, elapsed: 10, logs });

/** A dataset and what stands beside it. */
async function place(files: Readonly<Record<string, string>>) {
  const folder = await TestFolder.create({ "ds/.git/config": "token\n", ...files });
  return { folder, root: folder.at("ds"), commonDir: folder.at("ds/.git") };
}

Deno.test("findCauses() groups failures by what they mean, attempts among them", async () => {
  const { folder, ...where } = await place({});
  await using _ = folder;
  const causes = await findCauses([
    failed("1", "FAILED", "1:0"),
    failed("2", "FAILED", "1:0"),
    failed("3", "TIMEOUT", "0:0"),
    reportedJob({ jobId: "5", attempts: [{ jobId: "4", state: "TIMEOUT", elapsed: 7 }] }),
    reportedJob({ jobId: "6" }),
    failed("8", "FAILED", "1:0"),
  ], where);

  assert.deepEqual(
    causes.map(({ cause, failures }) => [cause, failures.map(({ jobId }) => jobId)]),
    [["exit code 1", ["1", "2", "8"]], ["the time limit was reached: --time", ["3", "4"]]],
  );
  assert.deepEqual(causes[0]!.lost, { total: 60, count: 3 });
  assert.deepEqual(causes[1]!.failures[1], { jobId: "4", job: 3, isAttempt: true });
});

Deno.test("findCauses() shows the ends of a few logs, an attempt's own", async () => {
  const { folder, ...where } = await place({
    "ds/logs/slurm-3.out": "first try\n",
    "ds/logs/slurm-13.out": `${"line\n".repeat(50)}the end\n`,
  });
  await using _ = folder;
  const job = {
    ...failed("13", "FAILED", "1:0", ["logs/slurm-13.out", "logs/slurm-3.out"]),
    attempts: [{ jobId: "3", state: "FAILED", exitCode: "1:0" }],
  };
  const [cause] = await findCauses([job, failed("14", "FAILED", "1:0", ["gone"])], where);

  assert.deepEqual(cause?.logs.map(({ jobId, path }) => [jobId, path]), [
    ["13", "logs/slurm-13.out"],
    ["3", "logs/slurm-3.out"],
  ]);
  assert.match(cause!.logs[0]!.text, /^(line\n){9}the end$/);
  assert.equal(cause!.logs[1]!.text, "first try");
});

Deno.test("findCauses() reads nothing but what is in the dataset, whatever a record names", async () => {
  const { folder, ...where } = await place({
    "secret": "the user's own\n",
    "ds/log": "fine\n",
    "ds/.git/annex/objects/x/key": "annexed\n",
  });
  await using _ = folder;
  await Deno.symlink(folder.at("secret"), folder.at("ds/link"));
  await Deno.symlink(".git/config", folder.at("ds/config"));
  await Deno.symlink(".git/annex/objects/x/key", folder.at("ds/annexed"));
  for (
    const path of [
      "../secret",
      folder.at("secret"),
      "link",
      "config",
      ".git/config",
      "a/../../secret",
    ]
  ) {
    const [cause] = await findCauses([failed("1", "FAILED", "1:0", [path])], where);
    assert.deepEqual(cause?.logs, [], path);
  }
  for (const path of ["log", "annexed"]) {
    const [cause] = await findCauses([failed("1", "FAILED", "1:0", [path])], where);
    assert.equal(cause?.logs.length, 1, path);
  }
});
