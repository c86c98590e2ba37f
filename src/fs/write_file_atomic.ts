import { dirname } from "node:path";

/** The names of our temporary files; finish never commits one. */
export const TEMPORARY_FILE_REGEXP = /\.dlslurm-tmp-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A name beside `path` for a file that is not whole yet. */
export function temporaryNameFor(path: string): string {
  return `${path}.dlslurm-tmp-${crypto.randomUUID()}`;
}

/**
 * Writes `text` to `path` so that a crash leaves either the old file or the new one, whole.
 *
 * A leftover of a crash has a name that {@linkcode TEMPORARY_FILE_REGEXP} tells; it is harmless.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryNameFor(path);
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    await Deno.writeFile(temporary, bytes, { createNew: true });
    await syncToDisk(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => undefined);
    throw error;
  }
  await syncToDisk(dirname(path)); // commits the rename itself
}

/** Waits until the file or folder at `path` has reached the disk. */
export async function syncToDisk(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true });
  await file.sync();
}
