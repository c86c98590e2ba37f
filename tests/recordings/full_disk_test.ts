import assert from "node:assert/strict";
import { join } from "node:path";
import { readRecording } from "../../src/recordings/read_recording.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { runWithSmallDisk } from "../support/small_disk.ts";
import { writeSmallSlurm } from "./small_slurm.ts";

testIfAvailable(
  ["mount"],
  "e2e: fixtures record on a disk that fills up → the recording is elsewhere, and it says where",
  async () => {
    await using sandbox = await Sandbox.create();
    await writeSmallSlurm(sandbox);
    // The command fills it: before that there is room.
    const { code, stderr } = await runWithSmallDisk(
      sandbox,
      'dlslurm fixtures record disk/rec -- sh -c "sacct; dd if=/dev/zero of=disk/fill bs=1k count=4096"',
    );

    assert.equal(code, 1);
    assert.match(stderr, /Cannot write recording ".*\/disk\/rec": No space left on device/);
    const [, refuge] = /^hint: mv -T '(.*)' '.*\/disk\/rec'$/m.exec(stderr) ?? [];
    assert.ok(refuge?.startsWith(join(sandbox.root, "tmp")), stderr);
    const { calls } = await readRecording(refuge!);
    assert.deepEqual(calls.map(({ argv }) => argv), [["sacct"]]);
    assert.match(stderr, /^Replaced; look it through/m);
  },
);

testIfAvailable(
  ["mount"],
  "e2e: fixtures record into an empty folder on a disk that fills up → the hint moves it there",
  async () => {
    await using sandbox = await Sandbox.create();
    await writeSmallSlurm(sandbox);

    const { code, stdout, stderr } = await runWithSmallDisk(
      sandbox,
      `mkdir disk/rec
dlslurm fixtures record disk/rec -- \\
  sh -c "sacct; dd if=/dev/zero of=disk/fill bs=1k count=4096" >said 2>&1; echo "status $?"
make_room; eval "$(sed -n 's/^hint: //p' said)"
dlslurm fixtures replay disk/rec -- sacct`,
    );

    assert.equal(code, 0, stderr);
    assert.match(stdout, /^status 1\n./);
  },
);

testIfAvailable(
  ["mount"],
  "e2e: fixtures record on a read-only disk → refused before anything is run",
  async () => {
    await using sandbox = await Sandbox.create();
    await writeSmallSlurm(sandbox);

    const { code, stdout, stderr } = await runWithSmallDisk(
      sandbox,
      "make_read_only; dlslurm fixtures record disk/rec -- echo it runs",
    );

    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /it runs/);
    assert.match(stderr, /Cannot write recording ".*\/disk\/rec": Read-only file system/);
  },
);

for (const [state, spoil] of [["full", "fill"], ["read-only", "make_read_only"]] as const) {
  testIfAvailable(
    ["mount"],
    `e2e: fixtures with a ${state} TMPDIR → refused before anything is run`,
    async () => {
      await using sandbox = await Sandbox.create();
      await writeSmallSlurm(sandbox);

      const { stdout, stderr } = await runWithSmallDisk(
        sandbox,
        `dlslurm fixtures record rec -- sacct >/dev/null 2>&1 || exit 98
${spoil}; export TMPDIR="$PWD/disk"
dlslurm fixtures record other -- echo it runs; echo "status $?"
dlslurm fixtures replay rec --partial -- echo it runs; echo "status $?"
ls disk`,
      );

      assert.equal(stdout, `status 1\nstatus 1\n${state === "full" ? "fill\n" : ""}`);
      const refusals = stderr.match(/^error: Cannot write temporary files into ".*\/disk": /gm);
      assert.equal(refusals?.length, 2, stderr);
    },
  );
}
