import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../support/datasets.ts";
import type { DatasetKind } from "../support/datasets.ts";
import { pollUntil } from "../support/polling.ts";
import { Sandbox } from "../support/sandbox.ts";
import { CountedSlurm } from "./counted_slurm.ts";
import type { TakenJob } from "./counted_slurm.ts";
import { KilledRuns } from "./killed_runs.ts";
import { findLeftProcesses } from "./left_processes.ts";
import type { Random } from "./random.ts";

/** How the jobs of a campaign are submitted. */
export const STYLES = ["singles", "table", "array"] as const;
/** How they are finished. */
export const SHAPES = { sequence: [], branches: ["--branches"], octopus: ["--octopus"] } as const;

/** Who finishes them: a person at once, or one that waits for them; or a job in the queue and a person. */
export const FINISHERS = {
  person: [],
  wait: ["--wait"],
  each: ["--wait", "--each"],
  unattended: [],
} as const;

/** One campaign: some jobs from their submission to their commits, everything killed on the way. */
export interface CampaignPlan {
  readonly kind: DatasetKind;
  readonly style: (typeof STYLES)[number];
  readonly shape: keyof typeof SHAPES;
  readonly finisher: keyof typeof FINISHERS;
  /** Whether some jobs fail first and are submitted again; `clean`: with what they left moved away. */
  readonly retry: "no" | "yes" | "clean";
  /** Whether some outputs lie in a subdataset; plain git only. */
  readonly hasSubdataset: boolean;
}

const ROWS = ["a", "b", "c", "d"];
/** Those that fail first, where jobs do. */
const FAILING = ["a", "c"];

/** Runs a campaign and requires that nothing was lost, doubled or left; gives the kills by command. */
export async function runCampaign(
  plan: CampaignPlan,
  program: readonly [string, ...string[]],
  random: Random,
): Promise<ReadonlyMap<string, number>> {
  const sandbox = await Sandbox.create();
  const slurm = await CountedSlurm.install(sandbox);
  const dataset = await makeDataset(sandbox, plan);
  const campaign = new Campaign(plan, sandbox, slurm, dataset, program, random);
  try {
    await campaign.submit();
    if (plan.retry !== "no") await campaign.failAndRetry();
    await campaign.writeOutputs();
    await campaign.finish();
    await campaign.check();
  } catch (error) {
    const state = await campaign.describe();
    throw new Error(
      `Campaign ${JSON.stringify(plan)}, seed ${random.seed}, kept in "${sandbox.root}"\n${state}`,
      { cause: error },
    );
  }
  await sandbox[Symbol.asyncDispose]();
  return campaign.runs.kills;
}

async function makeDataset(sandbox: Sandbox, plan: CampaignPlan): Promise<TestDataset> {
  const files: Record<string, string> = {
    "job.sh": "#!/bin/sh\n",
    "rows.csv": ["row", ...ROWS].join("\n") + "\n",
  };
  const dataset = await TestDataset.create(sandbox, plan.kind, files);
  if (plan.hasSubdataset) {
    await dataset.git("init", "--quiet", "r");
    await dataset.write("r/first.txt", "x\n");
    await dataset.git("-C", "r", "add", "--all");
    await dataset.git("-C", "r", "commit", "--quiet", "-m", "first");
    await dataset.git("submodule", "--quiet", "add", "./r", "r");
    await dataset.git("commit", "--quiet", "-m", "add r");
  }
  // Two of the jobs change what is tracked already, in the annex where there is one.
  for (const row of ROWS.slice(0, 2)) {
    await dataset.write(`r/${row}/old.bin`, `before ${row}\n`.repeat(200));
    await dataset.write(`r/${row}/gone.txt`, "before\n");
  }
  const inside = plan.hasSubdataset ? ["-C", "r"] : [];
  if (plan.kind === "plain git") await dataset.git(...inside, "add", "--all");
  else await dataset.git("annex", "add", "--quiet", ".");
  await dataset.git(...inside, "commit", "--quiet", "-m", "results of before");
  if (plan.hasSubdataset) await dataset.git("commit", "--quiet", "-am", "r as it is");
  return dataset;
}

