/** Outputs that somebody still writes to when the job has ended. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { statIfPresent } from "../../src/fs/if_present.ts";
import { DATASET_KINDS } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { pollUntil } from "../support/polling.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { quote, unwrapProgram, wrapProgram } from "../support/wrapped_programs.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

const KINDS: readonly DatasetKind[] = ["plain git", "git-annex"];

/** More files than are left to `git annex add`. */
const MANY = 15;

/** A scheduled job that left `count` files. */
async function createWithOutputs(kind: DatasetKind, count = MANY): Promise<EngineWorld> {
  const world = await EngineWorld.create({}, kind);
  await writeOutputs(world, "out", count);
  return world;
}

async function writeOutputs(world: EngineWorld, folder: string, count: number): Promise<void> {
  await world.schedule(folder);
  for (let index = 0; index < count; index++) {
    await world.write(`${folder}/${index}.bin`, `\0${index}`);
  }
}

/** What a writer leaves behind, in the sandbox. */
const PAUSED_LONG = "writer paused long";
const ENDED = "writer ended";

/**
 * A writer, in bash, that began at `$1`, in microseconds. `pause SECONDS`, before each of its lines,
 * starts no process, which would take its time where many run, and notes a pause so long that finish
 * may take it for the end.
 */
function writer(world: EngineWorld, script: string): [string, ...string[]] {
  const [paused, ended] = [PAUSED_LONG, ENDED].map((name) => quote(join(world.sandbox.root, name)));
  const pause = 'pause() { read -rt "$1" -u 9; now=${EPOCHREALTIME/[.,]/}; ' +
    `[ $((now - last)) -lt 400000 ] || : >${paused}; last=$now; }`;
  return ["bash", "-c", `exec 9<> <(:); last=$1; ${pause}; ${script}; : >${ended}`, "writer"];
}

/** Shell that goes on writing for half a second. */
function writeLate(world: EngineWorld, file: string): string {
  const script = `for n in 1 2 3 4 5; do pause 0.1; echo late >>${quote(file)}; done`;
  return `${writer(world, script).map(quote).join(" ")} "$(date +%s%6N)" >/dev/null 2>&1 &`;
}

/** Runs `test` in a world with outputs; in another one if the machine let the writer pause for long. */
async function besideWriter(
  kind: DatasetKind,
  test: (world: EngineWorld) => Promise<void>,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    await using world = await createWithOutputs(kind);
    try {
      return await test(world);
    } catch (error) {
      const ended = () => statIfPresent(join(world.sandbox.root, ENDED));
      await pollUntil("the writer has ended", ended).catch(() => {}); // it may never have begun
      const paused = await statIfPresent(join(world.sandbox.root, PAUSED_LONG));
      if (paused === undefined || attempt === 5) throw error;
    }
  }
}

async function assertCommitted(world: EngineWorld, kind: DatasetKind, content: RegExp) {
  const outcome = await world.must("finish");
  assert.match(saidBy(outcome), /save\(ok\)/);
  await assertKept(world, kind, content);
}

async function assertKept(world: EngineWorld, kind: DatasetKind, content: RegExp) {
  assert.match(await Deno.readTextFile(join(world.root, "out/7.bin")), content);
  assert.equal((await world.changes()).length, 16);
  assert.deepEqual(await world.lines("status", "--porcelain"), []);
  if (kind === "git-annex") await world.git("annex", "fsck", "--quiet");
}

