import assert from "node:assert/strict";
import { getopt, optionTable } from "../../src/fake_slurm/adapter/getopt.ts";
import {
  optionsFromDirectives,
  splitDirective,
} from "../../src/fake_slurm/adapter/sbatch_options.ts";
import { parseArraySpec, renderIndices } from "../../src/fake_slurm/array_spec.ts";
import { parseSlurmTime, renderSlurmTime } from "../../src/fake_slurm/clock_text.ts";
import { parseDependency } from "../../src/fake_slurm/dependency.ts";
import { expandPattern } from "../../src/fake_slurm/file_name_pattern.ts";
import {
  parseTimeLimit,
  renderDuration,
  renderShortDuration,
} from "../../src/fake_slurm/time_limit.ts";

Deno.test("parseArraySpec() reads lists, ranges, steps and limits", () => {
  const cases: [string, number[], number | undefined][] = [
    ["3", [3], undefined],
    ["0-3", [0, 1, 2, 3], undefined],
    ["1-7:3%2", [1, 4, 7], 2],
    ["7,1,3-4,3", [1, 3, 4, 7], undefined],
  ];
  for (const [text, indices, limit] of cases) {
    assert.deepEqual(parseArraySpec(text), { indices, limit }, text);
  }
});

Deno.test("parseArraySpec() refuses what Slurm refuses", () => {
  for (const text of ["abc", "", "5-1", "1-", "1,,2", "0-20000", "1-5:0", "-1"]) {
    assert.throws(() => parseArraySpec(text), SyntaxError, text);
  }
});

Deno.test("renderIndices() writes runs and regular steps", () => {
  assert.equal(renderIndices([0, 1, 3, 4, 20, 25, 30]), "0-1,3-4,20,25,30");
  assert.equal(renderIndices([1, 3, 5]), "1-5:2");
  assert.equal(renderIndices([2, 3]), "2-3");
});

Deno.test("parseTimeLimit() reads all formats, rounded up to minutes", () => {
  // What Slurm 22.05.8 made of each.
  const cases: [string, number | null][] = [
    ...[["5", 5], ["5:30", 6], ["1:2:3", 63], ["2-3", 3060], ["2-3:4", 3064]] as [string, number][],
    ...[["2-3:4:5", 3065], ["1-0", 1440], ["90", 90]] as [string, number][],
    ...[["0", null], ["infinite", null], ["UNLIMITED", null], ["0-0", null]] as [string, null][],
  ];
  for (const [text, minutes] of cases) assert.equal(parseTimeLimit(text), minutes, text);
  for (const text of ["abc", "1:2:3:4", "1-", "", "1.5"]) {
    assert.throws(() => parseTimeLimit(text), SyntaxError, text);
  }
});

Deno.test("durations are written as sacct and as squeue do", () => {
  assert.equal(renderDuration(183_900), "2-03:05:00");
  assert.equal(renderDuration(63), "00:01:03");
  assert.equal(renderShortDuration(3), "0:03");
  assert.equal(renderShortDuration(3780), "1:03:00");
  assert.equal(renderShortDuration(183_900), "2-03:05:00");
});

Deno.test("expandPattern() replaces, pads and leaves unknown symbols", () => {
  const values = { A: 7, a: 3, j: 9, x: "my job", u: "me" };
  const expand = (pattern: string, padded = true) => expandPattern(pattern, values, { padded });

  assert.equal(expand("%x-%A_%4a-%j-%u.log"), "my job-7_0003-9-me.log");
  assert.equal(expand("%%A-%b"), "%A-%b");
  assert.equal(expand("\\%x-%A"), "%x-%A");
  assert.equal(expand("%4a-%a", false), "%4a-3");
});

Deno.test("parseSlurmTime() reads absolute, relative and clock times", () => {
  const now = new Date(2026, 0, 15, 12, 0, 0).getTime();
  const at = (text: string, allowPast = true) =>
    renderSlurmTime(parseSlurmTime(text, { now, allowPast }), undefined);

  assert.equal(at("2026-01-02"), "2026-01-02T00:00:00");
  assert.equal(at("2026-01-02T03:04:05"), "2026-01-02T03:04:05");
  assert.equal(at("now-2days"), "2026-01-13T12:00:00");
  assert.equal(at("now+1hour"), "2026-01-15T13:00:00");
  assert.equal(at("today"), "2026-01-15T00:00:00");
  assert.equal(at("01/02"), "2026-01-02T00:00:00");
  assert.equal(at("08:00"), "2026-01-15T08:00:00");
  assert.equal(at("08:00", false), "2026-01-16T08:00:00");
  assert.throws(() => at("foo"), /Invalid time specification \(pos=0\): foo/);
});

Deno.test("renderSlurmTime() follows SLURM_TIME_FORMAT", () => {
  const ms = new Date(2026, 10, 22, 9, 37, 14).getTime();

  assert.equal(renderSlurmTime(ms, "%s"), String(ms / 1000));
  assert.equal(renderSlurmTime(ms, "%Y %m"), "2026 11");
});

Deno.test("parseDependency() reads all of, any of and singleton", () => {
  assert.deepEqual(parseDependency("afterok:1:2_3,singleton"), {
    needsAll: true,
    conditions: [
      { type: "afterok", jobId: 1 },
      { type: "afterok", jobId: 2, taskIndex: 3 },
      { type: "singleton" },
    ],
  });
  assert.equal(parseDependency("afterok:1?after:2+5").needsAll, false);
  for (const text of ["foo:1", "afterok", "afterok:abc"]) {
    assert.throws(() => parseDependency(text), SyntaxError, text);
  }
});

Deno.test("splitDirective() groups by quotes and stops at a comment", () => {
  assert.deepEqual(splitDirective(` -J "my job" --comment='a b' x\\ y # not this`), [
    ...["-J", "my job", "--comment=a b", "x y"],
  ]);
});

Deno.test("optionsFromDirectives() stops at the first command", () => {
  const script = "#!/bin/sh\n#SBATCH -n 2\n##SBATCH -n 9\n\n# text\n#SBATCHX\n#SBATCH --time=5\n" +
    "echo\n#SBATCH -n 3\n";

  assert.deepEqual(optionsFromDirectives(script, "22.05"), [
    { name: "ntasks", value: "2" },
    { name: "time", value: "5" },
  ]);
});

Deno.test("getopt() takes clusters, abbreviations and refuses in getopt's words", () => {
  const how = {
    program: "p",
    specs: optionTable("a/all n/name: nice:: verbose"),
    pointsAtHelp: false,
  };
  const names = (...args: string[]) =>
    getopt(args, how).options.map(({ name, value }) => `${name}=${value}`);

  assert.deepEqual(names("-an5", "--verb", "--name", "x", "--nice"), [
    ...["all=", "name=5", "verbose=", "name=x", "nice="],
  ]);
  const refusals: [string[], string][] = [
    [["--foo=3"], "p: unrecognized option '--foo=3'\n"],
    [["-Z"], "p: invalid option -- 'Z'\n"],
    [["--name"], "p: option '--name' requires an argument\n"],
    [["-n"], "p: option requires an argument -- 'n'\n"],
    [["--n"], "p: option '--n' is ambiguous; possibilities: '--name' '--nice'\n"],
    [["--all=1"], "p: option '--all' doesn't allow an argument\n"],
  ];
  for (const [args, message] of refusals) assert.throws(() => getopt(args, how), { message });
});
