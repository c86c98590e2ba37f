import assert from "node:assert/strict";
import { join } from "node:path";
import { MISBEHAVIOUR, wrapDlslurm, wrapProgram } from "../support/wrapped_programs.ts";
import { saidBy } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";
import { SharingClones } from "./shared_claims_world.ts";

const EVE = "00000000-0000-4000-8000-00000000000e";
const MAL = "00000000-0000-4000-8000-00000000000f";

/** What sees that no other clone is said to be in the way, nor anything wrong. */
function assertQuiet(stderr: string): void {
  assert.doesNotMatch(stderr, /clone|remote/);
}

Deno.test("shared claims: schedule warns of what another clone's open job writes, and submits", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  assertQuiet((await clones.at("ann").must("schedule", "-o", "out/a", "sbatch", "job.sh")).stderr);

  const world = clones.at("ben");
  const inside = await world.must("schedule", "-o", "out", "-o", "else", "sbatch", "job.sh");
  assert.match(
    inside.stderr,
    /^warning: another clone also writes "out": job 1 of .+, in ".*\/ann" on .+, has claimed "out\/a" since \d{4}-\d\d-\d\d \d\d:\d\d UTC \(just now\)$/m,
  );
  assert.match(inside.stdout, /Submitted batch job 2/);
  const own = await world.dlslurm("schedule", "-o", "out/a/b", "sbatch", "job.sh");
  assert.match(own.stderr, /conflicts with "out" of job 2/, "our own claims refuse");

  assertQuiet((await world.must("schedule", "-o", "outer", "sbatch", "job.sh")).stderr);
  assert.deepEqual(await clones.claims(), ["else", "out", "out/a", "outer"]);
});

Deno.test("shared claims: programs are told of the conflict in a record", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  await clones.at("ann").schedule("out");

  const { stdout } = await clones.at("ben").must(
    ...["-f", "json", "schedule", "-o", "out/x", "sbatch", "job.sh"],
  );

  const records = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const record = records.find(({ action }) => action === "slurm-claims");
  assert.equal(record.status, "ok");
  assert.equal(record.path, join(clones.world.root, "out/x"));
  const { claim, remote, slurm_job_id, branch, root } = record.shared_claim;
  assert.deepEqual([claim, remote, slurm_job_id, branch], [
    "out",
    "origin",
    "1",
    "refs/heads/main",
  ]);
  assert.match(root, /\/ann$/);
  assert.ok(records.some(({ action, status }) => action === "slurm-schedule" && status === "ok"));
});

Deno.test("shared claims: what is finished, closed or handed over is not shown any more", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  const world = clones.at("ann");
  for (const output of ["a", "b", "c"]) await world.schedule(output);
  assert.deepEqual(await clones.claims(), ["a", "b", "c"]);
  await world.write("a", "x");
  await world.slurm.setRows("1", "1|COMPLETED");
  await world.slurm.setRows("2", "2|FAILED");
  await world.slurm.setRows("3", "3|RUNNING");

  await world.must("finish", "1");
  assert.deepEqual(await clones.claims(), ["b", "c"]);
  await world.must("finish", "2", "--close-failed-jobs");
  assert.deepEqual(await clones.claims(), ["c"]);
  const file = join(world.sandbox.root, "jobs.json");
  await world.must("handover", "-o", file);
  assert.deepEqual([...await clones.shown()], [], "no ref is left where nothing is open");
  await clones.at("ben").must("adopt", "--file", file);
  assert.deepEqual(await clones.claims(), ["c"]);

  assertQuiet((await clones.at("ann").must("schedule", "-o", "a2", "sbatch", "job.sh")).stderr);
});