for (const kind of KINDS) {
  const requirements = DATASET_KINDS[kind];

  testIfAvailable(
    requirements,
    `finish: ${kind}, a process goes on writing → the job stays open and the file is named`,
    () =>
      besideWriter(kind, async (world) => {
        const stop = join(world.sandbox.root, "stop");
        // More often than the shortest finish takes.
        const write = `exec 3>>out/7.bin; while ! test -e ${quote(stop)}; do echo more >&3; ` +
          "pause 0.02; done; echo last >&3";
        const argv = [...writer(world, write), `${Date.now()}000`] as const;
        const running = world.sandbox.start(argv, { cwd: world.root });

        const refused = await world.dlslurm("-f", "json", "finish");

        await Deno.writeTextFile(stop, "");
        await running.ended;
        assert.equal(refused.code, 1, saidBy(refused));
        const record = JSON.parse(refused.stdout.split("\n")[0]!);
        assert.equal(record["status"], "impossible");
        assert.equal(record["error_code"], "OUTPUT_CHANGING");
        assert.match(record["message"], /"out\/7\.bin" is still written to/);
        assert.equal((await world.subjects()).length, 1);
        await assertCommitted(world, kind, /^.7(more\n)+last\n$/);
      }),
  );

  testIfAvailable(
    requirements,
    `finish: ${kind}, a file is written to while Slurm is asked → it is waited for`,
    () =>
      besideWriter(kind, async (world) => {
        const sacct = join(world.sandbox.programs, "sacct");
        const script = await Deno.readTextFile(sacct);
        const file = join(world.root, "out/7.bin");
        const asked = quote(join(world.sandbox.root, "asked"));
        const now = `echo now >>${quote(file)}`;
        // sacct is asked for states, and once more for what the job has used.
        const deed = `[ -e ${asked} ] || { : >${asked}\n${now}\n${writeLate(world, file)}\n}\n`;
        await Deno.writeTextFile(sacct, script.replace("\n", `\n${deed}`));

        await assertCommitted(world, kind, /^.7now\n(late\n){5}$/);
      }),
  );

  testIfAvailable(
    requirements,
    `finish: ${kind}, a file is younger than its job's end → it is waited for`,
    () =>
      besideWriter(kind, async (world) => {
        const file = join(world.root, "out/7.bin");
        const nowMs = Date.now();
        await Deno.utime(file, new Date(nowMs - 5_000), new Date(nowMs - 5_000));
        await world.slurm.setEnd(nowMs - 30_000);
        // Not before the files are looked at: that is what comes next.
        const script =
          `case " $* " in *" --exclude-standard -- "*) ${writeLate(world, file)} ;; esac\n` +
          'exec "$REAL" "$@"';
        await wrapProgram(world.sandbox, "git", script);

        const finished = await world.dlslurm("finish");

        await unwrapProgram(world.sandbox, "git");
        assert.equal(finished.code, 0, saidBy(finished));
        await assertKept(world, kind, /^.7(late\n){5}$/);
      }),
  );

  testIfAvailable(
    requirements,
    `finish: ${kind}, a file changes after it was hashed → not committed, nothing lost`,
    async () => {
      await using world = await createWithOutputs(kind);
      const file = quote(join(world.root, "out/7.bin"));
      // Through the link, into the object: what a process does that has the file open.
      const script = `"$REAL" "$@"; status=$?\ncase " $* " in *" update-index "*"--add"*) ` +
        `echo more >>${file} ;; esac\nexit "$status"`;
      await wrapProgram(world.sandbox, "git", script);

      const refused = await world.dlslurm("finish");

      await unwrapProgram(world.sandbox, "git");
      assert.equal(refused.code, 1, saidBy(refused));
      assert.match(saidBy(refused), /"out\/7\.bin" is still written to/);
      const { isFile, mode } = await Deno.lstat(join(world.root, "out/7.bin"));
      assert(isFile);
      assert.equal(mode! & 0o200, 0o200);
      await assertCommitted(world, kind, /^.7more\n$/);
    },
  );
}

for (
  const [how, change, content] of [
    ["grows", "echo more >>FILE", /^.7more\n$/],
    ["changes in place", "printf X | dd of=FILE conv=notrunc status=none", /^X7$/],
  ] as const
) {
  testIfAvailable(
    DATASET_KINDS["git-annex"],
    `finish: of two files with the same content one ${how} → each keeps its own`,
    async () => {
      await using world = await createWithOutputs("git-annex");
      await world.schedule("twin");
      await world.write("twin/7.bin", "\u00007");
      const script = `"$REAL" "$@"; status=$?\ncase " $* " in *" update-index "*"--add"*) ${
        change.replace("FILE", quote(join(world.root, "out/7.bin")))
      } ;; esac\nexit "$status"`;
      await wrapProgram(world.sandbox, "git", script);

      const refused = await world.dlslurm("finish");

      await unwrapProgram(world.sandbox, "git");
      assert.equal(refused.code, 1, saidBy(refused));
      for (const file of ["out/7.bin", "twin/7.bin"]) {
        assert((await Deno.lstat(join(world.root, file))).isFile, file);
      }
      await world.must("finish");
      assert.match(await Deno.readTextFile(join(world.root, "out/7.bin")), content);
      assert.equal(await Deno.readTextFile(join(world.root, "twin/7.bin")), "\u00007");
      assert.deepEqual(await world.lines("status", "--porcelain"), []);
      await world.git("annex", "fsck", "--quiet");
      const links = join(world.root, ".git", "dlslurm", "links");
      await assert.rejects(Deno.lstat(links), Deno.errors.NotFound);
    },
  );
}

