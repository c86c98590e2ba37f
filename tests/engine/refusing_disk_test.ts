import assert from "node:assert/strict";
import { join } from "node:path";
import { DLSLURM } from "../support/sandbox.ts";
import { DATASET_KINDS } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { runOnFullDisk, runOnReadOnlyDisk } from "../support/small_disk.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";
import { TwoUsers } from "./two_users.ts";

/** Each command, and whether it only looks. */
const COMMANDS: readonly (readonly [readonly string[], boolean])[] = [
  [["list", "--all"], true],
  [["finish", "--list-open-jobs"], true],
  [["reschedule", "--report"], true],
  [["schedule", "--dry-run", "basic", "-o", "new", "sbatch", "job.sh"], true],
  [["finish"], false],
  [["schedule", "-o", "new", "sbatch", "job.sh"], false],
  [["schedule", "--from", "rows.csv", "-o", "new/{name}", "sbatch", "job.sh", "{name}"], false],
  [["reschedule"], false],
];

/** A world in which one job was finished, and another one is to be. */
async function createWithJobs(): Promise<EngineWorld> {
  const world = await EngineWorld.create({ "rows.csv": "name\none\n" });
  await world.schedule("old");
  await world.write("old/result.txt", "x\n");
  await world.must("finish");
  await world.schedule("out");
  await world.write("out/result.txt", "x\n");
  return world;
}

async function assertAsBefore(world: EngineWorld): Promise<void> {
  assert.deepEqual(await world.slurm.submitted(), ["1", "2"]);
  assert.equal((await world.subjects()).length, 2);
}

testIfAvailable(
  ["root", "mount"],
  "read-only disk: what looks works, what writes is refused and loses nothing",
  async (test) => {
    await using world = await createWithJobs();
    for (const [args, isLook] of COMMANDS) {
      await test.step(args.join(" "), async () => {
        const outcome = await runOnReadOnlyDisk(world.sandbox, world.root, [...DLSLURM, ...args]);

        assert.equal(outcome.code, isLook ? 0 : 1, saidBy(outcome));
        if (!isLook) {
          assert.match(saidBy(outcome), /Read-only file system/);
          assert.match(saidBy(outcome), /^hint: have the file system mounted for writing/m);
        }
        await assertAsBefore(world);
      });
    }
    for (const args of [["recover"], ["adopt"]]) {
      const outcome = await runOnReadOnlyDisk(world.sandbox, world.root, [...DLSLURM, ...args]);
      assert.equal(outcome.code, 0, saidBy(outcome));
    }
    await world.must("finish");
    assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 2: Completed");
  },
);

testIfAvailable(
  ["root", "mount"],
  "read-only disk: a dataset without a store has no jobs",
  async () => {
    await using world = await EngineWorld.create();

    for (const args of [["list"], ["finish", "--list-open-jobs"]]) {
      const outcome = await runOnReadOnlyDisk(world.sandbox, world.root, [...DLSLURM, ...args]);

      assert.equal(outcome.code, 0, saidBy(outcome));
    }
    await world.must("list");
    const left = (await Array.fromAsync(Deno.readDir(join(world.root, ".git")))).map(({ name }) =>
      name
    );
    assert(!left.includes("dlslurm"), "a look makes no store");
  },
);

testIfAvailable(
  ["root", "mount"],
  "full disk: what looks works, what writes is refused and loses nothing",
  async (test) => {
    await using world = await createWithJobs();
    for (const freeKib of [0, 8, 24]) {
      for (const [args, isLook] of COMMANDS) {
        await test.step(`${args.join(" ")}, ${freeKib} KiB free`, async () => {
          const argv = [...DLSLURM, ...args];
          await world.sandbox.require(["cp", "-a", world.root, `${world.root}.kept`]);
          const outcome = await runOnFullDisk(world.sandbox, world.root, freeKib, argv);
          const submitted = (await world.slurm.submitted()).length;
          await world.sandbox.require(["rm", "-rf", world.root]);
          await Deno.rename(`${world.root}.kept`, world.root);

          assert(outcome.code === 0 || (outcome.code === 1 && !isLook), saidBy(outcome));
          assert.doesNotMatch(saidBy(outcome), /this is a bug|\n +at /);
          // Where there was room to begin with the job may be there, and is noted.
          if (freeKib === 0) assert.equal(submitted, 2, saidBy(outcome));
          if (outcome.code === 1) {
            assert.match(
              saidBy(outcome),
              /No space left on device|disk is full|Cannot tell which job/,
            );
            assert.match(saidBy(outcome), /^hint: /m);
          }
          for (const jobId of (await world.slurm.submitted()).slice(2)) {
            await Deno.remove(join(world.sandbox.root, "scripted slurm", `${jobId}.job`), {
              recursive: true,
            });
          }
        });
      }
    }
    await world.must("finish");
    assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 2: Completed");
  },
);

