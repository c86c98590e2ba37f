import assert from "node:assert/strict";
import {
  compareOutputs,
  outcomeOf,
  renderReproduction,
  reproductionOf,
} from "../../src/jobs/output_comparison.ts";
import type { Verdict } from "../../src/jobs/output_comparison.ts";

const FILE = { mode: "100644" };

Deno.test("compareOutputs() tells contents apart by key where both have one, else by object name", () => {
  const before = new Map([
    ["same", { ...FILE, oid: "1" }],
    ["locked", { ...FILE, oid: "2", key: "K" }],
    ["other", { ...FILE, oid: "3", key: "K" }],
    ["annexed", { ...FILE, oid: "4", key: "K" }],
    ["gone", { ...FILE, oid: "5" }],
  ]);
  const after = new Map([
    ["same", { ...FILE, oid: "1" }],
    ["locked", { ...FILE, oid: "22", key: "K" }],
    ["other", { ...FILE, oid: "33", key: "L" }],
    ["annexed", { ...FILE, oid: "44" }],
    ["more", { ...FILE, oid: "5" }],
  ]);

  assert.deepEqual([...compareOutputs(before, after)], [
    ["annexed", "differs"],
    ["gone", "missing"],
    ["locked", "identical"],
    ["more", "new"],
    ["other", "differs"],
    ["same", "identical"],
  ]);
});

Deno.test("compareOutputs() tells a link from a file with its target for text", () => {
  const file = new Map([["x", { oid: "1", mode: "100644" }]]);
  const link = new Map([["x", { oid: "1", mode: "120000" }]]);
  const program = new Map([["x", { oid: "1", mode: "100755" }]]);

  assert.deepEqual([...compareOutputs(file, link)], [["x", "differs"]]);
  assert.deepEqual([...compareOutputs(link, file)], [["x", "differs"]]);
  assert.deepEqual([...compareOutputs(link, link)], [["x", "identical"]]);
  assert.deepEqual([...compareOutputs(file, program)], [["x", "identical"]]);
});

Deno.test("reproductionOf() names a hundred of each kind and counts the others", () => {
  const verdicts = new Map(
    Array.from({ length: 250 }, (_, at): [string, Verdict] => [
      `f${String(at).padStart(3, "0")}`,
      at < 101 ? "differs" : at < 201 ? "missing" : "identical",
    ]),
  );

  const reproduction = reproductionOf(verdicts, { commit: "c" });

  const { differs, missing, new: added, ...rest } = reproduction;
  assert.deepEqual([differs!.length, missing!.length, added!.length], [100, 100, 0]);
  assert.deepEqual(rest, { commit: "c", identical: 49, differsCount: 101 });
  assert.equal(
    renderReproduction(reproduction),
    "101 differ (f000, f001, f002 and 98 more), 100 missing (f101, f102, f103 and 97 more), 49 identical",
  );
});

Deno.test("outcomeOf() needs something that is the same, and all of it looked at", () => {
  assert.equal(outcomeOf({ commit: "c", identical: 1, differs: [] }), "same");
  assert.equal(outcomeOf({ commit: "c", identical: 1, new: ["x"] }), "different");
  assert.equal(outcomeOf({ commit: "c", identical: 1, missing: ["x"] }), "different");
  assert.equal(outcomeOf({ commit: "c", identical: 0 }), "unknown");
  assert.equal(outcomeOf({ commit: "c", identical: 1, unknown: ["sub"] }), "unknown");
  assert.equal(outcomeOf({ commit: "c", differs: ["x"], unknown: ["sub"] }), "different");
  assert.equal(
    renderReproduction({ commit: "c", identical: 1, unknown: ["sub"] }),
    "1 unknown (sub), 1 identical",
  );
  assert.equal(renderReproduction({ commit: "c", identical: 0 }), "no outputs");
});
