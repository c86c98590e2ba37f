import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { extensionFile, writeExtensionDatabase } from "../../support/extension_database.ts";
import { assertRefused } from "../../support/refusal.ts";
import { CallLog } from "../../support/wrapped_programs.ts";
import { bytesOf, inDataset } from "./setting.ts";

Deno.test("e2e: schedule beside open jobs of the extension → warns, refuses their places, asks nobody", () =>
  inDataset(async ({ dataset, slurm, sandbox }) => {
    const args = ["-o", "free", "sbatch", "job.sh", "free"];
    const calls = await CallLog.watch(sandbox, ["git", "sh", "scontrol", "sbatch"]);
    const jobId = await dataset.schedule(...args);
    const usual = (await calls.read()).map(({ program }) => program);
    await slurm.waitUntilEnded(jobId);
    await dataset.dlslurm(["finish"]);
    writeExtensionDatabase(dataset, [
      { slurmJobId: "77", cmd: "sbatch theirs.sh", outputs: ["./models/a", "../outside"] },
    ]);
    const before = await bytesOf(extensionFile(dataset));
    const outputs = ["models/a", "models/a/b", "models", ".", "./x/../models//a"];
    for (const output of outputs) {
      await assertRefused(
        dataset,
        slurm,
        ["schedule", "-o", output, "sbatch", "job.sh", "models/a"],
        {
          code: 1,
          says: [
            /^warning: the Python extension has 1 open job here,.* dlslurm adopt /m,
            /conflicts with "models\/a" of job 77 of the Python extension \(sbatch theirs\.sh\)/,
            /No job was submitted/,
            /hint: dlslurm adopt/,
          ],
        },
      );
    }
    await calls.clear();

    const { code, stderr } = await dataset.dlslurm([
      "schedule",
      "-o",
      "models/b",
      ...args.slice(2),
    ]);

    assert.equal(code, 0, stderr);
    assert.match(stderr, /^warning: the Python extension has 1 open job/);
    assert.deepEqual((await calls.read()).map(({ program }) => program), usual);
    assert.equal(await bytesOf(extensionFile(dataset)), before);
    const shared = ["schedule", "--no-check-outputs", "-o", "models/a", ...args.slice(2)];
    assert.equal((await dataset.dlslurm(shared)).code, 0);
  }));

Deno.test("e2e: reschedule of a job whose place the extension holds → impossible, nothing submitted", () =>
  inDataset(async ({ dataset, slurm }) => {
    await slurm.waitUntilEnded(await dataset.schedule("-o", "out", "sbatch", "job.sh", "out"));
    await dataset.dlslurm(["finish"]);
    writeExtensionDatabase(dataset, [{ slurmJobId: "77", outputs: ["out"] }]);

    await assertRefused(dataset, slurm, ["reschedule"], {
      code: 1,
      says: [/slurm-reschedule\(impossible\)/, /job 77 of the Python extension/],
    });
  }));

Deno.test("e2e: list and finish beside open jobs of the extension → they are mentioned until adopted", () =>
  inDataset(async ({ dataset, sandbox }) => {
    const calls = await CallLog.watch(sandbox, ["git", "sacct", "squeue"]);
    const quiet = await dataset.dlslurm(["list"]);
    const usual = (await calls.read()).length;
    assert.doesNotMatch(quiet.stderr, /Python/);
    writeExtensionDatabase(dataset, [
      { slurmJobId: "77", outputs: ["a"] },
      { slurmJobId: "78", outputs: ["b"] },
    ]);
    const words =
      /^warning: the Python extension has 2 open jobs here \(77, 78\): dlslurm adopt takes them over$/m;
    const before = await bytesOf(extensionFile(dataset));
    const commands = [["list"], ["list", "--json"], ["finish"], ["finish", "--list-open-jobs"]];
    for (const args of commands) {
      await calls.clear();

      const { code, stdout, stderr } = await dataset.dlslurm(args);

      assert.equal(code, 0, stderr);
      assert.match(stderr, words, args.join(" "));
      assert.doesNotMatch(stdout, /Python/);
    }
    await calls.clear();
    await dataset.dlslurm(["list"]);
    assert.equal((await calls.read()).length, usual);
    assert.equal(await bytesOf(extensionFile(dataset)), before);

    await dataset.dlslurm(["adopt"]);

    assert.doesNotMatch((await dataset.dlslurm(["list"])).stderr, /Python/);
  }));

