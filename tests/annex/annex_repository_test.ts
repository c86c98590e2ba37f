import assert from "node:assert/strict";
import { isHashBackend, isPlainRepository } from "../../src/annex/annex_repository.ts";
import { TestRepository } from "../support/test_repository.ts";

const BACKENDS: readonly [backend: string, isHash: boolean][] = [
  ...["SHA256E", "SHA256", "MD5E", "MD5", "SHA1", "SHA3_512E", "BLAKE2BP512E", "BLAKE2S256"]
    .map((name): [string, boolean] => [name, true]),
  // Their keys tell times and names, or where to fetch from.
  ...["WORM", "URL", "XMD5", "VURL", "GITBUNDLE", "MD5EE", "SHA256e", "SHA25", ""]
    .map((name): [string, boolean] => [name, false]),
];

Deno.test("isHashBackend() knows the backends that make keys from nothing but contents", () => {
  for (const [backend, isHash] of BACKENDS) assert.equal(isHashBackend(backend), isHash, backend);
});

const PLAIN = { "annex.uuid": "x", "annex.version": "10" };
const SETTINGS: readonly [settings: Readonly<Record<string, string>>, isPlain: boolean][] = [
  [{}, true],
  [{ "annex.version": "8", "annex.backend": "MD5E", "annex.largefiles": "x" }, true],
  [{ "annex.version": "7" }, false],
  [{ "annex.backend": "WORM" }, false],
  [{ "annex.thin": "false" }, false],
  [{ "annex.unheard-of": "1" }, false],
  [{ "annex.tune.objecthash1": "true" }, false],
  [{ "core.symlinks": "false" }, false],
  [{ "core.autocrlf": "input" }, false],
  [{ "core.sharedrepository": "group" }, false],
  [{ "core.sharedrepository": "umask" }, true],
];

Deno.test("isPlainRepository() is true only where every setting is known to change nothing", async () => {
  await using repository = await TestRepository.create();
  for (const [settings, isPlain] of SETTINGS) {
    const annex = await repository.openAnnex({ ...PLAIN, ...settings });

    assert.equal(await isPlainRepository(annex), isPlain, JSON.stringify(settings));
  }
  assert.equal(await isPlainRepository(await repository.openAnnex()), false, "no annex at all");
});

Deno.test("isPlainRepository() is false on an adjusted branch, and where .git is no folder", async () => {
  await using repository = await TestRepository.create();
  await repository.dataset.git("checkout", "--quiet", "-b", "adjusted/main(unlocked)");
  assert.equal(await isPlainRepository(await repository.openAnnex(PLAIN)), false);
  await repository.dataset.git("checkout", "--quiet", "--detach");
  assert.equal(await isPlainRepository(await repository.openAnnex(PLAIN)), false);
  await repository.dataset.git("checkout", "--quiet", "main");
  await Deno.rename(repository.at(".git"), `${repository.sandbox.root}/elsewhere`);
  await Deno.symlink("../elsewhere", repository.at(".git"));

  assert.equal(await isPlainRepository(await repository.openAnnex(PLAIN)), false);
});