for (
  const [origin, isCommitted, count] of [
    ["another file has, too,", false, MANY],
    ["was committed before", true, MANY],
    ["another file has, too, of few files", false, 3],
    ["was committed before, of few files", true, 3],
  ] as const
) {
  testIfAvailable(
    DATASET_KINDS["git-annex"],
    `finish: a file whose content ${origin} grows → it keeps its own, the other stays`,
    async () => {
      await using world = await createWithOutputs("git-annex", count);
      if (isCommitted) await world.must("finish");
      await writeOutputs(world, "twin", count);
      const [open, go, done] = ["open", "go", "done"].map((name) => join(world.sandbox.root, name));
      const write = `exec 3>>twin/2.bin; : >${quote(open!)}; ` +
        `while ! test -e ${quote(go!)}; do sleep 0.01; done; echo more >&3; : >${quote(done!)}`;
      const writer = world.sandbox.start(["sh", "-c", write], { cwd: world.root });
      await pollUntil("the writer has its file open", () => statIfPresent(open!));
      const adding = count === MANY ? '" update-index "*"--add"' : '" annex add "';
      const script = `"$REAL" "$@"; status=$?\ncase " $* " in *${adding}*) ` +
        `: >${quote(go!)}; while ! test -e ${quote(done!)}; do sleep 0.01; done ;; esac\n` +
        `exit "$status"`;
      await wrapProgram(world.sandbox, "git", script);

      const refused = await world.dlslurm("finish");

      await unwrapProgram(world.sandbox, "git");
      await writer.ended;
      assert.equal(refused.code, 1, saidBy(refused));
      assert.match(saidBy(refused), /"twin\/2\.bin" is still written to/);
      assert.doesNotMatch(saidBy(refused), /"out\/2\.bin"/);
      assert.equal(await Deno.readTextFile(join(world.root, "twin/2.bin")), "\u00002more\n");
      await world.must("finish");
      assert.equal(await Deno.readTextFile(join(world.root, "twin/2.bin")), "\u00002more\n");
      assert.equal(await Deno.readTextFile(join(world.root, "out/2.bin")), "\u00002");
      assert.deepEqual(await world.lines("status", "--porcelain"), []);
      await world.git("annex", "fsck", "--quiet");
      const links = join(world.root, ".git", "dlslurm", "links");
      await assert.rejects(Deno.lstat(links), Deno.errors.NotFound);
    },
  );
}

testIfAvailable(
  DATASET_KINDS["git-annex"],
  "finish: a link to an object is changed to lead to another one → that object stays where it is",
  async () => {
    await using world = await EngineWorld.create({}, "git-annex");
    for (const name of ["one", "other"]) await world.write(name, `\0${name}`);
    await world.git("annex", "add", "--quiet", "one", "other");
    await world.git("commit", "--quiet", "-m", "x");
    const [one, other] = ["one", "other"].map((name) =>
      `../${Deno.readLinkSync(join(world.root, name))}`
    ) as [string, string];
    await world.schedule("out");
    await Deno.mkdir(join(world.root, "out"));
    await Deno.symlink(one, join(world.root, "out/link"));
    const change = `ln -sfn ${quote(other)} ${quote(join(world.root, "out/link"))}`;
    const script = `"$REAL" "$@"; status=$?\ncase " $* " in *" update-index "*"--add"*) ` +
      `${change} ;; esac\nexit "$status"`;
    await wrapProgram(world.sandbox, "git", script);

    const refused = await world.dlslurm("finish");

    await unwrapProgram(world.sandbox, "git");
    assert.equal(refused.code, 1, saidBy(refused));
    assert.match(saidBy(refused), /"out\/link" is still written to/);
    assert.equal(await Deno.readLink(join(world.root, "out/link")), other);
    assert.equal(await Deno.readTextFile(join(world.root, "other")), "\0other");
    await world.must("finish");
    await world.git("annex", "fsck", "--quiet");
    assert.deepEqual(await world.lines("status", "--porcelain"), []);
  },
);

for (const count of [1, MANY]) {
  testIfAvailable(
    DATASET_KINDS["git-annex"],
    `finish: a job put a link in the place of an annexed output, ${count} files → committed as it is`,
    async () => {
      await using world = await createWithOutputs("git-annex", count);
      await world.must("finish");
      await world.schedule("out");
      for (let index = 0; index < count; index++) await world.write(`out/${index}.bin`, "\0new");
      await world.write("out/run2", "\0result");
      await world.remove("out/0.bin");
      await Deno.symlink("run2", join(world.root, "out/0.bin"));

      await world.must("finish");

      assert.equal(await Deno.readLink(join(world.root, "out/0.bin")), "run2");
      assert.equal(await world.git("cat-file", "-p", "HEAD:out/0.bin"), "run2");
      assert.deepEqual(await world.lines("status", "--porcelain"), []);
      await world.git("annex", "fsck", "--quiet");
    },
  );
}

for (const depth of ["out", "out/deep"]) {
  testIfAvailable(
    ["git-annex"],
    `changing: a job copied the link of an annexed file to ${depth} → nobody writes to it`,
    async () => {
      await using world = await EngineWorld.create({}, "git-annex");
      await world.write("in", "\0in");
      await world.git("annex", "add", "--quiet", "in");
      await world.git("commit", "--quiet", "-m", "in");
      await world.schedule("out");
      await Deno.mkdir(join(world.root, depth), { recursive: true });
      await Deno.symlink(
        await Deno.readLink(join(world.root, "in")),
        join(world.root, depth, "link"),
      );

      await world.must("finish");

      assert.equal(await Deno.readTextFile(join(world.root, depth, "link")), "\0in");
      assert.deepEqual(await world.changes(), [`A ${depth}/link`, "A slurm-job-1.env.json"]);
    },
  );
}
