import assert from "node:assert/strict";
import { checkAnnex } from "../../../../src/commands/doctor/checks/annex_setup.ts";
import { verdictsOf } from "../site.ts";

Deno.test("checkAnnex() missing: a problem where the dataset uses it, a note where there is none", () => {
  assert.deepEqual(verdictsOf(checkAnnex("10.20230126", true)), ["ok git-annex"]);
  assert.deepEqual(verdictsOf(checkAnnex(undefined, true)), ["problem git-annex"]);
  assert.deepEqual(verdictsOf(checkAnnex(undefined, false)), ["ok git-annex"]);
  assert.deepEqual(verdictsOf(checkAnnex(undefined, undefined)), ["note git-annex"]);
});
