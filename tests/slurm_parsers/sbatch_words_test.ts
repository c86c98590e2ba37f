import assert from "node:assert/strict";
import { parseSbatchWords } from "../../src/slurm/sbatch_words.ts";
import { isSiteFull } from "../../src/slurm/submit_limits.ts";
import { readRecording } from "../../src/recordings/read_recording.ts";
import { caseFolder, caseNames } from "../recordings/slurm_recordings.ts";
import { VERSIONS } from "../support/slurm_fixtures.ts";

const GOOD = [
  ["job.sh a -b", [], "job.sh", ["a", "-b"]],
  ["--time=1 --mem 4G job.sh", ["--time=1", "--mem", "4G"], "job.sh", []],
  [
    "-n 4 -Hp debug -oout.txt -J x job.sh y",
    ["-n", "4", "-Hp", "debug", "-oout.txt", "-J", "x"],
    "job.sh",
    ["y"],
  ],
  [
    "--parsable --exclusive --nice=5 -Q job.sh",
    ["--parsable", "--exclusive", "--nice=5", "-Q"],
    "job.sh",
    [],
  ],
  ["--unheard-of=1 -- -odd.sh --x", ["--unheard-of=1"], "-odd.sh", ["--x"]],
] as const;

for (const [line, options, path, args] of GOOD) {
  Deno.test(`parseSbatchWords() finds the script of "sbatch ${line}"`, () => {
    assert.deepEqual(parseSbatchWords(["/usr/bin/sbatch", ...line.split(" ")]), {
      program: "/usr/bin/sbatch",
      options,
      script: { path },
      args,
    });
  });
}

Deno.test("parseSbatchWords() takes the text of --wrap out of the options", () => {
  for (const wrap of [["--wrap", "a b"], ["--wrap=a b"]]) {
    assert.deepEqual(parseSbatchWords(["sbatch", "-n1", ...wrap, "-Q"]), {
      program: "sbatch",
      options: ["-n1", "-Q"],
      script: { wrap: "a b" },
      args: [],
    });
  }
});

const BAD = [
  ["srun job.sh", /its first word is "srun", not sbatch/],
  ["sbatch", /names no batch script/],
  ["sbatch --time", /option --time has no value/],
  ["sbatch --unheard-of 1 job.sh", /whether option --unheard-of takes a value is not known/],
  ["sbatch -Z job.sh", /sbatch has no option -Z/],
  ["sbatch --array=0-3 job.sh", /asks for an array of its own, --array=0-3/],
  ["sbatch -a 0-3 job.sh", /asks for an array of its own, -a/],
  ["sbatch --wrap x job.sh", /both --wrap and a script/],
] as const;

for (const [line, reason] of BAD) {
  Deno.test(`parseSbatchWords() refuses "${line}"`, () => {
    assert.throws(() => parseSbatchWords(line.split(" ")), (error) => {
      assert(error instanceof SyntaxError);
      assert.match(error.message, reason);
      return true;
    });
  });
}

const POLICY = "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy " +
  "(job submit limit, user's size and/or time limits)\n";

Deno.test("isSiteFull() tells a limit on the number of jobs from the faults of a job", () => {
  assert(isSiteFull(`sbatch: error: QOSMaxSubmitJobPerUserLimit\n${POLICY}`));
  assert(isSiteFull(`sbatch: error: AssocGrpSubmitJobsLimit\n${POLICY}`));
  assert(isSiteFull(POLICY));
  assert(!isSiteFull(`sbatch: error: QOSMaxWallDurationPerJobLimit\n${POLICY}`));
  assert(!isSiteFull("sbatch: error: invalid partition specified: nope\n"));
  assert(
    !isSiteFull("sbatch: error: Batch job submission failed: Invalid job array specification\n"),
  );
});

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
