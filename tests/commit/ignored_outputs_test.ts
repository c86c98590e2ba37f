import assert from "node:assert/strict";
import { reportIgnored, reportIgnoredLogs } from "../../src/commit/ignored_outputs.ts";
import type { WrittenPaths } from "../../src/jobs/attribution.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testSession } from "../support/test_session.ts";

async function tell(
  files: readonly string[],
  claims: readonly string[],
  ignored: readonly string[],
  requiresOutputs = false,
) {
  await using folder = await TestFolder.create(
    Object.fromEntries(files.map((file) => [file, "x"])),
  );
  const session = testSession();
  const job = { key: 1, claims, requiresOutputs } as unknown as WrittenPaths;
  const refused = await reportIgnored(folder.root, [job], new Map([[1, ignored]]), session);
  return {
    warnings: session.warnings,
    refused: [...refused].map(([key, { code }]) => [key, code]),
  };
}

Deno.test("reportIgnored() names an output that is ignored as a whole, not its files", async () => {
  const { warnings, refused } = await tell(["out/a", "out/b"], ["out"], ["out/a", "out/b"]);

  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^the output "out" is ignored by Git/);
  assert.deepEqual(refused, []);
});

Deno.test("reportIgnored() counts files that are ignored beside others", async () => {
  const files = ["out/a.log", "out/b.log", "out/kept"];

  const two = await tell(files, ["out"], ["out/a.log", "out/b.log"]);
  const one = await tell(files, ["out"], ["out/a.log"]);

  assert.match(two.warnings.join(), /^2 files in outputs are ignored .*first is "out\/a\.log"$/);
  assert.match(one.warnings.join(), /^1 file in an output is ignored/);
});

Deno.test("reportIgnored() refuses a job whose outputs are all required", async () => {
  const whole = await tell(["out/a"], ["out"], ["out/a"], true);
  const beside = await tell(["out/a", "out/b"], ["out"], ["out/a"], true);

  assert.deepEqual([whole.refused, whole.warnings], [[[1, "BAD_OUTPUT"]], []]);
  assert.deepEqual(beside.refused, []);
});

Deno.test("reportIgnored() names ten outputs, of more the number", async () => {
  const claims = Array.from({ length: 12 }, (_, at) => `out${at}`);
  const files = claims.map((claim) => `${claim}/a`);

  const { warnings } = await tell(files, claims, files);

  assert.equal(warnings.length, 11);
  assert.match(warnings.at(-1)!, /^2 more outputs/);
});

Deno.test("reportIgnored() has nothing to say where nothing is ignored", async () => {
  assert.deepEqual(await tell(["out/a"], ["out"], []), { warnings: [], refused: [] });
});

Deno.test("reportIgnoredLogs() names three logs for all jobs, and refuses jobs that require theirs", () => {
  const job = (key: number, requiresOutputs: boolean) => ({
    ...{ key, claims: [], requiresOutputs, alongside: [`kept-${key}`] },
    slurmOutputs: [`${key}.out`, `${key}.json`, `kept-${key}`],
  });
  const tellOf = (jobs: readonly WrittenPaths[], ...leftOut: readonly string[]) => {
    const session = testSession();
    const refused = reportIgnoredLogs(jobs, new Set(leftOut), session);
    return { warnings: session.warnings, refused: [...refused.keys()] };
  };

  const all = [1, 2].flatMap((key) => [`${key}.out`, `${key}.json`]);
  const { warnings, refused } = tellOf([job(1, false), job(2, false)], ...all);
  assert.match(warnings.join(), /^"1\.out", "1\.json", "2\.out" and 1 more are ignored by Git/);
  assert.deepEqual(refused, []);
  assert.deepEqual(tellOf([job(1, true)], "1.out"), { warnings: [], refused: [1] });
  // What is kept beside the record is no output.
  const beside = tellOf([job(1, true)], "kept-1");
  assert.deepEqual(beside.refused, []);
  assert.match(beside.warnings.join(), /^"kept-1" is ignored by Git/);
  assert.deepEqual(tellOf([job(1, true)]), { warnings: [], refused: [] });
});
