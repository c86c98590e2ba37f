import assert from "node:assert/strict";
import { join } from "node:path";
import { quote, unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** Runs `command` in the work tree once commits are built, before the lock of the index is taken. */
async function beforeTheMove(world: EngineWorld, command: string): Promise<void> {
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in *" fast-import "*) "$REAL" "$@" || exit
  (cd ${quote(world.root)} && ${command}) >/dev/null || exit 99
  exit ;;
esac
exec "$REAL" "$@"`,
  );
}

for (const moment of ["before", "after"] as const) {
  Deno.test(`engine: git commit right ${moment} the branch moves → refused, outputs stay in HEAD`, async () => {
    await using world = await EngineWorld.create({ "user.txt": "a\n" });
    await world.schedule("out");
    await world.write("out/x.txt", "x\n");
    const log = quote(join(world.sandbox.root, "commit.log"));
    const commit =
      `echo b >user.txt; "$REAL" commit --quiet -am user >${log} 2>&1; echo $? >>${log}`;
    await wrapProgram(
      world.sandbox,
      "git",
      `case " $* " in *" update-ref -m "*)
  ${moment === "before" ? commit : ""}
  "$REAL" "$@" || exit
  ${moment === "after" ? commit : ""}
  exit ;;
esac
exec "$REAL" "$@"`,
    );

    await world.must("finish");

    await unwrapProgram(world.sandbox, "git");
    assert.match(
      await Deno.readTextFile(join(world.sandbox.root, "commit.log")),
      /index\.lock': File exists[\s\S]*\n128\n$/,
    );
    await world.git("commit", "--quiet", "-am", "user");
    assert.deepEqual(await world.lines("ls-tree", "-r", "--name-only", "HEAD", "out/"), [
      "out/x.txt",
    ]);
    assert.deepEqual(await world.changes(), ["M user.txt"]);
  });
}

Deno.test("engine: the branch moves in the very moment → the index is what it was, then all again", async () => {
  await using world = await EngineWorld.create({ "user.txt": "a\n" });
  await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  await world.write("user.txt", "staged\n");
  await world.git("add", "user.txt");
  const seen = quote(join(world.sandbox.root, "index.log"));
  // Without the index: a fetch, or git commit-tree in a script.
  await wrapProgram(
    world.sandbox,
    "git",
    `case " $* " in
  *" update-ref -m "*)
    if ! test -e ${seen}; then
      oid=$("$REAL" commit-tree -p HEAD -m interloper 'HEAD^{tree}') || exit
      "$REAL" update-ref refs/heads/main "$oid" || exit
      : >${seen}
    fi ;;
  *" fast-import "*) test ! -e ${seen} || "$REAL" diff --cached --name-status >${seen} ;;
