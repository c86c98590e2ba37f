import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { LockedLogs } from "../../src/submit/locked_logs.ts";
import type { LoggingCommand } from "../../src/submit/locked_logs.ts";
import { TestFolder } from "../support/test_folder.ts";

/** Finds the locked logs of commands that run in the folder "sub"; these files are annexed links. */
async function createFinder(script: string, annexed: readonly string[]) {
  const folder = await TestFolder.create({ "sub/job.sh": `#!/bin/sh\n${script}\n`, "logs/x": "" });
  for (const path of annexed) {
    await Deno.symlink(".git/annex/objects/aa/bb/KEY/KEY", folder.at(path));
  }
  const logs = (env: Readonly<Record<string, string>> = {}) => {
    const finder = new LockedLogs({ root: folder.root } as Dataset, {
      env: { get: (name) => env[name] },
    });
    return async (command: string, array: LoggingCommand["array"] = null) =>
      await finder.find({ command, directory: folder.at("sub"), array });
  };
  return { folder, logs };
}

Deno.test("LockedLogs finds what the command, the variables and the script name, as sbatch ranks them", async () => {
  const { folder, logs } = await createFinder("#SBATCH -o run.log\n#SBATCH -e ../logs/%x.err", [
    ...["sub/run.log", "logs/job.sh.err", "logs/from env", "logs/from command"],
  ]);
  await using _folder = folder;
  const find = logs();

  assert.deepEqual(await find("sbatch job.sh 1"), ["sub/run.log", "logs/job.sh.err"]);
  assert.deepEqual(await find("sbatch -o '../logs/from command' -e x job.sh"), [
    "logs/from command",
  ]);
  assert.deepEqual(await logs({ SBATCH_OUTPUT: `${folder.root}/logs/from env` })("sbatch job.sh"), [
    ...["logs/from env", "logs/job.sh.err"],
  ]);
  assert.deepEqual(await find("sbatch -o %j.log -e x job.sh"), []);
  assert.deepEqual(await find("sbatch -D ../logs -o 'from env' -e x --wrap true"), [
    "logs/from env",
  ]);
});

Deno.test("LockedLogs finds nothing where a shell reads the command, or there is no script", async () => {
  const { folder, logs } = await createFinder("#SBATCH -o run.log", ["sub/run.log"]);
  await using _folder = folder;

  for (
    const command of ["sbatch job.sh $X", "cd . && sbatch job.sh", "my job.sh", "sbatch no.sh"]
  ) {
    assert.deepEqual(await logs()(command), [], command);
  }
});

Deno.test("LockedLogs finds the logs of an array's tasks, and of one of them", async () => {
  const annexed = ["logs/1.log", "logs/2.log", "logs/007.log", "logs/9.log"];
  const { folder, logs } = await createFinder("#SBATCH -o ../logs/%a.log", annexed);
  await using _folder = folder;
  const find = logs();

  assert.deepEqual(await find("sbatch --array=0-8%2 job.sh"), ["logs/1.log", "logs/2.log"]);
  assert.deepEqual(await find("sbatch --array=0-1000 -o ../logs/%3a.log job.sh"), ["logs/007.log"]);
  assert.deepEqual(await find("sbatch --array=0-8 job.sh", { task: 2 }), ["logs/2.log"]);
  assert.deepEqual(await find("sbatch job.sh"), [], "no array");
});

Deno.test("LockedLogs counts the rows of a table that will be the tasks of one array", async () => {
  const { folder, logs } = await createFinder("#SBATCH -o ../logs/%a.log", [
    ...["logs/0.log", "logs/2.log", "logs/3.log"],
  ]);
  await using _folder = folder;
  const find = logs();

  const found = [];
  for (const row of ["a", "b", "c"]) found.push(await find(`sbatch job.sh ${row}`, {}));

  assert.deepEqual(found, [["logs/0.log"], [], ["logs/2.log"]]);
});

Deno.test("LockedLogs names a log by the folder in which git has it, and none outside", async () => {
  const { folder, logs } = await createFinder("", ["logs/run.log"]);
  await using _folder = folder;
  await Deno.symlink("logs", folder.at("by another name"));

  assert.deepEqual(await logs()("sbatch -o '../by another name/run.log' job.sh"), ["logs/run.log"]);
  for (const path of ["/dev/null", "../gone/run.log", "/tmp/x", "none"]) {
    assert.deepEqual(await logs()(`sbatch -o ${path} job.sh`), [], path);
  }
});
