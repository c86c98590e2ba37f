import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { saidBy } from "./engine_world.ts";
import type { EngineWorld } from "./engine_world.ts";
import { createWithLog } from "./shared_log_world.ts";

const LOG = "slurm-1.out";

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
    `engine: finish of a file ${name} that git-annex was given half-written → open until it is whole`,
    async () => {
      await using world = await createWithLog(LOG, "git-annex");
      await world.schedule("o");
      for (const other of ["o/y", LOG]) await world.write(other, "1\n");
      await saveWhileWriting(world, path);

      const refused = await world.dlslurm("finish");

      assert.equal(refused.code, 1);
      assert.match(saidBy(refused), /with 5 bytes, and it has 11 now: it was still being written/);
      assert.deepEqual(world.stages(), ["open"]);
      const [, mend] = /hint: (.*), then: dlslurm finish 1/.exec(saidBy(refused)) ?? [];
      await world.sandbox.require(["sh", "-ec", mend!], { cwd: world.root });
      await world.must("finish");
      assert.ok((await world.changes()).includes(`M ${path}`));
      assert.match(await world.git("annex", "find", "--format=${bytesize} ", path), /^11/);
    },
  );
}
