import assert from "node:assert/strict";
import { RealFolders } from "../../src/fs/real_folders.ts";
import { statusOf } from "../../src/jobs/job_status.ts";
import {
  explainMissingLog,
  findMissing,
  keptLog,
  logFoldersOf,
  makingOf,
  namesOf,
} from "../../src/slurm/log_folders.ts";
import { openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("keptLog() keeps a log of the dataset by its path in it, by whatever name Slurm knows it", async () => {
  await using folder = await TestFolder.create({ "set/logs/x": "", "other/x": "" });
  await Deno.symlink("set", folder.at("by another name"));
  const root = folder.at("set");
  const keep = (path: string) => keptLog({ root }, { task: 3, path }, new RealFolders());

  assert.deepEqual(keep(`${root}/logs/%j`), { task: 3, path: "logs/%j" });
  assert.deepEqual(keep(`${root}/not there/a`), { task: 3, path: "not there/a" });
  assert.equal(keep(folder.at("by another name/logs/a")).path, "logs/a");
  for (const path of [folder.at("other/a"), folder.at("gone/a"), `${root}/.git/a`, "/dev/null"]) {
    assert.equal(keep(path).path, path);
  }
});

Deno.test("logFoldersOf() leaves out folders that depend on the job", () => {
  const logs = ["logs/%j.out", "logs/err", "/x/%j/out", "/x/4294967294/a", "/y/a", "top"]
    .map((path) => ({ task: null, path }));

  assert.deepEqual(logFoldersOf({ root: "/r" }, logs), ["/r/logs", "/y", "/r"]);
});

Deno.test("findMissing() finds what is not there, behind a broken link, too", async () => {
  await using folder = await TestFolder.create({ "a/x": "" });
  await Deno.symlink("nothing", folder.at("broken"));
  const folders = ["a", "b", "broken", "broken/c"].map((path) => folder.at(path));

  assert.deepEqual(await findMissing(folders), folders.slice(1));
});

function endedWith(exitCode: string) {
  const submission = {
    ...{ jobId: "151", submittedAtMs: 0, acceptedAtMs: null, submitS: null, reusedFromS: null },
    arrayTasks: null,
  };
  const entry = {
    ...{ jobId: "151", jobIdRaw: "151", state: "FAILED", submitS: 0, endS: 1, exitCode },
    ...{ elapsed: "", nodeList: "" },
  };
  return statusOf(submission, { entries: [entry], doubt: undefined });
}

Deno.test("explainMissingLog() names the folder that is not there, and the command that makes it", async () => {
  await using folder = await TestFolder.create({ "logs/x": "" });
  const details = { environmentFile: null, arrayTasks: null };
  const job = openJob({ details: { ...details, logs: [{ task: null, path: "no logs/%j" }] } });
  const dataset = { root: folder.root };

  const said = await explainMissingLog(dataset, job, endedWith("0:53"));

  assert.match(said!, /job 151: .* no folder "no logs": mkdir -p '.*\/no logs'$/);
  assert.equal(await explainMissingLog(dataset, job, endedWith("1:0")), undefined);
  const elsewhere = openJob({ details: { ...details, logs: [{ task: null, path: "logs/%j" }] } });
  const why = await explainMissingLog(dataset, elsewhere, endedWith("0:53"));
  assert.match(why!, /its folder was not there, or could not be written to$/);
  assert.doesNotMatch(why!, /mkdir/);
});

Deno.test("namesOf() has paths from the root, but for the root itself and what lies elsewhere", () => {
  assert.equal(namesOf({ root: "/r" }, ["/r/a", "/r", "/s"]), '"a" "/r" "/s"');
});

Deno.test("makingOf() makes folders of any name", () => {
  assert.equal(makingOf(["/r/a", "/r/it's"]), `mkdir -p /r/a '/r/it'"'"'s'`);
});

// The permissions of the built program: with them the runtime refuses a look into /dev.
Deno.test({
  name: "findMissing() takes a folder that may not be looked at for there",
  permissions: { read: true },
  fn: async () => {
    await assert.rejects(Deno.stat("/dev"), Deno.errors.NotCapable);

    const missing = await findMissing(["/dev", "/usr", "/no/such/folder", "/bin/sh/logs"]);

    assert.deepEqual(missing, ["/no/such/folder", "/bin/sh/logs"]);
  },
});

Deno.test("explainMissingLog() names the log that is a locked annexed file, and the command that unlocks it", async () => {
  await using folder = await TestFolder.create({ "logs/x": "" });
  await Deno.symlink("../.git/annex/objects/a/b/KEY/KEY", folder.at("logs/my run.log"));
  const details = { environmentFile: null, arrayTasks: null };
  const said = async (path: string) =>
    await explainMissingLog(
      { root: folder.root },
      openJob({ details: { ...details, logs: [{ task: null, path }] } }),
      endedWith("0:53"),
    );

  assert.match(
    (await said("logs/my run.log"))!,
    /"logs\/my run\.log" is a locked annexed file.*: /,
  );
  assert.match((await said("logs/my run.log"))!, /: git annex unlock 'logs\/my run\.log'$/);
  assert.match((await said("logs/x"))!, /its folder was not there, or could not be written to$/);
});
