import assert from "node:assert/strict";
import { join } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { EngineWorld, saidBy } from "./engine_world.ts";

/** A dataset whose own configuration somebody else has written. */
async function createWith(config: string): Promise<EngineWorld> {
  return await EngineWorld.create({ ".datalad/config": config });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("strange dataset: {pwd} {dspath} {tmpdir} mean what they mean everywhere", async () => {
  const names = ["pwd", "dspath", "tmpdir", "inputs", "outputs"];
  const values = names.map((name) => `\t${name} = "'; echo taken; '"\n`).join("");
  await using world = await createWith(`[datalad "run.substitutions"]\n${values}`);

  const { stdout } = await world.must(
    ...["schedule", "--dry-run", "command", "-o", "out"],
    ...["x {pwd} {dspath} {tmpdir} {inputs} {outputs}"],
  );

  assert(!stdout.includes("taken"), stdout);
  // The folder has a blank in its name: still each is one word.
  assert.match(stdout, /^x '(\/.*)' '\1' '.*tmp' {2}out\n$/);
});

Deno.test("strange dataset: a substitution that is code is refused, the user's own is taken", async () => {
  await using world = await createWith('[datalad "run.substitutions"]\n\topt = "$(touch taken)"\n');
  const args = ["schedule", "-o", "out", "sbatch job.sh {opt}"];

  const refused = await world.dlslurm(...args);

  assert.equal(refused.code, 1);
  assert.match(saidBy(refused), /came with the dataset/);
  assert.equal(await exists(join(world.root, "taken")), false);
  await world.git("config", "datalad.run.substitutions.opt", "$(touch taken)");
  await world.must(...args);
  assert.equal(await exists(join(world.root, "taken")), true);
});

Deno.test("strange dataset: what its configuration includes does not count", async () => {
  await using world = await createWith(
    "[include]\n\tpath = other\n[commit]\n\tgpgSign = true\n[user]\n\tsigningKey = none\n",
  );
  await world.write(".datalad/other", "[commit]\n\tgpgSign = true\n");
  await world.schedule("out");
  await world.write("out/x", "1\n");

  await world.must("finish");

  assert.match((await world.subjects())[0]!, /Slurm job/);
});

const OUTSIDE = [
  { name: "above the dataset", folder: "../outside" },
  { name: "absolute", folder: "/tmp/outside" },
  { name: "in .git", folder: ".git/records" },
  { name: "behind a link out of the dataset", folder: "away/records" },
];

for (const { name, folder } of OUTSIDE) {
  testIfAvailable(
    ["xz"],
    `strange dataset: a folder for records ${name} is not written to`,
    async () => {
      await using world = await createWith(
        `[datalad "run"]\n\trecord-sidecar = true\n\trecord-directory = ${folder}\n`,
      );
      await Deno.mkdir(join(world.sandbox.root, "elsewhere"));
      await Deno.symlink(join(world.sandbox.root, "elsewhere"), join(world.root, "away"));
      await world.schedule("out");
      await world.write("out/x", "1\n");

      const refused = await world.dlslurm("finish");

      assert.equal(refused.code, 1);
      assert.match(saidBy(refused), /Cannot keep records in .*: it is not in the dataset/);
      assert.equal(await exists(join(world.root, folder)), false);
      // The job is still there, and the user's own setting takes precedence over the dataset's.
      await world.git("config", "datalad.run.record-directory", ".datalad/runinfo");
      await world.must("finish");
      assert((await world.changes()).some((change) => change.startsWith("A .datalad/runinfo/")));
    },
  );
}

const NO_IDS = ["../evil", "a/b", "x y", ".hidden", "-x", '"a\\ntouch x #"', "x".repeat(65)];

for (const id of NO_IDS) {
  Deno.test(`strange dataset: ${id.slice(0, 20)} is no ID`, async () => {
    await using world = await createWith(`[datalad "dataset"]\n\tid = ${id}\n`);
    // What would be the Python extension's database of such a dataset.
    for (const name of ["evil.db", ".git/x y.db", ".git/.hidden.db", ".git/-x.db"]) {
      await world.write(name, "no database");
    }
    await world.schedule("out");
    await world.write("out/x", "1\n");

    await world.must("finish");

    assert.match(await world.git("log", "-1", "--format=%B"), /"dsid": null/);
    const { stdout } = await world.must("reschedule", "--script", "-");
    assert.match(stdout, /^# Commands recorded in dataset \//m);
  });
}
