import assert from "node:assert/strict";
import type { Call } from "../../src/recordings/format.ts";
import { findNearest, findSame, mayRepeat } from "../../src/recordings/match_calls.ts";
import { moveTimes } from "../../src/recordings/move_times.ts";
import { ReplayPlaces } from "../../src/recordings/replay_places.ts";

function callsOf(...lines: readonly string[]): Call[] {
  return lines.map((line, index) => ({
    folder: `000${index + 1}`,
    argv: line.split(" "),
    atMs: 0,
    exitCode: 0,
    stdout: "",
    stderr: "",
  }));
}

function foldersOf(calls: readonly Call[], line: string): string[] {
  return findSame(calls, line.split(" ")).map(({ folder }) => folder);
}

Deno.test("findSame() tells calls apart by program and every argument, in order", () => {
  const calls = callsOf("sacct -j 7", "sacct -j 8", "squeue -j 7", "sacct -j 7");

  assert.deepEqual(foldersOf(calls, "sacct -j 7"), ["0001", "0004"]);
  assert.deepEqual(foldersOf(calls, "sacct -j 7 -X"), []);
  assert.deepEqual(foldersOf(calls, "sacct 7 -j"), []);
});

Deno.test("findSame() takes any time for any other", () => {
  const calls = callsOf("sacct -S 2026-11-22T10:00:00 -j 7", "sacct -S2026-11-22 -j 7");

  assert.deepEqual(foldersOf(calls, "sacct -S 2030-01-01T00:00:59 -j 7"), ["0001"]);
  assert.deepEqual(foldersOf(calls, "sacct -S 2030-01-01 -j 8"), []);
});

Deno.test("findSame() takes a real name for a stand-in only where none is the same", () => {
  const calls = callsOf("squeue -u user1", "squeue -u user2", "sbatch -A account1 job.sh");

  assert.deepEqual(foldersOf(calls, "squeue -u user2"), ["0002"]);
  assert.deepEqual(foldersOf(calls, "sbatch -A lab job.sh"), ["0003"]);
  assert.deepEqual(foldersOf(calls, "sbatch -A lab other.sh"), []);
});

for (
  const [line, expected] of [
    ["sbatch job.sh", false],
    ["sbatch --version", true],
    ["srun hostname", false],
    ["scancel 7", false],
    ["sacct -j 7", true],
    ["squeue", true],
    ["sinfo", true],
    ["scontrol show job 7", true],
    ["scontrol -M foo show job 7", true],
    ["scontrol -o show node", true],
    ["scontrol requeue 7", false],
    ["scontrol -M show update job 7", false],
  ] as const
) {
  Deno.test(`mayRepeat() says ${expected} for ${line}`, () => {
    assert.equal(mayRepeat(line.split(" ")), expected);
  });
}

Deno.test("findNearest() prefers the same program, then the fewest changes", () => {
  const calls = callsOf(
    "squeue -h -o %i -j 7",
    "sacct -X -n -j 8",
    "sacct -P --format=JobID,State",
    "sacct",
  );

  const nearest = (line: string) => findNearest(calls, line.split(" "))?.folder;
  assert.equal(nearest("sacct -X -n -j 7"), "0002");
  assert.equal(nearest("sacct -P --format=JobID,User"), "0003");
  assert.equal(nearest("squeue"), "0001");
  assert.equal(findNearest([], ["sacct"]), undefined);
});

Deno.test("moveTimes() moves times over the end of a day and leaves all else", () => {
  const text =
    "Submit=2026-12-31T23:59:58 Start=Unknown 7|2026-11-22|12:00:00 x2026-99-99T00:00:00";

  assert.equal(
    moveTimes(text, 3),
    "Submit=2027-01-01T00:00:01 Start=Unknown 7|2026-11-22|12:00:00 x2026-99-99T00:00:00",
  );
});

Deno.test("ReplayPlaces translates a call and an answer between here and the recording", () => {
  const places = new ReplayPlaces({
    directory: "",
    work: ["/tmp/my work", "/private/tmp/my work"],
    home: "/home/bob",
    user: "bob",
    host: "laptop",
    movesTimes: true,
  }, { user: "user1", host: "node1", home: "/home/user1", work: "/data/work" });

  assert.equal(places.toRecorded("--chdir=/private/tmp/my work/a"), "--chdir=/data/work/a");
  assert.equal(places.toRecorded("/home/bob/job.sh bob bobby"), "/home/user1/job.sh user1 bobby");
  assert.equal(
    places.toHere("WorkDir=/data/work\n/data/workshop /home/user1/x user1"),
    "WorkDir=/tmp/my work\n/data/workshop /home/bob/x user1",
  );
});
