import assert from "node:assert/strict";
import {
  cannotWait,
  dependencyOfCommand,
  waitingFor,
} from "../../src/submit/command_dependency.ts";
import { TestFolder } from "../support/test_folder.ts";

const SCRIPT = "#!/bin/sh\n#SBATCH --dependency=afterok:7\necho\n";

Deno.test("dependencyOfCommand() takes that of the command line, or else that of the script", async () => {
  await using folder = await TestFolder.create({ "job.sh": SCRIPT, "alt/other.sh": "#!/bin/sh\n" });
  const place = { directory: folder.root, runsIn: folder.root };

  assert.deepEqual(await dependencyOfCommand("sbatch -d afterany:8 job.sh", place), {
    ...{ text: "afterany:8", isOfScript: false },
  });
  assert.deepEqual(await dependencyOfCommand("sbatch job.sh", place), {
    ...{ text: "afterok:7", isOfScript: true },
  });
  assert.equal((await dependencyOfCommand("sbatch alt/other.sh", place)).text, undefined);
  for (
    const command of ["sbatch none.sh", "sbatch --wrap true", "sbatch alt", "sbatch /dev/zero"]
  ) {
    assert.deepEqual(await dependencyOfCommand(command, place), {
      text: undefined,
      isOfScript: false,
    });
  }
});

Deno.test("dependencyOfCommand() looks in the alternative folder first, then where it is copied from", async () => {
  await using folder = await TestFolder.create({
    "set/job.sh": SCRIPT,
    "set/only.sh": SCRIPT,
    "alt/job.sh": SCRIPT.replace("7", "9"),
  });
  const place = { directory: folder.at("set"), runsIn: folder.at("alt") };

  assert.equal((await dependencyOfCommand("sbatch job.sh", place)).text, "afterok:9");
  assert.equal((await dependencyOfCommand("sbatch only.sh", place)).text, "afterok:7");
});

Deno.test("waitingFor() has a command wait for further jobs beside its own and its script's", async () => {
  await using folder = await TestFolder.create({ "job.sh": SCRIPT });
  const place = { directory: folder.root, runsIn: folder.root };
  const jobs = [{ jobId: "8", type: "afterok" }];

  assert.equal(await waitingFor("sbatch job.sh", [], place), "sbatch job.sh");
  const command = await waitingFor("sbatch job.sh", jobs, place);
  assert.match(command, /7/);
  assert.match(command, /8/);
  assert.equal((await dependencyOfCommand(command, place)).isOfScript, false);
});

Deno.test("waitingFor() refuses a command that it cannot add to, and says what to write", async () => {
  const place = { directory: "/nowhere", runsIn: "/nowhere" };
  const jobs = [{ jobId: "8", type: "afterok" }];

  await assert.rejects(waitingFor("for i in 1 2; do sbatch $i.sh; done", jobs, place), {
    code: "BAD_DEPENDENCY",
    hint: /--dependency=afterok:8$/,
  });
});

Deno.test("cannotWait() names each job once", () => {
  const jobs = [{ jobId: "8" }, { jobId: "9" }, { jobId: "8" }];

  assert.match(
    cannotWait("x", jobs, new SyntaxError("no")).message,
    /wait for job 8, 9: no\. No job/,
  );
});

Deno.test("waitingFor() refuses a job of another cluster, where its ID is another job's", async () => {
  const place = { directory: "/nowhere", runsIn: "/nowhere" };
  const wait = (command: string, cluster?: string) =>
    waitingFor(command, [{ jobId: "7", type: "afterok", ...(cluster ? { cluster } : {}) }], place);

  assert.equal(
    await wait("sbatch -M big --wrap true", "big"),
    "sbatch --dependency=afterok:7 -M big --wrap true",
  );
  await assert.rejects(
    wait("sbatch --wrap true", "big"),
    /that of this machine, than that job, "big"/,
  );
  await assert.rejects(
    wait("sbatch -M big --wrap true"),
    /"big", than that job, that of this machine/,
  );
  await assert.rejects(wait("sbatch -M big --wrap true", "small"), /another cluster, "big"/);
  // sbatch picks one of these.
  await wait("sbatch -M big,small --wrap true", "small");
});
