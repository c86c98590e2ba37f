import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestDataset } from "../../support/datasets.ts";
import { DSID, extensionFile, writeExtensionDatabase } from "../../support/extension_database.ts";
import { assertSays } from "../../support/refusal.ts";
import { storedClaims, storedJobs } from "../../support/snapshots.ts";
import { CallLog } from "../../support/wrapped_programs.ts";
import { bytesOf, inDataset } from "./setting.ts";
import type { Setting } from "./setting.ts";

/** Submits a job as the extension does, with the environment file that it writes. */
async function submit({ slurm, dataset }: Setting, args: readonly string[], pwd = ".") {
  const folder = join(dataset.root, pwd);
  const jobId = await slurm.submit(args, { cwd: folder });
  const isArray = args.some((arg) => arg.startsWith("--array"));
  const shown = await slurm.ask(["scontrol", "show", "job", jobId]);
  const submitTime = /SubmitTime=(\S+)/.exec(shown.stdout)![1]!;
  const environment = { SubmitTime: submitTime, ...(isArray ? { ArrayJobId: jobId } : {}) };
  await Deno.writeTextFile(
    join(folder, `slurm-job-${jobId}.env.json`),
    JSON.stringify(environment, undefined, 2),
  );
  return jobId;
}

/** The record of the newest commit. */
async function lastRecord(dataset: TestDataset) {
  const message = await dataset.git("log", "-1", "--format=%B");
  return JSON.parse(/lines below ===\n([\s\S]*)\n\^\^\^/.exec(message)![1]!);
}

