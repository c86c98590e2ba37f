import assert from "node:assert/strict";
import { queryPending } from "../../src/slurm/query_pending.ts";
import { fakeRunner } from "../support/fake_runner.ts";

Deno.test("queryPending() asks for 500 jobs a call, each answer with the jobs that it is about", async () => {
  const answers = ["one\n", "other\n"].map((stdout) => ({ to: ["squeue"], stdout }));
  using runner = fakeRunner(...answers);
  const ids = Array.from({ length: 501 }, (_, at) => `${at}`);

  const told = await Array.fromAsync(
    queryPending({ runner, timeoutMs: 1_000 }, "Reason", ids, "far"),
  );

  assert.deepEqual(told.map(({ jobIds, stdout }) => [jobIds.length, stdout]), [
    ...[[500, "one\n"], [1, "other\n"]],
  ]);
  assert.equal(runner.commands[1], "squeue -h -t PENDING -O Reason -M far -j 500");
});

Deno.test("queryPending() names no cluster where none is named, and throws where squeue fails", async () => {
  const stderr = "slurm_load_jobs error: Unable to contact slurm controller";
  using runner = fakeRunner({ to: ["squeue"], code: 1, stderr });

  await assert.rejects(
    Array.fromAsync(queryPending({ runner, timeoutMs: 1_000 }, "Reason", ["7"], null)),
    { code: "SLURM_UNAVAILABLE" },
  );
  assert.equal(runner.commands[0], "squeue -h -t PENDING -O Reason -j 7");
});
