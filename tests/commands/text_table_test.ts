import assert from "node:assert/strict";
import fc from "fast-check";
import measure from "fast-string-truncated-width";
import { renderTable } from "../../src/commands/list/text_table.ts";

const ROWS = [
  ["JobID", "State", "Elapsed", "Command"],
  ["4242", "2 RUNNING, 1 FAILED", "00:00:07", "sbatch --wrap 'a\nb'"],
  ["7", "数据", "", "é\x1b[2J\t"],
];

Deno.test("renderTable() aligns columns, wide characters too, one line a row", () => {
  assert.equal(
    renderTable(ROWS),
    [
      "JobID  State                Elapsed   Command",
      "4242   2 RUNNING, 1 FAILED  00:00:07  sbatch --wrap 'a\\nb'",
      "7      数据                           é\\x1b[2J\\t",
      "",
    ].join("\n"),
  );
});

Deno.test("renderTable() cuts the widest columns first", () => {
  assert.equal(
    renderTable(ROWS, 42),
    [
      "JobID  State         Elapsed   Command",
      "4242   2 RUNNING, …  00:00:07  sbatch --w…",
      "7      数据                    é\\x1b[2J\\t",
      "",
    ].join("\n"),
  );
});

Deno.test("renderTable() leaves columns out rather than cutting all to nothing", () => {
  assert.equal(
    renderTable(ROWS, 30, ["Elapsed", "State"]),
    [
      "JobID  State        Command",
      "4242   2 RUNNING,…  sbatch --…",
      "7      数据         é\\x1b[2J\\t",
      "",
    ].join("\n"),
  );
});

Deno.test("renderTable() fits any terminal, and has one line for each row", () => {
  const cell = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("数据数据", "👩‍🔬", "a\nb"));
  const table = fc.integer({ min: 1, max: 6 }).chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 })
  );
  fc.assert(fc.property(table, fc.integer({ min: 1, max: 60 }), (rows, columns) => {
    const lines = renderTable(rows, columns, [rows[0]![0]!]).split("\n");

    assert.equal(lines.length, rows.length + 1);
    for (const line of lines) assert.ok(measure(line).width <= columns, JSON.stringify(line));
  }));
});