Deno.test("e2e: adopt → the extension's jobs are listed and finished with complete records, its file stays", () =>
  inDataset(async (setting) => {
    const { dataset, slurm, sandbox } = setting;
    const scratch = join(sandbox.root, "scratch space");
    for (const folder of [join(dataset.root, "sub"), scratch]) await Deno.mkdir(folder);
    await dataset.write("sub/input 1", "x");
    const chain = [await dataset.git("rev-parse", "HEAD")];
    const plain = await submit(setting, ["job.sh", "results/a"]);
    const inSub = await submit(setting, ["../job.sh", "out"], "sub");
    const array = await submit(setting, ["--array=2-3", "job.sh", "arr"]);
    const away = await slurm.submit(["--wrap", "echo far >far"], { cwd: scratch });
    await Deno.writeTextFile(join(scratch, `slurm-job-${away}.env.json`), "{}");
    writeExtensionDatabase(dataset, [
      {
        slurmJobId: plain,
        cmd: "sbatch job.sh results/a",
        outputs: ["./results/a"],
        chain,
        message: "first\n\nRe-submission of job 4.",
      },
      {
        slurmJobId: inSub,
        pwd: "sub",
        outputs: ["sub/out"],
        inputs: ["input 1"],
        extraInputs: '["container.sif"]',
      },
      {
        slurmJobId: array,
        outputs: ["./arr"],
        slurmOutputs: [
          ...[2, 3].flatMap((task) => [`slurm-${array}_${task}.out`, "../../dev/null"]),
          `slurm-job-${array}.env.json`,
        ],
      },
      { slurmJobId: away, outputs: ["./far"], altDir: scratch },
    ]);
    const before = await bytesOf(extensionFile(dataset));
    await slurm.waitUntilAccounted(plain, inSub, array, away);

    const adopted = await dataset.dlslurm(["adopt"]);
    const again = await dataset.dlslurm(["adopt"]);

    assert.equal(adopted.code, 0, adopted.stdout + adopted.stderr);
    assert.equal(adopted.stdout.match(/^slurm-adopt\(ok\): /gm)?.length, 4);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^slurm-adopt\(notneeded\): .*all 4 open jobs .* adopted before/);
    assert.deepEqual(storedClaims(dataset), ["arr", "far", "results/a", "sub/out"]);
    const list = await dataset.dlslurm(["list", "-f", "json"]);
    for (const jobId of [plain, inSub, array, away]) {
      assert.match(list.stdout, new RegExp(`"slurm_job_id": "${jobId}"`));
    }
    const refused = await dataset.dlslurm(["schedule", "-o", "x", "sbatch", "no-such.sh"]);
    assert.doesNotMatch(refused.stderr, /Python/);
    const records = new Map<string, Record<string, unknown>>();
    for (const jobId of [plain, inSub, array, away]) {
      const outcome = await dataset.dlslurm(["finish", jobId]);
      assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
      const { dlslurm, ...record } = await lastRecord(dataset);
      // What it was submitted with, nobody has noted; what it used, accounting tells.
      assert.deepEqual(
        Object.keys(dlslurm as object),
        jobId === array ? ["accounting", "tasks"] : ["accounting"],
      );
      records.set(jobId, record);
    }
    const common = {
      chain: [],
      "commit_id": null,
      dsid: DSID,
      "extra_inputs": [],
      inputs: [],
      cmd: "sbatch job.sh",
      pwd: ".",
    };
    const withSlurmFiles = (jobId: string, outputs: string[], files: string[], more = {}) => ({
      ...common,
      outputs: [...outputs, ...files],
      "slurm_job_id": Number(jobId),
      "slurm_outputs": files,
      ...more,
    });
    const env = (jobId: string) => `slurm-job-${jobId}.env.json`;
    assert.deepEqual(
      records.get(plain),
      withSlurmFiles(plain, ["results/a"], [`slurm-${plain}.out`, env(plain)], {
        chain,
        cmd: "sbatch job.sh results/a",
      }),
    );
    assert.deepEqual(
      records.get(inSub),
      withSlurmFiles(inSub, ["sub/out"], [`sub/slurm-${inSub}.out`, `sub/${env(inSub)}`], {
        inputs: ["input 1"],
        "extra_inputs": ["container.sif"],
        pwd: "sub",
      }),
    );
    const logs = [2, 3].map((task) => `slurm-${array}_${task}.out`);
    assert.deepEqual(records.get(array), withSlurmFiles(array, ["arr"], [...logs, env(array)]));
    assert.deepEqual(
      records.get(away),
      withSlurmFiles(away, ["far"], [`slurm-${away}.out`, env(away)], { "alt_dir": scratch }),
    );
    assert.match(
      await dataset.git("log", "--format=%B"),
      /: Completed\n\nfirst\n\nRe-submission of job 4\.\n\n=== Do not/,
    );
    assert.equal(await dataset.git("show", "HEAD:far"), "far");
    assert.deepEqual(storedClaims(dataset), []);
    assert.equal(await bytesOf(extensionFile(dataset)), before);
    assert.match((await dataset.dlslurm(["adopt"])).stdout, /adopted before/);
  }));

Deno.test("e2e: adopt of jobs of other clusters → they are asked where the command says, or stay with the extension", () =>
  inDataset(async ({ dataset, sandbox }) => {
    const commands = ["-M big", "--clusters=big,small", "-M all", ""];
    writeExtensionDatabase(
      dataset,
      commands.map((options, at) => ({
        slurmJobId: String(71 + at),
        cmd: `sbatch ${options} job.sh -M other`,
        outputs: [`out${at}`],
      })),
    );

    const adopted = await dataset.dlslurm(["adopt"]);

    assert.equal(adopted.code, 1);
    for (const [jobId, names] of [["72", "big,small"], ["73", "all"]]) {
      const said = `Cannot adopt job ${jobId}: .* its command names ${names}\\. It stays with the`;
      assert.match(adopted.stdout, new RegExp(said));
    }
    const log = await CallLog.watch(sandbox, ["sacct"]);
    await dataset.dlslurm(["list"]);

    const asked = (await log.read()).map(({ args }) => {
      const at = args.indexOf("-M");
      return [at < 0 ? null : args[at + 1], args.at(-1)?.split(",").sort()];
    });
    assert.deepEqual(
      new Map(asked as [string, string[]][]),
      new Map([["big", ["71"]], [null, ["74"]]]),
    );
  }));

