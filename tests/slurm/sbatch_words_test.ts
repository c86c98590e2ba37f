import assert from "node:assert/strict";
import {
  parseSbatchWords,
  valuesOfOptions,
  valuesOfWords,
  workOfSbatchWords,
} from "../../src/slurm/sbatch_words.ts";

const GOOD = [
  ["job.sh a -b", [], "job.sh", ["a", "-b"]],
  ["--time=1 --mem 4G job.sh", ["--time=1", "--mem", "4G"], "job.sh", []],
  [
    "-n 4 -Hp debug -oout.txt -J x job.sh y",
    ["-n", "4", "-Hp", "debug", "-oout.txt", "-J", "x"],
    "job.sh",
    ["y"],
  ],
  [
    "--parsable --exclusive --nice=5 -Q job.sh",
    ["--parsable", "--exclusive", "--nice=5", "-Q"],
    "job.sh",
    [],
  ],
  ["--unheard-of=1 -- -odd.sh --x", ["--unheard-of=1"], "-odd.sh", ["--x"]],
] as const;

for (const [line, options, path, args] of GOOD) {
  Deno.test(`parseSbatchWords() finds the script of "sbatch ${line}"`, () => {
    assert.deepEqual(parseSbatchWords(["/usr/bin/sbatch", ...line.split(" ")]), {
      program: "/usr/bin/sbatch",
      options,
      further: [],
      script: { path },
      args,
    });
  });
}

Deno.test("parseSbatchWords() takes the text of --wrap out of the options", () => {
  for (const wrap of [["--wrap", "a b"], ["--wrap=a b"], ["--wra=a b"]]) {
    assert.deepEqual(parseSbatchWords(["sbatch", "-n1", ...wrap, "-Q"]), {
      program: "sbatch",
      options: ["-n1", "-Q"],
      further: [],
      script: { wrap: "a b" },
      args: [],
    });
  }
});

Deno.test("parseSbatchWords() takes the components of a heterogeneous job apart", () => {
  const read = (line: string) => parseSbatchWords(["sbatch", ...line.split(" ")]);

  assert.deepEqual(read("-n1 -J a : -n 2 : --mem=1G job.sh : x"), {
    program: "sbatch",
    options: ["-n1", "-J", "a"],
    further: [["-n", "2"], ["--mem=1G"]],
    script: { path: "job.sh" },
    args: [":", "x"],
  });
  assert.deepEqual(read("-n1 : --wrap=true -n2").script, { wrap: "true" });
  assert.throws(() => read("-n1 : -a 1-3 job.sh"), /already has an array option, -a/);
});

Deno.test("valuesOfWords() takes what a further component says, unless the first has its own word", () => {
  const read = (line: string) =>
    Object.fromEntries(valuesOfWords(parseSbatchWords(["sbatch", ...line.split(" ")])));

  assert.deepEqual(read("-o a : -o b -D sub job.sh"), { output: "a", chdir: "sub" });
  assert.deepEqual(read("-n1 : -J x job.sh"), { n: "1", "job-name": "x" });
});

/** What a line says of the work that is done; the same text for the same work. */
function workOf(line: string): string {
  return JSON.stringify(workOfSbatchWords(["sbatch", ...line.split(" ")]));
}

Deno.test("workOfSbatchWords() is the same however the work is run", () => {
  const lines = ["--time=5 -J x job.sh a", "-t 9 --mem 4G -n4 -p long job.sh a", "-HQ -- job.sh a"];
  for (const line of lines) assert.equal(workOf(line), workOf("job.sh a"), line);
});

Deno.test("workOfSbatchWords() tells another work by script, arguments and what changes it", () => {
  const lines = [
    ...["job.sh b", "job.sh", "other.sh a", "--wrap=a", "-D sub job.sh a", "--array=0-3 job.sh a"],
    ...["--export=ALL,x=1 job.sh a", "--export=ALL,x=2 job.sh a", "--container-image=i job.sh a"],
    ...["--expo=ALL,x=2 job.sh a", "-i in.txt job.sh a"],
  ];
  assert.equal(new Set([...lines, "job.sh a"].map(workOf)).size, lines.length + 1);
});

const BAD = [
  ["srun job.sh", /its first word is "srun", not sbatch/],
  ["sbatch", /names no batch script/],
  ["sbatch --time", /option --time has no value/],
  ["sbatch --unheard-of 1 job.sh", /whether option --unheard-of takes a value is not known/],
  ["sbatch -Z job.sh", /sbatch has no option -Z/],
  ["sbatch --array=0-3 job.sh", /already has an array option, --array=0-3/],
  // getopt_long(3): what no other name begins with.
  ["sbatch --arr=0-3 job.sh", /already has an array option, --arr=0-3/],
  ["sbatch -a 0-3 job.sh", /already has an array option, -a/],
  ["sbatch --wrap x job.sh", /both --wrap and a script/],
] as const;

for (const [line, reason] of BAD) {
  Deno.test(`parseSbatchWords() refuses "${line}"`, () => {
    assert.throws(() => parseSbatchWords(line.split(" ")), (error) => {
      assert(error instanceof SyntaxError);
      assert.match(error.message, reason);
      return true;
    });
  });
}

Deno.test("valuesOfOptions() reads options by their long names, the last one counts", () => {
  const options =
    "-o a --outp=b --error=c -a 0-3 --array 7 -Hp debug -D /x -J n -M big --wait --parsable";

  assert.deepEqual(
    Object.fromEntries(valuesOfOptions(options.split(" "))),
    {
      ...{ output: "b", error: "c", array: "7", chdir: "/x", "job-name": "n", clusters: "big" },
      p: "debug",
    },
  );
});

Deno.test("valuesOfOptions() refuses what is no option", () => {
  for (const options of [["job.sh"], ["-o", "a", "b"], ["--unheard-of", "1"]]) {
    assert.throws(() => valuesOfOptions(options), SyntaxError, options.join(" "));
  }
});