Deno.test("shared claims: without the setting no remote is asked and no ref is made", async () => {
  await using clones = await SharingClones.create("ben");
  const world = clones.at("ann");
  const log = await world.watch(["git"]);
  await world.schedule("out");
  await world.must("recover");
  const asked = (await log.read()).filter(({ args }) =>
    ["fetch", "push", "ls-remote", "for-each-ref"].some((word) => args.includes(word))
  );

  assert.deepEqual(asked, []);
  assert.deepEqual([...await clones.shown()], []);
  assertQuiet((await clones.at("ben").must("schedule", "-o", "out", "sbatch", "job.sh")).stderr);
});

Deno.test("shared claims: rows of a table are shown and looked for with one push and one fetch", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  await clones.at("ann").schedule("out/7", "out/9");
  const world = clones.at("ben");
  const names = Array.from({ length: 20 }, (_, at) => String(at));
  await world.write("rows.csv", `name\n${names.join("\n")}\n`);
  const log = await world.watch(["git"]);

  const { stderr } = await world.must(
    ...["schedule", "--from", "rows.csv", "-o", "out/{name}", "sbatch", "job.sh", "{name}"],
  );

  assert.match(stderr, /another clone also writes "out\/7", "out\/9": job 1 /);
  const words = (await log.read()).map(({ args }) => args);
  for (const word of ["fetch", "push"]) {
    assert.equal(words.filter((args) => args.includes(word)).length, 1, word);
  }
  assert.equal((await clones.claims()).length, 22);
});

Deno.test("shared claims: fetching and pushing touch nothing else", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  await clones.at("ann").schedule("out");
  const world = clones.at("ann");
  await world.git("commit", "--quiet", "--allow-empty", "-m", "more");
  await world.git("tag", "v1");
  await world.git("push", "--quiet", "--tags", "origin", "main");
  const ben = clones.at("ben");
  await ben.git("config", "push.followTags", "true");
  await ben.git("config", "fetch.pruneTags", "true");
  await ben.git("config", "fetch.prune", "true");
  await ben.git("config", "remote.origin.mirror", "true");
  await ben.git("config", "--add", "remote.origin.fetch", "+refs/*:refs/all/*");
  await ben.git("tag", "-a", "-m", "own", "own");
  const hook = join(ben.root, ".git/hooks/pre-push");
  await Deno.writeTextFile(hook, "#!/bin/sh\nexit 1\n");
  await Deno.chmod(hook, 0o755);
  let ownId = "none";
  // What it pushes git notes where its user wants all refs of the remote noted.
  const refs = async () =>
    (await ben.lines("for-each-ref", "--format=%(refname) %(objectname)"))
      .filter((line) => !line.startsWith("refs/dlslurm/") && !line.includes(ownId));
  const before = await refs();

  const { stderr } = await ben.must("schedule", "-o", "out", "sbatch", "job.sh");

  assert.match(stderr, /another clone also writes "out"/);
  ownId = JSON.parse(await Deno.readTextFile(join(ben.root, ".git/dlslurm/clone.json"))).id;
  assert.deepEqual(await refs(), before);
  await assert.rejects(Deno.stat(join(ben.root, ".git/FETCH_HEAD")));
  const remote = await ben.sandbox.require(
    ["git", "--git-dir", clones.remote, "for-each-ref", "--format=%(refname)", "refs/tags"],
  );
  assert.equal(remote, "refs/tags/v1");
  assert.deepEqual(await clones.claims(), ["out", "out"]);
});

Deno.test("shared claims: jobs of another branch are in nobody's way", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  const ann = clones.at("ann");
  await ann.git("switch", "--quiet", "-c", "variant");
  await ann.schedule("out");
  const ben = clones.at("ben");
  assertQuiet((await ben.must("schedule", "-o", "out/main", "sbatch", "job.sh")).stderr);

  await ben.git("switch", "--quiet", "-c", "variant");
  const { stderr } = await ben.must("schedule", "-o", "out/x", "sbatch", "job.sh");

  assert.match(stderr, /another clone also writes "out\/x"/);
});