Deno.test("e2e: adopt of a job whose alternative folder an older release did not know → adopted", () =>
  inDataset(async (setting) => {
    const { dataset, slurm } = setting;
    const jobId = await submit(setting, ["job.sh", "out"]);
    writeExtensionDatabase(dataset, [{ slurmJobId: jobId, outputs: ["out"] }], false);
    await slurm.waitUntilEnded(jobId);

    assert.equal((await dataset.dlslurm(["adopt"])).code, 0);

    assert.equal((await dataset.dlslurm(["finish"])).code, 0);
    assert.ok((await dataset.tree()).includes("out/result.txt"));
  }));

Deno.test("e2e: adopt after the extension was killed while it wrote → what it had committed is read", () =>
  inDataset(async ({ dataset, sandbox }) => {
    const path = extensionFile(dataset);
    writeExtensionDatabase(dataset, [{ slurmJobId: "77", outputs: ["out"] }]);
    const aside = join(sandbox.root, "aside.db");
    await Deno.copyFile(path, aside);
    {
      // A transaction bigger than the cache: half of it is in the file already, the journal beside it.
      using writer = new DatabaseSync(aside);
      writer.exec("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; DELETE FROM open_jobs");
      const insert = writer.prepare("INSERT INTO locked_names VALUES (78, ?)");
      for (let row = 0; row < 3000; row++) insert.run("x".repeat(500));
      for (const end of ["", "-journal"]) await Deno.copyFile(aside + end, path + end);
    }
    const before = [await bytesOf(path), await bytesOf(`${path}-journal`)];

    const { code, stdout, stderr } = await dataset.dlslurm(["adopt"]);

    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /slurm-adopt\(ok\): .*77: sbatch job\.sh/);
    assert.deepEqual([await bytesOf(path), await bytesOf(`${path}-journal`)], before);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(join(sandbox.root, "tmp"))), []);
  }));

Deno.test("e2e: adopt of jobs that cannot be ours → each is named with its reason, the others adopted", () =>
  inDataset(async ({ dataset, slurm }) => {
    const own = await dataset.schedule("-o", "own", "sbatch", "--hold", "job.sh", "own");
    writeExtensionDatabase(dataset, [
      { slurmJobId: "71", outputs: ["good"] },
      { slurmJobId: "72", outputs: ["good/inside"] },
      { slurmJobId: "73", outputs: ["own/inside"] },
      { slurmJobId: "74", outputs: ["fine"], dsid: "of-another" },
      { slurmJobId: "75", outputs: ["broken"], extraInputs: "[no json" },
      { slurmJobId: "76", outputs: ["../elsewhere"] },
      { slurmJobId: own, outputs: ["third"] },
      { slurmJobId: "79", outputs: ["last"] },
    ]);

    const outcome = await dataset.dlslurm(["adopt", "-f", "json"]);
    const again = await dataset.dlslurm(["adopt"]);

    assert.equal(outcome.code, 1, outcome.stderr);
    const results = outcome.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const byId = new Map(results.map((each) => [each["slurm_job_id"], each]));
    const reasons: Record<string, RegExp> = {
      72: /"good\/inside" conflicts with "good" of job 71 \(sbatch job\.sh\)/,
      73: new RegExp(`"own/inside" conflicts with "own" of job ${own} `),
      74: /belongs to another dataset \(of-another\)/,
      75: /"extra_inputs" is not as it should be/,
      76: /"\.\.\/elsewhere": it is outside the dataset/,
      [own]: /an open job has this ID already/,
    };
    for (const [jobId, reason] of Object.entries(reasons)) {
      assert.equal(byId.get(jobId).status, "impossible");
      assert.match(byId.get(jobId).message, reason);
      assert.match(byId.get(jobId).message, /It stays with the extension$/);
    }
    for (const jobId of ["71", "79"]) assert.equal(byId.get(jobId).status, "ok");
    assert.equal(results.length, 8);
    assert.deepEqual(storedClaims(dataset), ["good", "last", "own"]);
    assertSays(again, { code: 1, says: [/dlslurm adopt --no-check-outputs/] });
    const shared = await dataset.dlslurm(["adopt", "--no-check-outputs"]);
    assert.match(shared.stdout, /slurm-adopt\(ok\): .*72: /);
    assert.match(shared.stdout, /slurm-adopt\(ok\): .*73: /);
    assert.deepEqual(await slurm.submittedJobs(), [own]);
  }));

