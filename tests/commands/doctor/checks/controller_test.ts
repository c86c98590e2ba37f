import assert from "node:assert/strict";
import {
  checkController,
  checkLimits,
  checkMinJobAge,
} from "../../../../src/commands/doctor/checks/controller.ts";
import { configOf, verdictsOf } from "../site.ts";

Deno.test("checkController() one of two down is a note, all of them a problem", () => {
  const up = { role: "primary", host: "a", isUp: true };
  const down = { role: "backup", host: "b", isUp: false };
  const of = (...daemons: (typeof up)[]) => verdictsOf(checkController({ ...configOf(), daemons }));

  assert.deepEqual(of(up), ["ok slurm-controller"]);
  assert.deepEqual(of(up, down), ["note slurm-controller"]);
  assert.deepEqual(of(down), ["problem slurm-controller"]);
  assert.deepEqual(of(), []);
});

Deno.test("checkMinJobAge() less than a minute is a note, 0 keeps all", () => {
  const of = (age: string) => verdictsOf(checkMinJobAge(configOf({ MinJobAge: age })));

  assert.deepEqual(of("300 sec"), ["ok min-job-age"]);
  assert.deepEqual(of("59 sec"), ["note min-job-age"]);
  assert.deepEqual(of("0 sec"), ["ok min-job-age"]);
  assert.deepEqual(of("(null)"), []);
});

Deno.test("checkLimits() small arrays and enforced limits are notes", () => {
  const of = (changes: Record<string, string>) => checkLimits(configOf(changes));

  assert.deepEqual(verdictsOf(of({})), ["ok max-array-size", "ok submit-limits"]);
  const [tiny, limited] = of({
    MaxArraySize: "5",
    AccountingStorageEnforce: "associations,limits",
  });
  assert.equal(tiny!.verdict, "note");
  assert.match(tiny!.message, /an array has 4 tasks at most/);
  assert.equal(limited!.verdict, "note");
  assert.match(of({ MaxArraySize: "0" })[0]!.message, /switched off/);
});