esac
exec "$REAL" "$@"`,
  );

  await world.must("finish");

  await unwrapProgram(world.sandbox, "git");
  assert.equal(await Deno.readTextFile(join(world.sandbox.root, "index.log")), "M\tuser.txt\n");
  assert.equal((await world.subjects())[1], "interloper");
  assert.deepEqual(await world.lines("status", "--porcelain"), ["M  user.txt"]);
});

Deno.test("engine: finish while another commit is made → rebuilt on it, both are kept", async () => {
  await using world = await EngineWorld.create({ "notes/a.txt": "a\n", "out/old.txt": "x\n" });
  await world.schedule("out");
  await world.schedule("more");
  await world.write("out/old.txt", "result\n");
  await world.write("more/x.txt", "x\n");
  await world.write("notes/b.txt", "b\n");
  const once = join(world.sandbox.root, "moved");
  await beforeTheMove(
    world,
    `{ test -e ${quote(once)} || { touch ${quote(once)}; "$REAL" add notes && ` +
      `"$REAL" commit --quiet -m interloper; }; }`,
  );

  await world.must("finish");

  await unwrapProgram(world.sandbox, "git");
  assert.deepEqual((await world.subjects()).slice(0, 3), [
    "[DATALAD SLURM RUN] Slurm job 2: Completed",
    "[DATALAD SLURM RUN] Slurm job 1: Completed",
    "interloper",
  ]);
  assert.deepEqual(await world.changes("HEAD~1"), ["A slurm-job-1.env.json", "M out/old.txt"]);
  assert.deepEqual(await world.changes("HEAD~2"), ["A notes/b.txt"]);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  assert.deepEqual(await world.lines("for-each-ref", "--format=%(refname)"), ["refs/heads/main"]);
});

Deno.test("engine: finish while another commit adds to the claim → that file is kept", async () => {
  await using world = await EngineWorld.create({ "out/old.txt": "x\n" });
  await world.schedule("out");
  await world.write("out/old.txt", "result\n");
  const once = join(world.sandbox.root, "moved");
  await beforeTheMove(
    world,
    `{ test -e ${quote(once)} || { touch ${quote(once)}; echo x >out/theirs.txt; ` +
      `"$REAL" add out/theirs.txt && "$REAL" commit --quiet -m interloper -- out/theirs.txt; }; }`,
  );

  await world.must("finish");

  await unwrapProgram(world.sandbox, "git");
  assert.deepEqual(await world.lines("ls-tree", "-r", "--name-only", "HEAD", "out/"), [
    "out/old.txt",
    "out/theirs.txt",
  ]);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

Deno.test("engine: finish beside git commit again and again → overtaken once only", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  await beforeTheMove(world, '"$REAL" commit --quiet --allow-empty -m again 2>/dev/null || true');

  await world.must("finish");

  await unwrapProgram(world.sandbox, "git");
  assert.deepEqual((await world.subjects()).slice(0, 2), [
    "[DATALAD SLURM RUN] Slurm job 1: Completed",
    "again",
  ]);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  await world.git("commit", "--quiet", "--allow-empty", "-m", "the lock is free again");
});

Deno.test("engine: finish while the branch never rests → gives up, nothing lost", async () => {
  await using world = await EngineWorld.create();
  const jobId = await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  await beforeTheMove(
    world,
    '"$REAL" update-ref refs/heads/main "$("$REAL" commit-tree -p HEAD -m again "HEAD^{tree}")"',
  );

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /keeps moving "refs\/heads\/main"/);
  await unwrapProgram(world.sandbox, "git");
  assert(!(await world.subjects()).some((subject) => subject.includes("DATALAD")));
  assert.deepEqual(await world.lines("status", "--porcelain"), [
    "?? out/",
    "?? slurm-job-1.env.json",
  ]);
  await world.must("finish", jobId);
  assert.equal((await world.subjects())[0], "[DATALAD SLURM RUN] Slurm job 1: Completed");
});

Deno.test("engine: finish while another branch is checked out → gives up", async () => {
  await using world = await EngineWorld.create();
  await world.git("branch", "other");
  await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  await beforeTheMove(
    world,
    '{ "$REAL" commit --quiet --allow-empty -m moved && "$REAL" switch --quiet other; }',
  );

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /another branch was checked out/);
  assert.deepEqual(await world.lines("log", "--format=%s", "other"), ["Add files"]);
});

async function addHook(world: EngineWorld, path: string, script: string): Promise<void> {
  await world.write(path, `#!/bin/sh\n${script}\n`);
  await Deno.chmod(join(world.root, path), 0o755);
}