Deno.test("e2e: list of an adopted job whose submission time nobody knows → says nothing of it", () =>
  inDataset(async (setting) => {
    const { dataset, slurm } = setting;
    const [timed, untimed] = [
      await submit(setting, ["job.sh", "a"]),
      await slurm.submit(["job.sh", "b"], { cwd: dataset.root }),
    ];
    const environmentFile = `slurm-job-${timed}.env.json`;
    writeExtensionDatabase(dataset, [
      { slurmJobId: timed, outputs: ["a"], slurmOutputs: [environmentFile] },
      { slurmJobId: untimed, outputs: ["b"] },
    ]);
    await dataset.dlslurm(["adopt"]);

    const listed = await dataset.dlslurm(["-f", "json", "list"]);
    const table = await dataset.dlslurm(["list"]);

    const jobs = new Map(
      listed.stdout.trimEnd().split("\n").map((line) => JSON.parse(line))
        .map((job) => [job["slurm_job_id"], job]),
    );
    assert.match(jobs.get(timed)["submitted_at"], /^20/);
    assert.equal("submitted_at" in jobs.get(untimed), false);
    assert.doesNotMatch(table.stdout, /[0-9]{4,}d/);
  }));

Deno.test("e2e: finish after the extension has finished an adopted job → ended with its commit", () =>
  inDataset(async (setting) => {
    const { dataset, slurm } = setting;
    const jobs = [await submit(setting, ["job.sh", "a"]), await submit(setting, ["job.sh", "b"])];
    const [first, second] = jobs as [string, string];
    await slurm.waitUntilEnded(...jobs);
    writeExtensionDatabase(dataset, [
      { slurmJobId: first, outputs: ["a"] },
      { slurmJobId: second, outputs: ["b"] },
    ]);
    await dataset.dlslurm(["adopt"]);
    const record = JSON.stringify({ cmd: "sbatch job.sh", "slurm_job_id": Number(first) });
    await dataset.git("add", "a");
    await dataset.git(
      ...["commit", "-q", "-m"],
      `[DATALAD SLURM RUN] Slurm job ${first}: Completed\n\n=== Do not change lines below ===\n` +
        `${record}\n^^^ Do not change lines above ^^^\n`,
    );
    const commit = await dataset.git("rev-parse", "HEAD");
    {
      using database = new DatabaseSync(extensionFile(dataset));
      database.exec("DELETE FROM open_jobs");
    }

    const calls = await CallLog.watch(setting.sandbox, ["git"]);

    const { code, stdout, stderr } = await dataset.dlslurm(["finish"]);

    const looks = (await calls.read()).filter(({ args }) => args.includes("log"));
    assert.equal(looks.length, 1, "the history is read once, however many jobs are gone");
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`notneeded.*job ${first} was finished with the .*${commit}`));
    assert.match(stderr, new RegExp(`warning: job ${second} was adopted, .* no longer lists it`));
    const subjects = (await dataset.log()).filter((subject) => subject.includes("SLURM RUN"));
    assert.equal(subjects.filter((subject) => subject.includes(`job ${first}:`)).length, 1);
    assert.equal(subjects.filter((subject) => subject.includes(`job ${second}:`)).length, 1);
    assert.deepEqual(storedJobs(dataset).map(({ stage }) => stage), ["finished", "finished"]);
    assert.equal(storedJobs(dataset)[0]!.commitOid, commit);
  }));
