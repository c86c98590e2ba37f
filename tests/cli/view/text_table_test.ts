import assert from "node:assert/strict";
import fc from "fast-check";
import measure from "fast-string-truncated-width";
import { renderTable } from "../../../src/cli/view/text_table.ts";

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
    renderTable(ROWS, 30, { droppable: ["Elapsed", "State"], telling: [] }),
    [
      "JobID  State        Command",
      "4242   2 RUNNING,…  sbatch --…",
      "7      数据         é\\x1b[2J\\t",
      "",
    ].join("\n"),
  );
});

/** Jobs of a table: all but the run is the same. */
const CAMPAIGN = [
  ["JobID", "State", "Timelimit", "ExitCode", "Output", "Command"],
  ["1", "RUNNING", "01:00:00", "", "results/model/r01", "sbatch -J r01 job.sh r01 results"],
  ["2", "FAILED", "01:00:00", "1:0", "results/model/r02", "sbatch -J r02 job.sh r02 results"],
];
const FIT = { droppable: ["Timelimit", "ExitCode"], telling: ["Command", "Output"] };

const NARROWER: readonly (readonly [columns: number, header: string, ...rows: string[]])[] = [
  [
    90,
    "JobID  State    Timelimit  ExitCode  Output             Command",
    "1      RUNNING  01:00:00             results/model/r01  sbatch -J r01 job.sh r01 results",
    "2      FAILED   01:00:00   1:0       results/model/r02  sbatch -J r02 job.sh r02 results",
  ],
  // What says the same on all rows goes first.
  [
    80,
    "JobID  State    ExitCode  Output             Command",
    "1      RUNNING            results/model/r01  sbatch -J r01 job.sh r01 results",
    "2      FAILED   1:0       results/model/r02  sbatch -J r02 job.sh r02 results",
  ],
  // Then what all rows begin and end with, and what all of them have in between.
  [
    68,
    "JobID  State    ExitCode  Output             Command",
    "1      RUNNING            results/model/r01  …r01 job.sh r01 results",
    "2      FAILED   1:0       results/model/r02  …r02 job.sh r02 results",
  ],
  [
    62,
    "JobID  State    ExitCode  Output             Command",
    "1      RUNNING            results/model/r01  …r01 job.sh r01 …",
    "2      FAILED   1:0       results/model/r02  …r02 job.sh r02 …",
  ],
  [
    46,
    "JobID  State    ExitCode  Output  Command",
    "1      RUNNING            …r01    …r01 … r01 …",
    "2      FAILED   1:0       …r02    …r02 … r02 …",
  ],
  // Only then what may be left out, and at last what differs.
  [
    38,
    "JobID  State    Output  Command",
    "1      RUNNING  …r01    …r01 … r01 …",
    "2      FAILED   …r02    …r02 … r02 …",
  ],
  [
    32,
    "JobID  State    Output  Command",
    "1      RUNNING  …r01    …r01 …",
    "2      FAILED   …r02    …r02 …",
  ],
];

for (const [columns, ...lines] of NARROWER) {
  Deno.test(`renderTable() in ${columns} columns shows what tells rows apart`, () => {
    assert.deepEqual(renderTable(CAMPAIGN, columns, FIT).split("\n"), [...lines, ""]);
  });
}

Deno.test("renderTable() of one row cuts its end: it shares nothing with others", () => {
  assert.deepEqual(renderTable(CAMPAIGN.slice(0, 2), 70, FIT).split("\n"), [
    "JobID  State    Timelimit  ExitCode  Output            Command",
    "1      RUNNING  01:00:00             results/model/r…  sbatch -J r01 …",
    "",
  ]);
});

Deno.test("renderTable() leaves a command out that is the same for all", () => {
  const rows = [["JobID", "Command"], ["1", "sbatch job.sh"], ["2", "sbatch job.sh"]];

  assert.equal(renderTable(rows, 16, FIT), "JobID\n1\n2\n");
  assert.match(renderTable(rows, 20, FIT), /Command/);
});

Deno.test("renderTable() fits any terminal, and has one line for each row", () => {
  const cell = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("数据数据", "👩‍🔬", "a\nb"));
  const table = fc.integer({ min: 1, max: 6 }).chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 })
  );
  fc.assert(fc.property(table, fc.integer({ min: 1, max: 60 }), (rows, columns) => {
    const fit = { droppable: [rows[0]![0]!], telling: [rows[0]!.at(-1)!] };
    const lines = renderTable(rows, columns, fit).split("\n");

    assert.equal(lines.length, rows.length + 1);
    for (const line of lines) assert.ok(measure(line).width <= columns, JSON.stringify(line));
  }));
});
