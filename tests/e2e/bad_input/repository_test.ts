import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../../support/requirements.ts";
import { DLSLURM } from "../../support/sandbox.ts";
import { assertRefused, assertSays } from "../../support/refusal.ts";
import { runOnFullDisk } from "../../support/small_disk.ts";
import { stateOf, storedJobs } from "../../support/snapshots.ts";
import { MISBEHAVIOUR, quote, unwrapProgram, wrapProgram } from "../../support/wrapped_programs.ts";
import { World } from "../../support/world.ts";

const STAYS_OPEN = /the jobs stay open/;

Deno.test("e2e: finish with HEAD detached → impossible, works after git switch", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, slurm } = world;
  await dataset.git("checkout", "--quiet", "--detach");

  await assertRefused(dataset, slurm, ["finish"], {
    code: 1,
    says: [/HEAD is detached/, /Nothing was committed/, STAYS_OPEN, /hint: git switch/],
  });

  await dataset.git("switch", "--quiet", "main");
  await assertFinishes(world);
});

/** Ways to stop git half-way, each leaving a conflict in `notes.txt`. */
const OPERATIONS = [
  { name: "merge", start: ["merge", "other"] },
  { name: "rebase", start: ["rebase", "other"] },
  { name: "cherry-pick", start: ["cherry-pick", "other"] },
  { name: "revert", start: ["revert", "--no-edit", "HEAD~"] },
];

for (const { name, start } of OPERATIONS) {
  Deno.test(`e2e: finish with a ${name} in progress → impossible, works after its end`, async () => {
    await using world = await World.createWithCompletedJob();
    const { dataset, sandbox, slurm } = world;
    await commitNotes(world, "base\n");
    await dataset.git("checkout", "--quiet", "-b", "other");
    await commitNotes(world, "theirs\n");
    await dataset.git("checkout", "--quiet", "main");
    await commitNotes(world, "ours\n");
    await commitNotes(world, "ours again\n");
    const stopped = await sandbox.run(["git", ...start], { cwd: dataset.root });
    assert.notEqual(stopped.code, 0, stopped.stdout);

    // A rebase detaches HEAD: either reason is true, and the way out must be named.
    await assertRefused(dataset, slurm, ["finish"], {
      code: 1,
      says: [new RegExp(`a ${name} is under way`), STAYS_OPEN, new RegExp(`git ${name} --abort`)],
    });

    await dataset.git(name, "--abort");
    await assertFinishes(world);
  });
}

async function commitNotes({ dataset }: World, text: string): Promise<void> {
  await dataset.write("notes.txt", text);
  await dataset.git("add", "notes.txt");
  await dataset.git("commit", "--quiet", "-m", `Note ${text.trim()}`);
}

Deno.test("e2e: finish without a git identity → impossible, works once it is set", async () => {
  await using world = await World.createWithCompletedJob();
  const config = join(world.sandbox.home, ".gitconfig");
  const identity = await Deno.readTextFile(config);
  await Deno.writeTextFile(config, "[user]\n\tuseConfigOnly = true\n");

  await assertRefused(world.dataset, world.slurm, ["finish"], {
    code: 1,
    says: [/Git does not know who you are/, /hint: git config --global user\.name/],
  });

  await Deno.writeTextFile(config, identity);
  await assertFinishes(world);
});

Deno.test("e2e: finish with index.lock held → impossible, names the file, works once it is gone", async () => {
  await using world = await World.createWithCompletedJob();
  const lock = join(world.dataset.root, ".git", "index.lock");
  await Deno.writeTextFile(lock, "");

  await assertRefused(world.dataset, world.slurm, ["finish"], {
    code: 1,
    says: [/another process holds ".*\/\.git\/index\.lock"/, /hint: .*rm "/],
  });

  assert.equal(await Deno.readTextFile(lock), "");
  await Deno.remove(lock);
  await assertFinishes(world);
});

for (const command of ["update-index", "fast-import"]) {
  Deno.test(`e2e: finish with no space left for git ${command} → impossible, works once there is`, async () => {
    await using world = await World.createWithCompletedJob();
    await wrapProgram(world.sandbox, "git", gitWithoutSpaceFor(command));

    await assertRefused(world.dataset, world.slurm, ["finish"], {
      code: 1,
      says: [/Cannot write to the repository/, /No space left on device/, /hint: free space/],
    });

    await unwrapProgram(world.sandbox, "git");
    await assertFinishes(world);
  });
}

Deno.test("e2e: finish with no space left for git update-ref → impossible, works once there is", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox, jobId } = world;
  const head = await dataset.git("rev-parse", "HEAD");
  await wrapProgram(sandbox, "git", gitWithoutSpaceFor("update-ref"));

  const finish = await dataset.dlslurm(["finish"]);

  assertSays(finish, { code: 1, says: [/No space left on device/, /hint: free space/] });
  assert.equal(await dataset.git("rev-parse", "HEAD"), head);
  assert.equal(storedJobs(dataset)[0]!.stage, "open");
  await unwrapProgram(sandbox, "git");
  await assertFinishes(world);
  assert.equal((await dataset.log()).filter((subject) => subject.includes(jobId)).length, 1);
  assert.equal(await dataset.git("for-each-ref", "refs/dlslurm"), "");
});

