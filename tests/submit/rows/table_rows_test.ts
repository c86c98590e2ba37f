import assert from "node:assert/strict";
import { join } from "shlex";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { splitShellWords } from "../../../src/shell/shell_words.ts";
import {
  fillRow,
  findColumnProblems,
  tableName,
  tellRowsApart,
  wordsForArray,
} from "../../../src/submit/rows/table_rows.ts";
import type { FilledRow, RowTemplate } from "../../../src/submit/rows/table_rows.ts";
import type { Table } from "../../../src/tables/table.ts";

function template(words: readonly string[], changes: Partial<RowTemplate> = {}): RowTemplate {
  const values = new Map([["pwd", "/r"], ["dspath", "/r"]]);
  return {
    table: "t.csv",
    words,
    cmd: words.length === 1 ? words[0]! : join([...words]),
    place: { directory: "/r", pwd: ".", altDir: null, runsIn: "/r", values },
    extraInputs: [],
    inputs: [],
    outputs: ["out/{sample}"],
    message: null,
    expandsInputs: false,
    isArray: false,
    label: null,
    after: [],
    ...changes,
  };
}

function table(...columns: readonly string[]): Table {
  return { columns, rows: [], problems: [] };
}

function fill(words: readonly string[], values: Readonly<Record<string, string>>, line = 2) {
  const row = { line, values: new Map(Object.entries(values)) };
  return fillRow(row, template(words, { inputs: ["in/{sample}"], message: "{sample} {{x}}" }));
}

const COLUMNS: readonly [name: string, columns: readonly string[], cmd: string, told: RegExp[]][] =
  [
    ["nothing", ["sample"], "sbatch job.sh {sample} {inputs}", []],
    ["a column that is not there", ["sample"], "sbatch {smaple}", [
      /no column "smaple" .* "sample"$/,
    ]],
    ["a column of a name that means something else", ["sample", "inputs"], "sbatch x", [
      /column "inputs" has the name of a placeholder/,
    ]],
    ["a column whose name is no field's", ["sample", "a.b"], "sbatch {a.b}", [
      /"a\.b" cannot be used/,
    ]],
  ];

for (const [name, columns, cmd, told] of COLUMNS) {
  Deno.test(`findColumnProblems() tells ${name}`, () => {
    const problems = findColumnProblems(table(...columns), template([cmd]));

    assert.equal(problems.length, told.length, JSON.stringify(problems));
    told.forEach((text, at) => assert.match(problems[at]!.text, text));
  });
}

Deno.test("findColumnProblems() tells that all rows would be the same job", () => {
  const same = template(["sbatch x {inputs}"], { outputs: ["out"] });

  assert.match(findColumnProblems(table("sample"), same)[0]!.text, /^no column is used/);
});

Deno.test("fillRow() has a value as one word, and keeps where it came from", async () => {
  const row = await fill(["sbatch", "job.sh", "{sample}", "--x={sample}"], { sample: "a b;c" });

  assert.deepEqual(splitShellWords(row.cmd), ["sbatch", "job.sh", "a b;c", "--x=a b;c"]);
  assert.deepEqual([row.inputs, row.outputs], [["in/a b;c"], ["out/a b;c"]]);
  assert.equal(row.message, "a b;c {x}");
  assert.deepEqual(row.origin, {
    ...{ table: "t.csv", line: 2, values: { sample: "a b;c" } },
    cmd: "sbatch job.sh '{sample}' '--x={sample}'",
  });
});

Deno.test("fillRow() takes one word for a line that a shell reads", async () => {
  const row = await fill(["cd x && sbatch job.sh {sample}"], { sample: "a b" });

  assert.equal(row.cmd, "cd x && sbatch job.sh 'a b'");
});

Deno.test("fillRow() gives the same identity to the same work, however it is run", async () => {
  const identityOf = async (command: string, sample = "a") =>
    (await fill([command], { sample })).identity;
  const identity = await identityOf("sbatch job.sh x");

  assert.match(identity, /^[0-9a-f]{64}$/);
  assert.equal(await identityOf("sbatch --time=9 -p debug job.sh x"), identity);
  assert.notEqual(await identityOf("sbatch job.sh x", "b"), identity, "other outputs");
  assert.notEqual(await identityOf("sbatch job.sh y"), identity);
  assert.notEqual(await identityOf("sbatch --array=1-3 job.sh x"), identity);
  assert.notEqual(await identityOf("sbatch job.sh x; true"), identity, "nobody here can tell");
});

Deno.test("tellRowsApart() keeps rows that differ in how they are run, and leaves out repetitions", async () => {
  const rows = [
    await fill(["sbatch job.sh"], { sample: "b" }, 5),
    await fill(["sbatch job.sh"], { sample: "a" }, 2),
    await fill(["sbatch --mem=1 job.sh"], { sample: "a" }, 3),
    await fill(["sbatch job.sh"], { sample: "a" }, 4),
  ];
  const repeated: [FilledRow, FilledRow][] = [];

  const apart = await tellRowsApart(rows, (row, first) => repeated.push([row, first]));

  assert.deepEqual(apart.map(({ origin }) => origin.line), [2, 3, 5]);
  assert.deepEqual(repeated.map((pair) => pair.map(({ origin }) => origin.line)), [[4, 2]]);
  assert.equal(new Set(apart.map(({ identity }) => identity)).size, 3);
  assert.equal(apart[2]!.identity, rows[0]!.identity, "one of its own keeps its identity");
});

const ARRAYS: readonly [command: string, reason: RegExp][] = [
  ["sbatch --array=1-3 job.sh", /already has an array option/],
  ["sbatch $X job.sh", /a shell would have to read/],
  ["srun job.sh", /not sbatch/],
  ["sbatch", /names no batch script/],
];

for (const [command, reason] of ARRAYS) {
  Deno.test(`wordsForArray() refuses ${command}`, () => {
    assert.throws(() => wordsForArray(command), { code: "BAD_TABLE", message: reason });
  });
}

Deno.test("wordsForArray() takes a plain call of sbatch apart", () => {
  const { script, args } = wordsForArray("sbatch --mem 1 'a b.sh' x");

  assert.deepEqual([script, args], [{ path: "a b.sh" }, ["x"]]);
});

Deno.test("tableName() tells nothing of where a user keeps a table outside of the dataset", () => {
  const dataset = { root: "/r" } as Dataset;

  assert.equal(tableName("/r/tables/t.csv", dataset), "tables/t.csv");
  assert.equal(tableName("/home/ada/secret/t.csv", dataset), "t.csv");
  assert.equal(tableName("/r2/t.csv", dataset), "t.csv");
});
