import assert from "node:assert/strict";
import { checkClusters } from "../../../../src/commands/doctor/checks/clusters.ts";
import { answersOf, configOf, verdictsOf } from "../site.ts";

const env = (values: Readonly<Record<string, string>>) => new Map(Object.entries(values));

Deno.test("checkClusters() one cluster → ok", () => {
  assert.deepEqual(verdictsOf(checkClusters(answersOf(), env({}))), ["ok clusters"]);
});

Deno.test("checkClusters() variables that choose another one are notes, with what to do", () => {
  const [sbatch, slurm] = checkClusters(
    answersOf(),
    env({ SBATCH_CLUSTERS: "big", SLURM_CLUSTERS: "big" }),
  );

  assert.match(sbatch!.consequence!, /submits there, not to mini/);
  assert.match(sbatch!.hint!, /unset SBATCH_CLUSTERS/);
  assert.match(slurm!.message, /SLURM_CLUSTERS is set: big/);
  const [own] = checkClusters(answersOf(), env({ SBATCH_CLUSTERS: "mini" }));
  assert.equal(own!.hint, undefined);
});

Deno.test("checkClusters() a federation, by its settings or by the IDs of jobs", () => {
  const isNoted = (changes: Parameters<typeof answersOf>[0]) =>
    checkClusters(answersOf(changes), env({})).some(({ message }) => /federation/.test(message));
  const withId = (id: number) => ({
    squeue: { program: "squeue", tookMs: 1, stdout: `${id}  |RUNNING|2026-11-28T12:00:00|\n` },
  });

  assert.ok(isNoted({ config: configOf({ FederationParameters: "fed_display" }) }));
  assert.ok(isNoted(withId(67_108_865)));
  assert.ok(!isNoted(withId(67_043_328)));
});
