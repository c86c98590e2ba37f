import assert from "node:assert/strict";
import { basename } from "node:path";
import { openDataset } from "../../src/datalad/dataset.ts";
import { settleByContent } from "../../src/provenance/compare_contents.ts";
import type { ComparedOutput, NamedFile } from "../../src/provenance/compared_output.ts";
import { Provenance } from "../../src/provenance/provenance.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { TestRepository } from "../support/test_repository.ts";

const SAME = "same\n";

/** Adds a file to the annex with a backend of its own, or to git. */
async function add(
  repository: TestRepository,
  path: string,
  text: string,
  backend?: string,
): Promise<NamedFile> {
  const { dataset } = repository;
  await dataset.write(path, text);
  const how = backend === undefined
    ? ["add", path]
    : ["annex", "add", "--quiet", "--force-large", `--backend=${backend}`, path];
  await dataset.git(...how);
  const oid = await dataset.git("rev-parse", `:${path}`);
  const file = { path, place: ".", pathInPlace: path, oid };
  if (backend === undefined) return { ...file, mode: "100644" };
  return { ...file, mode: "120000", key: basename(await Deno.readLink(repository.at(path))) };
}

testIfAvailable(
  ["git-annex"],
  "settleByContent() compares what is held in different ways, as far as it is here",
  async () => {
    await using repository = await TestRepository.create({ raw: "1\n" }, "git-annex");
    const { runner, root, dataset } = repository;
    const before = await add(repository, "md5", SAME, "MD5E");
    const others = {
      "another backend": await add(repository, "sha", SAME, "SHA256E"),
      "its backend without extensions": await add(repository, "plain", SAME, "MD5"),
      "a backend that goes by time": await add(repository, "worm", SAME, "WORM"),
      "git": await add(repository, "git", SAME),
      "other content": await add(repository, "other", "othe\n", "SHA256E"),
      "other content in git": await add(repository, "git2", "othe\n"),
      "a link": { ...await add(repository, "text", SAME), mode: "120000" },
    };
    const gone = await add(repository, "gone", SAME, "SHA512");
    await dataset.git("annex", "drop", "--quiet", "--force", "gone");
    const outputs = Object.entries({ ...others, "not here": gone })
      .map(([path, after]): ComparedOutput => ({ path, verdict: "differs", before, after }));
    const provenance = await Provenance.open(await openDataset(runner, root, undefined), runner);

    const [settled] = await settleByContent(provenance, [outputs]);

    assert.deepEqual(Object.fromEntries(settled!.map(({ path, verdict }) => [path, verdict])), {
      "another backend": "identical",
      "its backend without extensions": "identical",
      "a backend that goes by time": "identical",
      "git": "identical",
      "other content": "differs",
      "other content in git": "differs",
      "a link": "differs",
      "not here": "differs",
    });
  },
);

Deno.test("settleByContent() asks nobody where names are of one kind", async () => {
  await using repository = await TestRepository.create();
  const { runner, root } = repository;
  const provenance = await Provenance.open(await openDataset(runner, root, undefined), runner);
  const file = { path: "a", place: ".", pathInPlace: "a", oid: "0".repeat(40), mode: "120000" };
  const before = { ...file, key: "MD5E-s5--00.txt" };
  const after = ["MD5E-s5--11.txt", "SHA256E-s6--22.txt"]
    .map((key): ComparedOutput => ({
      ...{ path: key, verdict: "differs", before },
      after: { ...file, key },
    }));

  // git-annex would fail here.
  assert.deepEqual(await settleByContent(provenance, [after]), [after]);
});
