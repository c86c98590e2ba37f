import assert from "node:assert/strict";
import { join } from "node:path";
import { openAhead } from "../../src/cli/open_ahead.ts";
import type { Runner } from "../../src/process/runner.ts";
import { TestRepository } from "../support/test_repository.ts";

/** Counts what is started, and answers once it is told to. */
function slowRunner(runner: Runner) {
  const answering = Promise.withResolvers<void>();
  let started = 0;
  const slow: Runner = {
    run: async (argv, options) => {
      started++;
      await answering.promise;
      return await runner.run(argv, options);
    },
  };
  return { slow, answer: answering.resolve, started: () => started };
}

Deno.test("openAhead() has git asked at once, and gives its answer to the first who opens that dataset", async () => {
  await using repository = await TestRepository.create();
  const { slow, answer, started } = slowRunner(repository.runner);
  const ahead = openAhead(slow, repository.root, { named: undefined });

  await ahead.begun; // though git has not answered
  const before = started();
  assert.ok(before > 0);
  answer();
  const first = await ahead.openDataset(undefined);
  assert.equal(started(), before);
  const second = await ahead.openDataset(undefined);

  assert.ok(started() > before, "what is opened later is opened anew");
  assert.deepEqual([first.root, second.root], [repository.root, repository.root]);
});

Deno.test("openAhead() opens another dataset than that which it began with", async () => {
  await using repository = await TestRepository.create();
  await using other = await TestRepository.create();
  const ahead = openAhead(repository.runner, repository.root, { named: undefined });

  assert.equal((await ahead.openDataset(other.root)).root, other.root);
});

Deno.test("openAhead() begins with nothing where it is not asked to", async () => {
  await using repository = await TestRepository.create();
  const { slow, answer, started } = slowRunner(repository.runner);
  const ahead = openAhead(slow, repository.root, undefined);

  await ahead.begun;
  assert.equal(started(), 0);
  answer();
  assert.equal((await ahead.openDataset(undefined)).root, repository.root);
});

Deno.test("openAhead() tells what goes wrong to whoever opens the dataset, and to nobody else", async () => {
  await using repository = await TestRepository.create();
  const ahead = openAhead(repository.runner, repository.root, { named: "nowhere" });

  await ahead.begun;
  await assert.rejects(ahead.openDataset("nowhere"), {
    code: "NOT_A_REPOSITORY",
    message: new RegExp(join(repository.root, "nowhere")),
  });
});
