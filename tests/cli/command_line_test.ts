import assert from "node:assert/strict";
import { lastValueOf, optionOf, readLine, splitOption } from "../../src/cli/command_line.ts";
import { defineProgram } from "../../src/cli/program.ts";

const program = await defineProgram(() => Promise.resolve());

/** A line as `command: option=value option=- …`, and what is left open at its end. */
function read(line: string) {
  const { command, options, awaiting, operands, isLiteral } = readLine(program, line.split(" "));
  const given = options.map(({ option, value }) => `${option?.long ?? "?"}=${value ?? "-"}`);
  return {
    read: [`${command.name()}:`, ...given].join(" "),
    ...(awaiting === undefined ? {} : { awaiting: awaiting.long }),
    operands,
    isLiteral,
  };
}

const PLAIN = { operands: 0, isLiteral: false };
const CASES: readonly [line: string, read: ReturnType<typeof read>][] = [
  ["-C x list --all", { ...PLAIN, read: "list: --folder=x --all=-" }],
  ["list -fjson --limit=3", { ...PLAIN, read: "list: --output-format=json --limit=3" }],
  ["list -f", { ...PLAIN, read: "list: --output-format=-", awaiting: "--output-format" }],
  ["list --limit=", { ...PLAIN, read: "list: --limit=" }],
  ["slurm-finish 7 8", { ...PLAIN, read: "finish:", operands: 2 }],
  ["list --unheard-of -", { ...PLAIN, read: "list: ?=-", operands: 1 }],
  // Whatever stands behind the first word of a submission command belongs to that.
  ["schedule -o out sbatch -f json", {
    read: "schedule: --output=out",
    operands: 3,
    isLiteral: true,
  }],
  ["schedule -m -f sbatch", { read: "schedule: --message=-f", operands: 1, isLiteral: true }],
  ["schedule -- -f", { read: "schedule:", operands: 1, isLiteral: true }],
  ["fake-slurm -f json", { read: "fake-slurm:", operands: 2, isLiteral: true }],
  ["nonsense -f json", { ...PLAIN, read: "dlslurm: --output-format=json" }],
];

for (const [line, expected] of CASES) {
  Deno.test(`readLine() of "${line}"`, () => {
    assert.deepEqual(read(line), expected);
  });
}

Deno.test("lastValueOf() takes the last of several, before or behind the command", () => {
  const line = readLine(program, ["-f", "json", "list", "--output-format=generic"]);

  assert.equal(lastValueOf(line, "--output-format"), "generic");
  assert.equal(lastValueOf(line, "--folder"), undefined);
});

Deno.test("splitOption() splits long options at the first sign", () => {
  assert.deepEqual(splitOption("--config=a=b"), ["--config", "a=b"]);
  assert.deepEqual(splitOption("--config"), ["--config", undefined]);
  assert.deepEqual(splitOption("-f=x"), ["-f=x", undefined]);
});

Deno.test("optionOf() has an option of the command before one of the program", () => {
  const list = program.commands.find((command) => command.name() === "list")!;

  assert.equal(optionOf(program, list, "--limit")!.long, "--limit");
  assert.equal(optionOf(program, list, "-C")!.long, "--folder");
  assert.equal(optionOf(program, program, "--limit"), undefined);
});

Deno.test("defineProgram() leaves the other commands out where the first word names one", async () => {
  const namesFor = async (first: string) => {
    const { commands } = await defineProgram(() => Promise.resolve(), undefined, first);
    return commands.map((command) => command.name());
  };
  const all = program.commands.map((command) => command.name());

  assert.deepEqual(await namesFor("list"), ["list"]);
  assert.deepEqual(await namesFor("slurm-finish"), ["finish"]);
  // What may be a value, a mistake, or something of every object.
  for (const first of ["-C", "slurm-list", "lst", "help", "constructor", ""]) {
    assert.deepEqual(await namesFor(first), all, first);
  }
});
