import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "./datasets.ts";
import { Sandbox } from "./sandbox.ts";
import { TestSlurm } from "./slurm.ts";
import type { SlurmKind } from "./slurm.ts";

const SCRIPT = `#!/bin/sh
mkdir -p sq
echo "$SLURM_ARRAY_TASK_ID" >"sq/$SLURM_ARRAY_TASK_ID"
case "$SLURM_ARRAY_TASK_ID" in 2 | 4) [ -e "mended$SLURM_ARRAY_TASK_ID" ] ;; esac
`;

/**
 * An array of which tasks fail: what completed is committed, the others are repeated twice, and all of it is an array
 * once more in the end.
 */
export async function checkCompletedTasks(kind: Exclude<SlurmKind, "replay">): Promise<void> {
  await using sandbox = await Sandbox.create();
  await using slurm =
    await (kind === "fake" ? TestSlurm.startFake(sandbox) : TestSlurm.start(kind, sandbox));
  const { root } = await TestDataset.create(sandbox, "plain git", { "array.sh": SCRIPT });
  const dlslurm = (...args: string[]) => sandbox.dlslurm(args, { cwd: root });
  const git = (...args: string[]) => sandbox.require(["git", ...args], { cwd: root });
  const idIn = (text: string, pattern: RegExp) => {
    const found = pattern.exec(text)?.[1];
    assert(found !== undefined, text);
    return found;
  };
  const scheduled = await dlslurm(
    ...["schedule", "-o", "sq/{task}", "sbatch", "--array=1-5", "array.sh"],
  );
  const first = idIn(scheduled.stdout, /^Submitted batch job ([0-9]+)$/m);
  await slurm.waitUntilEnded(first);
  await Deno.writeTextFile(join(root, "mended2"), "");
  const second = idIn((await dlslurm("retry", first)).stdout, /\[job ([0-9]+): /);
  await slurm.waitUntilEnded(second);

  const parted = await dlslurm("finish", second, "--commit-completed-tasks");

  assert.equal(parted.code, 1, `${parted.stdout}${parted.stderr}`);
  assert.match(parted.stdout, new RegExp(`${second}_4: FAILED`));
  const committed = (await git("ls-files", "sq", "*.out")).split("\n").sort();
  const logs = [`${first}_1`, `${first}_2`, `${first}_3`, `${first}_5`, `${second}_2`]
    .map((id) => `slurm-${id}.out`);
  assert.deepEqual(committed, [...logs, "sq/1", "sq/2", "sq/3", "sq/5"].sort());
  await Deno.writeTextFile(join(root, "mended4"), "");
  const third = idIn((await dlslurm("retry", second)).stdout, /\[job ([0-9]+)_4: /);
  await slurm.waitUntilEnded(third);
  const last = await dlslurm("finish");
  assert.equal(last.code, 0, `${last.stdout}${last.stderr}`);
  const body = await git("log", "-1", "--format=%b");
  const { dlslurm: { array_task: task, attempts } } = JSON.parse(/^\{[\s\S]*^\}/m.exec(body)![0]);
  assert.equal(task, 4);
  assert.deepEqual(
    attempts.map((attempt: { job_id: string; state: string }) => [attempt.job_id, attempt.state]),
    [[`${first}_4`, "FAILED"], [`${second}_4`, "FAILED"]],
  );
  const again = await dlslurm("reschedule", "--array", "--since=");
  const fourth = idIn(again.stdout, /\[job ([0-9]+)_1: /);
  for (const number of [2, 3, 4, 5]) {
    assert.match(again.stdout, new RegExp(`${fourth}_${number}: `));
  }
  await slurm.waitUntilEnded(fourth);
  const finished = await dlslurm("finish");
  assert.equal(finished.code, 0, `${finished.stdout}${finished.stderr}`);
  assert.equal(finished.stdout.match(/1 identical/g)?.length, 5);
}
