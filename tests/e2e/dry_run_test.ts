import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { stateOf } from "../support/snapshots.ts";

const FILES = {
  "sub/data/a.txt": "1\n",
  "sub/data/it's b.txt": "2\n",
  "top.txt": "3\n",
};

/** Options and commands that both programs take. */
const CASES: readonly (readonly string[])[] = [
  ["-i", "data/*.txt", "-o", "out", "sbatch job.sh {inputs} > {outputs}"],
  ["-i", "data/a.txt", "-i", "../top.txt", "-o", "out/x y", "sbatch", "job.sh", "a b"],
  ["-o", "../out", "sbatch job.sh"],
  ["-i", "data/a.txt", "-o", "{inputs[0]}.out", "sbatch job.sh {inputs[0]} {{x}}"],
];

for (const detail of ["basic", "command"]) {
  testIfAvailable(
    ["git-annex", "datalad"],
    `schedule --dry-run ${detail} shows what datalad run does, and changes nothing`,
    async () => {
      await using sandbox = await Sandbox.create();
      const dataset = await TestDataset.create(sandbox, "text2git", FILES);
      const cwd = join(dataset.root, "sub");
      for (const words of CASES) {
        const expected = await sandbox.require(
          ["datalad", "run", "--dry-run", detail, ...words],
          { cwd },
        );
        const before = await stateOf(dataset);

        const shown = await dataset.dlslurm(["schedule", "--dry-run", detail, ...words], { cwd });

        assert.equal(shown.code, 0, shown.stderr);
        assert.equal(shown.stdout.trimEnd(), expected.trimEnd(), words.join(" "));
        assert.deepEqual(await stateOf(dataset), before);
      }
    },
  );
}
