import assert from "node:assert/strict";
import { join } from "node:path";
import { readRecording } from "../../src/recordings/read_recording.ts";
import { writeRecording } from "../../src/recordings/write_recording.ts";
import { Sandbox } from "../support/sandbox.ts";
import { actAs } from "./small_slurm.ts";

/** A recording of one call and one file. */
async function writeSample(directory: string, stdout = "7|COMPLETED|é\n"): Promise<void> {
  const bytes = new TextEncoder().encode(stdout).length;
  await writeRecording(directory, {
    manifest: {
      format: 1,
      slurm: "22.05.8",
      recordedAt: "2026-11-22T10:00:00.000Z",
      command: ["sh"],
      exitCode: 0,
      recorder: { user: "user1", host: "node", home: "/home/user1", work: "/data/work" },
      kept: [],
      calls: [{ folder: "0001-sacct", atMs: 5, stdout: bytes, stderr: 0 }],
      files: [{ path: "out/a.txt", bytes: 2 }],
    },
    calls: [{
      folder: "0001-sacct",
      argv: ["sacct", "-j", "7"],
      atMs: 5,
      exitCode: 0,
      stdout,
      stderr: "",
    }],
    files: [{ path: "out/a.txt", text: "a\n" }],
  });
}

interface Damage {
  readonly name: string;
  readonly file: string;
  /** The file's new content; `null` removes it. */
  readonly change: ((text: string) => string | Uint8Array) | null;
  readonly says: RegExp;
}

