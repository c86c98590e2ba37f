import assert from "node:assert/strict";
import { join } from "node:path";
import { DLSLURM } from "../support/sandbox.ts";
import { startOnTerminal } from "../support/terminal.ts";
import { PARTITION_REFUSED } from "../support/wrapped_programs.ts";
import { EngineWorld } from "./engine_world.ts";

const TITLE = "\x1b]0;taken\x07";
const CLEAR = "a\x1b[2J\x9b2Jb";
const FORGED = "x (file)\nsave(ok): forged";

Deno.test("strange names: finish shows them on its lines, on a terminal and in a pipe", async () => {
  await using world = await EngineWorld.create();
  const files = [TITLE, CLEAR, FORGED].map((name) => `out/${name}`);
  await world.schedule("out");
  for (const file of files) await world.write(file, "1\n");

  const { ended } = startOnTerminal(world.sandbox, [...DLSLURM, "finish"], { cwd: world.root });

  const { stdout, code } = await ended;
  assert.equal(code, 0, stdout);
  for (const name of [TITLE, CLEAR, "\x9b"]) assert(!stdout.includes(name), stdout);
  assert(stdout.includes("a\\x1b[2J\\x9b2Jb"), stdout);
  assert.doesNotMatch(stdout, /^save\(ok\): forged/m);
  // In a pipe the lines are the same; what is exact is the record.
  await world.schedule("out");
  for (const file of files) await world.write(file, "2\n");
  const piped = await world.must("finish");
  assert(piped.stdout.includes("(ok): out/x (file)\\nsave(ok): forged (file)\n"), piped.stdout);
  assert(piped.stdout.includes("out/\\x1b]0;taken\\x07 (file)\n"), piped.stdout);
  await world.schedule("out");
  for (const file of files) await world.write(file, "3\n");
  const { stdout: json } = await world.must("-f", "json", "finish");
  const paths = json.trim().split("\n").map((line) => JSON.parse(line).path);
  for (const file of files) assert(paths.includes(`${world.root}/${file}`), json);
});

Deno.test("strange names: what sbatch prints reaches the terminal as it is", async () => {
  await using world = await EngineWorld.create();
  const line = "printf '\\033[1mbold\\033[0m\\n'; sbatch job.sh";

  const { ended } = startOnTerminal(world.sandbox, [...DLSLURM, "schedule", "-o", "out", line], {
    cwd: world.root,
  });

  const { stdout } = await ended;
  assert(stdout.includes("\x1b[1mbold\x1b[0m\r\n"), stdout);
});

Deno.test("strange names: warnings, hints and words of other programs move no cursor", async () => {
  await using world = await EngineWorld.create();

  const { stderr } = await world.dlslurm("schedule", "-i", FORGED, "-o", "out", "sbatch", "job.sh");

  assert.match(stderr, /^error: Cannot schedule: input "x \(file\)\\nsave\(ok\): forged" is not/);
  const claims = await world.dlslurm("schedule", "-o", `../${CLEAR}`, "sbatch", "job.sh");
  assert(!claims.stderr.includes("\x1b"), claims.stderr);
  const sbatch = join(world.sandbox.programs, "sbatch");
  const scripted = await Deno.readTextFile(sbatch);
  await Deno.writeTextFile(
    sbatch,
    `#!/bin/sh\nprintf "\\033[2J\\n"; printf "%s\\n" "${PARTITION_REFUSED}" >&2; exit 1\n`,
  );
  const words = ["schedule", "-f", "generic", "-o", "out", "sbatch", "job.sh"];
  const refused = await world.dlslurm(...words);
  assert.equal(refused.code, 1);
  await Deno.writeTextFile(sbatch, scripted);
  await world.schedule("out");
  const nothing = await world.must("finish", "--allow-no-outputs");
  assert.match(nothing.stderr, /warning: job \d+ left nothing at its output "out"/);
});

Deno.test("strange names: a line break in the dataset's own path → refused, not taken for two paths", async () => {
  await using world = await EngineWorld.create();
  const root = `${world.sandbox.root}/odd\n${world.sandbox.root}/other/.git\nx`;
  await Deno.mkdir(root.slice(0, root.lastIndexOf("/")), { recursive: true });
  await Deno.rename(world.root, root);
  world.root = root;

  for (const args of [["list"], ["finish"], ["schedule", "-o", "out", "sbatch", "job.sh"]]) {
    const refused = await world.dlslurm(...args);

    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^error: Cannot work in .*: a line break is in the path of the rep/,
    );
  }
  assert.deepEqual(await world.slurm.submitted(), []);
});
