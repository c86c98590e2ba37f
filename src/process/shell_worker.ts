import { quote } from "shlex";
import { shellName } from "../shell/shell_name.ts";
import { PipeReader } from "./pipe_reader.ts";
import { limitReached, MORE_PROCESSES } from "./system_limits.ts";
import { UserError } from "../errors.ts";

/** A command line for a {@linkcode ShellWorker}. */
export interface ShellJob {
  /** A shell command line. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly cwd: string;
  /** Takes its standard output; absolute. What the file held before is lost. */
  readonly stdoutFile: string;
  /** The same for standard error. */
  readonly stderrFile: string;
}

/**
 * A shell that runs one command line after the other, each in a shell of its own. It is started once:
 * starting a process from this large one takes longer than most submissions.
 *
 * The terminal's Ctrl-C does not reach it, and if this program dies it ends after the command that it is
 * at: what that prints is in its files all the same.
 */
export class ShellWorker implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: PipeReader;
  readonly #decoder = new TextDecoder();
  #unread = "";
  /** Whether a command was given up on, which runs on. */
  #isLeft = false;
  #hasEnded = false;

  /**
   * Starts the shell, with the environment of this program.
   *
   * @throws {UserError} `LIMIT` if the system lets no process more be started.
   */
  constructor() {
    this.#child = startShell();
    this.#input = this.#child.stdin.getWriter();
    this.#answers = new PipeReader(this.#child.stdout);
  }

  /**
   * Runs a command and waits for its end; to be called again only then.
   *
   * @param leave when aborted, the command is left to itself, and this shell is of no further use.
   * @returns its exit status, 128 + N when signal N ended it, or the shell around it; 128 + 2 where it
   * was left, and nobody knows what will become of it.
   * @throws {UserError} `LIMIT` if the shell has ended without beginning it, as one does that finds no
   * process for it; `NO_DIRECTORY` if it could not go to where the command was to run.
   */
  async run(job: ShellJob, leave?: AbortSignal): Promise<number> {
    if (this.#hasEnded) throw notBegun();
    // Standard error first: it takes what the shell says of the others. What the command could write on
    // descriptor 3 would be taken for the shell's word.
    const line = `{ (cd -- ${quote(job.cwd)} || { echo ${NOT_ENTERED} >&3; exit 1; }; ` +
      `exec /bin/sh -c ${quote(job.command)} 3>&-) ` +
      `2>${quote(job.stderrFile)} >${quote(job.stdoutFile)} </dev/null; echo "$?"; } 3>&1\n`;
    try {
      await this.#input.write(new TextEncoder().encode(line));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
    let isEntered = true;
    for (;;) {
      const end = this.#unread.indexOf("\n");
      if (end >= 0) {
        const word = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        if (word !== NOT_ENTERED) {
          if (isEntered) return Number(word);
          throw noFolder(job.cwd);
        }
        isEntered = false;
        continue;
      }
      const reading = this.#answers.read().then((piece) => ({ piece }));
      const answer = await orAborted(reading, leave);
      if (answer === undefined) {
        this.#isLeft = true;
        return 128 + 2;
      }
      const { piece } = answer;
      if (piece === undefined) {
        this.#hasEnded = true;
        // The command takes this file first of all.
        if (!await isThere(job.stderrFile)) throw notBegun();
        // Somebody has killed the shell: what became of the command nobody knows.
        return 128 + 9;
      }
      this.#unread += this.#decoder.decode(piece, { stream: true });
    }
  }

  /** Lets the shell end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => undefined);
    await this.#answers.cancel();
    if (this.#isLeft) this.#child.unref();
    else await this.#child.status;
  }
}

/** What `promise` gives, or `undefined` once `signal` is aborted. */
async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (signal === undefined) return await promise;
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** What the shell says where it could not go to the folder of a command; its status follows. */
const NOT_ENTERED = "not-entered";

/** The error for a command that was not begun, since there is no folder for it to run in. */
export function noFolder(folder: string): UserError {
  return new UserError(
    "NO_DIRECTORY",
    `Cannot run a command in "${folder}": the folder is not there, or must not be entered`,
    {
      unchanged: "Nothing was submitted there",
      hint: `mkdir -p ${
        shellName(folder)
      }, then run the same command again; or give up what is to run there`,
    },
  );
}

function notBegun(): UserError {
  return new UserError(
    "LIMIT",
    "Cannot start the command: its shell has ended before, most likely because you may start no more " +
      "processes on this machine",
    { hint: MORE_PROCESSES },
  );
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    // If it cannot be known, there may be a job.
    return !(error instanceof Deno.errors.NotFound);
  }
}

function startShell(): Deno.ChildProcess {
  try {
    return new Deno.Command("/bin/sh", {
      args: ["-s"],
      stdin: "piped",
      stdout: "piped",
      // What it holds of ours a pipe would wait for, when it is left with its command.
      stderr: "null",
      // A session of its own.
      detached: true,
    }).spawn();
  } catch (error) {
    throw limitReached(error, "start a shell") ?? error;
  }
}
