import assert from "node:assert/strict";
import { Attribution } from "../../src/jobs/attribution.ts";

const JOBS = [
  { key: 1, claims: ["models/gold", "one.txt"], slurmOutputs: ["logs/slurm-1.out"] },
  { key: 2, claims: ["logs"], slurmOutputs: ["models/gold/slurm-2.out", "slurm-2.out"] },
];

const CASES: readonly (readonly [string, number | undefined])[] = [
  ["models/gold", 1],
  ["models/gold/a/b/c", 1],
  ["one.txt", 1],
  ["one.txt/now/a/folder", 1],
  ["models/goldfish", undefined],
  ["models", undefined],
  ["other/models/gold", undefined],
  ["logs/slurm-1.out", 1],
  ["logs/slurm-1.out.old", 2],
  ["logs/x", 2],
  ["models/gold/slurm-2.out", 2],
  ["slurm-2.out", 2],
  ["slurm-2.out/x", undefined],
];

for (const [path, owner] of CASES) {
  Deno.test(`Attribution gives "${path}" to ${owner ?? "nobody"}`, () => {
    assert.equal(new Attribution(JOBS).ownerOf(path), owner);
  });
}

Deno.test("Attribution gives everything to the job that claims the whole dataset", () => {
  const attribution = new Attribution([{ key: 7, claims: ["."], slurmOutputs: [] }]);

  assert.equal(attribution.ownerOf("a/b"), 7);
  assert.equal(attribution.ownerOf("a"), 7);
});
