import assert from "node:assert/strict";
import { join } from "node:path";
import { DLSLURM, Sandbox } from "../support/sandbox.ts";
import { actAs, writeSmallSlurm } from "./small_slurm.ts";

/** Records a script in a folder of its own and leaves no Slurm behind. */
async function recorded(script: string, options: readonly string[] = []): Promise<Sandbox> {
  const sandbox = await Sandbox.create();
  await writeSmallSlurm(sandbox);
  await actAs(sandbox, "ada");
  const there = join(sandbox.root, "there");
  await Deno.mkdir(there);
  await Deno.mkdir(join(sandbox.root, "here"));
  await sandbox.require(
    [...DLSLURM, "fixtures", "record", "../rec", ...options, "--", "sh", "-c", script],
    { cwd: there },
  );
  for (const program of ["sbatch", "sacct", "scontrol"]) {
    await Deno.remove(join(sandbox.programs, program));
  }
  return sandbox;
}

async function replay(sandbox: Sandbox, script: string, options: readonly string[] = []) {
  const command = ["fixtures", "replay", "../rec", ...options, "--", "sh", "-c", script];
  return await sandbox.dlslurm(command, { cwd: join(sandbox.root, "here") });
}

const SCRIPT = "sbatch job.sh; sacct -j 1; sacct -j 1; scontrol show 1; sbatch refuse || true";

Deno.test("e2e: fixtures replay gives the recorded answers in order, the last one again", async () => {
  await using sandbox = await recorded(SCRIPT);

  const outcome = await replay(sandbox, `${SCRIPT}; sacct -j 1; exit 4`, ["--times", "recorded"]);

  const row = (state: string) => `1|${state}|2026-11-22T10:00:00|${sandbox.root}/here\n`;
  assert.equal(
    outcome.stdout,
    `Submitted batch job 1\n${row("RUNNING")}${row("COMPLETED")}` +
      `JobId=1 UserId=user2(10002) WorkDir=${sandbox.root}/here\n${row("COMPLETED")}`,
  );
  assert.match(outcome.stderr, /^sbatch: error: refused for user1\n/);
  assert.equal(outcome.code, 4);
});

Deno.test("e2e: fixtures replay is the same each time but for the dates", async () => {
  await using sandbox = await recorded(SCRIPT);

  const first = await replay(sandbox, SCRIPT);
  const second = await replay(sandbox, SCRIPT);

  const dateless = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:]{8}/g, "DATE");
  assert.equal(first.code, 0, first.stderr);
  assert.equal(dateless(first.stdout), dateless(second.stdout));
  assert.match(dateless(first.stdout), /\|DATE\|/);
});

Deno.test("e2e: fixtures replay moves dates so that a submission is never later than its job", async () => {
  await using sandbox = await recorded("sbatch job.sh; sacct -j 1");
  const manifest = join(sandbox.root, "rec", "recording.json");
  const text = await Deno.readTextFile(manifest);
  await Deno.writeTextFile(
    manifest,
    text.replace(/"recordedAt": "[^"]*"/, '"recordedAt": "2026-11-22T09:59:59.000Z"')
      .replace(/("0001-sbatch","atMs":)\d+/, (_, start) => `${start}1500`),
  );

  const { stdout, code } = await replay(
    sandbox,
    "sleep 2; date -u +%s; sbatch job.sh; sacct -j 1; date -u +%s",
  );

  assert.equal(code, 0);
  const [before, , row, after] = stdout.split("\n");
  const time = Date.parse(`${row!.split("|")[2]}Z`) / 1000;
  assert.ok(time >= Number(before), `${time} is not before the submission at ${before}`);
  assert.ok(time <= Number(after) + 2, `${time} is not long after ${after}`);
});

Deno.test("e2e: fixtures replay fails loudly for a call that was not recorded", async () => {
  await using sandbox = await recorded("sacct -j 1; scontrol show 1");

  const outcome = await replay(
    sandbox,
    "sacct -j 1 >/dev/null; scontrol show 1 >/dev/null; sacct -j '2 3' 2>/dev/null; echo $?",
  );

  assert.equal(outcome.stdout, "1\n");
  assert.equal(outcome.code, 1);
  // COMMAND threw the first message away.
  assert.match(outcome.stderr, /not recorded: \["sacct","-j","2 3"\]/);
  assert.match(outcome.stderr, /nearest recorded: \["sacct","-j","1"\] \(0001-sacct\)/);
});

Deno.test("e2e: fixtures replay submits no job twice by one answer", async () => {
  await using sandbox = await recorded("sbatch job.sh");

  const outcome = await replay(sandbox, "sbatch job.sh; sbatch job.sh");

  assert.equal(outcome.code, 1);
  assert.equal(outcome.stdout, "Submitted batch job 1\n");
  assert.match(outcome.stderr, /it was recorded once \(0001-sbatch is the last\)/);
});

Deno.test("e2e: fixtures replay hands each answer to one of several concurrent calls", async () => {
  await using sandbox = await recorded(
    "sbatch job.sh; sbatch job.sh; sbatch job.sh; sbatch job.sh",
  );

  const { stdout, code } = await replay(
    sandbox,
    "for i in 1 2 3 4; do sbatch job.sh & done; wait",
  );

  assert.equal(code, 0);
  assert.deepEqual(
    stdout.trim().split("\n").sort(),
    [1, 2, 3, 4].map((id) => `Submitted batch job ${id}`),
  );
});

Deno.test("e2e: fixtures replay reports recorded calls that were never made", async () => {
  await using sandbox = await recorded("sbatch job.sh; sacct -j 1");

  const outcome = await replay(sandbox, "sbatch job.sh");
  const partial = await replay(sandbox, "sbatch job.sh", ["--partial"]);

  assert.equal(outcome.code, 1);
  assert.match(
    outcome.stderr,
    /1 of 2 calls were never made:\n {2}0002-sacct: \["sacct","-j","1"\]/,
  );
  assert.equal(partial.code, 0);
  assert.equal(partial.stderr, "");
});

Deno.test("e2e: fixtures replay lays out what the jobs wrote, and overwrites nothing", async () => {
  await using sandbox = await recorded(
    'sbatch job.sh; mkdir out; echo "in $PWD" >out/a.txt; echo new >out/b.txt',
    ["--file", "out"],
  );
  const here = join(sandbox.root, "here");
  await Deno.mkdir(join(here, "out"));
  await Deno.writeTextFile(join(here, "out/b.txt"), "mine\n");

  const outcome = await replay(sandbox, "ls out; sbatch job.sh; cat out/a.txt out/b.txt");

  assert.equal(outcome.stdout, `b.txt\nSubmitted batch job 1\nin ${here}\nmine\n`);
  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /"out\/b.txt" was not laid out: something else is there/);
});
