import { join } from "node:path";
import { readFakeTasks, waitForFakeTasks } from "./fake_tasks.ts";
import { pollUntil } from "./polling.ts";
import { CHROOT } from "./requirements.ts";
import type { Outcome, Sandbox, StartOptions } from "./sandbox.ts";
import { copyTemplate } from "./templates.ts";

const ENDED_REGEXP =
  /^(BOOT_FAIL|CANCELLED|COMPLETED|DEADLINE|FAILED|NODE_FAIL|OUT_OF_MEMORY|PREEMPTED|TIMEOUT)/;

/** Whether a job, or task, of which sacct says `state` is over: sacct(1), JOB STATE CODES. */
export function isEnded(state: string): boolean {
  return ENDED_REGEXP.test(state);
}

/**
 * Which Slurm: an embedded one, the real one of this machine, the real one in the chroot that
 * `DLSLURM_TEST_CHROOT` names, or one that is not there and whose answers were recorded.
 */
export type SlurmKind = "fake" | "real" | "chroot" | "replay";

/** What names of tests call them. */
export const SLURM_NAMES: Readonly<Record<SlurmKind, string>> = {
  fake: "fake Slurm",
  real: "real Slurm",
  chroot: "real Slurm of the chroot",
  replay: "replay of Slurm",
};

/** The programs of Slurm that tests call. */
const PROGRAMS = ["sbatch", "sacct", "scontrol", "squeue", "scancel", "sinfo", "srun"];

/**
 * The Slurm that the programs of a {@linkcode Sandbox} reach. Jobs that were submitted from inside the
 * sandbox are cancelled when it is disposed of.
 */
export class TestSlurm implements AsyncDisposable {
  readonly kind: SlurmKind;
  readonly #sandbox: Sandbox;
  /** Variables with which it asks for its own sake: nothing of that becomes part of a recording. */
  readonly #quietly: Record<string, string> = {};

  private constructor(kind: SlurmKind, sandbox: Sandbox) {
    this.kind = kind;
    this.#sandbox = sandbox;
  }

  /**
   * Gives the sandbox an embedded Slurm with a state directory of its own, as
   * `eval "$(dlslurm fake-slurm env)"` does.
   *
   * @param variables settings of the fake, `DLSLURM_FAKE_SLURM_…`.
   */
  static async startFake(
    sandbox: Sandbox,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<TestSlurm> {
    Object.assign(sandbox.env, {
      DLSLURM_FAKE_SLURM_CPUS: "4",
      DLSLURM_FAKE_SLURM_KILL_WAIT: "0.2",
      ...variables,
    });
    const folder = join(sandbox.root, "fake slurm");
    await copyTemplate("fake slurm", folder, async (place) => {
      const args = ["fake-slurm", "env", "--dir", place];
      const { code, stderr } = await sandbox.dlslurm(args);
      if (code !== 0) throw new Error(`Cannot start the fake Slurm: ${stderr}`);
    }, PROGRAMS.map((program) => `bin/${program}`));
    // The test's own programs stay in front of Slurm's.
    const others = sandbox.env["PATH"]!.replace(`${sandbox.programs}:`, "");
    sandbox.env["PATH"] = `${sandbox.programs}:${folder}/bin:${others}`;
    sandbox.env["DLSLURM_FAKE_SLURM_DIR"] = folder;
    return new TestSlurm("fake", sandbox);
  }

  /** Gives the sandbox a Slurm of this kind. */
  static async start(kind: "fake" | "real" | "chroot", sandbox: Sandbox): Promise<TestSlurm> {
    if (kind === "fake") return await TestSlurm.startFake(sandbox);
    return kind === "chroot" ? await TestSlurm.useChroot(sandbox) : new TestSlurm(kind, sandbox);
  }

  /** Lets the sandbox use the real Slurm in the chroot of `DLSLURM_TEST_CHROOT`. */
  static async useChroot(sandbox: Sandbox): Promise<TestSlurm> {
    const folder = join(sandbox.root, ".chroot");
    await Deno.mkdir(folder);
    for (const program of PROGRAMS) {
      // By its absolute path: with /tmp shared, PATH leads to this very script inside as well.
      const inside = `cd "$0" && exec -a ${program} /usr/bin/${program} "$@"`;
      const script = `#!/bin/sh\nexec chroot '${CHROOT}' bash -c '${inside}' "$PWD" "$@"\n`;
      await Deno.writeTextFile(join(folder, program), script, { mode: 0o755 });
    }
    const own = `${sandbox.programs}:`;
    sandbox.env["PATH"] = sandbox.env["PATH"]!.replace(own, `${own}${folder}:`);
    return new TestSlurm("chroot", sandbox);
  }

  /** A Slurm that is answered for by a replay: nothing happens, so nothing is waited for. */
  static useReplay(sandbox: Sandbox): TestSlurm {
    return new TestSlurm("replay", sandbox);
  }

  /** Asks what a test does not ask itself by way of this PATH from now on. */
  waitBy(path: string): void {
    this.#quietly["PATH"] = path;
  }

  /** The version, without its patch level: `22.05`. */
  async version(): Promise<string> {
    // "slurm 24.11.5", Debian's "slurm-wlm 22.05.8"
    const answer = await this.#askQuietly("sbatch", "--version");
    return /[0-9]+\.[0-9]+/.exec(answer)![0];
  }

  /** Runs one of Slurm's programs. */
  async ask(argv: readonly [string, ...string[]], options: StartOptions = {}): Promise<Outcome> {
    return await this.#sandbox.run(argv, options);
  }

  /** Submits a job that has to be accepted and gives its ID. */
  async submit(args: readonly string[], options: StartOptions = {}): Promise<string> {
    const answer = await this.#sandbox.require(["sbatch", "--parsable", ...args], options);
    return answer.split(";")[0]!;
  }

  /** Waits until `jobIds`, arrays with all their tasks, are over for squeue and for sacct. */
  async waitUntilEnded(...jobIds: readonly string[]): Promise<void> {
    if (this.kind === "fake") {
      for (const jobId of jobIds) {
        await waitForFakeTasks(this.#fakeDirectory, jobId, (tasks) => tasks.every(hasEnded));
      }
    }
    await this.#pollUntil(`jobs ${jobIds.join(", ")} have ended`, async () => {
      const queued = await this.#askQuietly("squeue", "-h", "-o", "%F");
      if (queued.split("\n").some((id) => jobIds.includes(id))) return false;
      const states = await this.#quietRows("State", jobIds);
      const ended = [...states].filter(([, state]) => isEnded(state)).map(([id]) => id);
      return ended.length === states.size &&
        jobIds.every((jobId) => ended.some((id) => id.split("_")[0] === jobId));
    });
  }

