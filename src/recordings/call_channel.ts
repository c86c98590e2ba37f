import { join } from "node:path";
import * as v from "valibot";
import type { Runner } from "../process/runner.ts";

/** One answered call on its way from the program in COMMAND's PATH to the recorder. */
export interface AnsweredCall {
  /** Program first, by its bare name. */
  readonly argv: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** Exit status. */
  readonly code: number;
  /** Bytes, in base64: an answer need not be text. */
  readonly stdout: string;
  /** As `stdout`. */
  readonly stderr: string;
}

const Answered = v.strictObject({
  argv: v.array(v.string()),
  startedMs: v.number(),
  code: v.number(),
  stdout: v.string(),
  stderr: v.string(),
});

const PIPE = "calls";
const LOCK = "lock";
const END = "end\n";

/**
 * A named pipe on which the programs in COMMAND's PATH hand their calls to the one recorder: what they
 * carry is not scrubbed yet, and a pipe's content never reaches the disk.
 *
 * One line per call; a lock keeps the lines of concurrent calls apart.
 */
export class CallChannel {
  readonly #folder: string;
  readonly #pipe: Deno.FsFile;
  readonly #lock: Deno.FsFile;

  private constructor(folder: string, pipe: Deno.FsFile, lock: Deno.FsFile) {
    this.#folder = folder;
    this.#pipe = pipe;
    this.#lock = lock;
  }

  /** Makes the pipe in `folder`. */
  static async create(folder: string, runner: Runner): Promise<CallChannel> {
    const path = join(folder, PIPE);
    const { code, stderr } = await runner.run(["mkfifo", "-m", "600", path]);
    if (code !== 0) throw new Error(`mkfifo failed: ${stderr}`);
    // Opened for both, else reading would end whenever the last writer goes.
    const pipe = await Deno.open(path, { read: true, write: true });
    const lock = await Deno.open(join(folder, LOCK), { write: true, create: true, mode: 0o600 });
    return new CallChannel(folder, pipe, lock);
  }

  /**
   * Gives `receive` each call in the order of the answers, until {@linkcode close} is called.
   *
   * @returns how many calls were cut off: their program was killed while it handed them over.
   */
  async receiveAll(receive: (call: AnsweredCall) => void): Promise<number> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65536);
    let pending = "";
    let lost = 0;
    for (;;) {
      const count = await this.#pipe.read(buffer) ?? 0;
      pending += decoder.decode(buffer.subarray(0, count), { stream: true });
      const lines = pending.split("\n");
      pending = lines.pop()!;
      for (const line of lines) {
        if (line === END.trimEnd()) return lost;
        const call = line === "" ? undefined : parseCall(line);
        if (call !== undefined) receive(call);
        else if (line !== "") lost++;
      }
    }
  }

  /** Ends {@linkcode receiveAll} once all that was handed over is received; later calls are refused. */
  async close(received: Promise<unknown>): Promise<void> {
    await this.#lock.lock(true);
    // Not by the file that is being read: the runtime would wait for that read to end.
    using pipe = await Deno.open(join(this.#folder, PIPE), { write: true });
    await writeAll(pipe, `\n${END}`);
    await received;
    await Deno.remove(join(this.#folder, PIPE));
    this.#pipe.close();
    this.#lock.close();
  }
}

/**
 * Hands one call to the recorder.
 *
 * @returns `false` if the recording is over.
 */
export async function sendCall(folder: string, call: AnsweredCall): Promise<boolean> {
  try {
    using lock = await Deno.open(join(folder, LOCK), { write: true });
    await lock.lock(true);
    using pipe = await Deno.open(join(folder, PIPE), { write: true });
    // The line end in front ends what a writer left that was killed.
    await writeAll(pipe, `\n${JSON.stringify(call)}\n`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.BrokenPipe) {
      return false;
    }
    throw error;
  }
}

function parseCall(line: string): AnsweredCall | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Answered), line);
  return parsed.success ? parsed.output : undefined;
}

async function writeAll(file: Deno.FsFile, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await file.write(bytes));
}
