import assert from "node:assert/strict";
import { checkProcessLimits } from "../../../../src/commands/doctor/checks/process_limits.ts";
import { verdictsOf } from "../site.ts";

// /proc/self/limits, proc(5)
const PRINTED = `Limit                     Soft Limit           Hard Limit           Units     
Max file size             unlimited            unlimited            bytes     
Max processes             63397                63397                processes 
Max open files            1024                 1048576              files     
`;

Deno.test("checkProcessLimits() enough of all, or unlimited → ok", () => {
  assert.deepEqual(verdictsOf(checkProcessLimits(PRINTED)), ["ok process-limits"]);
});

Deno.test("checkProcessLimits() too little → a note with the command that raises it", () => {
  const [finding, ...others] = checkProcessLimits(PRINTED.replace("1024 ", "64   "));

  assert.deepEqual(others, []);
  assert.equal(finding!.message, "the most open files: 64");
  assert.match(finding!.hint!, /^ulimit -n /);
});

Deno.test("checkProcessLimits() nothing told → nothing", () => {
  assert.deepEqual(checkProcessLimits(""), []);
});
