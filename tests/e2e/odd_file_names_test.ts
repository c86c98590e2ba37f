import assert from "node:assert/strict";
import { join } from "node:path";
import { DATASET_KINDS } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { World } from "../support/world.ts";

const ENCODER = new TextEncoder();

/** Names that break programs which quote wrongly, as bytes, sorted as git sorts them. */
const NAMES: readonly Uint8Array[] = [
  " leading and trailing ",
  "$(touch pwned)",
  "--output=x",
  "-",
  "-rf",
  ":(glob)**",
  "[a]*?.txt",
  "a\ttab",
  "a\nnewline\n",
  "back\\slash",
  'double"quote',
  "glob*",
  "mixed '\" \\ \n$x`y`",
  "quote's",
  "semi;colon&pipe|",
  "{brace}",
  "~",
  "über-grün",
  "データ",
  "𝄞 clef",
].map((name) => ENCODER.encode(name)).concat([
  Uint8Array.of(0x62, 0x61, 0x64, 0xff, 0xfe),
  Uint8Array.of(0xc3, 0x28, 0x20, 0x22, 0x0a),
  Uint8Array.of(0xed, 0xa0, 0x80),
]);

for (const kind of ["plain git", "git-annex"] as const) {
  testIfAvailable(
    DATASET_KINDS[kind],
    `e2e: finish of outputs with odd names → committed byte for byte (${kind})`,
    async () => {
      await using world = await World.create(kind);
      const { dataset, sandbox } = world;
      await world.completeJob(`mkdir -p out\n${NAMES.map(writeFile).join("\n")}`);

      const finish = await dataset.dlslurm(["finish"]);

      assert.equal(finish.code, 0, finish.stderr);
      const listed = await sandbox.run(["git", "ls-tree", "-z", "--name-only", "HEAD", "out/"], {
        cwd: dataset.root,
      });
      assert.deepEqual(
        hexNames(listed.stdoutBytes),
        NAMES.map((name) => `6f75742f${name.toHex()}`).sort(),
      );
      assert.equal(await dataset.git("status", "--porcelain"), "");
      await assertSecondRunKeepsNames(world);
    },
  );

  testIfAvailable(
    DATASET_KINDS[kind],
    `e2e: finish after a job deleted outputs with odd names → deletions committed (${kind})`,
    async () => {
      await using world = await World.create(kind);
      const { dataset } = world;
      await world.completeJob(`mkdir -p out\n${NAMES.map(writeFile).join("\n")}`);
      assert.equal((await dataset.dlslurm(["finish"])).code, 0);
      await world.completeJob("rm -r out && mkdir out && echo last >out/last");

      const finish = await dataset.dlslurm(["finish"]);

      assert.equal(finish.code, 0, finish.stderr);
      assert.deepEqual((await dataset.tree()).filter((path) => path.startsWith("out/")), [
        "out/last",
      ]);
      assert.equal(await dataset.git("status", "--porcelain"), "");
    },
  );
}

/** Runs a job again that overwrites all of it: annexed files have to be unlocked under their names. */
async function assertSecondRunKeepsNames(world: World): Promise<void> {
  const { dataset } = world;
  const before = await dataset.git("ls-tree", "-z", "--name-only", "HEAD", "out/");
  const again = await dataset.dlslurm(["reschedule"]);
  assert.equal(again.code, 0, `${again.stdout}${again.stderr}`);
  const [jobId] = (await world.slurm.submittedJobs()).slice(-1);
  await world.slurm.waitUntilEnded(jobId!);

  const finish = await dataset.dlslurm(["finish"]);

  assert.equal(finish.code, 0, `${finish.stdout}${finish.stderr}`);
  assert.equal(await dataset.git("ls-tree", "-z", "--name-only", "HEAD", "out/"), before);
  assert.equal(await dataset.git("status", "--porcelain"), "");
}

/** A shell command that writes a file of this name; printf(1) makes its bytes. */
function writeFile(name: Uint8Array): string {
  const octal = [...name].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  // The "x" keeps line ends that a command substitution would cut off.
  return `name=$(printf '${octal}x'); echo "content $SLURM_JOB_ID" >"out/\${name%x}"`;
}

function hexNames(listing: Uint8Array): string[] {
  return listing.toHex().replace(/(..)/g, "$1 ").split("00 ").map((name) =>
    name.replaceAll(" ", "")
  )
    .filter((name) => name !== "").sort();
}

for (
  const { form, command } of [
    { form: "several words", command: ["sbatch", "copy it.sh", "{inputs}", "{outputs}"] },
    { form: "one shell line", command: ['sbatch "copy it.sh" {inputs} {outputs}'] },
  ]
) {
  Deno.test(`e2e: schedule with odd input and output names, as ${form} → passed as they are`, async () => {
    await using world = await World.create();
    const { dataset, slurm } = world;
    const input = 'in put\'s $(touch pwned) "raw".txt';
    const output = "out put's; touch pwned; é";
    await dataset.write(input, "raw data\n");
    await dataset.write("copy it.sh", '#!/bin/sh\nset -e\nmkdir -p "$2"\ncp "$1" "$2/copy -n"\n');

    const jobId = await dataset.schedule("-i", input, "-o", output, ...command);

    await slurm.waitUntilEnded(jobId);
    const finish = await dataset.dlslurm(["finish"]);
    assert.equal(finish.code, 0, `${finish.stdout}${finish.stderr}`);
    assert.ok((await dataset.tree()).includes(`${output}/copy -n`));
    const message = await dataset.git("log", "-1", "--format=%B");
    const record = JSON.parse(
      message.slice(message.indexOf("{\n"), message.lastIndexOf("}\n") + 1),
    );
    assert.deepEqual([record.inputs, record.outputs[0]], [[input], output]);
    const again = await dataset.dlslurm(["reschedule"]);
    assert.equal(again.code, 0, again.stderr);
    await assert.rejects(Deno.lstat(join(dataset.root, "pwned")), Deno.errors.NotFound);
  });
}

Deno.test("e2e: schedule with an output that begins with a dash → committed", async () => {
  await using world = await World.create();
  await Deno.mkdir(join(world.dataset.root, "-rf"));
  const jobId = await world.completeJob("echo 1 >./-rf/-v", ["-rf"]);

  const finish = await world.dataset.dlslurm(["finish", jobId]);

  assert.equal(finish.code, 0, finish.stderr);
  assert.ok((await world.dataset.tree()).includes("-rf/-v"));
});

Deno.test("e2e: reschedule a job whose output has braces in its name → the same output", async () => {
  await using world = await World.create();
  await world.completeJob("mkdir -p './{0} {x}'\ndate +%N >'./{0} {x}/n'", ["{{0}} {{x}}"]);
  const first = await world.dataset.dlslurm(["finish"]);
  assert.equal(first.code, 0, first.stderr);

  const again = await world.dataset.dlslurm(["reschedule", "--report"]);

  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /; outputs: \{0\} \{x\}\]/);
});
