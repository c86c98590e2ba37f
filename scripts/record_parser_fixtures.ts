/**
 * Records what a real Slurm prints for the parsers' tests.
 *
 * usage: deno run -A scripts/record_parser_fixtures.ts VERSION [--chroot FOLDER]
 *
 * VERSION          folder below fixtures/slurm, for example 22.05
 * --chroot FOLDER  the Slurm inside FOLDER is asked; needs root
 *
 * Needs a Slurm of one's own with accounting and a partition that runs jobs at once: names of users and
 * hosts, UIDs and paths are replaced, but what else a site adds to Slurm's answers is not looked for.
 * Takes three minutes, most of it waiting for a time limit and a requeue. One at a time: a chroot may share
 * the folder of the jobs.
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { UserError } from "../src/errors.ts";
import { DenoRunner } from "../src/process/deno_runner.ts";
import { textOf } from "../src/process/runner.ts";
import type { Runner, RunOptions, RunResult } from "../src/process/runner.ts";
import { querySacct } from "../src/slurm/query_sacct.ts";
import { querySqueue } from "../src/slurm/query_squeue.ts";
import { showJob } from "../src/slurm/show_job.ts";

/** Where the jobs run; what of it Slurm prints is replaced by WORK. */
const FOLDER = "/tmp/dlslurm recordings";
const WORK = "/data/my work";
const WAIT_MS = 240_000;

function hasEnded(state: string): boolean {
  return /^(CANCELLED|COMPLETED|FAILED|TIMEOUT)/.test(state);
}

/** Asks one Slurm and writes its answers down. */
class Recorder implements Runner {
  readonly #runner = new DenoRunner();
  readonly #root: string;
  readonly #into: string;
  readonly #names: readonly (readonly [RegExp, string])[];
  /** Folder of the case that the next answer belongs to; `undefined` while nothing is recorded. */
  #case: string | undefined;

