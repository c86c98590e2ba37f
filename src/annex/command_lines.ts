/** Bytes of file names for one command line; Linux allows some 2 MB, environment included. */
const BYTES_PER_CALL = 400_000;

/** Splits `paths` so that each part fits a command line. */
export function* chunksOf(paths: readonly string[]): Generator<string[]> {
  let chunk: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    if (bytes + path.length * 2 > BYTES_PER_CALL && chunk.length > 0) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(path);
    bytes += path.length * 2 + 1;
  }
  if (chunk.length > 0) yield chunk;
}
