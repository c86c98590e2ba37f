import assert from "node:assert/strict";
import { hintForUnopenedScript, requireScriptInAltDir } from "../../src/submit/batch_script.ts";
import type { ScriptUser } from "../../src/submit/batch_script.ts";
import { TestFolder } from "../support/test_folder.ts";

const UNOPENED = "sbatch: error: Unable to open file job.sh\n";

/** A dataset with sub/job.sh, and an alternative folder with sub/there.sh. */
async function createPlaces() {
  const folder = await TestFolder.create({ "set/sub/job.sh": "", "alt/sub/there.sh": "" });
  const root = folder.at("set");
  const user = (command: string, changes: Partial<ScriptUser> = {}): ScriptUser => ({
    request: { pwd: "sub", altDir: folder.at("alt"), rescheduledJobId: null },
    directory: folder.at("alt/sub"),
    command,
    inputs: [],
    ...changes,
  });
  return { folder, root, user };
}

Deno.test("requireScriptInAltDir() takes a script that is there, will be, or is not looked for there", async () => {
  const { folder, root, user } = await createPlaces();
  await using _folder = folder;
  for (
    const each of [
      user("sbatch there.sh"),
      user("sbatch job.sh", { inputs: ["sub/job.sh"] }),
      user("sbatch job.sh", { inputs: ["sub"] }),
      user(`sbatch ${root}/sub/job.sh`),
      user("sbatch --wrap 'job.sh'"),
      // Only a shell knows what will be run, and only sbatch where a bare name of a program is.
      user("sbatch $SCRIPT"),
      user("sbatch sh"),
      user("sbatch job.sh", { request: { pwd: "sub", altDir: null, rescheduledJobId: null } }),
    ]
  ) {
    await requireScriptInAltDir(root, each);
  }
});

const REFUSED: readonly [command: string, message: RegExp, hint: RegExp][] = [
  ["sbatch job.sh", /and no input \(-i\) that is copied there/, /-i job\.sh$/],
  ["sbatch ./job.sh", /"\.\/job\.sh"/, /-i \.\/job\.sh$/],
  ["sbatch gone.sh", /it is not there\. No job was submitted$/, /-i gone\.sh$/],
  ["sbatch 'a b.sh'", /"a b\.sh"/, /-i "a b\.sh"$/],
];

for (const [command, message, hint] of REFUSED) {
  Deno.test(`requireScriptInAltDir() refuses ${command}`, async () => {
    const { folder, root, user } = await createPlaces();
    await using _folder = folder;

    await assert.rejects(requireScriptInAltDir(root, user(command)), {
      code: "MISSING_INPUT",
      message,
      hint,
    });
  });
}

Deno.test("hintForUnopenedScript() helps only where that is why sbatch refused", async () => {
  const { folder, root, user } = await createPlaces();
  await using _folder = folder;
  const repeated = { pwd: "sub", altDir: folder.at("alt"), rescheduledJobId: "7" };

  assert.match((await hintForUnopenedScript(root, user("sbatch job.sh"), UNOPENED))!, /-i job\.sh/);
  // A record's inputs cannot be added to.
  const again = user("sbatch job.sh", { request: repeated });
  assert.match(
    (await hintForUnopenedScript(root, again, UNOPENED))!,
    /^cp ".*job\.sh" ".*job\.sh"/,
  );
  assert.equal(await hintForUnopenedScript(root, user("sbatch there.sh"), UNOPENED), undefined);
  const other = "sbatch: error: invalid partition\n";
  assert.equal(await hintForUnopenedScript(root, user("sbatch job.sh"), other), undefined);
});
