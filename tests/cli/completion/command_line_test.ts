import assert from "node:assert/strict";
import { findPosition, optionsAt } from "../../../src/cli/completion/command_line.ts";
import { defineProgram } from "../../../src/cli/program.ts";

const program = await defineProgram(() => Promise.resolve());

/** What is expected at the end of a line, and what is typed of it. */
function at(line: string): string {
  const { command, expects, typed, prefix } = findPosition(program, line.split(" "));
  const what = expects.kind === "value"
    ? `value of ${expects.option.long}`
    : expects.kind === "argument"
    ? `argument ${expects.argument.name()} ${expects.index}`
    : expects.kind;
  return `${command.name()}: ${what}, ${prefix}|${typed}`;
}

const CASES: readonly [line: string, position: string][] = [
  ["", "dlslurm: command, |"],
  ["fin", "dlslurm: command, |fin"],
  ["-", "dlslurm: option, |-"],
  ["-C ", "dlslurm: value of --folder, |"],
  ["-C x fin", "dlslurm: command, |fin"],
  ["finish ", "finish: argument job-ids 0, |"],
  ["finish 7 8", "finish: argument job-ids 1, |8"],
  ["finish --clo", "finish: option, |--clo"],
  ["list --limit=1", "list: value of --limit, --limit=|1"],
  ["list --limit ", "list: value of --limit, |"],
  ["list --unheard=1", "list: option, |--unheard=1"],
  ["list ", "list: argument job-ids 0, |"],
  ["slurm-finish 7 ", "finish: argument job-ids 1, |"],
  ["schedule -o out sbatch --", "schedule: argument command 1, |--"],
  ["schedule -- -", "schedule: argument command 0, |-"],
];

for (const [line, position] of CASES) {
  Deno.test(`findPosition() of "${line}"`, () => {
    assert.equal(at(line).replace(/argument job\S* /, "argument job-ids "), position);
  });
}

Deno.test("findPosition() gathers the folders that lead to the dataset, in their order", () => {
  const { folders } = findPosition(program, ["-C", "a", "list", "-d", "b", "--folder=c", ""]);

  assert.deepEqual(folders, ["a", "b", "c"]);
});

Deno.test("optionsAt() has those of the program behind the command's, but --version", () => {
  const list = program.commands.find((command) => command.name() === "list")!;
  const names = optionsAt(program, list).map(({ long }) => long);

  assert(names.includes("--limit") && names.includes("--folder") && !names.includes("--version"));
  assert.equal(new Set(names).size, names.length);
  assert(optionsAt(program, program).some(({ long }) => long === "--version"));
});