testIfAvailable(
  ["root"],
  "closed folders: those of one job keep that job open, and no other",
  async () => {
    await using users = await TwoUsers.create(undefined);
    const { world } = users;
    const jobIds = [];
    for (const output of ["good", "closed", "deep", "logs"]) {
      jobIds.push(
        await users.runJob("ada", output),
      );
    }
    await world.must("list");
    // What could not be read: the claim, a folder in it, the folder of the log.
    await users.run("ada", "chmod", "000", "closed");
    await users.run(
      "ada",
      "sh",
      "-c",
      "mkdir deep/er && echo 1 >deep/er/file && chmod 000 deep/er",
    );

    const outcome = await users.run("ada", "dlslurm", "finish");

    const said = saidBy(outcome);
    assert.equal(outcome.code, 1, said);
    assert.doesNotMatch(said, /this is a bug/);
    assert.match(said, /^hint: ".*\/closed" is yours: chmod u\+rwX/m);
    assert.match(said, /^hint: chmod -R u\+rwX "deep\/er"/m);
    const committed = (await world.subjects()).map((subject) => /job (\d+):/.exec(subject)?.[1])
      .sort();
    assert.deepEqual(committed, [jobIds[0], jobIds[3], undefined]);

    await users.run("ada", "chmod", "-R", "u+rwX", "closed", "deep");
    await users.must("ada", "finish");
    assert.equal((await world.subjects()).length, 5);
  },
);

/** Folders that their owner may not write to, and what then is refused. */
const CLOSED: readonly (readonly [string, readonly string[]])[] = [
  [".git", ["finish"]],
  [".git/dlslurm", ["finish", "schedule"]],
  [".git/dlslurm/submissions", ["schedule"]],
];

for (const [folder, refused] of CLOSED) {
  testIfAvailable(
    ["root"],
    `closed folders: ${folder} → what to do is said, and nothing is lost`,
    async () => {
      await using users = await TwoUsers.create(undefined);
      await users.runJob("ada", "a");
      await users.run("ada", "chmod", "a-w", folder);

      for (
        const args of [["list"], ["recover"], ["finish"], [
          "schedule",
          "-o",
          "b",
          "sbatch",
          "job.sh",
        ]]
      ) {
        const outcome = await users.run("ada", "dlslurm", ...args);

        const said = `${args[0]}: ${saidBy(outcome)}`;
        assert.doesNotMatch(said, /this is a bug|\n +at /);
        assert.equal(outcome.code, refused.includes(args[0]!) ? 1 : 0, said);
        if (outcome.code === 1) {
          assert.match(said, /^hint: .*(is yours: chmod u\+rwX|core\.sharedRepository)/m);
        }
      }

      await users.run("ada", "chmod", "u+w", folder);
      await users.must("ada", "finish", "--allow-no-outputs");
      assert.match((await users.world.subjects()).join(), /Slurm job 1: Completed/);
    },
  );
}

testIfAvailable(
  ["root", ...DATASET_KINDS["git-annex"]],
  "another user's output in an annexed dataset: the other job is committed, and the owner is named",
  async () => {
    await using users = await TwoUsers.create(undefined, "git-annex");
    const { world } = users;
    const jobIds = [await users.runJob("ada", "a"), await users.runJob("ada", "b")];
    const foreign = join(world.root, "a", "foreign.txt");
    await Deno.writeTextFile(foreign, "x\n", { mode: 0o644 });

    const outcome = await users.run("ada", "dlslurm", "finish");

    const said = saidBy(outcome);
    assert.equal(outcome.code, 1, said);
    assert.match(
      said,
      /^hint: "a\/foreign\.txt" is owned by root: .*core\.sharedRepository group/m,
    );
    assert.doesNotMatch(said, /make it readable/);
    assert.match((await world.subjects())[0]!, new RegExp(`job ${jobIds[1]}:`));
    await world.sandbox.require(["chown", "4001", foreign]);
    await users.must("ada", "finish");
    assert.match((await world.subjects())[0]!, new RegExp(`job ${jobIds[0]}:`));
  },
);

testIfAvailable(
  ["root"],
  "closed folders: what one row of a table, or one recorded job, needs → that one is named",
  async () => {
    await using users = await TwoUsers.create(undefined);
    await users.runJob("ada", "a");
    await users.must("ada", "finish");
    await users.run(
      "ada",
      "sh",
      "-c",
      "mkdir closed && echo 1 >closed/in && printf 'name\\nopen\\nclosed\\n' >rows.csv",
    );
    await users.run("ada", "sh", "-c", "mkdir open && echo 1 >open/in && chmod 000 closed a");
    const table = ["schedule", "--from", "rows.csv", "-i", "{name}/in", "-o", "out/{name}"];

    const rows = await users.run("ada", "dlslurm", ...table, "sbatch", "job.sh", "{name}");
    const again = await users.run("ada", "dlslurm", "reschedule");

    assert.equal(rows.code, 1);
    assert.match(saidBy(rows), /line 3: .*Permission denied/);
    assert.doesNotMatch(saidBy(rows), /line 2:|this is a bug/);
    assert.doesNotMatch(saidBy(again), /this is a bug/);
    await users.run("ada", "chmod", "-R", "u+rwX", "closed", "a");
  },
);
