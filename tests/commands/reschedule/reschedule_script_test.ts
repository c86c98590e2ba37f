import assert from "node:assert/strict";
import { renderScript } from "../../../src/commands/reschedule/reschedule_script.ts";
import type { PlannedRun } from "../../../src/commands/reschedule/reschedule_script.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import { TestFolder } from "../../support/test_folder.ts";

function run(folder: string, command: string, subject = "a job"): PlannedRun {
  const plan = { directory: folder, command } as PlannedRun["plan"];
  return { commit: "0123456789abcdef", subject, plan, standIn: "999999", isFollowed: false };
}

/** Runs the script in the root of a dataset with these folders. */
async function runScript(
  folders: readonly string[],
  runs: (root: string) => readonly PlannedRun[],
) {
  await using folder = await TestFolder.create({ a: "" });
  for (const name of folders) await Deno.mkdir(folder.at(name), { recursive: true });
  const script = renderScript({ root: folder.root, dsid: null } as Dataset, runs(folder.root));
  const { stdout, success } = await new Deno.Command("/bin/sh", {
    args: ["-c", script],
    cwd: folder.root,
    env: { CDPATH: "/" },
  }).output();
  return {
    success,
    lines: new TextDecoder().decode(stdout).replaceAll(folder.root, "ROOT").trimEnd().split("\n"),
  };
}

Deno.test("renderScript() runs each command in its folder, whatever the folder is called", async () => {
  const folders = ["a b", "-x", "it's $HOME", "tmp", "deep/er"];

  const { lines } = await runScript(folders, (root) => [
    run(root, "pwd"),
    ...folders.map((name) => run(`${root}/${name}`, "pwd")),
    run(root, "pwd"),
  ]);

  assert.deepEqual(lines, ["ROOT", ...folders.map((name) => `ROOT/${name}`), "ROOT"]);
});

Deno.test("renderScript() takes comments and here-documents at a command's end for what they are", async () => {
  const { lines } = await runScript(["sub"], (root) => [
    run(`${root}/sub`, "echo one # not two"),
    run(`${root}/sub`, "cat <<EOT\ntwo\nEOT"),
    run(root, "cat <<EOT\nthree\nEOT"),
    run(`${root}/sub`, "pwd"),
  ]);

  assert.deepEqual(lines, ["one", "two", "three", "ROOT/sub"]);
});

Deno.test("renderScript() stops at the first command that fails, in a folder or not", async () => {
  for (const command of ["false", "false # comment", "cd gone"]) {
    for (const place of ["", "/sub"]) {
      const { lines, success } = await runScript(["sub"], (root) => [
        run(root + place, command),
        run(root, "echo never"),
      ]);

      assert.deepEqual([lines, success], [[""], false], `${command} in ${place}`);
    }
  }
});

Deno.test("renderScript() makes no line of what a subject says", async () => {
  const subject = "x\necho never\r\necho neither\u2028";

  const { lines } = await runScript([], (root) => [run(root, "echo once", subject)]);

  assert.deepEqual(lines, ["once"]);
});
