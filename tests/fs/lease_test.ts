import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { join } from "node:path";
import { Lease } from "../../src/fs/lease.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { readLockLink } from "../../src/fs/lock_link.ts";
import { identifySelf } from "../../src/process/process_identity.ts";

const runner = new DenoRunner();
const self = await identifySelf(runner);
const HOLDER = fileURLToPath(new URL("take_lease.ts", import.meta.url));

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "lease " });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is in `folder` beside the store that guards a take-over. */
async function namesIn(folder: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  return names.filter((name) => name !== "dlslurm");
}

/** A process that takes the lease; `said` is what it said first, `release` lets it end. */
class Taker {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(path: string, before: readonly [string, ...string[]] = [Deno.execPath()]) {
    const [program, ...args] = before;
    this.#child = new Deno.Command(program, {
      args: [...args, "run", "-A", "--quiet", "--no-check", HOLDER, path],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#reader = this.#child.stdout.getReader();
    this.#writer = this.#child.stdin.getWriter();
  }

  async said(): Promise<string> {
    const { value } = await this.#reader.read();
    return new TextDecoder().decode(value);
  }

  async release(): Promise<void> {
    await this.#writer.close().catch(() => undefined);
    await this.#end();
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#writer.close().catch(() => undefined);
    await this.#end();
  }

  async #end(): Promise<void> {
    while (!(await this.#reader.read()).done);
    await this.#child.status;
  }
}

function take(path: string): Promise<Lease> {
  return Lease.take(path, { process: self, purpose: "finish" }, runner, (work) => work());
}

Deno.test("Lease.take() makes a lock that names us and gives it back", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lease");

    await using lease = await take(path);
    assert.equal(lease.deadSinceMs, undefined);
    assert.equal(lease.takenMs, (await Deno.lstat(path)).mtime!.getTime());
    assert.equal(await lease.isHeld(), true);
    assert.equal(JSON.parse((await readLockLink(path))!).pid, Deno.pid);
    await lease[Symbol.asyncDispose]();

    assert.deepEqual(await namesIn(folder), []);
  });
});

Deno.test("Lease.take() names the holder that is alive", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lease");
    const holder = new Taker(path);
    assert.equal(await holder.said(), "taken false\n");

    await assert.rejects(take(path), {
      code: "LEASE_HELD",
      message: new RegExp(`process [0-9]+ on host "${Deno.hostname()}" since `),
      hint: /rm "/,
    });

    await holder.release();
    await using _lease = await take(path);
  });
});

Deno.test("Lease.take() takes over from a holder that was killed", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lease");
    const holder = new Taker(path);
    await holder.said();
    await holder.kill();

    await using lease = await take(path);

    assert.ok(Math.abs(lease.deadSinceMs! - Date.now()) < 60_000);
    assert.ok(lease.takenMs > lease.deadSinceMs!);
    assert.equal(lease.takenMs, (await Deno.lstat(path)).mtime!.getTime());
    assert.deepEqual(await namesIn(folder), ["lease"]);
  });
});

Deno.test("Lease.take() leaves the lease of a holder whose start took long", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lease");
    // As the built file's first start does: the shell unpacks for a while, then becomes the runtime.
    const holder = new Taker(path, ["sh", "-c", 'sleep 5; exec "$0" "$@"', Deno.execPath()]);
    assert.equal(await holder.said(), "taken false\n");

    await assert.rejects(take(path), { code: "LEASE_HELD" });

    await holder.release();
  });
});

/** A process that certainly runs no more here. */
const DEAD = { ...self, pid: 4_194_303, since: "2026-01-01" };
const FOREIGN = [
  ["another machine", JSON.stringify({ ...DEAD, host: "far-away", machine: "b", boot: "other" })],
  [
    "another machine with our host's name",
    JSON.stringify({ ...DEAD, machine: "b", boot: "other" }),
  ],
  ["another PID namespace", JSON.stringify({ ...DEAD, pidNamespace: "pid:[1]" })],
  ["a holder whose PID namespace is not known", JSON.stringify({ ...DEAD, pidNamespace: "" })],
  ["an unknown holder", ""],
  ["a holder of another form", '{"pid": 1}'],
] as const;

for (const [name, content] of FOREIGN) {
  Deno.test(`Lease.take() never breaks the lease of ${name}`, async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "lease");
      await Deno.writeTextFile(path, content);

      await assert.rejects(take(path), { code: "LEASE_HELD", hint: /rm "/ });

      assert.equal(await Deno.readTextFile(path), content);
    });
  });
}

const GONE = [
  ["whose number nobody has", DEAD],
  ["whose number another process has", { ...self, startTicks: self.startTicks + 1 }],
  ["of before the machine was started", { ...DEAD, machine: "m", boot: "former" }],
] as const;

for (const [name, holder] of GONE) {
  Deno.test(`Lease.take() takes over from a process ${name}`, async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "lease");
      await Deno.symlink(JSON.stringify(holder), path);
      const process = { ...self, machine: "m" };

      await using _lease = await Lease.take(
        path,
        { process, purpose: "finish" },
        runner,
        (work) => work(),
      );

      assert.equal(JSON.parse((await readLockLink(path))!).startTicks, self.startTicks);
    });
  });
}

Deno.test("Lease gives back what is its own only", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lease");
    const lease = await take(path);
    await Deno.remove(path); // by a person who was sure that it was left
    await using _other = await take(path);

    await lease[Symbol.asyncDispose]();

    assert.equal(await lease.isHeld(), false);
    assert.deepEqual(await namesIn(folder), ["lease"]);
  });
});

Deno.test("Lease.take() gives one of 20 processes a stale lease", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lease");
    const dead = new Taker(path);
    await dead.said();
    await dead.kill();

    const takers = Array.from({ length: 20 }, () => new Taker(path));
    const said = await Promise.all(takers.map((taker) => taker.said()));

    const winners = said.filter((text) => text.startsWith("taken"));
    assert.equal(winners.length, 1, said.join(""));
    assert.equal(said.filter((text) => text.startsWith("LEASE_HELD\n")).length, 19, said.join(""));
    await Promise.all(takers.map((taker) => taker.release()));
    assert.deepEqual(await namesIn(folder), []);
  });
});