Deno.test("engine: finish with a pre-commit hook that refuses → jobs stay open", async () => {
  await using world = await EngineWorld.create({ "out/old.txt": "x\n" });
  const jobId = await world.schedule("out");
  await world.write("out/old.txt", "SECRET\n");
  await addHook(
    world,
    ".git/hooks/pre-commit",
    'if git diff --cached -G SECRET --name-only | grep .; then echo "no secrets" >&2; exit 1; fi',
  );

  const outcome = await world.dlslurm("finish");

  assert.equal(outcome.code, 1);
  assert.match(saidBy(outcome), /no secrets/);
  assert.deepEqual(await world.subjects(), ["Add files"]);
  assert.equal((await world.lines("status", "--porcelain", "out"))[0], " M out/old.txt");
  assert.deepEqual(await world.lines("for-each-ref", "--format=%(refname)"), ["refs/heads/main"]);
  await world.write("out/old.txt", "fine\n");
  await world.must("finish", jobId);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

for (const shape of [[], ["--octopus"], ["--branches"]]) {
  Deno.test(`engine: finish ${shape.join("")} with a hook that refuses two of five jobs → these alone stay open`, async () => {
    await using world = await EngineWorld.create();
    for (const name of ["good1", "large2", "good3", "large4", "good5"]) {
      await world.schedule(name);
      await world.write(name, "x".repeat(name.startsWith("large") ? 2000 : 1));
    }
    await addHook(
      world,
      ".git/hooks/pre-commit",
      `for f in $(git diff --cached --name-only --diff-filter=A); do
  case "$f" in *.json) continue;; esac
  test "$(git cat-file -s ":$f")" -lt 1000 || { echo "$f is too large" >&2; exit 1; }
done`,
    );

    const outcome = await world.dlslurm("finish", ...shape);

    assert.equal(outcome.code, 1);
    for (const id of [2, 4]) {
      const words =
        `Cannot commit job ${id}: the hook .* refused. The job stays open[\\s\\S]*large${id} is`;
      assert.match(saidBy(outcome), new RegExp(words));
    }
    const stages = ["finished", "open", "finished", "open", "finished"];
    assert.deepEqual(world.stages(), stages);
    const status = await world.lines("status", "--porcelain");
    if (shape[0] !== "--branches") {
      assert.deepEqual(status.filter((line) => !line.endsWith(".json")), [
        "?? large2",
        "?? large4",
      ]);
    }
    await world.write("large2", "x");
    await world.must("finish", "2", ...shape);
  });
}

Deno.test("engine: finish with a commit-msg hook that edits → each message is edited", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("a");
  await world.schedule("b");
  await world.write("a", "x\n");
  await world.write("b", "x\n");
  await addHook(world, ".git/hooks/commit-msg", 'echo "Ticket: 7" >>"$1"');

  await world.must("finish");

  for (const commit of ["HEAD", "HEAD~1"]) {
    const message = await world.git("log", "-1", "--format=%B", commit);
    assert.match(message, /\^\^\^\nTicket: 7$|lines above \^\^\^\nTicket: 7/);
  }
  assert.deepEqual(await world.changes("HEAD~1"), ["A a", "A slurm-job-1.env.json"]);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

for (
  const [name, setting, folder] of [
    ["a relative path", "hooks here", "hooks here"],
    ["a path below the home folder", "~/hooks", "../home/hooks"],
  ] as const
) {
  Deno.test(`engine: finish with core.hooksPath of ${name} → that hook runs`, async () => {
    await using world = await EngineWorld.create();
    await world.schedule("out");
    await world.write("out/x", "x\n");
    await addHook(world, `${folder}/commit-msg`, "echo refused here >&2; exit 1");
    await world.git("config", "core.hooksPath", setting);

    const outcome = await world.dlslurm("finish");

    assert.equal(outcome.code, 1, saidBy(outcome));
    assert.match(saidBy(outcome), /refused here/);
    assert.deepEqual(await world.subjects(), ["Add files"]);
  });
}

Deno.test("engine: finish with a pre-commit hook that stages → index and commit agree", async () => {
  await using world = await EngineWorld.create({ "stamp.txt": "0\n" });
  await world.schedule("out");
  await world.write("out/x.txt", "x\n");
  await addHook(
    world,
    ".git/hooks/pre-commit",
    "echo formatted >out/x.txt && git add out/x.txt",
  );

  await world.must("finish");

  assert.equal(await world.git("show", "HEAD:out/x.txt"), "formatted");
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
});

/** Has git sign with a new SSH key; gives what `git verify-commit` needs to trust it. */
async function signWithSsh(world: EngineWorld): Promise<void> {
  const key = join(world.sandbox.root, "key");
  await world.sandbox.require(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  const allowed = join(world.sandbox.root, "signers");
  await Deno.writeTextFile(allowed, `ada@example.org ${await Deno.readTextFile(`${key}.pub`)}`);
  await world.git("config", "gpg.format", "ssh");
  await world.git("config", "user.signingKey", `${key}.pub`);
  await world.git("config", "gpg.ssh.allowedSignersFile", allowed);
  await world.git("config", "commit.gpgSign", "true");
}

const hasSshKeygen = await new Deno.Command("sh", { args: ["-c", "command -v ssh-keygen"] })
  .output().then(({ success }) => success);
const signing = {
  ignore: !hasSshKeygen,
  suffix: hasSshKeygen ? "" : " [skipped: ssh-keygen is not on PATH]",
};

Deno.test({
  name: `engine: finish with commit.gpgSign → each commit is signed${signing.suffix}`,
  ignore: signing.ignore,
  async fn() {
    await using world = await EngineWorld.create();
    await signWithSsh(world);
    await world.schedule("a");
    await world.schedule("b");
    await world.write("a", "x\n");
    await world.write("b", "x\n");

    await world.must("finish");

    await world.git("verify-commit", "HEAD", "HEAD~1");
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
  },
});

Deno.test({
  name: `engine: reschedule where log.showSignature is set → finds the record${signing.suffix}`,
  ignore: signing.ignore,
  async fn() {
    await using world = await EngineWorld.create();
    await signWithSsh(world);
    await world.schedule("out");
    await world.write("out/x", "x\n");
    await world.must("finish");
    await world.git("config", "log.showSignature", "true");

    const outcome = await world.dlslurm("reschedule");

    assert.equal(outcome.code, 0, saidBy(outcome));
    assert.deepEqual(await world.slurm.submitted(), ["1", "2"]);
  },
});
