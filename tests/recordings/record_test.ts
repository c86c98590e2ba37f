import assert from "node:assert/strict";
import { join } from "node:path";
import { readRecording } from "../../src/recordings/read_recording.ts";
import { Sandbox } from "../support/sandbox.ts";
import { actAs, allTextBelow, writeProgram, writeSmallSlurm } from "./small_slurm.ts";

async function record(sandbox: Sandbox, script: string, options: readonly string[] = []) {
  const outcome = await sandbox.dlslurm([
    ...["fixtures", "record", "rec", ...options, "--", "sh", "-c", script],
  ]);
  const directory = join(sandbox.root, "rec");
  return { outcome, directory, read: () => readRecording(directory) };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("e2e: fixtures record notes calls with answers in order and passes on all else", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);
  await actAs(sandbox, "ada");

  const { outcome, read } = await record(
    sandbox,
    'sbatch "a b.sh"; sacct -j 1; sbatch refuse; echo mine; sacct -j 1; exit 5',
  );

  assert.equal(outcome.code, 5);
  const printed = `1|RUNNING|2026-11-22T10:00:00|${sandbox.root}\n`;
  assert.equal(
    outcome.stdout,
    `Submitted batch job 1\n${printed}mine\n${printed.replace("RUNNING", "COMPLETED")}`,
  );
  const { manifest, calls } = await read();
  assert.equal(manifest.slurm, "23.02.7");
  assert.equal(manifest.exitCode, 5);
  assert.deepEqual(
    calls.map(({ folder, argv, exitCode }) => [folder, ...argv, exitCode]),
    [
      ["0001-sbatch", "sbatch", "a b.sh", 0],
      ["0002-sacct", "sacct", "-j", "1", 0],
      ["0003-sbatch", "sbatch", "refuse", 7],
      ["0004-sacct", "sacct", "-j", "1", 0],
    ],
  );
  assert.equal(calls[1]!.stdout, "1|RUNNING|2026-11-22T10:00:00|/data/work\n");
  assert.equal(calls[2]!.stderr, "sbatch: error: refused for user1\n");
});

Deno.test("e2e: fixtures record calls a program by its bare name → it names itself as always", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);
  // getopt(3) of any program says what argv[0] is.
  await Deno.symlink("/bin/ls", join(sandbox.programs, "squeue"));

  const { outcome, read } = await record(sandbox, "squeue --no-such-option");

  assert.match(outcome.stderr, /^squeue: unrecognized option '--no-such-option'$/m);
  assert.match((await read()).calls[0]!.stderr, /^squeue: unrecognized option/);
});

Deno.test("e2e: fixtures record writes no name and shows what it replaced", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);
  await actAs(sandbox, "ada");

  const { outcome, directory } = await record(
    sandbox,
    "scontrol show 1 --comment 'for carol'; sacct -j 1; sbatch refuse",
  );

  const text = await allTextBelow(directory);
  for (const name of ["carol", "1500", sandbox.root, "ada", Deno.hostname()]) {
    assert.ok(!new RegExp(`(?<![A-Za-z0-9])${name}(?![A-Za-z0-9])`).test(text), name);
  }
  assert.match(outcome.stderr, /^ +user +carol +-> +user2 \(\d+ times?\)$/m);
  assert.match(outcome.stderr, new RegExp(`^ +path +${sandbox.root} +-> +/data/work `, "m"));
  const checked = await sandbox.dlslurm(["fixtures", "check", "rec"]);
  assert.equal(checked.code, 0, checked.stderr);
});

Deno.test("e2e: fixtures record by a user whose name is one of Slurm's words → it stays, and is shown", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);
  // What Slurm says of a user without a name: replaced everywhere, it would be somebody.
  await actAs(sandbox, "nobody");

  const { outcome, read } = await record(sandbox, "sbatch refuse");

  const { manifest, calls } = await read();
  assert.equal(calls[0]!.stderr, "sbatch: error: refused for nobody\n");
  assert.equal(manifest.recorder.user, "nobody");
  assert.match(outcome.stderr, /^ +user +nobody +stays: it is one of Slurm's own words$/m);
  const checked = await sandbox.dlslurm(["fixtures", "check", "rec"]);
  assert.equal(checked.code, 0, checked.stderr);
});

Deno.test("e2e: fixtures record leaves nothing unscrubbed on the disk while it runs", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);

  const { outcome } = await record(
    sandbox,
    `scontrol show 1 >/dev/null; ls -a; grep -rsl --exclude-dir=programs --devices=skip carol "${sandbox.root}"`,
  );

  assert.equal(outcome.code, 1, "grep finds nothing");
  assert.ok(!/rec/.test(outcome.stdout), outcome.stdout);
});

