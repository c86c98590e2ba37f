import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { extensionDatabaseOf } from "../../src/extension/place.ts";

Deno.test("extensionDatabaseOf() is in the main work tree of a DataLad dataset only", () => {
  const dataset = { commonDir: "/r/.git", dsid: "abc", worktree: "" } as Dataset;

  assert.equal(extensionDatabaseOf(dataset), "/r/.git/abc.db");
  assert.equal(extensionDatabaseOf({ ...dataset, dsid: null }), undefined);
  assert.equal(extensionDatabaseOf({ ...dataset, worktree: "side" }), undefined);
});
