import assert from "node:assert/strict";
import { parseIdentity, uidIn } from "../../src/process/process_identity.ts";
import { clustersOfSubmitter, submitterOf } from "../../src/submit/submitter.ts";
import { TEST_PROCESS, testSession } from "../support/test_session.ts";

async function submitterIn(variables: Record<string, string>): Promise<string> {
  return await submitterOf(testSession({ env: { get: (name) => variables[name] } }));
}

Deno.test("submitterOf() says who submits, and to which clusters the environment has it submit", async () => {
  const plain = await submitterIn({});
  const named = await submitterIn({ SLURM_CLUSTERS: "a", SBATCH_CLUSTERS: "big, small" });

  assert.deepEqual(parseIdentity(plain), TEST_PROCESS);
  assert.deepEqual(parseIdentity(named), TEST_PROCESS);
  assert.deepEqual(clustersOfSubmitter(plain), []);
  assert.deepEqual(clustersOfSubmitter(named), ["big", "small"]);
  assert.deepEqual([uidIn(plain), uidIn(named)], [Deno.uid(), Deno.uid()]);
});

Deno.test("clustersOfSubmitter() of what is no submitter is not known", () => {
  for (const text of ["", "{}", "null", "[1]"]) assert.equal(clustersOfSubmitter(text), undefined);
  const odd = JSON.stringify({ ...TEST_PROCESS, clusters: 7 });
  assert.equal(clustersOfSubmitter(odd), undefined);
});
