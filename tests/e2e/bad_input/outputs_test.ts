import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../../support/requirements.ts";
import { DATASET_KINDS } from "../../support/datasets.ts";
import { assertRefused, assertSays } from "../../support/refusal.ts";
import { DLSLURM } from "../../support/sandbox.ts";
import { storedJobs } from "../../support/snapshots.ts";
import { World } from "../../support/world.ts";

/** Takes the right to read everything from a program of root's; a program of another user has none. */
const WITHOUT_PRIVILEGES = Deno.uid() === 0
  ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] as const
  : ["env"] as const;

for (const kind of ["plain git", "git-annex"] as const) {
  testIfAvailable(
    DATASET_KINDS[kind],
    `e2e: finish of outputs that the job deleted → deletions are committed (${kind})`,
    async () => {
      await using world = await World.createWithCompletedJob(
        "mkdir -p out/sub && echo 1 >out/keep.txt && echo 2 >out/gone.txt && echo 3 >out/sub/gone.txt",
        kind,
      );
      const { dataset } = world;
      assert.equal((await dataset.dlslurm(["finish"])).code, 0);
      const jobId = await world.completeJob("rm -r out/gone.txt out/sub");

      const finish = await dataset.dlslurm(["finish"]);

      assert.equal(finish.code, 0, finish.stderr);
      // The script is in no commit: the job's own keeps it.
      const script = await dataset.git("hash-object", `${world.sandbox.root}/job.sh`);
      assert.equal(
        finish.stdout,
        `add(ok): .datalad/slurm/scripts/${script} (file)\n` +
          "delete(ok): out/gone.txt (file)\ndelete(ok): out/sub/gone.txt (file)\n" +
          `add(ok): slurm-${jobId}.out (file)\nadd(ok): slurm-job-${jobId}.env.json (file)\n` +
          "save(ok): . (dataset)\naction summary:\n  add (ok: 3)\n  delete (ok: 2)\n  save (ok: 1)\n",
      );
      assert.deepEqual((await dataset.tree()).filter((path) => path.startsWith("out/")), [
        "out/keep.txt",
      ]);
      assert.equal(await dataset.git("status", "--porcelain"), "");
    },
  );

  testIfAvailable(
    DATASET_KINDS[kind],
    `e2e: finish of a file that became a folder, and back → both are committed (${kind})`,
    async () => {
      await using world = await World.createWithCompletedJob("echo file >out", kind);
      const { dataset } = world;
      assert.equal((await dataset.dlslurm(["finish"])).code, 0);
      await world.completeJob("rm -f out && mkdir out && echo inside >out/file.txt");

      const toFolder = await dataset.dlslurm(["finish"]);

      assert.equal(toFolder.code, 0, toFolder.stderr);
      assert.ok((await dataset.tree()).includes("out/file.txt"));
      assert.equal(await dataset.git("status", "--porcelain"), "");
      await world.completeJob("rm -rf out && echo file again >out");
      const toFile = await dataset.dlslurm(["finish"]);

      assert.equal(toFile.code, 0, toFile.stderr);
      assert.ok((await dataset.tree()).includes("out"));
      assert.equal(await dataset.git("status", "--porcelain"), "");
    },
  );

  // git-annex makes a file readable that is its user's own: this one is not.
  const lock = kind === "plain git" ? { needs: [], command: "chmod 0 out/secret.txt" } : {
    needs: ["root" as const],
    command: "chmod 600 out/secret.txt && chown 65534 out/secret.txt",
  };
  testIfAvailable(
    [...DATASET_KINDS[kind], ...lock.needs],
    `e2e: finish of one job with an unreadable output and a good one → the good one only (${kind})`,
    async () => {
      await using world = await World.createWithCompletedJob(
        `mkdir -p out && echo secret >out/secret.txt && ${lock.command}`,
        kind,
      );
      const { dataset, sandbox } = world;
      const good = await world.completeJob("mkdir good && echo fine >good/fine.txt", ["good"]);

      const finish = await sandbox.run([...WITHOUT_PRIVILEGES, ...DLSLURM, "finish"], {
        cwd: dataset.root,
      });

      assertSays(finish, {
        code: 1,
        says: [
          /slurm-finish\(impossible\): .*out\/secret\.txt/s,
          /[Pp]ermission denied/,
          /add\(ok\): good\/fine\.txt/,
        ],
      });
      assert.equal((await dataset.log())[0], `[DATALAD SLURM RUN] Slurm job ${good}: Completed`);
      assert.equal((await dataset.tree()).some((path) => path.startsWith("out")), false);
      assert.deepEqual(storedJobs(dataset).map((job) => job.stage), ["open", "finished"]);
      await Deno.chmod(join(dataset.root, "out/secret.txt"), 0o644);
      if (kind !== "plain git") {
        await Deno.chown(join(dataset.root, "out/secret.txt"), Deno.uid(), null);
      }
      const second = await dataset.dlslurm(["finish"]);

      assert.equal(second.code, 0, second.stderr);
      assert.ok((await dataset.tree()).includes("out/secret.txt"));
      assert.equal(await dataset.git("status", "--porcelain"), "");
    },
  );

  testIfAvailable(
    DATASET_KINDS[kind],
    `e2e: finish of an output folder that cannot be read → impossible, the job stays open (${kind})`,
    async () => {
      await using world = await World.createWithCompletedJob(
        "mkdir -p out/locked && echo hidden >out/locked/file.txt && chmod 0 out/locked",
        kind,
      );
      const { dataset, sandbox } = world;
      const head = await dataset.git("rev-parse", "HEAD");

      const finish = await sandbox.run([...WITHOUT_PRIVILEGES, ...DLSLURM, "finish"], {
        cwd: dataset.root,
      });

      assertSays(finish, { code: 1, says: [/out\/locked/, /[Pp]ermission denied/] });
      assert.equal(await dataset.git("rev-parse", "HEAD"), head);
      assert.equal(storedJobs(dataset)[0]!.stage, "open");
    },
  );
}

