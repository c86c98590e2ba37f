import { dirname, join } from "node:path";
import { statIfPresent } from "./if_present.ts";
import { temporaryNameFor } from "./write_file_atomic.ts";

/** Thrown when a file cannot be copied; what was copied before it stays, whole files only. */
export class CopyError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "CopyError";

  /** Takes the `reason` as the end of the sentence that names `path`. */
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`Cannot copy "${path}": ${reason}`, options);
  }
}

/**
 * Copies the file or folder `from` to `to`: links are followed, sizes checked, modes and
 * times of files kept. What is called `.git` is left out. A file that is there with the same size and time stays as it is, so that a repeated copy
 * takes up where an interrupted one ended. Each file appears whole, under its name, or not at all.
 *
 * @throws {CopyError} naming the first file that could not be copied.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  await copy(from, to, []);
}

/** @param above the real paths of the folders that are being copied: a link may lead back to one. */
async function copy(from: string, to: string, above: readonly string[]): Promise<void> {
  const info = await statIfPresent(from);
  if (info === undefined) throw new CopyError(from, "it is not there, or its content is not");
  try {
    if (info.isDirectory) {
      const real = await Deno.realPath(from);
      if (above.includes(real)) throw new CopyError(from, `it leads back to "${real}"`);
      await Deno.mkdir(to, { recursive: true });
      for await (const { name } of Deno.readDir(from)) {
        if (name !== ".git") await copy(join(from, name), join(to, name), [...above, real]);
      }
    } else if (info.isFile) {
      await copyFile(from, info, to);
    } else {
      throw new CopyError(from, "it is neither a file nor a folder");
    }
  } catch (error) {
    if (error instanceof CopyError) throw error;
    throw new CopyError(from, error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

async function copyFile(from: string, info: Deno.FileInfo, to: string): Promise<void> {
  const there = await Deno.lstat(to).catch(() => undefined);
  const isSame = there?.isFile === true && there.size === info.size &&
    there.mtime?.getTime() === info.mtime?.getTime();
  if (!isSame) await placeCopy(from, to);
}

/**
 * Puts a copy of the file `from` at `to`: content, mode and times. It appears whole, or not at all.
 *
 * A crash leaves a file beside `to` with a name that {@linkcode temporaryNameFor} gave.
 *
 * @param clearWay called with the copy's other name when it is there: takes away what cannot be replaced.
 * @throws {CopyError} naming the file.
 */
export async function placeCopy(
  from: string,
  to: string,
  clearWay: (copy: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const temporary = temporaryNameFor(to);
  try {
    await Deno.mkdir(dirname(to), { recursive: true });
    const info = await Deno.stat(from);
    // copy_file_range(2) shares the blocks where the file system can.
    await Deno.copyFile(from, temporary);
    const { size } = await Deno.stat(temporary);
    if (size !== info.size) throw new CopyError(from, `${size} of ${info.size} bytes arrived`);
    if (info.atime !== null && info.mtime !== null) {
      await Deno.utime(temporary, info.atime, info.mtime);
    }
    await clearWay(temporary);
    await Deno.rename(temporary, to);
  } catch (error) {
    await Deno.remove(temporary).catch(() => undefined);
    if (error instanceof CopyError || !(error instanceof Error)) throw error;
    throw new CopyError(from, error.message, { cause: error });
  }
}
