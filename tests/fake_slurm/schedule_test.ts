import assert from "node:assert/strict";
import { withFakeSlurm } from "./with_fake_slurm.ts";

for (const waiting of [99, 100, 250]) {
  Deno.test(`a job starts behind ${waiting} tasks that only their array's limit keeps waiting`, () =>
    withFakeSlurm(async (slurm) => {
      const array = await slurm.submit(`--array=0-${waiting}%1`, "--wrap", "sleep 30");
      await slurm.waitFor(`${array}_0`, "RUNNING");

      const id = await slurm.submit("--wrap", "true");

      assert.deepEqual(await slurm.waitForEnd(id), [`${id}|COMPLETED|0:0`]);
      const { stdout } = await slurm.run("squeue", "-h", "-o", "%T %r", "-j", array);
      assert.equal(stdout, "PENDING JobArrayTaskLimit\nRUNNING None\n");
    }));
}