Deno.test("shared claims: two worktrees of a clone show their jobs in one ref", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  await clones.at("ann").schedule("one");
  await clones.world.git("worktree", "add", "--quiet", "-b", "side", "../side");
  await clones.at("side").schedule("two");

  const shown = [...(await clones.shown()).values()];

  assert.equal(shown.length, 1);
  const jobs = JSON.parse(shown[0]!).jobs as { claims: string[]; branch: string }[];
  assert.deepEqual(jobs.map(({ claims, branch }) => [...claims, branch]), [
    ["one", "refs/heads/main"],
    ["two", "refs/heads/side"],
  ]);
  assertQuiet((await clones.world.must("schedule", "-o", "one", "sbatch", "job.sh")).stderr);
  // To whatever branch they go: another work tree is no other clone.
  await clones.world.git("switch", "--quiet", "--detach");
  await clones.world.schedule("three");
  assertQuiet((await clones.at("ann").must("schedule", "-o", "two", "sbatch", "job.sh")).stderr);
});

Deno.test("shared claims: a copy of a clone shows its own jobs, and not those of the first one", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  await clones.at("ann").schedule("first");
  await clones.world.sandbox.require(["cp", "-a", "ann", "copy"]);

  await clones.at("copy").must("schedule", "-o", "own", "sbatch", "job.sh");
  assert.deepEqual(await clones.claims(), ["first", "own"]);
  assert.equal((await clones.shown()).size, 2);
  const { stderr } = await clones.at("copy").dlslurm("schedule", "-o", "own/x", "sbatch", "job.sh");
  assert.match(stderr, /conflicts with "own"/);
  await clones.at("ann").schedule("second");
  assert.deepEqual(await clones.claims(), ["first", "own", "second"]);
});

Deno.test("shared claims: a clone that was moved keeps its ref", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  await clones.at("ann").schedule("a");
  const [before] = (await clones.shown()).keys();
  await clones.world.sandbox.require(["mv", "ann", "moved"]);

  await clones.at("moved").schedule("b");

  assert.deepEqual([...(await clones.shown()).keys()], [before]);
  assert.deepEqual(await clones.claims(), ["a", "b"]);
});

Deno.test("shared claims: a remote that refuses the refs stops no job, and it is said what to do", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  const hook = join(clones.remote, "hooks/update");
  await Deno.writeTextFile(
    hook,
    '#!/bin/sh\ncase $1 in refs/heads/*) ;; *) echo "only branches" >&2; exit 1 ;; esac\n',
  );
  await Deno.chmod(hook, 0o755);
  const world = clones.at("ann");

  const { stderr, stdout } = await world.must("schedule", "-o", "out", "sbatch", "job.sh");

  assert.match(stdout, /Submitted batch job 1/);
  assert.match(stderr, /the remote "origin" refuses them: \[remote rejected\] \(hook declined\)/);
  assert.match(stderr, /git config --unset dlslurm\.claims\.share/);
  await Deno.remove(hook);
  assertQuiet((await world.must("recover")).stderr);
  assert.deepEqual(await clones.claims(), ["out"]);
});

Deno.test("shared claims: a remote that is gone is asked once, and again by the next command", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  await clones.at("ann").schedule("seen");
  const ben = clones.at("ben");
  assert.match(
    (await ben.must("schedule", "-o", "seen", "sbatch", "job.sh")).stderr,
    /another clone also writes "seen"/,
  );
  await Deno.rename(clones.remote, `${clones.remote}.away`);

  const { stderr } = await ben.must("schedule", "-o", "other", "sbatch", "job.sh");
  assert.match(stderr, /what other clones claim now is not known: the remote "origin" cannot be/);
  assert.equal(stderr.match(/cannot be reached/g)?.length, 1);
  const finished = await ben.must("recover");
  assert.match(
    finished.stderr,
    /do not see which jobs are open here.*The next command tries again/,
  );

  await Deno.rename(`${clones.remote}.away`, clones.remote);
  await ben.must("recover");
  assert.deepEqual(await clones.claims(), ["other", "seen", "seen"]);
});

