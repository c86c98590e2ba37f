import assert from "node:assert/strict";
import { join } from "node:path";
import { renderHolder } from "../../src/fs/lease.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { identifySelf } from "../../src/process/process_identity.ts";
import { DATASET_KINDS } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";
import { TwoUsers } from "./two_users.ts";

async function assertCommitted(users: TwoUsers, jobIds: readonly string[]): Promise<void> {
  const subjects = (await users.world.subjects()).filter((each) => each.includes("SLURM RUN"));
  const expected = jobIds.map((id) => `[DATALAD SLURM RUN] Slurm job ${id}: Completed`);
  assert.deepEqual(subjects.toSorted(), expected.toSorted());
  assert.deepEqual(await users.closedToGroup(), []);
}

for (
  const [sharing, kind, umask] of [
    ["group", "plain git", "077"],
    ["all", "plain git", "027"],
    ["0660", "plain git", "022"],
    ["group", "git-annex", "077"],
  ] as const
) {
  testIfAvailable(
    ["root", ...DATASET_KINDS[kind]],
    `shared repository (${sharing}, ${kind}, umask ${umask}): two users schedule, list and finish, each what the other began`,
    async () => {
      await using users = await TwoUsers.create(sharing, kind);
      users.umask = umask;
      const first = await users.runJob("ada", "a");
      const conflict = await users.run(
        "bob",
        "dlslurm",
        "schedule",
        "-o",
        "a/x",
        "sbatch",
        "job.sh",
      );
      assert.match(saidBy(conflict), /job 1 \(sbatch job.sh\)/);
      const second = await users.runJob("bob", "b");
      assert.deepEqual(await users.closedToGroup(), []);
      assert.match((await users.must("ada", "list")).stdout, new RegExp(`^${second} `, "m"));

      await users.must("bob", "finish");
      const third = await users.runJob("bob", "c");
      await users.must("ada", "finish");

      await assertCommitted(users, [first, second, third]);
    },
  );
}

const FINISH_STEPS: readonly (readonly [DatasetKind, string, string])[] = [
  ["plain git", "sacct", ""],
  ["plain git", "git", "update-index"],
  ["plain git", "git", "fast-import"],
  ["plain git", "git", "update-ref -m"],
  ["git-annex", "git", "annex"],
  ["git-annex", "git", "update-ref -m"],
];

testIfAvailable(
  ["root"],
  "shared repository: list --all names who submitted what, where more than one user has; records name nobody",
  async () => {
    await using users = await TwoUsers.create("group");
    await users.runJob("ada", "a");
    const alone = await users.must("ada", "list", "--all");
    assert.doesNotMatch(alone.stdout, /User/);
    await users.must("ada", "finish");
    await users.runJob("bob", "b");

    const both = await users.must("ada", "list", "--all");
    const json = await users.must("ada", "list", "--all", "--json");

    assert.match(both.stdout, /^JobID +Name +User /m);
    assert.match(both.stdout, /^2 .*\b4002\b.*\n1 .*\b4001\b/m);
    const told = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(told.map((job) => job["submitted_by"]), ["4002", "4001"]);
    await users.must("bob", "finish");
    assert.doesNotMatch(await users.world.git("log", "--format=%B"), /400[12]|uid/);
  },
);

for (const [kind, program, word] of FINISH_STEPS) {
  testIfAvailable(
    ["root", ...DATASET_KINDS[kind]],
    `shared repository (${kind}): a colleague's finish that was killed at ${program} ${word} is completed`,
    async () => {
      await using users = await TwoUsers.create("group", kind);
      const { world } = users;
      const jobIds = [await users.runJob("ada", "a"), await users.runJob("bob", "b")];
      for (const moment of ["before", "after"] as const) {
        await killCallerOf(world, program, word, moment);
        const killed = await users.run("ada", "dlslurm", "finish");
        assert.equal(killed.code, 137, saidBy(killed));
        await mend(world, program);
      }

      await users.must("bob", "finish");

      await assertCommitted(users, jobIds);
    },
  );
}

testIfAvailable(
  ["root"],
  "shared repository: a colleague's submission that was killed is taken in, or its claims are released",
  async () => {
    await using users = await TwoUsers.create("group");
    const { world } = users;
    await killCallerOf(world, "git", "config", "after");
    assert.equal((await users.run("ada", "dlslurm", "schedule", "-o", "a", "true")).code, 137);
    await mend(world, "git");
    await killCallerOf(world, "sbatch", "", "after");
    const killed = await users.run("ada", "dlslurm", "schedule", "-o", "a", "sbatch", "job.sh");
    assert.equal(killed.code, 137, saidBy(killed));
    await mend(world, "sbatch");
    await users.writeOutput("ada", "a");

    const { stderr } = await users.must("bob", "finish");

    assert.match(stderr, /an interrupted submission was found to be job 1/);
    await assertCommitted(users, ["1"]);
    for await (const { name } of Deno.readDir(join(world.root, ".git/dlslurm/submissions"))) {
      assert.fail(`${name} was left`);
    }
  },
);

