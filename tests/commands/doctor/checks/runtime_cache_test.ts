import assert from "node:assert/strict";
import { checkRuntimeCache } from "../../../../src/commands/doctor/checks/runtime_cache.ts";
import { verdictsOf } from "../site.ts";

Deno.test("checkRuntimeCache() in the cache → ok; in a folder that may be cleared → a note", () => {
  const cache = checkRuntimeCache("/home/me/.cache/dlslurm/2.9.6-x/deno", true);
  const temporary = checkRuntimeCache("/tmp/dlslurm-1000-2.9.6-x/deno", true);

  assert.deepEqual(verdictsOf(cache), ["ok runtime-cache"]);
  assert.deepEqual(verdictsOf(temporary), ["note runtime-cache"]);
  assert.match(temporary[0]!.hint!, /DLSLURM_CACHE_DIR/);
  assert.deepEqual(checkRuntimeCache("/usr/bin/deno", false), []);
});
