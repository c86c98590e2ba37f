import assert from "node:assert/strict";
import { OutputOwners } from "../../src/commit/output_owners.ts";
import { UserError } from "../../src/errors.ts";
import { Attribution } from "../../src/jobs/attribution.ts";
import type { WrittenPaths } from "../../src/jobs/attribution.ts";

const COMMITTED: WrittenPaths = { key: 1, claims: ["a"], slurmOutputs: ["slurm-1.out"] };
const LEFT_ALONE: WrittenPaths = { key: 2, claims: ["a/inner"], slurmOutputs: [] };

function makeOwners(job: WrittenPaths = COMMITTED): OutputOwners {
  return new OutputOwners([job], new Attribution([job, LEFT_ALONE]));
}

Deno.test("OutputOwners wants what a job to be committed claims, and nothing of a job left alone", () => {
  const owners = makeOwners();

  assert.equal(owners.isWanted("a/x"), true);
  assert.equal(owners.isWanted("slurm-1.out"), true);
  assert.equal(owners.isWanted("a/inner/x"), false);
  assert.equal(owners.isWanted("b"), false);
});

Deno.test("OutputOwners wants nothing more of a job that has failed", () => {
  const owners = makeOwners();

  owners.fail("a/x", new UserError("BAD_OUTPUT", "Cannot commit it"));

  assert.equal(owners.isWanted("a/y"), false);
  assert.deepEqual([...owners.failures.keys()], [1]);
});

Deno.test("OutputOwners passes on what is wrong with a path of no job to be committed", () => {
  const owners = makeOwners();

  const fail = () => owners.fail("a/inner/x", new UserError("DISK", "Cannot read it"));

  assert.throws(fail, /Cannot read it/);
  assert.equal(owners.failures.size, 0);
});

Deno.test("OutputOwners spares what was gone before the job ran", () => {
  const owners = makeOwners({ ...COMMITTED, canBeOwn: (_path, isGone) => !isGone });

  assert.equal(owners.isSpared("a/x"), true);
  assert.equal(owners.isWanted("a/x", true), false);
  assert.equal(owners.isWanted("a/x"), true);
  assert.equal(owners.isSpared("b"), false);
});

Deno.test("OutputOwners tells files missed by jobs to be committed from those of others, and nobody's", () => {
  const owners = makeOwners();

  assert.deepEqual(["a/x", "a/inner/x", "b"].map((path) => owners.isMissed(path)), [
    true,
    false,
    undefined,
  ]);
});