testIfAvailable(
  ["root"],
  "shared repository: what a colleague left under the names that finish uses is replaced, also where it is closed",
  async () => {
    await using users = await TwoUsers.create("group");
    const { root } = users.world;
    const jobId = await users.runJob("ada", "a");
    await Deno.writeTextFile(join(root, ".git/hooks/commit-msg"), "#!/bin/sh\n", { mode: 0o755 });
    const left = ["dlslurm-index", "dlslurm-index-next", "dlslurm-index-former"];
    for (const name of [...left, "dlslurm-commit-message", "dlslurm/finish.lease.next"]) {
      // Of root: neither of them could write to it.
      await Deno.writeTextFile(join(root, ".git", name), "left", { mode: 0o600 });
    }
    const own = await identifySelf(new DenoRunner());
    const boot = "00000000-0000-4000-8000-000000000000"; // the machine has been started anew since
    const lease = join(root, ".git/dlslurm/finish.lease");
    await Deno.symlink(renderHolder({ ...own, boot }, "finish"), lease);

    await users.must("bob", "finish");

    await assertCommitted(users, [jobId]);
  },
);

testIfAvailable(
  ["root"],
  "shared repository: the tables' folders, arrays and sidecars are the group's, too",
  async () => {
    await using users = await TwoUsers.create("group");
    const { world } = users;
    await world.write("job.sh", "#!/bin/sh\n");
    await world.write("rows.csv", "name\none\ntwo\n");
    await world.git("config", "datalad.run.record-sidecar", "true");
    await world.sandbox.require(["chown", "4001:4100", ".git/config"], { cwd: world.root });
    const table = ["schedule", "--from", "rows.csv", "--array", "-o", "out/{name}"];
    await users.must("ada", ...table, "sbatch", "job.sh", "{name}");
    assert.deepEqual(await users.closedToGroup(), []);
    await users.writeOutput("ada", "out/one");
    await users.writeOutput("ada", "out/two");
    await world.slurm.setRows("1", "1_0|COMPLETED", "1_1|COMPLETED");
    await users.runJob("bob", "b");

    await users.must("bob", "finish");
    await users.runJob("ada", "c");
    await users.must("ada", "finish");

    await assertCommitted(users, ["1_0", "1_1", "2", "3"]);
    const arrays = join(world.root, ".git/dlslurm/arrays");
    assert.deepEqual(await Array.fromAsync(Deno.readDir(arrays)), []);
  },
);

testIfAvailable(
  ["root"],
  "repository that is not shared: a colleague is told whose it is, and nothing is changed",
  async () => {
    await using users = await TwoUsers.create(undefined);
    users.umask = "022";
    const jobId = await users.runJob("ada", "a");
    await users.world.sandbox.require(["chmod", "-R", "a+rX", "."], { cwd: users.world.root });

    for (
      const args of [["finish"], ["schedule", "-o", "b", "sbatch", "job.sh"], ["recover"], [
        "adopt",
      ]]
    ) {
      const outcome = await users.run("bob", "dlslurm", ...args);
      const said = saidBy(outcome);
      if (args[0] === "finish" || args[0] === "schedule") {
        assert.equal(outcome.code, 1, said);
        assert.match(said, /Permission denied/);
        assert.match(said, /^hint: .*belongs to the user with ID 4001.*core\.sharedRepository/m);
      }
      assert.doesNotMatch(said, /this is a bug/);
    }
    assert.match((await users.must("bob", "list")).stdout, new RegExp(`^${jobId} `, "m"));

    await users.must("ada", "finish");
    assert.equal(
      (await users.world.subjects())[0],
      `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`,
    );
  },
);

testIfAvailable(
  ["root"],
  "a repository that git does not trust: the command says so, and how it is trusted",
  async () => {
    await using users = await TwoUsers.create("group");
    await Deno.remove(join(users.world.sandbox.root, "bob", ".gitconfig"));

    const outcome = await users.run("bob", "dlslurm", "list");

    assert.equal(outcome.code, 1);
    assert.match(saidBy(outcome), /^error: Cannot work in ".*": it belongs to another user/m);
    assert.match(
      saidBy(outcome),
      /^hint: .*git config --global --add safe\.directory ".*data set"/m,
    );
  },
);

testIfAvailable(
  ["root"],
  "shared repository: an array in a colleague's alternative folder is finished, what it ran stays and is told",
  async () => {
    await using users = await TwoUsers.create("group");
    users.umask = "022";
    const { world } = users;
    const elsewhere = join(world.sandbox.root, "elsewhere");
    await Deno.mkdir(elsewhere);
    await world.write("rows.csv", "name\none\ntwo\n");
    await world.sandbox.require(["chown", "4001:4001", elsewhere]);
    const table = ["--from", "rows.csv", "--array", "--alt-dir", elsewhere, "-o", "out/{name}"];
    await users.must("ada", "schedule", ...table, "sbatch", join(world.root, "job.sh"), "{name}");
    for (const name of ["one", "two"]) {
      await Deno.mkdir(join(elsewhere, "out", name), { recursive: true });
      await Deno.writeTextFile(join(elsewhere, "out", name, "result.txt"), "x\n");
    }
    await world.slurm.setRows("1", "1_0|COMPLETED", "1_1|COMPLETED");

    const { stderr } = await users.must("bob", "finish");

    assert.match(
      stderr,
      /^warning: what the tasks of ended arrays ran stays in ".*elsewhere\/\.dlslurm\/arrays"/m,
    );
    await assertCommitted(users, ["1_0", "1_1"]);
  },
);
