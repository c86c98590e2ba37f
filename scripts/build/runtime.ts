import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { type Runtime, sha256Of } from "./portable_file.ts";

/**
 * Reads and compresses the runtime that executes this very script.
 *
 * Compressing takes seconds, so the result is kept in `cacheFolder` under the runtime's hash.
 */
export async function readRuntime(cacheFolder: string): Promise<Runtime> {
  const bytes = await Deno.readFile(Deno.execPath());
  const sha256 = await sha256Of(bytes);
  return {
    version: Deno.version.deno,
    target: Deno.build.target,
    size: bytes.length,
    sha256,
    compressed: await compressOnce(bytes, `${cacheFolder}/runtime-${sha256.slice(0, 16)}.gz`),
  };
}

async function compressOnce(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  // zlib writes neither name nor time into the header: the same input gives the same bytes.
  const compressed = gzipSync(bytes, { level: 9 });
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.tmp-${crypto.randomUUID()}`;
  await Deno.writeFile(temporary, compressed);
  await Deno.rename(temporary, path);
  return compressed;
}
