/** A table that does not come to its end: somebody waits for it, and thinks better of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DLSLURM } from "../support/sandbox.ts";
import { EngineWorld } from "./engine_world.ts";

/** More bytes than a pipe holds, pipe(7): whoever has written them knows that somebody reads. */
const MORE_THAN_A_PIPE = 200_000;

for (const from of ["pipe.csv", "-"]) {
  Deno.test(`schedule --from ${from}: no end comes, Ctrl-C → it ends, nothing is submitted`, async () => {
    await using world = await EngineWorld.create();
    const pipe = join(world.root, "pipe.csv");
    await world.sandbox.require(["mkfifo", pipe]);
    const words = [...DLSLURM, "schedule", "--from", from, "--from-format", "csv"];
    const line = from === "-" ? 'exec "$@" <pipe.csv' : 'exec "$@"';
    const schedule = world.sandbox.start(
      ["sh", "-c", line, "sh", ...words, "-o", "{n}", "sbatch", "job.sh"],
      { cwd: world.root },
    );
    using writer = await Deno.open(pipe, { write: true });
    const rows = new TextEncoder().encode(`n\n${"1\n".repeat(MORE_THAN_A_PIPE / 2)}`);
    await writer.writable.getWriter().write(rows);
    schedule.kill("SIGINT");

    const { code, stderr } = await schedule.ended;

    assert.equal(code, 130);
    assert.match(stderr, /^interrupted: /m);
    assert.deepEqual(world.stages(), []);
  });
}