Deno.test("shared claims: a remote that asks for a password is not waited for", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  const world = clones.at("ann");
  const log = join(world.sandbox.root, "ssh calls");
  await wrapProgram(world.sandbox, "ssh", `printf '%s\\n' "$*" >>'${log}'; exit 255`);
  await world.git("remote", "set-url", "origin", "ssh://nowhere.invalid/data.git");

  const { stderr } = await world.must("schedule", "-o", "out", "sbatch", "job.sh");

  assert.match(stderr, /cannot be reached/);
  assert.match(await Deno.readTextFile(log), /-o BatchMode=yes -o ConnectTimeout=8 .*nowhere/);
});

Deno.test("shared claims: a setting that names no remote is said", async () => {
  await using clones = await SharingClones.create();
  const world = clones.at("ann");
  for (const name of ["nowhere", "--upload-pack=touch x", "../up"]) {
    await world.git("config", "dlslurm.claims.share", name);
    const { stderr } = await world.must("recover");
    assert.match(stderr, /which is no remote of this repository/, name);
  }
});

for (const moment of ["before", "after"] as const) {
  Deno.test(`shared claims killed ${moment} the push: the next command shows what is open`, async () => {
    await using clones = await SharingClones.create("ann", "ben");
    const world = clones.at("ann");
    await world.schedule("a");
    await killCallerOf(world, "git", "push", moment);
    assert.equal((await world.dlslurm("schedule", "-o", "b", "sbatch", "job.sh")).code, 137);
    await mend(world, "git");
    assert.deepEqual(await clones.claims(), moment === "before" ? ["a"] : ["a", "b"]);

    assertQuiet((await world.must("recover")).stderr);

    assert.deepEqual(await clones.claims(), ["a", "b"]);
  });
}

Deno.test("shared claims: a ref that somebody has taken away comes back with the next job", async () => {
  await using clones = await SharingClones.create("ann", "ben");
  const world = clones.at("ann");
  await world.schedule("a");
  const [ref] = (await clones.shown()).keys();
  await clones.at("ben").git("push", "--quiet", "origin", `:${ref}`);
  assert.deepEqual(await clones.claims(), []);

  await clones.at("ann").schedule("b");

  assert.deepEqual(await clones.claims(), ["a", "b"]);
});

Deno.test("shared claims: commands of one clone at the same time show what all have done", async () => {
  await using clones = await SharingClones.create("ann");
  const world = clones.at("ann");
  const outputs = ["a", "b", "c", "d"];

  const ended = await Promise.all(
    outputs.map((output) => world.dlslurm("schedule", "-o", output, "sbatch", "job.sh")),
  );

  assert.deepEqual(ended.map(({ code }) => code), [0, 0, 0, 0], ended.map(saidBy).join());
  assert.deepEqual(await clones.claims(), outputs);
});

