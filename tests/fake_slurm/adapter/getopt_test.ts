import assert from "node:assert/strict";
import { SlurmRefusal } from "../../../src/fake_slurm/context.ts";
import {
  getopt,
  optionsFromVariables,
  optionTable,
} from "../../../src/fake_slurm/adapter/getopt.ts";
import type { GetoptOptions } from "../../../src/fake_slurm/adapter/getopt.ts";

const specs = optionTable("a/array: W/wait Q/quiet n/ntasks: exclusive:: export: !hold");

function read(args: string, how: Partial<GetoptOptions> = {}): string {
  const { options, words } = getopt(args.split(" "), { program: "sbatch", specs, ...how });
  return [...options.map(({ name, value }) => `${name}=${value}`), "|", ...words].join(" ");
}

const CASES: readonly [args: string, read: string][] = [
  ["--array=1-3 job.sh", "array=1-3 | job.sh"],
  ["--array 1-3 job.sh", "array=1-3 | job.sh"],
  ["-a1-3 -WQ", "array=1-3 wait= quiet= |"],
  ["-Wa 1", "wait= array=1 |"],
  ["--arr=1", "array=1 |"],
  ["--exclusive job.sh", "exclusive= | job.sh"],
  ["--exclusive=user", "exclusive=user |"],
  ["--export=A=1,B=2", "export=A=1,B=2 |"],
  ["job.sh -W x", "wait= | job.sh x"],
  ["-- -W", "| -W"],
  ["- -W", "wait= | -"],
];

for (const [args, expected] of CASES) {
  Deno.test(`getopt() reads ${args}`, () => assert.equal(read(args), expected));
}

Deno.test("getopt() takes everything behind the first word for words, where that ends the options", () => {
  assert.equal(read("-W job.sh -Q --wait", { stopAtFirstWord: true }), "wait= | job.sh -Q --wait");
});

const REFUSED: readonly [args: string, message: RegExp][] = [
  ["--nothing", /unrecognized option '--nothing'/],
  ["--ex", /'--ex' is ambiguous; possibilities: '--exclusive' '--export'/],
  ["--wait=1", /option '--wait' doesn't allow an argument/],
  ["--array", /option '--array' requires an argument/],
  ["-a", /option requires an argument -- 'a'/],
  ["-x", /invalid option -- 'x'/],
  ["--hold", /does not support --hold/],
];

for (const [args, message] of REFUSED) {
  Deno.test(`getopt() refuses ${args}`, () => {
    assert.throws(() => read(args), (error) => {
      assert(error instanceof SlurmRefusal);
      assert.match(error.message + JSON.stringify(error), message);
      return true;
    });
  });
}

Deno.test("optionTable() refuses a word that it cannot read", () => {
  assert.throws(() => optionTable("a/array: no!"), SyntaxError);
});

Deno.test("optionsFromVariables() takes what is set, empty or not", () => {
  const env = { get: (name: string) => ({ "SBATCH_ARRAY": "1", "SBATCH_WAIT": "" })[name] };
  const table = { SBATCH_WAIT: "wait", SBATCH_ARRAY: "array", SBATCH_QUIET: "quiet" };

  assert.deepEqual(optionsFromVariables(table, env as never), [
    ...[{ name: "wait", value: "" }, { name: "array", value: "1" }],
  ]);
});
