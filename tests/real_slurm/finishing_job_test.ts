import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";

testIfAvailable(
  ["slurm"],
  "real Slurm: finish --submit → replaces the one before, and finishes once the jobs have ended",
  async () => {
    await using sandbox = await Sandbox.create();
    await using slurm = await TestSlurm.start("real", sandbox);
    const { root } = await TestDataset.create(sandbox, "plain git", {
      "job.sh": '#!/bin/sh\nsleep 2\necho "$1" >"$1"\n[ "$1" != bad ]\n',
    });
    const dlslurm = async (...args: string[]) => {
      const outcome = await sandbox.dlslurm(args, { cwd: root });
      assert.equal(outcome.code, 0, `${outcome.stdout}${outcome.stderr}`);
      return outcome.stdout;
    };
    for (const name of ["good", "bad"]) {
      await dlslurm("schedule", "-o", name, "sbatch", "-o", "log-%j", "job.sh", name);
    }

    const first = await dlslurm("finish", "--submit", "--", "--export=DENO_DIR");
    const second = await dlslurm("finish", "--submit", "--", "--export=DENO_DIR");

    const idOf = (text: string) => /\[job ([0-9]+) finishes 2 jobs/.exec(text)![1]!;
    const ids = [idOf(first), idOf(second)];
    assert.match(second, new RegExp(`it replaces job ${ids[0]}\\]`));
    await slurm.waitUntilEnded(...ids);
    const subjects = await sandbox.require(["git", "log", "--format=%s"], { cwd: root });
    const log = await Deno.readTextFile(join(root, `.git/dlslurm/finish-${ids[1]}.log`));
    assert.equal(subjects.match(/Slurm job [0-9]+: Completed/g)?.length, 1, log);
    assert.match(log, /^slurm-finish\(impossible\): .*FAILED/m);
    const states = await slurm.states(...ids);
    assert.match(states.get(ids[0]!)!, /^CANCELLED/);
    assert.equal(states.get(ids[1]!), "FAILED", "a failed job is told by its exit status");
  },
);