  constructor(root: string, into: string) {
    this.#root = root;
    this.#into = into;
    this.#names = [
      [/\/tmp\/dlslurm recordings/g, WORK],
      [/\broot\(0\)/g, "ada(1000)"],
      [/\broot\b/g, "ada"],
      [/\bby 0\b/g, "by 1000"],
      [/AllocNode:Sid=\S+/g, "AllocNode:Sid=login01:1234"],
      [new RegExp(`\\b${Deno.hostname()}\\b`, "g"), "node01"],
    ];
  }

  async run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
    const inFolder = ["sh", "-c", 'cd "$0" && exec "$@"', FOLDER, ...argv];
    const full = this.#root === "/" ? inFolder : ["chroot", this.#root, ...inFolder];
    const result = await this.#runner.run(full as [string, ...string[]], options);
    if (this.#case !== undefined) await this.#write(this.#case, argv, result);
    return result;
  }

  /** Records the one answer that `work` asks for; an error that comes of it is expected. */
  async record(name: string, work: () => Promise<unknown>): Promise<void> {
    this.#case = name;
    try {
      await work();
    } catch (error) {
      // What was said is recorded; the exit status of the program under test is part of the case.
      if (!(error instanceof UserError)) throw error;
    } finally {
      this.#case = undefined;
    }
  }

  /** Records what accounting and controller say of a job. */
  async recordJob(name: string, jobId: string): Promise<void> {
    const client = { runner: this, timeoutMs: 60_000 };
    await this.record(`${name}_sacct`, () => querySacct(client, [jobId], null));
    await this.record(`${name}_scontrol`, () => showJob(client, jobId, null));
  }

  /** Records what squeue says of all jobs: to be asked for while a case needs it. */
  async recordQueue(name: string): Promise<void> {
    await this.record(
      `${name}_squeue`,
      () => querySqueue({ runner: this, timeoutMs: 60_000 }, null),
    );
  }

  async submit(...args: string[]): Promise<string> {
    const result = await this.run(["sbatch", "--parsable", ...args]);
    if (result.code !== 0) throw new Error(`sbatch refused: ${result.stderr}`);
    return textOf(result.stdout).trim();
  }

  async waitFor(jobId: string, condition: (states: string[]) => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const argv = ["sacct", "-X", "-D", "-n", "-P", "-o", "state", "-j", jobId] as const;
      const { stdout } = await this.run([...argv]);
      const states = textOf(stdout).trim().split("\n").filter((state) => state !== "");
      if (states.length > 0 && condition(states)) return;
      if (Date.now() > deadline) throw new Error(`Waited in vain for job ${jobId}: ${states}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async waitForEnd(jobId: string): Promise<void> {
    await this.waitFor(
      jobId,
      (states) => !states.some((state) => /PENDING|RUNNING|ING/.test(state)),
    );
  }

  async write(name: string, text: string): Promise<void> {
    const folder = join(this.#root, FOLDER);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, name), text);
    await Deno.chmod(join(folder, name), 0o755);
  }

  /** Removes the folder of the jobs, also one that an interrupted run left. */
  async clear(): Promise<void> {
    await new Deno.Command("rm", { args: ["-rf", join(this.#root, FOLDER)] }).output();
  }

  async #write(name: string, argv: readonly string[], result: RunResult): Promise<void> {
    const folder = join(this.#into, name);
    await Deno.mkdir(folder, { recursive: true });
    const clean = (text: string) =>
      this.#names.reduce((line, [pattern, standIn]) => line.replace(pattern, standIn), text);
    await Deno.writeTextFile(join(folder, "argv.json"), `${clean(JSON.stringify(argv))}\n`);
    await Deno.writeTextFile(join(folder, "stdout"), clean(textOf(result.stdout)));
    await Deno.writeTextFile(join(folder, "stderr"), clean(result.stderr));
    await Deno.writeTextFile(join(folder, "exit_code"), `${result.code}\n`);
  }
}

async function recordSubmissions(slurm: Recorder): Promise<void> {
  await slurm.record("sbatch_plain", () => slurm.run(["sbatch", "ok.sh"]));
  await slurm.record("sbatch_parsable", () => slurm.run(["sbatch", "--parsable", "ok.sh"]));
  await slurm.record("sbatch_bad_partition", () => slurm.run(["sbatch", "-p", "none", "ok.sh"]));
  await slurm.record("sbatch_no_script", () => slurm.run(["sbatch", "missing.sh"]));
}

async function recordSingleJobs(slurm: Recorder): Promise<void> {
  for (const [name, script] of [["single", "ok.sh"], ["failed", "fail.sh"], ["signal", "die.sh"]]) {
    const jobId = await slurm.submit(script!);
    await slurm.waitForEnd(jobId);
    await slurm.recordJob(`${name}_job`, jobId);
  }
  const awkward = await slurm.submit(
    ...["-J", "my | job a=b JobId=1", "--comment", "x=1 Y=2, with blanks "],
    ...["-o", "logs a=b C=d %x %4j.out", "-e", "errors %u.err", "ok job=1 A=2.sh"],
  );
  await slurm.waitForEnd(awkward);
  await slurm.recordJob("awkward_names", awkward);
  const cancelled = await slurm.submit("wait.sh");
  await slurm.waitFor(cancelled, (states) => states.includes("RUNNING"));
  await slurm.recordJob("running_job", cancelled);
  await slurm.run(["scancel", cancelled]);
  await slurm.waitForEnd(cancelled);
  await slurm.recordJob("cancelled_job", cancelled);
  await slurm.recordJob("unknown_job", "4000000");
}

async function recordArrays(slurm: Recorder): Promise<void> {
  const args = ["-o", "log-%A_%4a-%a-%j.out", "array.sh"];
  const array = await slurm.submit("--array=0-3%2", "--hold", ...args);
  await slurm.waitFor(array, (states) => states.includes("PENDING"));
  await slurm.recordJob("array_pending", array);
  await slurm.recordQueue("array_pending");
  await slurm.run(["scontrol", "release", array]);
  await slurm.waitFor(
    array,
    (states) => states.filter((state) => state === "RUNNING").length === 2,
  );
  await slurm.recordJob("array_running", array);
  await slurm.recordQueue("array_running");
  await slurm.write("go", "");
  await slurm.waitFor(array, (states) => states.length === 4 && states.every(hasEnded));
  await slurm.recordJob("array_done", array);
  const long = await slurm.submit("--array=0-40:3,50-90:7", "--hold", ...args);
  await slurm.waitFor(long, (states) => states.includes("PENDING"));
  await slurm.recordJob("array_long_pending", long);
  await slurm.run(["scancel", long]);
  await slurm.waitForEnd(long);
  await slurm.recordJob("array_cancelled_pending", long);
  const het = await slurm.submit("-n1", ":", "-n1", "ok.sh");
  // Its components need a node each: cancelled, it ends on a cluster of one node, too.
  await slurm.waitFor(het, (states) => states.includes("PENDING"));
  await slurm.run(["scancel", het]);
  await slurm.waitForEnd(het);
  await slurm.recordJob("het_job", het);
}

/** What takes minutes, side by side. */
async function recordSlowOnes(slurm: Recorder): Promise<void> {
  const timeout = await slurm.submit("--time=1", "wait.sh");
  const requeued = await slurm.submit("--requeue", "once.sh");
  await slurm.waitFor(requeued, (states) => states.includes("RUNNING"));
  await slurm.run(["scontrol", "requeue", requeued]);
  await slurm.waitFor(requeued, (states) => states.includes("REQUEUED"));
  await slurm.recordJob("requeued_pending", requeued);
  await slurm.waitForEnd(timeout);
  await slurm.recordJob("timeout_job", timeout);
  await slurm.waitFor(requeued, (states) => states.at(-1) === "COMPLETED");
  await slurm.recordJob("requeued_done", requeued);
}

async function main(args: readonly string[]): Promise<void> {
  const [version, option, folder] = args;
  if (version === undefined) throw new Error("Cannot record: name the version, for example 22.05");
  const into = fileURLToPath(new URL(`../fixtures/slurm/${version}`, import.meta.url));
  const slurm = new Recorder(option === "--chroot" ? folder! : "/", into);
  const head = "#!/bin/sh\n";
  await slurm.clear();
  await slurm.write("ok.sh", `${head}echo ok\n`);
  await slurm.write("ok job=1 A=2.sh", `${head}echo ok\n`);
  await slurm.write("fail.sh", `${head}exit 3\n`);
  await slurm.write("die.sh", `${head}kill -9 $$\n`);
  await slurm.write("wait.sh", `${head}exec sleep 300\n`);
  await slurm.write("once.sh", `${head}test -e started && exit 0\ntouch started\nexec sleep 300\n`);
  await slurm.write(
    "array.sh",
    `${head}until test -e go; do sleep 0.2; done\ntest $SLURM_ARRAY_TASK_ID -ne 2\n`,
  );
  await recordSubmissions(slurm);
  await recordSingleJobs(slurm);
  await recordArrays(slurm);
  await recordSlowOnes(slurm);
  await slurm.clear();
}

await main(Deno.args);
