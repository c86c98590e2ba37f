import { join } from "node:path";
import { readTextIfPresent } from "../../src/fs/if_present.ts";
import { pollUntil } from "../support/polling.ts";
import type { Outcome, Running, Sandbox } from "../support/sandbox.ts";
import { SLURM_FIXTURES } from "../support/slurm_fixtures.ts";

/** Folder of the recordings of this suite, made by scripts/record_fixtures/conformance.ts. */
export function conformanceFolder(version: string): string {
  return join(SLURM_FIXTURES, version, "conformance");
}

/**
 * `dlslurm fixtures record` or `replay` around a sandbox: what runs in the sandbox between
 * {@linkcode open} and {@linkcode close} is its COMMAND.
 */
export class FixturesSession {
  readonly #sandbox: Sandbox;
  readonly #done: string;
  readonly #running: Running;

  private constructor(sandbox: Sandbox, done: string, running: Running) {
    this.#sandbox = sandbox;
    this.#done = done;
    this.#running = running;
  }

  /**
   * Starts it, and puts its programs on the sandbox's PATH.
   *
   * @param args what stands between `fixtures` and `--`.
   * @throws {Error} If it ends at once.
   */
  static async open(sandbox: Sandbox, args: readonly string[]): Promise<FixturesSession> {
    // Not among the files that are recorded: their names begin with a dot.
    const shown = join(sandbox.root, ".path");
    const done = join(sandbox.root, ".done");
    const command = 'printf "%s\\n" "$PATH" >"$0.new"; mv "$0.new" "$0"\n' +
      'until [ -e "$1" ]; do sleep 0.05; done';
    const running = sandbox.startDlslurm(
      ["fixtures", ...args, "--", "sh", "-c", command, shown, done],
    );
    const session = new FixturesSession(sandbox, done, running);
    let early: Outcome | undefined;
    running.ended.then((outcome) => early = outcome);
    const path = await pollUntil("the recorded or replayed programs are there", async () => {
      if (early !== undefined) throw new Error(early.stderr);
      return await readTextIfPresent(shown);
    });
    sandbox.env["PATH"] = path.trimEnd();
    return session;
  }

  /** Ends it and gives what it said. */
  async close(): Promise<Outcome> {
    await Deno.writeTextFile(this.#done, "");
    return await this.#running.ended;
  }
}
