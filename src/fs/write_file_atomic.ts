import { dirname } from "node:path";

/**
 * Writes `text` to `path` so that a crash leaves either the old file or the new one, whole.
 *
 * A leftover of a crash is named `<path>.tmp-<uuid>` and is harmless.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.tmp-${crypto.randomUUID()}`;
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