testIfAvailable(
  ["root", "mount"],
  "e2e: finish on a full disk → impossible, works once there is space",
  async () => {
    await using world = await World.createWithCompletedJob(
      "mkdir -p out && head -c 3000000 /dev/urandom >out/large.bin",
    );
    const { dataset, sandbox } = world;
    const before = await stateOf(dataset);
    const full = await runOnFullDisk(sandbox, dataset.root, 1024, [...DLSLURM, "finish"]);

    assertSays(full, { code: 1, says: [/No space left on device/, /^hint: free space/m] });
    const { index: _index, ...untouched } = await stateOf(dataset);
    assert.deepEqual(untouched, (({ index: _, ...rest }) => rest)(before));
    const free = await dataset.dlslurm(["finish"]);
    assert.equal(free.code, 0, free.stderr);
    assert.match(free.stdout, /add\(ok\): out\/large\.bin/);
    assert.equal(storedJobs(dataset)[0]!.stage, "finished");
  },
);

Deno.test("e2e: finish while another process commits → both commits are there", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox, jobId } = world;
  await wrapProgram(sandbox, "git", moveBranchBefore(world, "once"));

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, finish.stderr);
  await unwrapProgram(sandbox, "git");
  assert.deepEqual((await dataset.log()).slice(0, 2), [
    `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`,
    "Someone else's",
  ]);
  assert.ok((await dataset.tree()).includes("out/result.txt"));
  assert.equal(await dataset.git("status", "--porcelain", "--untracked-files=no"), "");
});

Deno.test("e2e: finish while the branch never stands still → impossible, nothing committed", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox, jobId } = world;
  await wrapProgram(sandbox, "git", moveBranchBefore(world, "always"));

  const finish = await dataset.dlslurm(["finish"]);

  assertSays(finish, {
    code: 1,
    says: [/another process keeps moving "refs\/heads\/main"/, STAYS_OPEN, /hint: dlslurm finish/],
  });
  await unwrapProgram(sandbox, "git");
  assert.equal((await dataset.log())[0], "Someone else's");
  assert.deepEqual(storedJobs(dataset), [{ stage: "open", jobId, commitOid: null }]);
  await assertFinishes(world);
});

Deno.test("e2e: finish while another branch is checked out → neither branch nor index mixed up", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox } = world;
  await dataset.git("branch", "other");
  const head = await dataset.git("rev-parse", "HEAD");
  await wrapProgram(
    sandbox,
    "git",
    `case " $* " in *" fast-import "*) "$REAL" symbolic-ref HEAD refs/heads/other;; esac; ` +
      'exec "$REAL" "$@"',
  );

  await dataset.dlslurm(["finish"]);

  await unwrapProgram(sandbox, "git");
  assert.equal(await dataset.git("rev-parse", "other"), head);
  // The index belongs to what is checked out now: nothing of the job is staged there.
  assert.equal(await dataset.git("diff", "--cached", "--name-only"), "");
  const { stage, commitOid } = storedJobs(dataset)[0]!;
  assert.equal(await dataset.git("rev-parse", "main"), stage === "finished" ? commitOid : head);
});

function gitWithoutSpaceFor(command: string): string {
  return `case " $* " in *" ${command} "*) echo "fatal: write error: No space left on device" >&2; ` +
    'exit 128;; esac; exec "$REAL" "$@"';
}

/** A git that commits something of its own just before the branch is moved. */
function moveBranchBefore({ dataset, sandbox }: World, times: "once" | "always"): string {
  const mark = quote(`${sandbox.root}/moved`);
  const command = `cd ${quote(dataset.root)} && touch ${mark} && ` +
    `"$REAL" update-ref refs/heads/main ` +
    `"$("$REAL" commit-tree -p HEAD -m "Someone else's" 'HEAD^{tree}')"`;
  const condition = 'case " $* " in *" update-ref "*" --stdin "*) true;; *) false;; esac' +
    (times === "once" ? ` && [ ! -e ${mark} ]` : "");
  return MISBEHAVIOUR.runBefore(condition, `(${command})`);
}

async function assertFinishes({ dataset, jobId }: World & { readonly jobId: string }) {
  const finish = await dataset.dlslurm(["finish"]);
  assert.equal(finish.code, 0, `${finish.stdout}${finish.stderr}`);
  const { stage, commitOid } = storedJobs(dataset)[0]!;
  assert.equal(stage, "finished");
  assert.equal(await dataset.git("rev-parse", "HEAD"), commitOid);
  assert.equal((await dataset.log())[0], `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`);
}
