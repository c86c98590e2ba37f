import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { readDatasetConfig } from "../../src/datalad/dataset_config.ts";
import { Sandbox } from "../support/sandbox.ts";

/** Reads a dataset's configuration that `prepare` has made. */
async function readPrepared(prepare: (file: string) => Promise<unknown>) {
  await using sandbox = await Sandbox.create();
  const file = join(sandbox.root, ".datalad", "config");
  await Deno.mkdir(dirname(file));
  await prepare(file);
  return await readDatasetConfig(sandbox.root);
}

Deno.test("readDatasetConfig() takes only names that it needs, and no file that is included", async () => {
  const values = await readPrepared(async (file) => {
    await Deno.writeTextFile(`${file}-evil`, "[commit]\n\tgpgSign = true\n");
    await Deno.writeTextFile(
      file,
      '[datalad "dataset"]\n\tid = theirs\n[datalad "run.substitutions"]\n\tA = 1\n' +
        '[datalad "run"]\n\trecord-sidecar = true\n\trecord-directory = x\n[include]\n' +
        "\tpath = config-evil\n[annex]\n\tlargefiles = nothing\n[core]\n\teditor = evil\n" +
        '[datalad "containers.fit"]\n\timage = x\n\tcmdexec = evil\n\tupdateurl = evil\n' +
        '[datalad "clone"]\n\turl = evil\n[dlslurm "store"]\n\tvfs = evil\n',
    );
  });

  assert.deepEqual([...values.keys()].sort(), [
    "datalad.containers.fit.image",
    "datalad.dataset.id",
    "datalad.run.record-directory",
    "datalad.run.record-sidecar",
    "datalad.run.substitutions.a",
  ]);
  assert.deepEqual(values.get("datalad.dataset.id"), ["theirs"]);
});

Deno.test("readDatasetConfig() finds nothing where there is no file", async () => {
  assert.equal((await readPrepared(() => Promise.resolve())).size, 0);
});

const UNREADABLE: readonly { name: string; make: (file: string) => Promise<unknown> }[] = [
  { name: "a line that git would refuse", make: (file) => Deno.writeTextFile(file, "[a\n") },
  { name: "a link to a device", make: (file) => Deno.symlink("/dev/zero", file) },
  { name: "a folder", make: (file) => Deno.mkdir(file) },
  { name: "far too much", make: (file) => Deno.writeTextFile(file, "#\n".repeat(600_000)) },
];

for (const { name, make } of UNREADABLE) {
  Deno.test(`readDatasetConfig() refuses ${name}`, async () => {
    await assert.rejects(() => readPrepared(make), { name: "UserError", code: "BAD_CONFIG" });
  });
}
