import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import {
  isNamed,
  isPredecessorName,
  parseJobName,
  parsePredecessorName,
  requireLabel,
} from "../../src/jobs/label.ts";

Deno.test("requireLabel() takes what can be told from a job ID, an option and a list", () => {
  for (const text of ["clean", "fit-1990", "a", "über.v2_x", "x".repeat(100)]) {
    assert.equal(requireLabel(text), text);
  }
  const others = [
    "",
    "4242",
    "1990-fit",
    "-x",
    "a b",
    "a,b",
    "a/b",
    "any:a",
    "a\n",
    "x".repeat(101),
  ];
  for (const text of others) {
    assert.throws(() => requireLabel(text), UserError, JSON.stringify(text));
  }
});

Deno.test("parseJobName() takes a label, a job ID, or that of a task", () => {
  for (const text of ["clean", "4242", "4242_0"]) assert.equal(parseJobName(text), text);
  for (const text of ["", "4x", "a b", "4242_"]) {
    assert.throws(() => parseJobName(text), UserError, JSON.stringify(text));
  }
});

Deno.test("isNamed() by label, by ID, and by that of the array", () => {
  const task = { jobId: "7_3", label: "clean" };
  for (const name of ["clean", "7", "7_3"]) assert.ok(isNamed(task, name), name);
  for (const name of ["sim", "3", "7_4", "77"]) assert.ok(!isNamed(task, name), name);
  assert.ok(!isNamed({ jobId: null }, "7"));
});

const NAMES = [
  ["clean", "afterok", "clean", true],
  ["4242", "afterok", "4242", false],
  ["4242_0", "afterok", "4242_0", false],
  ["any:clean", "afterany", "clean", true],
  ["afterany:7", "afterany", "7", false],
  ["notok:7_3", "afternotok", "7_3", false],
  ["corr:sim", "aftercorr", "sim", true],
  // A label like a type.
  ["ok", "afterok", "ok", true],
] as const;

for (const [text, type, name, isLabel] of NAMES) {
  Deno.test(`parsePredecessorName() reads "${text}"`, () => {
    assert.deepEqual(parsePredecessorName(text), { type, name, isLabel });
    assert.ok(isPredecessorName(text));
  });
}

for (const text of ["", "0", "any:", "after:7", "any:any:7", "7_", "7,8", "7\n", "-7"]) {
  Deno.test(`parsePredecessorName() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parsePredecessorName(text), UserError);
    assert.ok(!isPredecessorName(text));
  });
}
