import { join } from "node:path";
import { pollUntil } from "./polling.ts";
import type { Outcome, Sandbox, StartOptions } from "./sandbox.ts";

/** States in which a job, or task, is over: sacct(1), JOB STATE CODES. */
const ENDED_REGEXP =
  /^(BOOT_FAIL|CANCELLED|COMPLETED|DEADLINE|FAILED|NODE_FAIL|OUT_OF_MEMORY|PREEMPTED|TIMEOUT)/;

/**
 * The Slurm that the programs of a {@linkcode Sandbox} reach: an embedded one of its own, or the real
 * one of this machine. Jobs that were submitted from inside the sandbox are cancelled when it is
 * disposed of.
 */
export class TestSlurm implements AsyncDisposable {
  readonly kind: "fake" | "real";
  readonly #sandbox: Sandbox;

  private constructor(kind: "fake" | "real", sandbox: Sandbox) {
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
    const { code, stdout, stderr } = await sandbox.dlslurm([
      "fake-slurm",
      "env",
      "--dir",
      join(sandbox.root, "fake slurm"),
    ]);
    if (code !== 0) throw new Error(`Cannot start the fake Slurm: ${stderr}`);
    const shown = await sandbox.require([
      "sh",
      "-c",
      `${stdout}\nprintf '%s\\n' "$PATH" "$DLSLURM_FAKE_SLURM_DIR"`,
    ]);
    const [path, directory] = shown.split("\n");
    // The test's own programs stay in front of Slurm's.
    sandbox.env["PATH"] = `${sandbox.programs}:${path}`;
    sandbox.env["DLSLURM_FAKE_SLURM_DIR"] = directory!;
    return new TestSlurm("fake", sandbox);
  }

  /** Gives the sandbox a Slurm of this kind. */
  static async start(kind: "fake" | "real", sandbox: Sandbox): Promise<TestSlurm> {
    return kind === "fake" ? await TestSlurm.startFake(sandbox) : TestSlurm.useReal(sandbox);
  }

  /** Lets the sandbox use the real Slurm of this machine. */
  static useReal(sandbox: Sandbox): TestSlurm {
    return new TestSlurm("real", sandbox);
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
    await pollUntil(`jobs ${jobIds.join(", ")} have ended`, async () => {
      const queued = await this.#sandbox.require(["squeue", "-h", "-o", "%F"]);
      if (queued.split("\n").some((id) => jobIds.includes(id))) return false;
      const states = await this.states(...jobIds);
      const ended = [...states].filter(([, state]) => ENDED_REGEXP.test(state)).map(([id]) => id);
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
    await pollUntil(`jobs ${jobIds.join(", ")} are accounted for`, async () => {
      const rows = await this.#sandbox.require(["squeue", "-h", "-t", "all", "-o", "%F|%i"]);
      const known = rows.split("\n").map((row) => row.split("|"))
        .filter(([jobId]) => jobIds.includes(jobId!)).map(([, id]) => id!);
      const states = await this.states(...jobIds);
      const limits = await this.#rows("Timelimit", jobIds);
      return known.length === states.size && [...limits.values()].every((limit) => limit !== "") &&
        known.every((id) => ENDED_REGEXP.test(states.get(id) ?? ""));
    });
  }

  /** Waits until accounting shows `jobId`, or a task `ID_INDEX`, in a state. */
  async waitForState(jobId: string, state: string): Promise<void> {
    await pollUntil(`job ${jobId} is ${state}`, async () => {
      return (await this.states(jobId.split("_")[0]!)).get(jobId) === state;
    });
  }

  /** The states that accounting has, by job or task ID; what it does not know is absent. */
  async states(...jobIds: readonly string[]): Promise<Map<string, string>> {
    return await this.#rows("State", jobIds);
  }

  async #rows(field: string, jobIds: readonly string[]): Promise<Map<string, string>> {
    const format = `JobID,${field}`;
    const argv = ["sacct", "-X", "-n", "-P", "-o", format, "-j", jobIds.join(",")] as const;
    const rows = (await this.#sandbox.require(argv)).split("\n").filter((row) => row !== "");
    return new Map(rows.map((row) => row.split("|")).map(([id, value]) => [id!, value!]));
  }

  /** IDs of all jobs that were submitted from inside the sandbox and are remembered. */
  async submittedJobs(): Promise<string[]> {
    const rows = await this.#sandbox.require(["squeue", "-h", "-t", "all", "-o", "%F|%Z"]);
    const own = rows.split("\n").filter((row) => row.split("|")[1]?.startsWith(this.#sandbox.root));
    return [...new Set(own.map((row) => row.split("|")[0]!))].sort((a, b) => Number(a) - Number(b));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A test may have left the sandbox's PATH without Slurm, or with a broken one in front.
    const path = this.#sandbox.env["PATH"]!.replace(`${this.#sandbox.programs}:`, "");
    const env = { PATH: path };
    const { stdout } = await this.ask(["squeue", "-h", "-o", "%F|%Z"], { env });
    const unfinished = stdout.split("\n").map((row) => row.split("|"))
      .filter(([, directory]) => directory?.startsWith(this.#sandbox.root)).map(([id]) => id!);
    if (unfinished.length > 0) await this.ask(["scancel", ...new Set(unfinished)], { env });
  }
}