class Campaign {
  readonly runs: KilledRuns;
  readonly #plan: CampaignPlan;
  readonly #slurm: CountedSlurm;
  readonly #dataset: TestDataset;
  readonly #program: readonly [string, ...string[]];
  readonly #sandbox: Sandbox;
  /** What the jobs wrote, by path. */
  readonly #written = new Map<string, string>();
  /** What failed jobs wrote and `retry --clean` was to move away: the job, by path. */
  readonly #moved = new Map<string, string>();

  constructor(
    plan: CampaignPlan,
    sandbox: Sandbox,
    slurm: CountedSlurm,
    dataset: TestDataset,
    program: readonly [string, ...string[]],
    random: Random,
  ) {
    this.#plan = plan;
    this.#sandbox = sandbox;
    this.#slurm = slurm;
    this.#dataset = dataset;
    this.#program = program;
    this.runs = new KilledRuns(sandbox, program, random);
  }

  /** Submits until each row is one job; what is unclear is settled as a person does who looks at Slurm. */
  async submit(): Promise<void> {
    const { style } = this.#plan;
    const settle = () => this.#settle();
    if (style === "singles") {
      for (const row of ROWS) {
        for (;;) {
          if ((await this.#slurm.taken()).some(({ label }) => label === row)) break;
          const args = ["schedule", "-o", `r/${row}`, "sbatch", "job.sh", row];
          await this.runs.run("schedule", args, this.#dataset.root, settle);
          await this.#settle();
        }
      }
    } else {
      const array = style === "array" ? ["--array"] : [];
      const args = [
        "schedule",
        "--from",
        "rows.csv",
        ...array,
        "-o",
        "r/{row}",
        "sbatch",
        "job.sh",
        "{row}",
      ];
      for (let tries = 0; (await this.#openJobs()).length < ROWS.length; tries++) {
        assert(tries < 50, `the rows are not submitted: ${await this.#list()}`);
        await this.runs.run(
          `schedule --from${style === "array" ? " --array" : ""}`,
          args,
          this.#dataset.root,
          settle,
        );
        await this.#settle();
      }
    }
    const taken = await this.#slurm.taken();
    const count = style === "array" ? 1 : ROWS.length;
    assert.equal(taken.length, count, `Slurm has ${JSON.stringify(taken)}`);
    assert.equal((await this.#openJobs()).length, ROWS.length, await this.#list());
  }

  /** Lets some jobs fail, which leave a file each, and submits them again until each is a new job. */
  async failAndRetry(): Promise<void> {
    const before = await this.#slurm.taken();
    const failed = FAILING.map((row) =>
      before.length === 1
        ? `${before[0]!.jobId}_${ROWS.indexOf(row)}`
        : before.find(({ label }) => label === row)!.jobId
    );
    for (const [at, jobId] of failed.entries()) {
      await this.#slurm.fail(jobId);
      const path = `r/${FAILING[at]}/partial.txt`;
      if (this.#plan.retry === "yes") await this.#write(path, `of ${jobId}\n`);
      else {
        await this.#dataset.write(path, `of ${jobId}\n`);
        this.#moved.set(path, jobId);
      }
    }
    const args = ["retry", "--yes", ...(this.#plan.retry === "clean" ? ["--clean"] : [])];
    const settle = () => this.#settle();
    for (let tries = 0; !await this.#areRetried(failed); tries++) {
      assert(tries < 50, `the jobs are not submitted again: ${await this.#list()}`);
      await this.runs.run(args.join(" "), args, this.#dataset.root, settle);
      await this.#settle();
      if (await this.#isWaiting()) {
        const goOn = ["schedule", "--continue"];
        await this.runs.run(goOn.join(" "), goOn, this.#dataset.root, settle);
        await this.#settle();
      }
    }
    const taken = (await this.#slurm.taken()).slice(before.length);
    // What a kill stopped in between may have become two arrays of one row each.
    const again = taken.flatMap(({ tasks }) => Array(Math.max(1, tasks)).fill(0)).length;
    assert.equal(again, failed.length, `Slurm has ${JSON.stringify(await this.#slurm.taken())}`);
  }

  async #areRetried(failed: readonly string[]): Promise<boolean> {
    const open = await this.#openJobs();
    return open.length === ROWS.length &&
      open.every(({ slurm_job_id: jobId }) => !failed.includes(String(jobId)));
  }

  async #isWaiting(): Promise<boolean> {
    const { stdout } = await this.#dlslurm("list", "--all", "--json");
    return stdout.split("\n").filter(Boolean).some((line) => JSON.parse(line).stage === "waiting");
  }

  async writeOutputs(): Promise<void> {
    for (const row of ROWS) {
      await this.#write(`r/${row}/small.txt`, `result of ${row}\n`);
      await this.#write(`r/${row}/big.bin`, `\0${row}`.repeat(3_000));
      await this.#write(`r/${row}/twin.bin`, "\0same".repeat(3_000));
    }
    for (const row of ROWS.slice(0, 2)) {
      await this.#write(`r/${row}/old.bin`, `\0after ${row}`.repeat(300));
      await Deno.remove(join(this.#dataset.root, `r/${row}/gone.txt`));
    }
    for (const log of await this.#logs()) await this.#write(log, `log ${log}\n`);
    // As long ago as the outputs of most jobs: else each finish waits whether something still writes.
    await this.#sandbox.require(
      [
        "find",
        ".",
        "-path",
        "./.git",
        "-prune",
        "-o",
        "-type",
        "f",
        "-exec",
        "touch",
        "-d",
        "1 hour ago",
        "{}",
        "+",
      ],
      { cwd: this.#dataset.root },
    );
  }

  async finish(): Promise<void> {
    const { shape, finisher } = this.#plan;
    const args = ["finish", ...FINISHERS[finisher], ...SHAPES[shape]];
    for (let tries = 0; (await this.#openJobs()).length > 0; tries++) {
      assert(tries < 5, `finish does not come to an end:\n${await this.#list()}`);
      if (finisher === "unattended") {
        await this.#finishUnattended(args);
        continue;
      }
      const { code, said } = await this.runs.run(args.join(" "), args, this.#dataset.root);
      assert.equal(code, 0, said);
    }
    // What the last kill left goes with the next run, whatever that finds to do.
    await this.#must("finish");
  }

  /** A finishing job is submitted, and runs, again whenever it was killed; a person finishes meanwhile. */
  async #finishUnattended(args: readonly string[]): Promise<void> {
    const { root } = this.#dataset;
    const submit = [...args, "--submit"];
    const { code, said } = await this.runs.run(submit.join(" "), submit, root);
    assert.equal(code, 0, said);
    const token = (await this.#slurm.finishers()).at(-1)!;
    const shape = SHAPES[this.#plan.shape];
    const unattended = ["finish", "--ended", "--unattended", token, ...shape];
    const [job] = await Promise.all([
      this.runs.run(unattended.toSpliced(3, 1).join(" "), unattended, root),
      // Whoever comes second may be refused, or find nothing to do.
      this.runs.run(args.join(" "), args, root),
    ]);
    assert.equal(job.code, 0, job.said);
  }

  async check(): Promise<void> {
    const { root } = this.#dataset;
    const places = this.#plan.hasSubdataset ? [".", "r"] : ["."];
    for (const place of places) {
      const git = (...args: string[]) => this.#dataset.git("-C", place, ...args);
      assert.equal(
        await git("status", "--porcelain", "--untracked-files=all"),
        "",
        `status of ${place}`,
      );
      await git("fsck", "--strict", "--no-dangling");
      assert.equal(await git("for-each-ref", "refs/dlslurm"), "");
      const folder = await git("rev-parse", "--absolute-git-dir");
      const isLeft =
        "\\( -name '*.lock' -o -name 'dlslurm-*' -o -name '*.lease' -o -path '*/dlslurm/*' " +
        "-type f -not -name jobs.sqlite -not -path '*/tmp/*' -not -path '*/dlslurm/left/*' \\)";
      const left = await this.#sandbox.require(["sh", "-c", `find "$0" ${isLeft}`, folder]);
      assert.equal(left.split("\n").filter((path) => !path.includes("/annex/")).join("\n"), "");
    }
    if (this.#plan.kind !== "plain git") {
      await this.#sandbox.require(["git", "annex", "fsck", "--quiet"], { cwd: root });
    }
    await this.#checkCommits();
    await this.#checkContents();
    for (const [path, jobId] of this.#moved) {
      const moved = join(root, ".git/dlslurm/left", jobId, path);
      assert.equal(await Deno.readTextFile(moved), `of ${jobId}\n`);
    }
  }

  /** All that a person would look at who is to tell what went wrong. */
  async describe(): Promise<string> {
    const parts = [["runs", this.runs.history.join("\n")]];
    const ask = async (what: string, ...argv: [string, ...string[]]) => {
      const { stdout, stderr } = await this.#sandbox.run(argv, { cwd: this.#dataset.root });
      parts.push([what, stdout + stderr]);
    };
    const left = findLeftProcesses(this.#sandbox);
    parts.push(["processes", left.map(({ pid, command }) => `${pid} ${command}`).join("\n")]);
    parts.push(["jobs of Slurm", JSON.stringify(await this.#slurm.taken(), null, 1)]);
    await ask("list --all", ...this.#program, "list", "--all");
    await ask("recover", ...this.#program, "recover");
    for (const place of this.#plan.hasSubdataset ? [".", "r"] : ["."]) {
      const git = ["git", "-C", place] as const;
      await ask(`status of ${place}`, ...git, "status", "--short", "--branch");
      await ask(
        `history of ${place}`,
        ...git,
        "log",
        "--all",
        "--graph",
        "--stat",
        "--format=%h %s",
      );
      await ask(`refs of ${place}`, ...git, "for-each-ref");
      await ask(`reflog of ${place}`, ...git, "reflog", "--all");
    }
    await ask(
      "git's folder",
      ...["sh", "-c", "find .git -not -path '*/objects/*' -newer job.sh -ls"] as const,
    );
    return parts.map(([what, text]) => `--- ${what}\n${text}`).join("\n");
  }

  async #checkCommits(): Promise<void> {
    const all = this.#plan.shape === "branches" ? ["--branches"] : ["HEAD"];
    const log = await this.#dataset.git("log", "--no-merges", "--format=%s%n%b", ...all);
    const recorded = [...log.matchAll(/^\[DATALAD SLURM RUN\] Slurm job (\S+): (\S+)$/gm)]
      .map(([, jobId, state]) => `${jobId} ${state}`);
    const failed = await this.#slurm.failed();
    const expected = (await this.#slurm.taken()).flatMap(idsOf)
      .filter((jobId) => !failed.has(jobId)).map((jobId) => `${jobId} Completed`);
    assert.deepEqual(recorded.sort(), expected.sort());
  }

  /** Everything that was written is in a commit, as it was written. */
  async #checkContents(): Promise<void> {
    for (const [path, content] of this.#written) {
      const holders = this.#plan.shape === "branches" ? await this.#branchesWith(path) : ["HEAD"];
      assert.equal(holders.length >= 1, true, `no branch holds ${path}`);
      for (const holder of holders) {
        const found = await this.#contentOf(holder, path);
        assert(found === content, `${path} in ${holder} is "${found.slice(0, 80)}"`);
      }
    }
    if (this.#plan.shape === "branches") return;
    for (const row of ROWS.slice(0, 2)) {
      const place = this.#plan.hasSubdataset ? ["r", `${row}/`] : [".", `r/${row}/`];
      const tree = await this.#dataset.git(
        "-C",
        place[0]!,
        "ls-tree",
        "-r",
        "--name-only",
        "HEAD",
        place[1]!,
      );
      assert(!tree.includes("gone.txt"), `r/${row}/gone.txt is back`);
    }
  }

  async #branchesWith(path: string): Promise<string[]> {
    const [place, inner] = this.#placeOf(path);
    const names = await this.#dataset.git(
      "-C",
      place,
      "for-each-ref",
      "--format=%(refname)",
      "refs/heads/slurm-job-*",
    );
    const found: string[] = [];
    for (const name of names.split("\n").filter(Boolean)) {
      const changed = await this.#dataset.git(
        "-C",
        place,
        "diff-tree",
        "-r",
        "--name-only",
        "--no-commit-id",
        name,
      );
      if (changed.split("\n").includes(inner)) found.push(name);
    }
    return found;
  }

  async #contentOf(holder: string, path: string): Promise<string> {
    const [place, inner] = this.#placeOf(path);
    const { stdoutBytes } = await this.#sandbox.run([
      "git",
      "-C",
      place,
      "cat-file",
      "blob",
      `${holder}:${inner}`,
    ], {
      cwd: this.#dataset.root,
    });
    const blob = new TextDecoder().decode(stdoutBytes);
    const object = /\.git\/annex\/objects\/.*$/.exec(blob)?.[0];
    return object === undefined ? blob : await Deno.readTextFile(join(this.#dataset.root, object));
  }

  #placeOf(path: string): [string, string] {
    return this.#plan.hasSubdataset && path.startsWith("r/") ? ["r", path.slice(2)] : [".", path];
  }

  async #logs(): Promise<string[]> {
    return (await this.#slurm.taken()).flatMap(idsOf).map((jobId) => `slurm-${jobId}.out`);
  }

  async #write(path: string, content: string): Promise<void> {
    await this.#dataset.write(path, content);
    this.#written.set(path, content);
  }

  /** A person does so when sbatch is over: one that outlives its dlslurm may submit its job yet. */
  async #settle(): Promise<void> {
    await pollUntil("sbatch has ended", () => findLeftProcesses(this.#sandbox).length === 0);
    const { stdout } = await this.#dlslurm("-f", "json", "recover");
    for (const line of stdout.split("\n").filter(Boolean)) {
      const { submission, cmd } = JSON.parse(line);
      if (submission === undefined) continue;
      const failed = await this.#slurm.failed();
      // Those that failed are known: it is about the next ones.
      const taken = (await this.#slurm.taken())
        .filter((job) => !idsOf(job).some((jobId) => failed.has(jobId)));
      const job = taken.find(({ label }) =>
        label.includes(`/arrays/${submission}-`) || cmd.endsWith(` ${label}`)
      );
      const answer = job === undefined ? ["--not-submitted"] : ["--job-id", job.jobId];
      await this.#must("recover", String(submission), ...answer);
    }
  }

  async #openJobs(): Promise<readonly { readonly slurm_job_id: string }[]> {
    const { stdout } = await this.#dlslurm("list", "--json");
    return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line))
      .filter(({ stage }) => stage === "open");
  }

  async #list(): Promise<string> {
    return (await this.#dlslurm("list", "--all")).stdout;
  }

  async #must(...args: string[]): Promise<void> {
    const { code, stdout, stderr } = await this.#dlslurm(...args);
    assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
  }

  #dlslurm(...args: string[]) {
    return this.#sandbox.run([...this.#program, ...args], { cwd: this.#dataset.root });
  }
}

/** The job, or its tasks. */
function idsOf({ jobId, tasks }: TakenJob): string[] {
  if (tasks === 0) return [jobId];
  return Array.from({ length: tasks }, (_, task) => `${jobId}_${task}`);
}