Deno.test("e2e: finish with nothing behind a claim → committed with a warning that names it", async () => {
  await using world = await World.create();
  const jobId = await world.completeJob("mkdir -p out && echo 1 >out/a", ["out", "never/written"]);

  const finish = await world.dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.match(finish.stderr, new RegExp(`warning: .*${jobId}.*"never/written"`));
  assert.ok((await world.dataset.tree()).includes("out/a"));
});

Deno.test("e2e: finish --require-outputs with nothing behind a claim → impossible", async () => {
  await using world = await World.create();
  await world.completeJob("mkdir -p out && echo 1 >out/a", ["out", "never/written"]);

  await assertRefused(world.dataset, world.slurm, ["finish", "--require-outputs"], {
    code: 1,
    says: [/nothing at its output "never\/written"/, /stays open/],
  });
});

Deno.test("e2e: finish of a job that changed nothing that is saved → notneeded, no commit", async () => {
  await using world = await World.create();
  const { dataset } = world;
  await dataset.write(".gitignore", "slurm-*\nout\n");
  await dataset.git("add", ".gitignore");
  await dataset.git("commit", "--quiet", "-m", "Ignore");
  await world.completeJob("mkdir -p out && echo 1 >out/a");

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.match(finish.stdout, /^slurm-finish\(notneeded\)/);
  assert.equal((await dataset.log())[0], "Ignore");
  assert.equal(storedJobs(dataset)[0]!.stage, "finished");
});

Deno.test("e2e: finish of an output that became a link out of the dataset → impossible", async () => {
  await using world = await World.createWithCompletedJob("ln -s /etc/hostname out");

  await assertRefused(world.dataset, world.slurm, ["finish"], {
    code: 1,
    says: [
      /"out" is (?:behind )?a symbolic link out of the dataset, to "\/etc\/hostname"/,
      /stays open/,
    ],
  });
});

Deno.test("e2e: finish of a claimed folder's parent that became a link out → impossible", async () => {
  await using world = await World.create();
  const elsewhere = join(world.sandbox.root, "elsewhere");
  await world.completeJob(
    `mkdir -p '${elsewhere}/out' && echo 1 >'${elsewhere}/out/a' && ln -s '${elsewhere}' deep`,
    ["deep/out"],
  );

  const finish = await world.dataset.dlslurm(["finish"]);

  assertSays(finish, { code: 1, says: [/symbolic link/, /stays open/] });
  assert.equal((await world.dataset.log())[0], "Add files");
});

Deno.test("e2e: finish of an output with links inside the dataset → the links are committed", async () => {
  await using world = await World.createWithCompletedJob(
    "mkdir -p out && echo 1 >out/real.txt && ln -s real.txt out/near && ln -s nowhere out/broken",
  );
  const { dataset } = world;

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  const modes = (await dataset.git("ls-tree", "HEAD", "out/")).split("\n")
    .map((line) => `${line.split(" ")[0]} ${line.split("\t")[1]}`);
  assert.deepEqual(modes, ["120000 out/broken", "120000 out/near", "100644 out/real.txt"]);
});

Deno.test("e2e: finish of an output that holds a repository → impossible, names it", async () => {
  await using world = await World.createWithCompletedJob(
    "git init --quiet out/inner && echo 1 >out/inner/a && git -C out/inner add a && " +
      "git -C out/inner commit --quiet -m inner",
  );

  await assertRefused(world.dataset, world.slurm, ["finish"], {
    code: 1,
    says: [/"out\/inner\/?" is a Git repository of its own/],
  });
});

Deno.test("e2e: finish of an executable output → its mode is kept", async () => {
  await using world = await World.createWithCompletedJob("echo '#!/bin/sh' >out && chmod 755 out");
  const { dataset } = world;

  assert.equal((await dataset.dlslurm(["finish"])).code, 0);

  assert.match(await dataset.git("ls-tree", "HEAD", "out"), /^100755 /);
});
