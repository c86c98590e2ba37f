import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { saidBy } from "./engine_world.ts";
import type { EngineWorld } from "./engine_world.ts";
import { killCallerOf, mend } from "./kill_caller.ts";
import { createWithLog } from "./shared_log_world.ts";

const LOG = "slurm-1.out";

/** From where the file has taken the link's place to where the branch has moved. */
const STRIKES = [
  ["annex", "before"],
  ["fast-import", "after"],
  ["update-ref -m", "before"],
] as const;

/** Gives files to git-annex, as `datalad save` does, while their job writes to them. */
async function saveWhileWriting(world: EngineWorld, path: string): Promise<void> {
  await world.write(path, "half\n");
  using writer = await Deno.open(join(world.root, path), { append: true });
  await world.git("annex", "add", "--quiet", path);
  await world.git("commit", "--quiet", "-m", "Half of it");
  await writer.write(new TextEncoder().encode("whole\n"));
}

for (
  const [name, path] of [["in an output folder", "o/deep/x"], ["that is the log", LOG]] as const
) {
  testIfAvailable(
    ["git-annex"],
    `engine: finish of a file ${name} that git-annex was given half-written → committed whole`,
    async () => {
      await using world = await createWithLog(LOG, "git-annex");
      await world.schedule("o");
      for (const other of ["o/y", LOG]) await world.write(other, "1\n");
      await saveWhileWriting(world, path);
      await world.git("annex", "add", "--quiet", "slurm-job-1.env.json");
      await world.git("commit", "--quiet", "-m", "The environment, too");

      const finished = await world.must("finish");

      assert.match(saidBy(finished), new RegExp(`git-annex was given "${path}" while job 1 was`));
      assert.ok((await world.changes()).includes(`M ${path}`));
      assert.deepEqual(await world.lines("status", "--porcelain"), []);
      assert.match(await world.git("annex", "find", "--format=${bytesize} ", path), /^11/);
    },
  );
}

for (const [word, moment] of STRIKES) {
  testIfAvailable(
    ["git-annex"],
    `engine: finish of a half-written file, killed ${moment} git ${word} → the next one commits it whole`,
    async () => {
      await using world = await createWithLog(LOG, "git-annex");
      await world.schedule("o");
      for (const other of ["o/y", LOG]) await world.write(other, "1\n");
      await saveWhileWriting(world, "o/x");
      await killCallerOf(world, "git", word, moment);
      assert.equal((await world.dlslurm("finish")).code, 137);
      await mend(world, "git");

      await world.must("finish");

      assert.ok((await world.changes()).includes("M o/x"));
      assert.deepEqual(await world.lines("status", "--porcelain"), []);
      assert.match(await world.git("annex", "find", "--format=${bytesize} ", "o/x"), /^11/);
    },
  );
}
