import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { waitForAnotherSecond } from "../support/polling.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";

/** Writes over what it wrote before, changes a file beside it, and leaves one alone. */
const JOB = `#!/bin/sh
set -e
mkdir -p out/sub
echo "run $SLURM_JOB_ID" >out/text.txt
printf '\\000\\001 run %s' "$SLURM_JOB_ID" >out/sub/numbers.bin
[ -e out/once.bin ] || printf '\\000\\001 only once' >out/once.bin
`;

interface Kind {
  readonly name: string;
  readonly kind: DatasetKind;
  readonly settings?: readonly (readonly [string, string])[];
}

const KINDS: readonly Kind[] = [
  { name: "plain git", kind: "plain git" },
  { name: "git-annex, locked", kind: "git-annex" },
  { name: "git-annex, unlocked", kind: "git-annex", settings: [["annex.addunlocked", "true"]] },
  { name: "text2git", kind: "text2git" },
  {
    name: "text2git, unlocked",
    kind: "text2git",
    settings: [["annex.addunlocked", "true"]],
  },
];

/** Mode and blob of each file below out/. */
async function outputsIn(dataset: TestDataset): Promise<string> {
  return await dataset.git("ls-tree", "-r", "HEAD", "--", "out");
}

for (const { name, kind, settings = [] } of KINDS) {
  testIfAvailable(
    ["git-annex", "datalad"],
    `e2e: three generations of a job that overwrites its result, ${name} → each as datalad save has it`,
    async () => {
      await using sandbox = await Sandbox.create();
      await using slurm = await TestSlurm.startFake(sandbox);
      const dataset = await TestDataset.create(sandbox, kind, { "job.sh": JOB });
      for (const [key, value] of settings) await dataset.git("config", key, value);
      const chain: string[] = [];
      for (const generation of [1, 2, 3]) {
        const command = generation === 1
          ? ["schedule", "-o", "out", "sbatch", "job.sh"]
          : ["reschedule"];
        // In a copy, git-annex takes an unlocked file of the same size and second for unchanged.
        if (settings.length > 0) await waitForAnotherSecond();
        const submitted = await dataset.dlslurm(command);
        const jobId = /^Submitted batch job (\d+)$/m.exec(submitted.stdout)?.[1];
        assert.ok(jobId !== undefined, submitted.stdout + submitted.stderr);
        await slurm.waitUntilEnded(jobId);
        assert.deepEqual([...await slurm.states(jobId)], [[jobId, "COMPLETED"]]);
        const oracle = dataset.at(join(sandbox.root, `saved ${generation}`));
        await sandbox.require(["cp", "-a", dataset.root, oracle.root]);
        await sandbox.require(["datalad", "save", "-m", "Save", "out"], { cwd: oracle.root });

        const finished = await dataset.dlslurm(["finish"]);

        assert.equal(finished.code, 0, finished.stdout + finished.stderr);
        assert.equal(await outputsIn(dataset), await outputsIn(oracle));
        const text = await Deno.readTextFile(join(dataset.root, "out/text.txt"));
        assert.equal(text, `run ${jobId}\n`);
        assert.match(await Deno.readTextFile(join(dataset.root, "out/sub/numbers.bin")), /run/);
        assert.equal(await dataset.git("status", "--porcelain"), "");
        const record = await dataset.git("log", "-1", "--format=%B");
        const recorded = JSON.parse(/lines below ===\n([\s\S]*)\n\^\^\^/.exec(record)![1]!);
        assert.deepEqual(recorded["chain"], chain);
        chain.push(await dataset.git("rev-parse", "HEAD"));
      }
      if (kind !== "plain git") await dataset.git("annex", "fsck", "--quiet", "--fast");
    },
  );
}