Deno.test("e2e: list beside a file of the extension that cannot be read → says so and lists", () =>
  inDataset(async ({ dataset }) => {
    await dataset.schedule("-o", "x", "sbatch", "job.sh", "x");
    await Deno.writeTextFile(extensionFile(dataset), "no database\n".repeat(100));

    const { code, stdout, stderr } = await dataset.dlslurm(["list"]);

    assert.equal(code, 0);
    assert.match(stdout, /^1 .* x /m);
    assert.match(stderr, /^warning: Cannot read the open jobs of the Python extension in /m);
  }));

const UNREADABLE: readonly {
  name: string;
  why: RegExp;
  make: (path: string) => void;
}[] = [
  {
    name: "is no database",
    why: /not a database/,
    make: (path) => writeText(path, "no database\n"),
  },
  {
    name: "is damaged",
    why: /malformed|not a database/,
    make: (path) => {
      const bytes = Deno.readFileSync(path);
      Deno.writeFileSync(path, bytes.fill(0xaa, 100));
    },
  },
  {
    name: "is a folder",
    why: /it is no file/,
    make: (path) => {
      Deno.removeSync(path);
      Deno.mkdirSync(path);
    },
  },
];

function writeText(path: string, text: string): void {
  Deno.writeTextFileSync(path, text.repeat(100));
}

for (const { name, why, make } of UNREADABLE) {
  Deno.test(`e2e: schedule and adopt where the extension's file ${name} → refused`, () =>
    inDataset(async ({ dataset, slurm }) => {
      writeExtensionDatabase(dataset, [{ slurmJobId: "77", outputs: ["out"] }]);
      make(extensionFile(dataset));
      const command = ["sbatch", "job.sh", "out"];

      for (const args of [["schedule", "-o", "x", ...command], ["adopt"]]) {
        await assertRefused(dataset, slurm, args, {
          code: 1,
          says: [/Cannot read the open jobs of the Python extension in /, why, /hint: if .*mv /],
        });
      }
      const shared = ["schedule", "--no-check-outputs", "-o", "x", ...command];
      assert.equal((await dataset.dlslurm(shared)).code, 0);
    }));
}

Deno.test("e2e: schedule while another process holds the extension's file → refused, says so", () =>
  inDataset(async ({ dataset, slurm }) => {
    writeExtensionDatabase(dataset, [{ slurmJobId: "77", outputs: ["out"] }]);
    using holder = new DatabaseSync(extensionFile(dataset));
    holder.exec("BEGIN EXCLUSIVE");

    await assertRefused(dataset, slurm, ["schedule", "-o", "x", "sbatch", "job.sh", "x"], {
      code: 1,
      says: [/another process holds it/, /No job was submitted/],
    });
  }));

Deno.test("e2e: schedule beside a file of the extension without any table → nothing is said", () =>
  inDataset(async ({ dataset }) => {
    for (const statement of ["", "CREATE TABLE other (x)"]) {
      {
        using database = new DatabaseSync(extensionFile(dataset));
        database.exec(statement);
      }
      const args = ["schedule", "--no-check-outputs", "-o", "x", "sbatch", "job.sh", "x"];
      const { code, stderr } = await dataset.dlslurm(args.toSpliced(1, 1));

      assert.equal(code, 0);
      assert.doesNotMatch(stderr, /Python/);
      assert.match((await dataset.dlslurm(["adopt"])).stdout, /notneeded.*has no open jobs/);
      await dataset.git("clean", "-fdq");
      await Deno.remove(join(dataset.root, ".git", "dlslurm"), { recursive: true });
    }
  }));