Deno.test("e2e: fixtures record --keep and --scrub change what is replaced", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);

  const { read } = await record(sandbox, "scontrol show 1 zeppelin", [
    ...["--keep", "carol", "--scrub=zeppelin"],
  ]);

  const { manifest, calls } = await read();
  assert.match(calls[0]!.stdout, /UserId=carol\(/);
  assert.deepEqual(calls[0]!.argv, ["scontrol", "show", "1", "name1"]);
  assert.deepEqual(manifest.kept, ["carol"]);
  assert.equal((await sandbox.dlslurm(["fixtures", "check", "rec"])).code, 0);
});

Deno.test("e2e: fixtures record keeps concurrent calls whole and apart", async () => {
  await using sandbox = await Sandbox.create();
  await writeProgram(sandbox, "sbatch", "echo slurm 1");
  // Longer than a pipe holds at once.
  await writeProgram(
    sandbox,
    "sacct",
    `i=0; while [ $i -lt 1500 ]; do echo "$2 $2 $2 $2 $2 $2 $2 $2 row $i"; i=$((i+1)); done`,
  );
  const numbers = Array.from({ length: 12 }, (_, index) => String(5000 + index));

  const { read } = await record(
    sandbox,
    `for n in ${numbers.join(" ")}; do sacct -j $n >/dev/null & done; wait`,
  );

  const { calls } = await read();
  assert.deepEqual(calls.map(({ argv }) => argv[2]).sort(), numbers);
  for (const { argv, stdout } of calls) {
    const rows = stdout.trimEnd().split("\n");
    assert.equal(rows.length, 1500);
    assert.ok(rows.every((row) => row.startsWith(`${argv[2]} ${argv[2]}`)));
  }
});

Deno.test("e2e: fixtures record leaves a loop's standard input to the loop, and sbatch's to sbatch", async () => {
  await using sandbox = await Sandbox.create();
  await writeProgram(sandbox, "sacct", 'echo "asked $2"');
  await writeProgram(sandbox, "sbatch", "wc -c");

  const { outcome } = await record(
    sandbox,
    "printf '1\\n2\\n3\\n' | while read id; do sacct -j $id; done; echo 12345 | sbatch",
  );

  assert.equal(outcome.stdout.replaceAll(" ", ""), "asked1\nasked2\nasked3\n6\n");
});

Deno.test("e2e: fixtures record gives jobs the environment they have without it", async () => {
  await using sandbox = await Sandbox.create();
  await writeProgram(
    sandbox,
    "sbatch",
    'echo "$PATH"; env | grep DLSLURM_FIXTURES; env | grep DLSLURM_UNRECORDED',
  );

  const { outcome, read } = await record(sandbox, 'PATH="$PATH:/extra" sbatch job.sh');

  assert.equal(outcome.stdout, `${sandbox.env["PATH"]}:/extra\n`);
  assert.equal((await read()).calls.length, 1);
});

Deno.test("e2e: fixtures record does not note what is asked by the PATH from before", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);

  const { read } = await record(
    sandbox,
    'PATH=$DLSLURM_UNRECORDED_PATH sacct; sacct -j 1; test "$DLSLURM_FIXTURES" = record',
  );

  const { calls, manifest } = await read();
  assert.deepEqual(calls.map(({ argv }) => argv), [["sacct", "-j", "1"]]);
  assert.equal(manifest.exitCode, 0);
});

Deno.test("e2e: fixtures record says that a program was killed while its call was noted", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);
  // What a program leaves that is killed in the middle of handing its call over.
  const cut = 'printf \'{"argv":["sac\' >"$(dirname "$(command -v sacct)")/../calls"';

  const { outcome, read } = await record(sandbox, `${cut}; sacct -j 1`);

  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /the recording lacks 1 call/);
  assert.equal((await read()).calls.length, 1);
});

