import assert from "node:assert/strict";
import { drawBars, timeTicks } from "../../../src/report/page/shared.ts";

const VIEW = { from: 0, to: 100, left: 0, width: 100, lane: 10, waits: true };

Deno.test("drawBars() draws what is in view, cut at its edges", () => {
  const { phases, crosses, waits } = drawBars([
    [0, 0, null, 10, 20],
    [0, 1, null, 200, 300],
    [1, 2, 5, 90, 150],
    [1, 3, null, -50, 50],
  ], VIEW);

  assert.equal(phases[0], "M10 1.9h10v6.2h-10z");
  assert.match(phases[1]!, /^M90 .*h10v.*zM0 .*h50v/);
  // What ends out of view has no cross in it.
  assert.equal(crosses.match(/M/g)?.length, 1);
  assert.equal(waits, "M5 25H90");
});

Deno.test("drawBars() a job of a moment can be seen", () => {
  assert.match(drawBars([[0, 0, null, 10, 10]], VIEW).phases[0]!, /h0\.8v/);
});

Deno.test("timeTicks() stand at round times, the day where it begins", () => {
  const day = Date.parse("2026-11-09T00:00:00Z") / 1000;
  const ticks = timeTicks(day + 20 * 3600, day + 28 * 3600, 7);
  assert.deepEqual(
    ticks.map(({ text }) => text),
    ["2026-11-09 20:00", "22:00", "2026-11-10 00:00", "02:00", "04:00"],
  );
  for (const seconds of [1, 10, 1000, 1e5, 1e7, 1e9]) {
    assert.ok(timeTicks(day, day + seconds, 7).length <= 8);
  }
});

Deno.test("what the page takes as text uses nothing of its module", () => {
  const run = (source: unknown) => new Function(`"use strict"; return ${source};`)();
  assert.deepEqual(run(timeTicks)(0, 100, 7), timeTicks(0, 100, 7));
  assert.deepEqual(run(drawBars)([[1, 0, 0, 10, 20]], VIEW), drawBars([[1, 0, 0, 10, 20]], VIEW));
});
