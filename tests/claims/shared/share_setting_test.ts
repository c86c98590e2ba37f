import assert from "node:assert/strict";
import { sharedRemoteOf } from "../../../src/claims/shared/share_setting.ts";
import { GitConfig } from "../../../src/git/git_config.ts";

function configWith(own: Record<string, string>, ofDataset: Record<string, string> = {}) {
  const toMap = (values: Record<string, string>) =>
    new Map(Object.entries(values).map(([name, value]): [string, string[]] => [name, [value]]));
  return new GitConfig(toMap(own), toMap(ofDataset));
}

Deno.test("sharedRemoteOf() knows a remote by its URL, and takes no name for one that could be more", () => {
  for (const name of ["origin", "lab/group", "a.b-c_1"]) {
    const config = configWith({ "dlslurm.claims.share": name, [`remote.${name}.url`]: "x" });
    assert.deepEqual(sharedRemoteOf(config), { name, isKnown: true });
  }
  for (const name of ["-x", "a b", "a..b", "a/../b", "/a", "a/", "a;b", "a.lock", ".a", "a."]) {
    const config = configWith({ "dlslurm.claims.share": name, [`remote.${name}.url`]: "x" });
    assert.deepEqual(sharedRemoteOf(config), { name, isKnown: false });
  }
  const unknown = configWith({ "dlslurm.claims.share": "origin" });
  assert.deepEqual(sharedRemoteOf(unknown), { name: "origin", isKnown: false });
});

Deno.test("sharedRemoteOf() is nothing unless the user has set it: a dataset cannot", () => {
  assert.equal(sharedRemoteOf(configWith({})), undefined);
  assert.equal(sharedRemoteOf(configWith({ "dlslurm.claims.share": "" })), undefined);
  const ofDataset = configWith({ "remote.o.url": "x" }, { "dlslurm.claims.share": "o" });
  assert.equal(sharedRemoteOf(ofDataset), undefined);
});
