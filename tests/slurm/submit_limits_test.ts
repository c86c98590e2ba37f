import assert from "node:assert/strict";
import { readRecording } from "../../src/recordings/read_recording.ts";
import { isSiteFull, queryMaxArraySize } from "../../src/slurm/submit_limits.ts";
import { caseFolder, caseNames } from "../recordings/slurm_recordings.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";

const ANSWERS: readonly [stdout: string, size: number][] = [
  ["Configuration data\nMaxArraySize            = 1001\nMaxBatchRequeue = 5\n", 1001],
  ["MaxArraySize=50000\n", 50_000],
  // An option of another name, and none at all: Slurm's default.
  ["OldMaxArraySize = 7\n", 1001],
  ["", 1001],
];

for (const [stdout, size] of ANSWERS) {
  Deno.test(`queryMaxArraySize() reads ${size} from ${JSON.stringify(stdout)}`, async () => {
    using runner = fakeRunner({ to: ["scontrol", "show", "config"], stdout });

    assert.equal(await queryMaxArraySize({ runner, timeoutMs: 1_000 }), size);
  });
}

Deno.test("queryMaxArraySize() does not take a failure for the default", async () => {
  using runner = fakeRunner({ to: ["scontrol"], code: 1, stderr: "Unable to contact slurm" });

  await assert.rejects(queryMaxArraySize({ runner, timeoutMs: 1_000 }), {
    code: "SLURM_UNAVAILABLE",
    detail: "Unable to contact slurm",
  });
  using printing = fakeRunner({ to: ["scontrol"], stdout: "error: Unable to contact slurm\n" });
  await assert.rejects(queryMaxArraySize({ runner: printing, timeoutMs: 1_000 }), {
    code: "SLURM_UNAVAILABLE",
    message: /"error: Unable to contact slurm"/,
  });
});

const FAILED = "sbatch: error: Batch job submission failed: ";
const POLICY = `${FAILED}Job violates accounting/QOS policy ` +
  "(job submit limit, user's size and/or time limits)";
const REFUSALS: readonly [stderr: string, isFull: boolean][] = [
  [`sbatch: error: AssocMaxSubmitJobLimit\n${POLICY}`, true],
  [`sbatch: error: AssocGrpSubmitJobsLimit\n${POLICY}`, true],
  [`sbatch: error: QOSMaxSubmitJobPerUserLimit\n${POLICY}`, true],
  // The same words behind a limit of another kind.
  [`sbatch: error: QOSMaxCpuPerUserLimit\n${POLICY}`, false],
  [`sbatch: error: AssocMaxWallDurationPerJobLimit\n${POLICY}`, false],
  [POLICY, true],
  ["sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", true],
  [`${FAILED}Resource temporarily unavailable`, true],
  [`${FAILED}Requested node configuration is not available`, false],
  [`${FAILED}Invalid account or account/partition combination specified`, false],
  ["", false],
];

for (const [stderr, isFull] of REFUSALS) {
  Deno.test(`isSiteFull() is ${isFull} of "${stderr.split("\n")[0]}"`, () => {
    assert.equal(isSiteFull(stderr), isFull);
  });
}

for (const version of VERSIONS) {
  Deno.test(`isSiteFull() knows every refusal that was recorded of Slurm ${version}`, async () => {
    const full: string[] = [];
    const others: string[] = [];
    for (const name of caseNames(version)) {
      for (const call of (await readRecording(caseFolder(version, name))).calls) {
        if (call.argv[0] !== "sbatch" || call.exitCode === 0) continue;
        (isSiteFull(call.stderr) ? full : others).push(call.stderr);
      }
    }

    assert(full.length > 0);
    for (const stderr of full) assert.match(stderr, /SubmitJob/);
    assert(others.length > 0);
    for (const stderr of others) assert.doesNotMatch(stderr, /SubmitJob/);
  });
}
