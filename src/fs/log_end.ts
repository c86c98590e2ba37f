import { statIfPresent } from "./if_present.ts";

/** At most so many lines are shown. */
const MOST_LINES = 10;
/** At most so many bytes are read: a progress bar may be one endless line. */
const MOST_BYTES = 16_384;
/** Characters of a line that are shown. */
const LONGEST_LINE = 300;

/** The last lines of a text file; `undefined` if it is empty, is not there or may not be read. */
export async function readLogEnd(file: string): Promise<string | undefined> {
  try {
    if ((await statIfPresent(file))?.isFile !== true) return undefined;
    using opened = await Deno.open(file);
    const { size } = await opened.stat();
    await opened.seek(Math.max(0, size - MOST_BYTES), Deno.SeekMode.Start);
    const bytes = new Uint8Array(Math.min(size, MOST_BYTES));
    let filled = 0;
    while (filled < bytes.length) {
      const count = await opened.read(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    const text = new TextDecoder().decode(bytes.subarray(0, filled)).trimEnd();
    if (text === "") return undefined;
    // A progress bar writes over its line: what is seen in the end is behind the last return.
    return text.split("\n").slice(-MOST_LINES)
      .map((line) => line.trimEnd().split("\r").at(-1)!.slice(0, LONGEST_LINE)).join("\n");
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
