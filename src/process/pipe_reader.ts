/** As much as a pipe holds, pipe(7). */
const BUFFER_BYTES = 65_536;

/**
 * Reads the output of a child process through one buffer. The runtime's plain reader takes a new buffer
 * for each piece: of a program that answers line by line, ten thousand lines would hold 650 MB.
 */
export class PipeReader {
  readonly #reader: ReadableStreamBYOBReader;
  /** `undefined` once the pipe has ended: the last read has taken it. */
  #buffer: ArrayBuffer | undefined = new ArrayBuffer(BUFFER_BYTES);

  /** Takes over a pipe that nobody else reads. */
  constructor(pipe: ReadableStream<Uint8Array>) {
    this.#reader = pipe.getReader({ mode: "byob" });
  }

  /**
   * Waits for the next piece; to be called again only then.
   *
   * @returns the piece, to be used or copied before the next call; `undefined` at the end, and after
   * {@linkcode PipeReader.cancel}.
   */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#buffer === undefined) return undefined;
    const { done, value } = await this.#reader.read(new Uint8Array(this.#buffer));
    this.#buffer = done ? undefined : value.buffer;
    return done ? undefined : value;
  }

  /** Reads no more, also where a read is under way. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}
