import assert from "node:assert/strict";
import fc from "fast-check";
import { nextPause } from "../../src/waiting/pauses.ts";
import type { Pauses } from "../../src/waiting/pauses.ts";

/** When Slurm is asked, in milliseconds since the wait began. */
function looksOf(pauses: Pauses, untilMs: number): number[] {
  const looks = [0];
  for (;;) {
    const pause = nextPause(looks.at(-1)!, pauses);
    if (pause === undefined || looks.at(-1)! + pause > untilMs) return looks;
    looks.push(looks.at(-1)! + pause);
  }
}

const SECONDS = fc.integer({ min: 2, max: 3600 });

Deno.test("nextPause() asks at most 1 + log(time) times, base 1.5", () => {
  fc.assert(fc.property(SECONDS, fc.integer({ min: 1, max: 10_000_000 }), (poll, seconds) => {
    const looks = looksOf({ pollMs: poll * 1000 }, seconds * 1000);
    return looks.length <= 1 + Math.log(Math.max(1.5, seconds)) / Math.log(1.5);
  }));
  assert.equal(looksOf({ pollMs: 15_000 }, 8 * 3_600_000).length, 19);
});

Deno.test("nextPause() lets an end be noticed after a third of the whole wait at the latest", () => {
  const pollMs = 15_000;
  const looks = looksOf({ pollMs }, 10 * 86_400_000);
  for (let at = 1; at < looks.length; at++) {
    const late = looks[at]! - looks[at - 1]!;
    assert(late <= Math.max(pollMs, looks[at]! / 3 + 1), `${looks[at]}`);
  }
});

Deno.test("nextPause() never asks sooner than it is allowed to, but for the last time", () => {
  fc.assert(fc.property(SECONDS, fc.integer({ min: 1, max: 1_000_000 }), (poll, timeout) => {
    const pauses = { pollMs: poll * 1000, timeoutMs: timeout * 1000 };
    const looks = looksOf(pauses, Infinity);
    assert.equal(looks.at(-1), pauses.timeoutMs);
    for (let at = 1; at < looks.length - 1; at++) {
      assert(looks[at]! - looks[at - 1]! >= pauses.pollMs);
    }
  }));
});
