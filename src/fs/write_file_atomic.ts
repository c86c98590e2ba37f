import { basename, dirname, join } from "node:path";
import { SharedMode } from "./shared_mode.ts";

/** The names of our temporary files; finish never commits one. */
export const TEMPORARY_FILE_REGEXP = /\.dlslurm-tmp-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A name beside `path` for a file that is not whole yet. */
export function temporaryNameFor(path: string): string {
  const name = basename(path);
  const start = startOfTemporary(name);
  const folder = path.slice(0, path.length - name.length);
  return `${folder}${start}.dlslurm-tmp-${crypto.randomUUID()}`;
}

/** Bytes that Linux file systems take for a name. */
const LONGEST_NAME = 255;
const MARK_BYTES = ".dlslurm-tmp-".length + 36;

/**
 * What the names of temporary files begin with that are made for a file of this name, before what
 * {@linkcode TEMPORARY_FILE_REGEXP} tells: the name, or, of one so long that nothing can be added, its beginning.
 */
export function startOfTemporary(name: string): string {
  const most = LONGEST_NAME - MARK_BYTES;
  const { read } = new TextEncoder().encodeInto(name, new Uint8Array(most));
  return name.slice(0, read);
}

/** How a file is written. */
export interface WriteOptions {
  /** Who may read and change it beside its owner. @default as the umask has it */
  readonly mode?: SharedMode;
  /**
   * Where a crash may leave what is not whole yet, on the same file system if that can be.
   * @default beside the file, under a name that {@linkcode TEMPORARY_FILE_REGEXP} tells
   */
  readonly folder?: string | undefined;
}

/**
 * Writes `text` to `path` so that a crash leaves either the old file or the new one, whole.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  const { mode = SharedMode.UMASK, folder } = options;
  const beside = temporaryNameFor(path);
  const temporary = folder === undefined ? beside : join(folder, basename(beside));
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    await Deno.writeFile(temporary, bytes, { createNew: true });
    mode.adjust(temporary);
    await syncToDisk(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => undefined);
    const isOtherDisk = (error as { readonly code?: string }).code === "EXDEV";
    if (folder !== undefined && isOtherDisk) return await writeFileAtomic(path, content, { mode });
    throw error;
  }
  // Commits the rename itself. Where the folder cannot be opened or synchronised, the file is there all the same.
  await syncToDisk(dirname(path)).catch(() => undefined);
}

/** Waits until the file or folder at `path` has reached the disk. */
export async function syncToDisk(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true });
  await file.sync();
}