  /**
   * Waits until `jobIds` are over and accounting has caught up: right after its end a job may have a row
   * without its name and limits, and an array one row that looks like a plain job's.
   */
  async waitUntilAccounted(...jobIds: readonly string[]): Promise<void> {
    await this.waitUntilEnded(...jobIds);
    await this.#pollUntil(`jobs ${jobIds.join(", ")} are accounted for`, async () => {
      const rows = await this.#askQuietly("squeue", "-h", "-t", "all", "-o", "%F|%i");
      const known = rows.split("\n").map((row) => row.split("|"))
        .filter(([jobId]) => jobIds.includes(jobId!)).map(([, id]) => id!);
      const states = await this.#quietRows("State", jobIds);
      const limits = await this.#quietRows("Timelimit", jobIds);
      return known.length === states.size && [...limits.values()].every((limit) => limit !== "") &&
        known.every((id) => isEnded(states.get(id) ?? ""));
    });
  }

  /** Waits until accounting shows `jobId`, or a task `ID_INDEX`, in a state. */
  async waitForState(jobId: string, state: string): Promise<void> {
    if (this.kind === "fake") {
      await waitForFakeTasks(
        this.#fakeDirectory,
        jobId,
        (tasks) => tasks.some((task) => state.startsWith(task.state)),
      );
    }
    await this.#pollUntil(`job ${jobId} is ${state}`, async () => {
      return (await this.#quietRows("State", [jobId.split("_")[0]!])).get(jobId) === state;
    });
  }

  /** The states that accounting has, by job or task ID; what it does not know is absent. */
  async states(...jobIds: readonly string[]): Promise<Map<string, string>> {
    return toMap(await this.#sandbox.require(sacctOf("State", jobIds)));
  }

  async #quietRows(field: string, jobIds: readonly string[]): Promise<Map<string, string>> {
    return toMap(await this.#askQuietly(...sacctOf(field, jobIds)));
  }

  async #askQuietly(...argv: [string, ...string[]]): Promise<string> {
    return await this.#sandbox.require(argv, { env: this.#quietly });
  }

  async #pollUntil(what: string, look: () => Promise<boolean>): Promise<void> {
    if (this.kind !== "replay") await pollUntil(what, look);
  }

  /** IDs of all jobs that were submitted from inside the sandbox and are remembered. */
  async submittedJobs(): Promise<string[]> {
    if (this.kind === "fake") {
      return [...new Set(readFakeTasks(this.#fakeDirectory).map(({ jobId }) => jobId))];
    }
    const rows = await this.#sandbox.require(["squeue", "-h", "-t", "all", "-o", "%F|%Z"]);
    const own = rows.split("\n").filter((row) => row.split("|")[1]?.startsWith(this.#sandbox.root));
    return [...new Set(own.map((row) => row.split("|")[0]!))].sort((a, b) => Number(a) - Number(b));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.kind === "replay") return;
    const isOver = () => readFakeTasks(this.#fakeDirectory).every(hasEnded);
    if (this.kind === "fake" && isOver()) return;
    // A test may have left the sandbox's PATH without Slurm, or with a broken one in front.
    const path = this.#sandbox.env["PATH"]!.replace(`${this.#sandbox.programs}:`, "");
    const env = { PATH: path, ...this.#quietly };
    const { stdout } = await this.ask(["squeue", "-h", "-o", "%F|%Z"], { env });
    const unfinished = stdout.split("\n").map((row) => row.split("|"))
      .filter(([, directory]) => directory?.startsWith(this.#sandbox.root)).map(([id]) => id!);
    if (unfinished.length === 0) return;
    await this.ask(["scancel", ...new Set(unfinished)], { env });
    if (this.kind !== "fake") return;
    // Its state directory is removed next: without it nobody would end what still runs.
    await pollUntil("the fake Slurm runs nothing", isOver);
  }

  get #fakeDirectory(): string {
    return this.#sandbox.env["DLSLURM_FAKE_SLURM_DIR"]!;
  }
}

function hasEnded({ state }: { readonly state: string }): boolean {
  return isEnded(state);
}

function sacctOf(field: string, jobIds: readonly string[]): [string, ...string[]] {
  return ["sacct", "-X", "-n", "-P", "-o", `JobID,${field}`, "-j", jobIds.join(",")];
}

function toMap(answer: string): Map<string, string> {
  const rows = answer.split("\n").filter((row) => row !== "").map((row) => row.split("|"));
  return new Map(rows.map(([id, value]) => [id!, value!]));
}