Deno.test("shared claims: of two pushes the older one, which comes later, does not stay", async () => {
  await using clones = await SharingClones.create("ann");
  const world = clones.at("ann");
  await wrapDlslurm(world.sandbox);
  const began = join(world.sandbox.root, "began");
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in *" push "*) [ -e '${began}' ] || { : >'${began}'; ` +
      'dlslurm schedule -o b sbatch job.sh >/dev/null; } ;; esac\nexec "$REAL" "$@"',
  );

  await world.must("schedule", "-o", "a", "sbatch", "job.sh");

  assert.deepEqual(await clones.claims(), ["a", "b"]);
});

Deno.test("shared claims: nothing of another clone's ref is trusted", async () => {
  await using clones = await SharingClones.create("ben");
  const path = "\u001b)out";
  const hostile: Readonly<Record<string, string>> = {
    "not JSON": "{",
    "another format": '{"format":"x"}',
    "a newer version": SharingClones.text({}, { version: 2 }),
    "no list of jobs": SharingClones.text({}, { jobs: { length: 1 } }),
    "a claim outside": SharingClones.text({ claims: ["../out", "/out", "out/../out", "a//b", 7] }),
    "a job ID that is none": SharingClones.text({ jobId: "1; rm -rf ~" }),
    "a time that is none": SharingClones.text({ submittedAtMs: 1e300 }),
  };
  const world = clones.at("ben");
  for (const [at, [what, content]] of Object.entries(hostile).entries()) {
    await clones.forge(EVE, content);
    const { stderr } = await world.must("schedule", "-o", `out/${at}`, "sbatch", "job.sh");
    assert.equal(stderr.replace(/^.*Slurm.*\n/gm, ""), "", what);
  }
  await clones.forge(EVE, SharingClones.text({ claims: [path], user: "e\nwarning: v\u202ee" }));
  const shown = await world.must("schedule", "-o", path, "sbatch", "job.sh");
  assert.match(shown.stderr, /job 77 of e\\nwarning: v\\u202ee, in/);
  assert.equal(shown.stderr.trimEnd().split("\n").length, 1, shown.stderr);
  // deno-lint-ignore no-control-regex -- that there is none
  assert.doesNotMatch(shown.stderr, /\x1b/);
});

Deno.test("shared claims: a ref that holds a commit, is too large, or is named like a command is passed over", async () => {
  await using clones = await SharingClones.create("ben");
  const world = clones.at("ben");
  const git = ["git", "--git-dir", clones.remote] as const;
  await world.sandbox.require([...git, "update-ref", `refs/dlslurm/claims/${EVE}`, "HEAD"]);
  await clones.forge("$(touch${IFS}x)", SharingClones.text({}));
  await clones.forge(MAL, `${SharingClones.text({})}${" ".repeat(8_000_001)}`);

  const { stderr } = await world.must("schedule", "-o", "out", "sbatch", "job.sh");

  assertQuiet(stderr);
  await clones.forge(EVE, SharingClones.text({ claims: ["new"] }));
  const { stderr: later } = await world.must("schedule", "-o", "new", "sbatch", "job.sh");
  assert.match(later, /another clone also writes "new": job 77/);
});

Deno.test("shared claims: of what is old it is said how it goes, and the command does that", async () => {
  await using clones = await SharingClones.create("ben");
  await clones.forge(EVE, SharingClones.text({ submittedAtMs: Date.now() - 30 * 86_400_000 }));
  const world = clones.at("ben");

  const { stderr } = await world.must("schedule", "-o", "out", "sbatch", "job.sh");

  const command = /\(30 days ago\)\. If that clone is gone: (git push .*)$/m.exec(stderr)?.[1];
  assert.equal(command, `git push origin :refs/dlslurm/claims/${EVE}`);
  await world.git("push", "--quiet", ...command!.split(" ").slice(2));
  assertQuiet((await world.must("schedule", "-o", "out9", "sbatch", "job.sh")).stderr);
  assert.equal((await clones.shown()).has(`refs/dlslurm/claims/${EVE}`), false);
});

Deno.test("shared claims: schedule --dry-run and --no-check-outputs ask nobody", async () => {
  await using clones = await SharingClones.create("ben");
  await clones.forge(EVE, SharingClones.text({}));
  const world = clones.at("ben");
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in *" fetch "*) ${MISBEHAVIOUR.fail("asked", 7)} ;; esac\nexec "$REAL" "$@"`,
  );

  for (const option of ["--dry-run=basic", "--no-check-outputs"]) {
    const { stderr } = await world.must("schedule", option, "-o", "own", "sbatch", "job.sh");
    assertQuiet(stderr);
  }
  assert.match((await world.must("schedule", "-o", "out", "sbatch", "job.sh")).stderr, /asked/);
});
