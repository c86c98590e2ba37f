import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { clearAfterPreparations, notePreparation } from "../../src/submit/preparations.ts";
import type { Answer } from "../support/fake_runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { TestRepository } from "../support/test_repository.ts";
import { TEST_PROCESS, testSession } from "../support/test_session.ts";

const DEAD: Answer = { to: ["/bin/sh"], code: 3, stderr: "kill: No such process\n" };
const ELSEWHERE: Answer = { to: ["/bin/sh"], code: 3, stderr: "kill: Operation not permitted\n" };

async function withDataset(
  test: (
    repository: TestRepository,
    note: () => Promise<AsyncDisposable>,
    clear: (answer?: Answer) => Promise<string[]>,
  ) => Promise<void>,
) {
  await using repository = await TestRepository.create();
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const other = { ...TEST_PROCESS, pid: 777 };
  const note = () =>
    notePreparation(dataset, ".", { ...testSession(), process: () => Promise.resolve(other) });
  await test(repository, note, async (answer) => {
    using runner = fakeRunner(...(answer === undefined ? [] : [answer]));
    const session = testSession({ runner });
    await clearAfterPreparations(dataset, session);
    return session.warnings;
  });
}

Deno.test("clearAfterPreparations() takes away locks that git left when all were killed, once", () =>
  withDataset(async (repository, note, clear) => {
    await note();
    const locks = [".git/index.lock", ".git/refs/annex/last-index.lock"];
    for (const lock of locks) await repository.dataset.write(lock, "");

    assert.match((await clear(DEAD)).join(), /^an interrupted schedule had left ".*index\.lock"/);

    for (const lock of locks) {
      await assert.rejects(Deno.lstat(repository.at(lock)), Deno.errors.NotFound);
    }
    assert.deepEqual(await clear(), [], "and nobody is looked for any more");
  }));

Deno.test("clearAfterPreparations() leaves what may be at work, and locks without a note", () =>
  withDataset(async (repository, note, clear) => {
    await repository.dataset.write(".git/index.lock", "");
    await (await note())[Symbol.asyncDispose]();
    assert.deepEqual(await clear(), []);
    await note();

    assert.deepEqual(await clear(ELSEWHERE), []);

    await Deno.lstat(repository.at(".git/index.lock"));
  }));
