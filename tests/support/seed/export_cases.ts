import assert from "node:assert/strict";
import { join } from "node:path";
import { findBroken } from "../../crate/profile_rules.ts";
import { actionsIn, entity, idsIn, readCrate } from "../../crate/read_crate.ts";
import { scheduleSeed } from "./workflow.ts";
import type { SeedCase, SeedWorld } from "./workflow.ts";

/** Recorded jobs as a crate. */
export const EXPORT_CASES: readonly SeedCase[] = [
  {
    name: "export of the four seed jobs → a crate by the profile, contents and all",
    isAboutContents: true,
    run: exportsTheFour,
  },
];

async function exportsTheFour({ dataset, sandbox, slurm }: SeedWorld): Promise<void> {
  const jobs = await scheduleSeed(dataset);
  await slurm.waitUntilEnded(...Object.values(jobs));
  await dataset.dlslurm(["finish", "--commit-failed-jobs"]);
  const path = join(sandbox.root, "crate");

  const outcome = await dataset.dlslurm(["export", "--ro-crate", path]);

  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
  const crate = await readCrate(path);
  // A job that has just ended accounting may not know yet.
  const broken = findBroken(crate).filter((sentence) => !/has an end in ISO/.test(sentence));
  assert.deepEqual(broken, []);
  const byJob = new Map(actionsIn(crate).map((each) => [each["identifier"][0], each]));
  const isFailed = (id: string) => /Failed/.test(byJob.get(id)!["actionStatus"]["@id"]);
  assert.deepEqual(Object.values(jobs).map(isFailed), [false, false, true, true]);
  assert.match(byJob.get(jobs.bronze)!["error"], /FAILED/i);
  assert.equal(byJob.get(jobs.gold)!["error"], undefined);
  for (const name of ["gold", "silver", "platinum"] as const) {
    const action = byJob.get(jobs[name])!;
    const [script] = idsIn(action["instrument"]);
    const submitted = await dataset.git("hash-object", script!);
    assert.equal(entity(crate, script!)["version"], submitted);
    const outputs = idsIn(action["result"]).filter((id) => id.startsWith("models/"));
    assert(outputs.length > 0, name);
    for (const output of outputs) {
      const [copy, original] = await Promise.all(
        [path, dataset.root].map((root) => Deno.readFile(join(root, decodeURIComponent(output)))),
      );
      assert.deepEqual(copy, original, output);
    }
  }
}
