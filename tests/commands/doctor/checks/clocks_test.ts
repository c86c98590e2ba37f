import assert from "node:assert/strict";
import { checkControllerClock } from "../../../../src/commands/doctor/checks/clocks.ts";
import { answersOf, configOf, NOW_S, verdictsOf } from "../site.ts";

const off = (seconds: number) =>
  checkControllerClock(answersOf({
    config: configOf({}, NOW_S + seconds),
    askedAtS: NOW_S + 0.7,
    answeredAtS: NOW_S + 4,
  }));

Deno.test("checkControllerClock() whatever lies between question and answer is right", () => {
  for (const seconds of [0, 4, 30, -25]) {
    assert.deepEqual(verdictsOf(off(seconds)), ["ok controller-clock"], `${seconds}`);
  }
});

Deno.test("checkControllerClock() some way off is a note, where jobs are not recognised a problem", () => {
  assert.deepEqual(verdictsOf(off(60)), ["note controller-clock"]);
  assert.deepEqual(verdictsOf(off(-60)), ["note controller-clock"]);
  assert.deepEqual(verdictsOf(off(700)), ["problem controller-clock"]);
  assert.match(off(-700)[0]!.message, /^the controller's clock is 701 s behind this machine's$/);
});

Deno.test("checkControllerClock() by a time zone → a note that names TZ", () => {
  const [finding] = off(5.75 * 3600);

  assert.equal(finding!.verdict, "note");
  assert.match(finding!.hint!, /TZ/);
  assert.deepEqual(verdictsOf(off(15 * 3600)), ["problem controller-clock"]);
});

Deno.test("checkControllerClock() no time told → nothing", () => {
  const { config, ...others } = answersOf();
  assert.deepEqual(checkControllerClock(others), []);
  assert.deepEqual(checkControllerClock({ ...others, config: { ...config!, atS: null } }), []);
});
