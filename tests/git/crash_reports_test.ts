import assert from "node:assert/strict";
import { join } from "node:path";
import { buildCommits } from "../../src/git/build_commits.ts";
import { IMPORT_MARK, removeCrashReports } from "../../src/git/crash_reports.ts";
import { packBlobs } from "../../src/git/pack_blobs.ts";
import type { Runner } from "../../src/process/runner.ts";
import { Git } from "../../src/git/git.ts";
import { TestRepository } from "../support/test_repository.ts";

async function reportsIn(repository: TestRepository): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(repository.at(".git")))).map(({ name }) =>
    name
  );
  return names.filter((name) => name.startsWith("fast_import_crash"));
}

/** An import that ends in the midst of a command, as where its feeder is killed. */
async function cutShort(repository: TestRepository, text: string): Promise<void> {
  const { code } = await repository.git.run(["fast-import", "--quiet"], { stdin: text });
  assert.notEqual(code, 0);
}

Deno.test("removeCrashReports() takes away what git reports of an import of ours, and no other", async () => {
  await using repository = await TestRepository.create();
  const { gitDir } = await repository.open();
  await cutShort(repository, "blob\ndata 100\nsomebody else's");
  const others = await reportsIn(repository);
  assert.equal(others.length, 1);
  await cutShort(repository, `${IMPORT_MARK}blob\ndata 100\nours`);
  assert.equal((await reportsIn(repository)).length, 2);

  await removeCrashReports({ gitDir }, Date.now() + 60_000);
  assert.equal((await reportsIn(repository)).length, 2, "they are older than that");
  await removeCrashReports({ gitDir }, Date.now() - 60_000);

  assert.deepEqual(await reportsIn(repository), others);
});

Deno.test("wherever an import of ours is cut short, the report tells that it was ours", async () => {
  await using repository = await TestRepository.create();
  const { gitDir, headOid } = await repository.open();
  const paths = Array.from({ length: 130 }, (_, at) => `file ${at}`);
  for (const path of paths) await repository.dataset.write(path, `${path}\n`);
  let length = 0;
  // Gives git only so many bytes of what it is to read.
  const cutting = (most: number): Runner => ({
    run: async (argv, options) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of options!.stdin as AsyncIterable<Uint8Array>) pieces.push(piece);
      const all = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
      length = all.length;
      return await repository.runner.run(argv, { ...options, stdin: all.subarray(0, most) });
    },
  });
  const oid = await repository.dataset.git("rev-parse", "HEAD:a");
  const changes = paths.map((path) => ({ kind: "add", path, mode: "100644", oid } as const));
  const identities = {
    author: "A <a@example.org> 1 +0000",
    committer: "A <a@example.org> 1 +0000",
  };
  const imports = [
    (git: Git) => packBlobs(git, repository.root, paths),
    (git: Git) =>
      buildCommits(git, {
        ...{ base: headOid, identities },
        plans: [{ message: () => "many", changes, parents: ["base"] }],
      }),
  ];
  for (const run of imports) {
    await run(new Git(cutting(Infinity), repository.root)).catch(() => undefined);
    for (const part of [0.05, 0.3, 0.5, 0.8, 0.99]) {
      const most = Math.floor(length * part);
      await run(new Git(cutting(most), repository.root)).catch(() => undefined);
      const reports = await reportsIn(repository);
      assert.equal(reports.length, 1, `cut at ${most}`);
      const text = await Deno.readTextFile(join(gitDir, reports[0]!));
      assert.ok(text.includes(IMPORT_MARK), text);
      await removeCrashReports({ gitDir }, 0);
    }
  }
});
