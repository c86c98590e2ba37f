import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { ShellWorker } from "../../src/process/shell_worker.ts";
import type { ShellJob } from "../../src/process/shell_worker.ts";
import { pollUntil } from "../support/polling.ts";

class Place implements AsyncDisposable {
  readonly root: string;
  readonly worker = new ShellWorker();

  private constructor(root: string) {
    this.root = root;
  }

  static async create(): Promise<Place> {
    const root = join(await Deno.makeTempDir(), 'it\'s a "shell" $x\n');
    await Deno.mkdir(root);
    return new Place(root);
  }

  job(command: string, changes: Partial<ShellJob> = {}): ShellJob {
    const at = (name: string) => join(this.root, name);
    return { command, cwd: this.root, stdoutFile: at("out"), stderrFile: at("err"), ...changes };
  }

  read(name: string): Promise<string> {
    return Deno.readTextFile(join(this.root, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker[Symbol.asyncDispose]();
    await Deno.remove(dirname(this.root), { recursive: true });
  }
}

Deno.test("ShellWorker.run() keeps outputs apart and gives exit statuses, one after the other", async () => {
  await using place = await Place.create();
  const { worker } = place;

  assert.equal(await worker.run(place.job("echo one; echo two >&2; exit 3")), 3);

  assert.deepEqual([await place.read("out"), await place.read("err")], ["one\n", "two\n"]);
  assert.equal(await worker.run(place.job("pwd")), 0);
  assert.equal(await place.read("out"), `${place.root}\n`);
  assert.equal(await place.read("err"), "", "what was there before is lost");
});

Deno.test("ShellWorker.run() lets no command change the next, nor read what is meant for the shell", async () => {
  await using place = await Place.create();
  const { worker } = place;

  await worker.run(place.job("cd /; export X=1; exec 1>&2; cat; kill -TERM $$"));
  const status = await worker.run(place.job('echo "$PWD$X"'));

  assert.equal(status, 0);
  assert.equal(await place.read("out"), `${place.root}\n`);
});

Deno.test("ShellWorker.run() of a command whose folder is gone: says so, and runs the next one", async () => {
  await using place = await Place.create();
  const { worker } = place;

  await assert.rejects(worker.run(place.job("echo begun", { cwd: `${place.root}/-gone` })), {
    ...{ code: "NO_DIRECTORY", message: /-gone": the folder is not there/ },
  });

  assert.equal(await place.read("out"), "");
  assert.equal(await worker.run(place.job("echo not-entered >&3; exit 4")), 4);
  assert.match(await place.read("err"), /3/, "there is no such descriptor");
});

Deno.test("ShellWorker.run() tells the signal that ended a command", async () => {
  await using place = await Place.create();

  assert.equal(await place.worker.run(place.job("kill -KILL $$")), 128 + 9);
});

Deno.test("ShellWorker.run() reads a command of several lines with quotes as it stands", async () => {
  await using place = await Place.create();

  await place.worker.run(place.job("printf '%s' \"it's\n$((1 + 1))\"\necho ';'"));

  assert.equal(await place.read("out"), "it's\n2;\n");
});

Deno.test({
  name: "ShellWorker.run() leaves a command to itself, which runs on",
  // What is left is nobody's to wait for.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const root = await Deno.makeTempDir();
    const worker = new ShellWorker();
    const [stdoutFile, stderrFile] = [join(root, "out"), join(root, "err")];
    const command = "while [ ! -e go ]; do sleep 0.01; done; touch done";

    const status = await worker.run(
      { command, cwd: root, stdoutFile, stderrFile },
      AbortSignal.abort(),
    );
    await worker[Symbol.asyncDispose]();

    assert.equal(status, 128 + 2);
    await Deno.writeTextFile(join(root, "go"), "");
    await pollUntil("the command has ended", () => isThere(join(root, "done")));
    await Deno.remove(root, { recursive: true });
  },
});

Deno.test("ShellWorker.run() tells a command that killed its shell from one that never began", async () => {
  await using place = await Place.create();
  const { worker } = place;
  const never = place.job("echo never", {
    stdoutFile: join(place.root, "second.out"),
    stderrFile: join(place.root, "second.err"),
  });

  // The parent of the command's shell is the worker's.
  const killed = await worker.run(place.job('kill -9 "$PPID"'));

  assert.equal(killed, 128 + 9);
  await assert.rejects(worker.run(never), { code: "LIMIT", message: /its shell has ended/ });
  assert(!await isThere(never.stdoutFile));
});

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
