import assert from "node:assert/strict";
import { isSameDataset } from "../../src/handover/dataset_mark.ts";

Deno.test("isSameDataset() goes by dataset IDs where both have one, else by a common first commit", () => {
  const mark = (dsid: string | null, ...rootCommits: string[]) => ({ dsid, rootCommits });

  assert(isSameDataset(mark("a", "1"), mark("a", "2")));
  assert(!isSameDataset(mark("a", "1"), mark("b", "1")));
  assert(isSameDataset(mark(null, "1", "2"), mark("b", "2")));
  assert(!isSameDataset(mark(null, "1"), mark(null, "2")));
  assert(!isSameDataset(mark(null), mark(null)));
});
