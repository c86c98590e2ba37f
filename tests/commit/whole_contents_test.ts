import assert from "node:assert/strict";
import { WholeContents } from "../../src/commit/whole_contents.ts";
import { openJob } from "../support/jobs.ts";
import { testSession } from "../support/test_session.ts";
import { TestFolder } from "../support/test_folder.ts";

/** Of "12345". */
const KEY = "MD5E-s5--827ccb0eea8a706c4c34a16891f84e7b.txt";
const OBJECT = `.git/annex/objects/aa/bb/${KEY}/${KEY}`;

interface Place {
  readonly name: string;
  /** Where the link is. */
  readonly path: string;
  /** What the job claims. */
  readonly outputs: readonly string[];
  /** What the message calls it. */
  readonly called: string;
}

const PLACES: readonly Place[] = [
  { name: "an output", path: "out", outputs: ["out"], called: 'output "out"' },
  { name: "a file in an output folder", path: "o/d/x", outputs: ["o"], called: 'output "o/d/x"' },
  { name: "a file of the dataset", path: "o/x", outputs: ["."], called: 'output "o/x"' },
  { name: "a log", path: "slurm-151.out", outputs: ["o"], called: 'log "slurm-151.out"' },
];

for (const { name, path, outputs, called } of PLACES) {
  Deno.test(`WholeContents takes all that was written to ${name}`, async () => {
    await using folder = await TestFolder.create({ [OBJECT]: "12345", [`${path}.d/x`]: "" });
    await Deno.mkdir(folder.at(`${path}/..`), { recursive: true });
    await Deno.symlink(`${"../".repeat(path.split("/").length - 1)}${OBJECT}`, folder.at(path));
    const job = openJob({ outputs, submittedAtMs: Date.now() });
    const session = testSession();
    const look = () =>
      new WholeContents(folder.root, [job]).require(job, [...outputs, "slurm-151.out"], session);
    await look();
    await Deno.remove(folder.at(OBJECT));
    await look(); // content that is not here is no other
    assert.deepEqual(session.warnings, []);

    await Deno.writeTextFile(folder.at(OBJECT), "123");
    await assert.rejects(look(), {
      code: "BAD_OUTPUT",
      message: new RegExp(
        `given its ${called} with 5 bytes, and it has 3 now: it was still being written`,
      ),
      hint: new RegExp(`^cp -L "${path}" "${path}.copy" && mv "${path}.copy" "${path}", then`),
    });

    // Somebody ran git annex add, and the job went on writing; another finish was killed.
    await Deno.writeTextFile(folder.at(OBJECT), "123456789");
    await Deno.chmod(folder.at(OBJECT), 0o444);
    const half = folder.at(`${path}.dlslurm-tmp-${crypto.randomUUID()}`);
    await Deno.writeTextFile(half, "12");
    await look();

    assert.equal(await Deno.readTextFile(folder.at(path)), "123456789");
    const { isSymlink, mode } = await Deno.lstat(folder.at(path));
    assert.deepEqual([isSymlink, mode! & 0o777], [false, 0o644]);
    await assert.rejects(Deno.lstat(half), Deno.errors.NotFound);
    assert.match(session.warnings.join(), new RegExp(`^git-annex was given "${path}" while job`));
    await look();
    assert.equal(session.warnings.length, 1);
  });
}

Deno.test("WholeContents sees what was filled in place, and names many files", async () => {
  await using folder = await TestFolder.create({ [OBJECT]: "12345", "o/d": "" });
  const job = openJob({ outputs: ["o"], submittedAtMs: Date.now() });
  await Deno.symlink(`../${OBJECT}`, folder.at("o/a"));
  await Deno.symlink(`../${OBJECT}`, folder.at("o/b c"));
  const look = () => new WholeContents(folder.root, [job]).require(job, ["o"], testSession());
  const later = new Date(Date.now() + 60_000);
  await Deno.utime(folder.at(OBJECT), later, later);
  await look(); // as fetched since

  await Deno.writeTextFile(folder.at(OBJECT), "12399");
  await Deno.utime(folder.at(OBJECT), later, later);

  await assert.rejects(look(), {
    message: /and it has other content now: it was still being written; so was 1 more/,
    hint: /^for file in .*"o\/b c".*; do cp -L /,
  });
});

Deno.test("WholeContents leaves alone what git-annex was given long before the job", async () => {
  await using folder = await TestFolder.create({ [OBJECT]: "123456789", "o/d": "" });
  await Deno.symlink(`../${OBJECT}`, folder.at("o/a"));
  const job = openJob({ outputs: ["o"], submittedAtMs: Date.now() + 7_200_000 });

  await new WholeContents(folder.root, [job]).require(job, ["o"], testSession());
});
