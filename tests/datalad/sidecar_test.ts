import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { isSidecar, readSidecar, wantsSidecar, writeSidecar } from "../../src/datalad/sidecar.ts";
import { ProgramNotFoundError } from "../../src/process/runner.ts";
import { fakeRunner } from "../support/fake_runner.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

const JSON_LINE = '{"cmd": "sbatch ü.sh"}';

async function open(repository: TestRepository, folder?: string) {
  if (folder !== undefined) {
    await repository.dataset.git("config", "datalad.run.record-directory", folder);
  }
  return await openDataset(repository.runner, repository.root, undefined);
}

testIfAvailable(
  ["xz"],
  "readSidecar() reads what writeSidecar() wrote, under the same name each time",
  async () => {
    await using repository = await TestRepository.create();
    const { runner } = repository;
    const dataset = await open(repository);

    const written = await writeSidecar(runner, dataset, JSON_LINE);

    assert.match(written.id, /^[0-9a-f]{32}$/);
    assert.equal(written.path, `.datalad/runinfo/${written.id}`);
    assert.equal(await readSidecar(runner, dataset, written.id, "HEAD"), JSON_LINE);
    assert.deepEqual(await writeSidecar(runner, dataset, JSON_LINE), written);
    assert.notEqual((await writeSidecar(runner, dataset, "{}")).id, written.id);
  },
);

testIfAvailable(
  ["xz"],
  "isSidecar() knows what was written, however its folder is named",
  async () => {
    await using repository = await TestRepository.create({ "records/x": "" });
    await Deno.symlink("records", repository.at("link"));
    for (
      const folder of [undefined, "records", "records/", "./a/../b", repository.at("c"), "link"]
    ) {
      const dataset = await open(repository, folder);

      const { path } = await writeSidecar(repository.runner, dataset, JSON_LINE);

      assert.equal(isSidecar(dataset, path), true, `${folder}: ${path}`);
      assert.equal(isSidecar(dataset, path.replace(/[^/]+$/, "sub/$&")), false, folder);
      assert.equal(isSidecar(dataset, "elsewhere/x"), false, folder);
    }
  },
);

Deno.test("writeSidecar() refuses a folder outside of the dataset, behind a link, too", async () => {
  await using repository = await TestRepository.create();
  await Deno.mkdir(`${repository.sandbox.root}/outside`);
  await Deno.symlink("../outside", repository.at("link"));
  for (const folder of ["..", "../outside", "/tmp", "link", "link/sub", ".git/x", "a/.git"]) {
    const dataset = await open(repository, folder);

    await assert.rejects(
      writeSidecar(fakeRunner(), dataset, JSON_LINE),
      { code: "BAD_CONFIG", hint: /git config datalad\.run\.record-directory/ },
      folder,
    );
  }
});

Deno.test("readSidecar() takes no path for an ID", async () => {
  await using repository = await TestRepository.create();
  const dataset = await open(repository);

  for (const id of ["../x", "a/b", "", "a b", "a\0"]) {
    await assert.rejects(readSidecar(fakeRunner(), dataset, id, "HEAD"), SyntaxError, id);
  }
});

for (const kind of ["git", "annex", "absent"] as const) {
  testIfAvailable(
    kind === "git" ? ["xz"] : ["xz", "git-annex"],
    `readSidecar() reads what only the commit has: ${kind}`,
    async () => {
      await using repository = await TestRepository.create(
        { a: "1\n" },
        kind === "git" ? "plain git" : "git-annex",
      );
      const { runner } = repository;
      const git = (...args: string[]) => repository.dataset.git(...args);
      const { id, path } = await writeSidecar(runner, await open(repository), JSON_LINE);
      await git(
        ...(kind === "git" ? ["add", path] : ["annex", "add", "--quiet", "--force-large", path]),
      );
      const commit = await repository.commit();
      if (kind === "absent") await git("annex", "drop", "--quiet", "--force", path);
      if (kind !== "absent") await git("rm", "--quiet", path);
      const dataset = await open(repository);

      const read = readSidecar(runner, dataset, id, commit);

      if (kind !== "absent") assert.equal(await read, JSON_LINE);
      else {await assert.rejects(read, {
          name: "SyntaxError",
          message: /is not here \(git annex get/,
        });}
      await assert.rejects(readSidecar(runner, dataset, "other", commit), {
        name: "SyntaxError",
        message: /neither it nor the worktree has "\.datalad\/runinfo\/other"$/,
      });
    },
  );
}

Deno.test("readSidecar() says why it cannot, and what to install", async () => {
  await using repository = await TestRepository.create({ ".datalad/runinfo/x": "no xz\n" });
  const dataset = await open(repository);
  using runner = fakeRunner(
    { to: ["xz", "-dc"], code: 1, stderr: "xz: x: File format not recognized\n" },
    { to: ["xz", "-dc"], throws: new ProgramNotFoundError("xz") },
    { to: ["xz", "-zc"], code: 1, stderr: "xz: full\n" },
  );

  await assert.rejects(readSidecar(runner, dataset, "x", "HEAD"), {
    name: "SyntaxError",
    message: /cannot be read: xz: x: File format not recognized$/,
  });
  await assert.rejects(readSidecar(runner, dataset, "x", "HEAD"), {
    code: "BAD_RECORD",
    hint: /xz-utils/,
  });
  await assert.rejects(writeSidecar(runner, dataset, "{}"), {
    code: "BAD_RECORD",
    detail: "xz: full",
  });
});

Deno.test("wantsSidecar() goes by git's words for yes", async () => {
  await using repository = await TestRepository.create();
  const wants = async (value: string) => {
    await repository.dataset.git("config", "datalad.run.record-sidecar", value);
    return wantsSidecar(await open(repository));
  };

  assert.equal(wantsSidecar(await open(repository)), false);
  assert.deepEqual([await wants("yes"), await wants("false")], [true, false]);
});
