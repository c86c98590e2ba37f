import assert from "node:assert/strict";
import { addSbatchOptions, withoutSbatchOption } from "../../src/slurm/add_options.ts";

const CASES = [
  ["sbatch job.sh", "sbatch --time=2:00 job.sh"],
  ["sbatch --time=1:00 job.sh a 'b c'", "sbatch --time=1:00 --time=2:00 job.sh a 'b c'"],
  ["  /opt/bin/sbatch  -t 5   job.sh", "  /opt/bin/sbatch  -t 5 --time=2:00   job.sh"],
  [`sbatch -J 'two words' "job one.sh"`, `sbatch -J 'two words' --time=2:00 "job one.sh"`],
  ["sbatch --wrap 'sleep 5'", "sbatch --wrap 'sleep 5' --time=2:00"],
  ["sbatch -- job.sh --time=9", "sbatch --time=2:00 -- job.sh --time=9"],
  ["sbatch \\\n  -p x \\\n  job.sh", "sbatch \\\n  -p x --time=2:00 \\\n  job.sh"],
  ["sbatch job\\ one.sh {inputs}", "sbatch --time=2:00 job\\ one.sh {inputs}"],
] as const;

for (const [command, expected] of CASES) {
  Deno.test(`addSbatchOptions() to: ${command}`, () => {
    assert.equal(addSbatchOptions(command, ["--time=2:00"]), expected);
  });
}

Deno.test("addSbatchOptions() quotes, escapes, and adds nothing to anything without options", () => {
  assert.equal(
    addSbatchOptions("sbatch job.sh", ["--comment=it's {x}"], (text) => text.replaceAll("{", "{{")),
    `sbatch '--comment=it'"'"'s {{x}' job.sh`,
  );
  assert.equal(addSbatchOptions("a | b", []), "a | b");
});

for (const command of ["cd x && sbatch job.sh", "srun job.sh", "sbatch", "sbatch $SCRIPT"]) {
  Deno.test(`addSbatchOptions() refuses: ${command}`, () => {
    assert.throws(() => addSbatchOptions(command, ["--time=5"]), SyntaxError);
  });
}

for (
  const command of [
    "sbatch --array=3-7 job.sh",
    "sbatch --array=3 job.sh --array=3",
    "sbatch --array=3-7 --wrap 'echo --array=3 x'",
    "sbatch  -- 'job one.sh' --array=3",
  ]
) {
  Deno.test(`withoutSbatchOption() takes back what was added to: ${command}`, () => {
    const task = addSbatchOptions(command, ["--array=3"]);

    assert.equal(withoutSbatchOption(task, "--array=3"), command);
  });
}

Deno.test("withoutSbatchOption() leaves a command alone that has no such option", () => {
  assert.equal(
    withoutSbatchOption("sbatch --array=3-7 job.sh --array=3", "--array=3"),
    "sbatch --array=3-7 job.sh --array=3",
  );
});