const DAMAGES: readonly Damage[] = [
  {
    name: "that is none",
    file: "recording.json",
    change: null,
    says: /there is no recording\.json in it/,
  },
  {
    name: "of a newer format",
    file: "recording.json",
    change: (text) => text.replace('"format": 1', '"format": 2'),
    says: /its format is 2, this program reads format 1/,
  },
  {
    name: "without a format",
    file: "recording.json",
    change: () => "[]",
    says: /its format is not named/,
  },
  {
    name: "with half a list",
    file: "recording.json",
    change: (text) => text.slice(0, 200),
    says: /"recording\.json" is no valid JSON or is truncated/,
  },
  {
    name: "with a wrong value in the list",
    file: "recording.json",
    change: (text) => text.replace('"atMs":5', '"atMs":-5'),
    says: /"recording\.json" is not as it should be at calls\.0\.atMs/,
  },
  {
    name: "with an unknown key in the list",
    file: "recording.json",
    change: (text) => text.replace('"atMs":5', '"atMs":5,"at":6'),
    says: /"recording\.json" is not as it should be at calls\.0\.at/,
  },
  {
    name: "that would write outside",
    file: "recording.json",
    change: (text) => text.replace("out/a.txt", "out/../../a.txt"),
    says: /at files\.0\.path: not a path below the recording/,
  },
  {
    name: "whose calls are not in order",
    file: "recording.json",
    change: (text) => text.replace("0001-sacct", "0002-sacct"),
    says: /names "0002-sacct" where call 0001 should be/,
  },
  {
    name: "whose list lost a call",
    file: "recording.json",
    change: (text) => text.replace(/\{"folder".*/, ""),
    says: /folder "0001-sacct" is not listed/,
  },
  {
    name: "without an answer",
    file: "0001-sacct/stdout",
    change: null,
    says: /"0001-sacct\/stdout" is missing/,
  },
  {
    name: "without an exit status",
    file: "0001-sacct/exit_code",
    change: null,
    says: /"0001-sacct\/exit_code" is missing/,
  },
  {
    name: "with an empty exit status",
    file: "0001-sacct/exit_code",
    change: () => "",
    says: /exit_code is no exit status/,
  },
  {
    name: "with half an answer",
    file: "0001-sacct/stdout",
    change: (text) => text.slice(0, 4),
    says: /"0001-sacct\/stdout" is truncated: 4 bytes instead of 15/,
  },
  {
    name: "with an answer that was added to",
    file: "0001-sacct/stderr",
    change: () => "x",
    says: /"0001-sacct\/stderr" was changed: 1 bytes instead of 0/,
  },
  {
    name: "with an answer that is no UTF-8",
    file: "0001-sacct/stdout",
    change: () => new Uint8Array(15).fill(0xff),
    says: /"0001-sacct\/stdout" is not valid UTF-8/,
  },
  {
    name: "with broken arguments",
    file: "0001-sacct/argv.json",
    change: () => '["sacct"',
    says: /"0001-sacct\/argv\.json" is no valid JSON or is truncated/,
  },
  {
    name: "with arguments of another program",
    file: "0001-sacct/argv.json",
    change: () => '["squeue"]',
    says: /is a call of "squeue"/,
  },
  {
    name: "without a listed file",
    file: "files/out/a.txt",
    change: null,
    says: /"files\/out\/a\.txt" is missing/,
  },
];

Deno.test("readRecording() reads what writeRecording() wrote", async () => {
  await using sandbox = await Sandbox.create();
  const directory = join(sandbox.root, "rec");
  await writeSample(directory);

  const { calls, files, manifest } = await readRecording(directory);

  assert.equal(calls[0]!.stdout, "7|COMPLETED|é\n");
  assert.deepEqual(files, [{ path: "out/a.txt", text: "a\n" }]);
  assert.equal(manifest.calls.length, 1);
});

for (const { name, file, change, says } of DAMAGES) {
  Deno.test(`readRecording() refuses a recording ${name}`, async () => {
    await using sandbox = await Sandbox.create();
    const directory = join(sandbox.root, "rec");
    await writeSample(directory);
    const path = join(directory, file);
    if (change === null) await Deno.remove(path);
    else {
      const content = change(await Deno.readTextFile(path));
      await Deno.writeFile(
        path,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    }

    await assert.rejects(readRecording(directory), (error: Error) => {
      assert.equal(error.name, "UserError");
      assert.match(error.message, says);
      assert.match(error.message, /^Cannot read recording ".*rec": /);
      return true;
    });
  });
}

Deno.test("writeRecording() leaves nothing behind where it cannot write", async () => {
  await using sandbox = await Sandbox.create();
  const directory = join(sandbox.root, "rec");
  await Deno.mkdir(directory);
  await Deno.writeTextFile(join(directory, "mine"), "");

  await assert.rejects(writeSample(directory), { name: "UserError", code: "DISK" });

  const names = (await Array.fromAsync(Deno.readDir(sandbox.root))).map(({ name }) => name);
  assert.deepEqual(names.filter((name) => name.includes("rec")), ["rec"]);
});

const LEAKS: readonly (readonly [string, string, string])[] = [
  ["a user", "UserId=bob(10001)", 'user "bob"'],
  ["a number of a user", "UserId=user1(1500)", 'uid "1500"'],
  ["a node", "NodeList=cn[01-02]", 'host "cn#"'],
  ["a mail address", "see bob@example.com", 'mail "bob@example.com"'],
  ["a home", "/home/bob/x", 'user "bob"'],
  ["a path", "WorkDir=/projects/lab/x", 'path "/projects/lab/x"'],
  ["a comment", "Comment=why not", 'comment "why not"'],
];

for (const [name, text, says] of LEAKS) {
  Deno.test(`e2e: fixtures check finds ${name} that was not scrubbed`, async () => {
    await using sandbox = await Sandbox.create();
    await writeSample(join(sandbox.root, "rec"), `${text}\n`);

    const { code, stderr } = await sandbox.dlslurm(["fixtures", "check", "rec"]);

    assert.equal(code, 1);
    assert.ok(stderr.includes(`0001-sacct/stdout: ${says}`), stderr);
  });
}

Deno.test("e2e: fixtures check knows the names of this machine without a mark", async () => {
  await using sandbox = await Sandbox.create();
  await actAs(sandbox, "ada");
  await writeSample(join(sandbox.root, "rec"), `refused for ada in ${sandbox.root}/x\n`);

  const { code, stderr } = await sandbox.dlslurm(["fixtures", "check", "rec"]);

  assert.equal(code, 1);
  assert.ok(stderr.includes('user "ada"') && stderr.includes(`path "${sandbox.root}"`), stderr);
});
