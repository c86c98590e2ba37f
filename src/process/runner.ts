/**
 * Child processes: the interface through which every other program is reached.
 *
 * A non-zero exit status is a result, not an exception. Only a program that could not be started, or
 * that did not answer in time, throws.
 *
 * @module
 */

/** How one child process is started. */
export interface RunOptions {
  /** Working directory; the caller's own when absent. */
  readonly cwd?: string;
  /** Variables to set on top of the inherited environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What the program reads on standard input, pieces one after the other; nothing when absent. */
  readonly stdin?: Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Milliseconds after which the program is killed and {@linkcode ProgramTimeoutError} is thrown. */
  readonly timeoutMs?: number;
  /** Stops the program when aborted. */
  readonly signal?: AbortSignal;
  /**
   * Called with each piece of standard output as it arrives, to be used or copied at once; the result's
   * `stdout` is then empty.
   */
  readonly onStdout?: (piece: Uint8Array) => void;
  /** Shown each piece of standard output as it arrives, which is part of the result all the same. */
  readonly watchStdout?: (piece: Uint8Array) => void;
}

/** What a finished child process said. */
export interface RunResult {
  /** Exit status; 128 + N when signal N ended it. */
  readonly code: number;
  /** Name of the signal that ended the program, or `null`. */
  readonly signal: string | null;
  /** Standard output as it came: file names in it need not be UTF-8. */
  readonly stdout: Uint8Array;
  /** Standard error, decoded; other programs' messages are shown verbatim. */
  readonly stderr: string;
}

/** Starts programs by argument vector, never through a shell string. */
export interface Runner {
  /**
   * Runs `argv[0]` with the remaining arguments and waits for its end.
   *
   * @throws {ProgramNotFoundError} If there is no such program on PATH.
   * @throws {ProgramTimeoutError} If it does not end within `timeoutMs`.
   * @throws {UserError} `LIMIT` if the system lets no process more be started, or not with so much.
   */
  run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
}

/** Thrown when a program is not there or must not be executed. */
export class ProgramNotFoundError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "ProgramNotFoundError";
  /** As it was asked for: a name to be found on PATH, or a path. */
  readonly program: string;

  /** Keeps the system's own error as `options.cause`. */
  constructor(program: string, options?: ErrorOptions) {
    super(`Cannot start "${program}": there is no such program on PATH`, options);
    this.program = program;
  }
}

/** Thrown when a program did not end in time; it has been killed. */
export class ProgramTimeoutError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "ProgramTimeoutError";

  /** Takes the limit that was exceeded, not the time that was spent. */
  constructor(argv: readonly string[], timeoutMs: number) {
    super(`Cannot get an answer from "${argv[0]}": it did not end within ${timeoutMs / 1000} s`);
  }
}

const DECODER = new TextDecoder();

/** Decodes output that is known to be text. */
export function textOf(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}
