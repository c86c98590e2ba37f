import assert from "node:assert/strict";
import { SlurmRefusal } from "../../../src/fake_slurm/context.ts";
import {
  parseSlurmTime,
  parseTimeLimit,
  renderDuration,
  renderShortDuration,
  renderSlurmTime,
} from "../../../src/fake_slurm/manager/clock_text.ts";

const NOW = new Date(2026, 10, 28, 15, 30, 5, 700).getTime();

const TIMES: readonly [text: string, time: string][] = [
  ["now", "2026-11-28T15:30:05"],
  ["now-2days", "2026-11-26T15:30:05"],
  ["now+90", "2026-11-28T15:31:35"],
  ["now-1week", "2026-11-21T15:30:05"],
  ["today", "2026-11-28T00:00:00"],
  ["tomorrow", "2026-11-29T00:00:00"],
  ["midnight", "2026-11-29T00:00:00"],
  ["noon", "2026-11-29T12:00:00"],
  ["16:00", "2026-11-28T16:00:00"],
  ["12/24", "2026-12-24T00:00:00"],
  ["12/24/27-08:30", "2027-12-24T08:30:00"],
  ["2026-01-31", "2026-01-31T00:00:00"],
  ["2026-01-31T12:30:01", "2026-01-31T12:30:01"],
];

for (const [text, time] of TIMES) {
  Deno.test(`parseSlurmTime() reads ${text}`, () => {
    assert.equal(renderSlurmTime(parseSlurmTime(text, NOW)), time);
  });
}

Deno.test("parseSlurmTime() takes a time of day that has passed for tomorrow's, if it is to come", () => {
  assert.equal(renderSlurmTime(parseSlurmTime("10:00", NOW)), "2026-11-28T10:00:00");
  assert.equal(renderSlurmTime(parseSlurmTime("10:00", NOW, true)), "2026-11-29T10:00:00");
  assert.equal(renderSlurmTime(parseSlurmTime("16:00", NOW, true)), "2026-11-28T16:00:00");
});

Deno.test("parseSlurmTime() refuses what is no time, in Slurm's words", () => {
  for (const text of ["soon", "13/45", "25:00", "2026-13-01", "now-1month", "10:61"]) {
    assert.throws(() => parseSlurmTime(text, NOW), SlurmRefusal, text);
  }
});

Deno.test("parseTimeLimit() reads all formats, rounded up to minutes", () => {
  // What Slurm 22.05.8 made of each.
  const cases: [string, number | null][] = [
    ...[["5", 5], ["5:30", 6], ["1:2:3", 63], ["2-3", 3060], ["2-3:4", 3064]] as [string, number][],
    ...[["2-3:4:5", 3065], ["1-0", 1440], ["90", 90], ["0-0:0:1", 1]] as [string, number][],
    ...[["0", null], ["infinite", null], ["UNLIMITED", null], ["0-0", null]] as [string, null][],
  ];
  for (const [text, minutes] of cases) assert.equal(parseTimeLimit(text), minutes, text);
  for (const text of ["abc", "1:2:3:4", "1-", "", "1.5"]) {
    assert.throws(() => parseTimeLimit(text), SyntaxError, text);
  }
});

Deno.test("renderDuration() and renderShortDuration() write as sacct and squeue do", () => {
  const both = (seconds: number) => [renderDuration(seconds), renderShortDuration(seconds)];

  assert.deepEqual(both(0), ["00:00:00", "0:00"]);
  assert.deepEqual(both(65), ["00:01:05", "1:05"]);
  assert.deepEqual(both(3_600 * 9 + 5), ["09:00:05", "9:00:05"]);
  assert.deepEqual(both(86_400 * 2 + 61), ["2-00:01:01", "2-00:01:01"]);
});
