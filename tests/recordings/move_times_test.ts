import assert from "node:assert/strict";
import { moveTimes } from "../../src/recordings/move_times.ts";

Deno.test("moveTimes() moves every time in an answer, over the end of a day, too", () => {
  const text = "7|2026-11-28T23:59:59|2026-11-29T00:00:00\nEnd=2026-12-31T23:59:58";

  assert.equal(
    moveTimes(text, 2),
    "7|2026-11-29T00:00:01|2026-11-29T00:00:02\nEnd=2027-01-01T00:00:00",
  );
  assert.equal(moveTimes(moveTimes(text, 86_400), -86_400), text);
});

Deno.test("moveTimes() leaves alone what is no time", () => {
  const text =
    "12026-11-28T10:00:00 2026-11-28T10:00:001 2026-13-28T10:00:00 2026-11-28 1-10:00:00";

  assert.equal(moveTimes(text, 5), text);
});
