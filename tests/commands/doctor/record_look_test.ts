import assert from "node:assert/strict";
import { join } from "node:path";
import { namesIn } from "../../../src/fs/if_present.ts";
import { DLSLURM } from "../../support/sandbox.ts";
import { World } from "../../support/world.ts";

/** Everything in a recording, and the names of its calls. */
async function readAll(
  folder: string,
): Promise<{ readonly text: string; readonly calls: string[] }> {
  const calls = (await namesIn(folder)).filter((name) => /^[0-9]/.test(name)).sort();
  let text = await Deno.readTextFile(join(folder, "recording.json"));
  for (const call of calls) {
    for (const name of ["argv.json", "stdout", "stderr"]) {
      text += await Deno.readTextFile(join(folder, call, name));
    }
  }
  return { text, calls: calls.map((call) => call.replace(/^[0-9]+-/, "")).sort() };
}

const CHECKS = ["-f", "{finding} {check}"];

Deno.test("doctor --record: finds what doctor finds, and records each answer without names and command lines", async () => {
  await using world = await World.createWithCompletedJob();
  const { dataset, sandbox } = world;
  await sandbox.require(["sbatch", "--wait", "-A", "secretlab", "--wrap", "true my-password"], {
    cwd: dataset.root,
  });
  const folder = join(sandbox.root, "site");

  const plain = await dataset.dlslurm([...CHECKS, "doctor"]);
  const recorded = await dataset.dlslurm([...CHECKS, "doctor", "--record", folder]);

  assert.equal(recorded.code, plain.code, recorded.stderr);
  assert.equal(recorded.stdout, `${plain.stdout}ok recording\n`);
  const { text, calls } = await readAll(folder);
  assert.deepEqual(calls, ["sacct", "sbatch", "scontrol", "squeue"]);
  assert.doesNotMatch(text, /my-password|secretlab|SubmitLine/);
  const check = await sandbox.dlslurm(["fixtures", "check", folder], { cwd: dataset.root });
  assert.equal(check.code, 0, check.stderr);
});

Deno.test("doctor --record: the recording answers doctor elsewhere", async () => {
  await using world = await World.create();
  const { dataset, sandbox } = world;
  const folder = join(sandbox.root, "site");
  const recorded = await dataset.dlslurm(["doctor", "--record", folder]);

  assert.match(recorded.stderr, /Replaced; look it through before you give the recording away:/);
  assert.match(recorded.stdout, /^ok +recording +what Slurm answered is recorded in/m);
  const replayed = await sandbox.dlslurm(
    ["fixtures", "replay", folder, "--", ...DLSLURM, ...CHECKS, "doctor"],
    { cwd: dataset.root },
  );

  assert.match(replayed.stdout, /^ok slurm-answers$/m, replayed.stderr);
  assert.match(replayed.stdout, /^ok slurm-version$/m);
  assert.match(replayed.stdout, /^ok controller-clock$/m);
});

Deno.test("doctor --record with -f json: the names that were replaced are in the result", async () => {
  await using world = await World.create();

  const outcome = await world.dataset.dlslurm(["-f", "json", "doctor", "--record", "site"]);

  const results = outcome.stdout.trim().split("\n").map((line) => JSON.parse(line));
  const last = results.at(-1);
  assert.deepEqual([last.check, last.finding], ["recording", "ok"]);
  assert.match(last.detail, /Replaced;/);
  assert.equal(outcome.stderr, "");
});

Deno.test("doctor --record into a folder that is not free, or where other commands are asked → refused", async () => {
  await using world = await World.create();
  const { dataset } = world;
  await dataset.write("full/x", "x");

  const full = await dataset.dlslurm(["doctor", "--record", "full"]);
  const named = await dataset.dlslurm(
    ["-c", "dlslurm.slurm.sacct=ssh login1", "doctor", "--record", "free"],
  );

  assert.equal(full.code, 1);
  assert.match(full.stderr, /Cannot record into "full"/);
  assert.deepEqual(await namesIn(join(dataset.root, "full")), ["x"]);
  assert.equal(named.code, 2);
  assert.match(named.stderr, /for sacct "ssh login1" is asked, and only Slurm's own commands/);
  assert.deepEqual(await namesIn(join(dataset.root, "free")), []);
});
