import assert from "node:assert/strict";
import { join } from "node:path";
import * as fc from "fast-check";
import { batchScriptName, renderArrayBundle } from "../../src/slurm/array_script.ts";
import type { ArrayBundle } from "../../src/slurm/array_script.ts";

/** Prints its arguments, each ended by a NUL. */
const PRINT_ARGUMENTS =
  "#!/bin/sh\n#SBATCH --time=1\nfor word; do printf '%s\\0' \"$word\"; done\n";

async function withFrozen(
  array: Omit<ArrayBundle, "folder">,
  test: (run: (shell: readonly string[], task: number) => Promise<string[]>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "frozen 'array' $x " });
  try {
    const frozen = { ...array, folder };
    for (const kind of ["batch", "script", "rows"]) await Deno.mkdir(join(folder, kind));
    for (const file of renderArrayBundle(frozen)) {
      await Deno.writeTextFile(join(folder, file.path), file.text);
    }
    await test(async ([shell, ...options], task) => {
      const { stdout, code } = await new Deno.Command(shell!, {
        args: [...options, join(folder, batchScriptName(frozen))],
        env: { SLURM_ARRAY_TASK_ID: String(task) },
      }).output();
      assert.equal(code, task < array.args.length ? 0 : 1);
      return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const shell of [["/bin/sh"], ["bash", "--posix"]]) {
  Deno.test(`renderFrozenArray() gives each task its own arguments, as they are, in ${shell[0]}`, async () => {
    const argument = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", ""));
    const rows = fc.array(fc.array(argument, { maxLength: 3 }), { minLength: 1, maxLength: 4 });
    const script = { name: "-a job's script.sh", text: PRINT_ARGUMENTS };
    await fc.assert(
      fc.asyncProperty(
        rows,
        (args) =>
          withFrozen({ table: "t\n$(x).csv", script, args }, async (run) => {
            for (const [task, expected] of args.entries()) {
              assert.deepEqual(await run(shell, task), expected);
            }
          }),
      ),
      { numRuns: 25 },
    );
  });
}

Deno.test("renderFrozenArray() finds the rows of thousands of tasks, and none that is not there", async () => {
  const args = Array.from({ length: 1_201 }, (_, task) => [`row ${task}`]);
  const script = { name: "job.sh", text: PRINT_ARGUMENTS };
  await withFrozen({ table: "t.csv", script, args }, async (run) => {
    for (const task of [0, 499, 500, 1_000, 1_200]) {
      assert.deepEqual(await run(["/bin/sh"], task), [`row ${task}`]);
    }
    assert.deepEqual(await run(["/bin/sh"], 1_201), []);
  });
});

Deno.test("renderFrozenArray() runs the text of --wrap", async () => {
  const args = [["printf '%s\\0' a 'b c'"], ["exit 0"]];
  await withFrozen({ table: "t.csv", script: { wrap: true }, args }, async (run) => {
    assert.deepEqual(await run(["/bin/sh"], 0), ["a", "b c"]);
    assert.deepEqual(await run(["/bin/sh"], 1), []);
  });
});

Deno.test("renderFrozenArray() hands over to the program that the script names, with its one argument", async () => {
  const text = '#! /usr/bin/env -S FROZEN=yes /bin/sh -e \nprintf \'%s\\0\' "$FROZEN" "$1"\n';
  await withFrozen(
    { table: "t.csv", script: { name: "job", text }, args: [["x"]] },
    async (run) => assert.deepEqual(await run(["/bin/sh"], 0), ["yes", "x"]),
  );
});