Deno.test("e2e: fixtures record adds small text files that the jobs wrote, scrubbed", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);

  const { outcome, read } = await record(
    sandbox,
    'sbatch job.sh; mkdir -p out/.git; echo "in $PWD" >out/a.txt; echo x >out/.git/x; ' +
      "head -c 70000 /dev/zero >out/big; printf '\\377' >out/latin; ln -s a.txt out/link",
    ["--file", "out", "--file", "gone"],
  );

  assert.deepEqual((await read()).files, [{ path: "out/a.txt", text: "in /data/work\n" }]);
  for (const path of ["out/big", "out/latin", "out/link", "gone"]) {
    assert.match(outcome.stderr, new RegExp(`^warning: "${path}" is not part`, "m"));
  }
  const { code, stderr } = await sandbox.dlslurm([
    ...["fixtures", "record", "rec2", "--file", "../x", "--", "true"],
  ]);
  assert.equal(code, 2, stderr);
});

Deno.test("e2e: fixtures record passes bytes on as they are and says what it cannot keep", async () => {
  await using sandbox = await Sandbox.create();
  await writeProgram(sandbox, "sacct", "printf 'a\\377b\\n'");

  const { outcome, read } = await record(sandbox, "sacct");

  assert.deepEqual([...outcome.stdoutBytes], [0x61, 0xff, 0x62, 0x0a]);
  assert.match(outcome.stderr, /^warning: the answer to "sacct" is not all UTF-8/m);
  assert.equal((await read()).calls[0]!.stdout, "a\ufffdb\n");
});

Deno.test("e2e: fixtures record writes what was recorded when it is interrupted", async () => {
  await using sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);
  const running = sandbox.startDlslurm([
    ...["fixtures", "record", "rec", "--", "sh", "-c", "sacct -j 1; touch ready; exec sleep 60"],
  ]);
  while (!await exists(join(sandbox.root, "ready"))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  running.kill("SIGTERM");
  const outcome = await running.ended;

  assert.equal(outcome.code, 143);
  assert.equal((await readRecording(join(sandbox.root, "rec"))).calls.length, 1);
});

interface Refused {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: 1 | 2;
  readonly says: RegExp;
  /** The only programs that there are; absent: all of this machine, and a Slurm. */
  readonly tools?: readonly string[];
}

const REFUSED: readonly Refused[] = [
  {
    name: "a folder that is not empty",
    args: ["record", "home", "--", "touch", "ran"],
    code: 1,
    says: /Cannot record into ".*home": it is not empty/,
  },
  {
    name: "a machine without Slurm",
    args: ["record", "rec", "--", "touch", "ran"],
    code: 1,
    says: /there is no sbatch or sacct on PATH/,
    tools: ["touch", "id", "mkfifo"],
  },
  {
    name: "a machine without id",
    args: ["record", "rec", "--", "touch", "ran"],
    code: 1,
    says: /Cannot tell which names are to be replaced: "id" is not on PATH\. Nothing was recorded/,
    tools: ["sbatch", "sacct", "squeue", "scontrol"],
  },
  { name: "no command", args: ["record", "rec"], code: 2, says: /there is no command after --/ },
  { name: "no folder", args: ["record", "--", "ls"], code: 2, says: /the folder .* is missing/ },
  {
    name: "two folders",
    args: ["replay", "a", "b", "--", "ls"],
    code: 2,
    says: /"b" is one folder/,
  },
  {
    name: "an unknown option",
    args: ["record", "rec", "--all", "--", "ls"],
    code: 2,
    says: /--all/,
  },
  {
    name: "an empty value",
    args: ["record", "rec", "--keep=", "--", "ls"],
    code: 2,
    says: /--keep/,
  },
  { name: "an unknown command", args: ["play", "rec"], code: 2, says: /there is no "play"/ },
  { name: "no command of its own", args: [], code: 2, says: /one of: record, replay/ },
  { name: "a command for check", args: ["check", "rec", "--", "ls"], code: 2, says: /no command/ },
  {
    name: "a program that is not there",
    args: ["record", "rec", "--", "no-such-program"],
    code: 2,
    says: /Cannot run "no-such-program"/,
  },
];

for (const { name, args, code, says, tools } of REFUSED) {
  Deno.test(`e2e: fixtures refuses ${name}`, async () => {
    await using sandbox = await Sandbox.create();
    if (tools === undefined) await writeSmallSlurm(sandbox);
    else {
      for (const tool of tools) {
        await writeProgram(sandbox, tool, `exec /usr/bin/${tool} "$@"`);
      }
      sandbox.env["PATH"] = sandbox.programs;
    }

    const outcome = await sandbox.dlslurm(["fixtures", ...args]);

    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, says);
    assert.match(outcome.stderr, /^hint: /m);
    assert.equal(await exists(join(sandbox.root, "rec")), false);
    assert.equal(await exists(join(sandbox.root, "ran")), false);
  });
}
