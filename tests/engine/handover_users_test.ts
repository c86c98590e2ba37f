import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { saidBy } from "./engine_world.ts";
import { TwoUsers } from "./two_users.ts";

/** Ada hands a job over whose output bob may read, and bob clones her dataset. */
async function handOver(
  users: TwoUsers,
): Promise<{ readonly file: string; readonly clone: string }> {
  const { root, sandbox } = users.world;
  users.umask = "022";
  const file = join(sandbox.root, "ada", "jobs.json");
  const clone = join(sandbox.root, "bob", "clone");
  await users.must("ada", "schedule", "-o", "out", "sbatch", "job.sh");
  await users.must("ada", "handover", "1", "-o", file);
  await users.writeOutput("ada", "out");
  await sandbox.require(["chmod", "-R", "a+rX", join(root, "out")]);
  const cloned = await users.run("bob", "git", "clone", "--quiet", root, clone);
  assert.equal(cloned.code, 0, saidBy(cloned));
  return { file, clone };
}

testIfAvailable(
  ["root"],
  "handover to another user of a shared repository → finished in the other's clone, by that user",
  async () => {
    await using users = await TwoUsers.create("group");
    const { file, clone } = await handOver(users);

    await users.must("bob", "adopt", "-d", clone, "--file", file);
    await users.must("bob", "finish", "-d", clone);

    const shown = await users.run("bob", "git", "-C", clone, "show", "--format=%s", "--name-only");
    assert.match(
      shown.stdout,
      /^\[DATALAD SLURM RUN\] Slurm job 1: Completed\n\nout\/result.txt\n/,
    );
    const { stderr } = await users.must("ada", "list", "--all");
    assert.match(stderr, /job 1: adopted by ".*\/bob\/clone\/\.git"/);
    const again = await users.run("ada", "dlslurm", "adopt", "--file", file);
    assert.notEqual(again.code, 0, saidBy(again));
  },
);

testIfAvailable(
  ["root"],
  "handover to a user who may only read the first clone → refused, and the job can be taken back",
  async () => {
    await using users = await TwoUsers.create(undefined);
    const { file, clone } = await handOver(users);

    const refused = await users.run("bob", "dlslurm", "adopt", "-d", clone, "--file", file);

    assert.equal(refused.code, 1);
    assert.match(saidBy(refused), /Cannot write the store "[^"]*": Permission denied/);
    assert.match(saidBy(refused), /hint: .*core\.sharedRepository/);
    const { stderr } = await users.must("bob", "list", "--all", "-d", clone);
    assert.equal(stderr, "there are no such jobs\n");
    await users.must("ada", "handover", "--take-back", "1");
    await users.must("ada", "finish");
  },
);
