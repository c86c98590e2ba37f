import assert from "node:assert/strict";
import { join } from "node:path";
import { SharedMode } from "../../src/fs/shared_mode.ts";
import { Sandbox } from "../support/sandbox.ts";

/** What git takes for core.sharedRepository, and what it does not; `undefined`: not set. */
const VALUES = [
  ...[undefined, "umask", "group", "all", "world", "everybody", "true", "YES", "false", "off", ""],
  ...[
    "0",
    "1",
    "2",

    "8",
    "9",
    "00",
    "01",
    "0600",
    "0640",
    "0660",
    "0664",
    "0666",
    "0777",
    "660",
  ],
];
const UMASKS = ["000", "002", "022", "027", "077"];

/** The modes that git gives to a folder and a file that it makes below `.git`. */
async function modesOfGit(sandbox: Sandbox, name: string, umask: string) {
  const script = 'umask "$1"; git update-ref "refs/heads/$2/ref" HEAD';
  await sandbox.require(["sh", "-c", script, "sh", umask, name], {
    cwd: join(sandbox.root, "set"),
  });
  const folder = join(sandbox.root, "set", ".git", "refs", "heads", name);
  return [modeOf(folder), modeOf(join(folder, "ref"))];
}

function modeOf(path: string): string {
  return (Deno.statSync(path).mode! & 0o7777).toString(8);
}

Deno.test("SharedMode.modeFor() gives what git gives, for each setting and umask", async (test) => {
  await using sandbox = await Sandbox.create();
  const root = join(sandbox.root, "set");
  await sandbox.require(["git", "init", "--quiet", root]);
  await sandbox.require(["git", "commit", "--quiet", "--allow-empty", "-m", "x"], { cwd: root });
  // What git makes in a folder with it inherits the bit that stands for the folder's group.
  await sandbox.require(["chmod", "-R", "g-s", root]);
  for (const [at, value] of VALUES.entries()) {
    await test.step(`core.sharedRepository ${value ?? "unset"}`, async () => {
      if (value !== undefined) {
        await sandbox.require(["git", "config", "core.sharedRepository", value], { cwd: root });
      }
      const mode = SharedMode.of({ get: () => value });
      for (const umask of UMASKS) {
        const mask = Number.parseInt(umask, 8);
        const expected = await modesOfGit(sandbox, `${at}-${umask}`, umask);
        const own = [mode.modeFor(0o777 & ~mask, true), mode.modeFor(0o666 & ~mask, false)];
        assert.deepEqual(own.map((each) => each.toString(8)), expected, `umask ${umask}`);
      }
    });
  }
});

Deno.test("SharedMode.makeFolder() makes the folders around it, and mends one that was left half made", async () => {
  await using sandbox = await Sandbox.create();
  const mode = SharedMode.of({ get: () => "group" });
  const outer = join(sandbox.root, "outer");
  await Deno.mkdir(outer, { mode: 0o700 });

  mode.makeFolder(join(outer, "a", "b"));
  mode.makeFolder(outer);

  for (const path of ["", "a", "a/b"]) assert.equal(modeOf(join(outer, path))[0], "2", path);
  for (const path of ["a", "a/b"]) assert.equal(modeOf(join(outer, path))[2], "7", path);
  assert.equal(modeOf(outer), "2770");
  await Deno.writeTextFile(join(outer, "file"), "");
  assert.throws(() => mode.makeFolder(join(outer, "file")), Deno.errors.AlreadyExists);
  assert.throws(() => mode.makeFolder(join(outer, "file", "x")), Deno.errors.NotADirectory);
});

Deno.test("SharedMode.replaceFile() takes the place of what was left, makeFile() does not", async () => {
  await using sandbox = await Sandbox.create();
  const mode = SharedMode.of({ get: () => "all" });
  const file = join(sandbox.root, "file");
  await Deno.writeTextFile(file, "left by somebody", { mode: 0o600 });
  const before = (await Deno.stat(file)).ino;
  using _open = await Deno.open(file); // else its inode would be used again

  assert.throws(() => mode.makeFile(file, "new"), Deno.errors.AlreadyExists);
  mode.replaceFile(file, "new");

  assert.equal(await Deno.readTextFile(file), "new");
  assert.notEqual((await Deno.stat(file)).ino, before);
  assert.equal(modeOf(file), "664");
});

Deno.test("SharedMode.UMASK leaves everything as the umask has it", async () => {
  await using sandbox = await Sandbox.create();
  const file = join(sandbox.root, "file");
  await Deno.writeTextFile(file, "", { mode: 0o600 });

  SharedMode.UMASK.adjust(file);

  assert.equal(modeOf(file), "600");
  assert.equal(SharedMode.of({ get: () => "umask" }).isShared, false);
});
