import assert from "node:assert/strict";
import { DATASET_KINDS } from "../support/datasets.ts";
import type { TestDataset } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { World } from "../support/world.ts";

/** Files of every sort that the rules of text2git, and of git-annex, tell apart. */
const COMMANDS = `mkdir -p out/deep/er out/.hidden
echo text >out/text.txt
printf 'a,b\\n1,2\\n' >out/table.csv
echo '{"a": 1}' >out/data.json
printf 'binary\\000\\001\\377' >out/data.bin
: >out/empty
printf '\\000' >out/one-zero-byte
printf '\\303\\244\\303\\266\\n' >out/utf8.txt
printf '\\344\\366\\n' >out/latin1.txt
printf '\\377\\376a\\000b\\000' >out/utf16.txt
head -c 200000 /dev/zero | tr '\\0' x >out/large.txt
head -c 200000 /dev/zero >out/large.bin
echo dot >out/.dotfile
printf 'dot\\000\\001' >out/.dotbinary
printf 'dot\\000\\002' >out/.hidden/inside.bin
printf '#!/bin/sh\\n' >out/script.sh && chmod 755 out/script.sh
printf '\\177ELF\\000\\001\\002' >out/program && chmod 755 out/program
ln -s text.txt out/link
ln -s nowhere out/broken
echo deep >out/deep/er/file.txt
cp out/data.bin out/deep/same.bin`;

/** What a second run changes. */
const SECOND_COMMANDS = `echo now text >out/data.bin
printf 'now binary\\000' >out/text.txt
echo longer >>out/table.csv
rm out/large.bin out/link && ln -s table.csv out/link`;

testIfAvailable(
  DATASET_KINDS.text2git,
  "e2e: finish of files of every sort, then of changes → the same trees as datalad save",
  async () => {
    await using world = await World.createWithCompletedJob(COMMANDS, "text2git");
    const { dataset, sandbox } = world;
    const twin = dataset.at(`${sandbox.root}/twin`);
    await sandbox.require(["datalad", "create", "-c", "text2git", twin.root]);
    await runAndSave(world, twin, COMMANDS);

    await assertFinishGivesTreeOf(world, twin);

    await world.completeJob(SECOND_COMMANDS);
    await sandbox.require(["datalad", "unlock", "out"], { cwd: twin.root });
    await runAndSave(world, twin, SECOND_COMMANDS);
    await assertFinishGivesTreeOf(world, twin);
  },
);

async function runAndSave({ sandbox }: World, twin: TestDataset, commands: string): Promise<void> {
  await sandbox.require(["sh", "-e", "-c", commands], { cwd: twin.root });
  await sandbox.require(["datalad", "save", "-m", "By DataLad"], { cwd: twin.root });
}

async function assertFinishGivesTreeOf({ dataset }: World, twin: TestDataset): Promise<void> {
  const finish = await dataset.dlslurm(["finish"]);
  assert.equal(finish.code, 0, finish.stderr);
  const listing = ["ls-tree", "-r", "HEAD", "out/"] as const;
  assert.deepEqual(
    (await dataset.git(...listing)).split("\n"),
    (await twin.git(...listing)).split("\n"),
  );
  assert.equal(await dataset.git("status", "--porcelain"), "");
}
