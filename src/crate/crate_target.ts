import { dirname } from "node:path";
import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { isFolderSync, isThereSync, removeTreeIfPresent } from "../fs/if_present.ts";
import { syncToDisk, temporaryNameFor } from "../fs/write_file_atomic.ts";

/** What a crate is written as. */
export type CrateForm = "folder" | "zip" | "document";

/** Takes the files of a crate, one after the other. */
export interface CrateTarget {
  /** Begins a file; its place is relative to the crate's root. */
  begin(place: string): void;
  /** Adds to it. */
  write(bytes: Uint8Array): void;
  /** Ends it. */
  end(): void;
  /** Ends them all. */
  close(): void;
}

/** Tells by its name what a crate is to be written as. */
export function formOf(path: string): CrateForm {
  return /\.zip$/i.test(path) ? "zip" : /\.json(ld)?$/i.test(path) ? "document" : "folder";
}

/**
 * Checks that a crate, or another file, can be written at `path`.
 *
 * @throws {UserError} `FILE_EXISTS` if something is there, `DISK` if there is no folder for it.
 */
export function requireFreePath(path: string): void {
  if (isThereSync(path)) {
    throw new UserError("FILE_EXISTS", `Cannot write "${path}": it exists already`, {
      unchanged: "Nothing was written",
      hint: "give another name, or remove it",
    });
  }
  if (isFolderSync(dirname(path))) return;
  throw new UserError(
    "DISK",
    `Cannot write "${path}": there is no folder "${dirname(path)}"`,
    { unchanged: "Nothing was written", hint: `mkdir -p ${quote(dirname(path))}` },
  );
}

/**
 * Has a crate written under another name beside `path`, and gives it that one when it is whole: a kill or an
 * error leaves nothing at `path`, and an error nothing at all.
 *
 * @throws {UserError} `FILE_EXISTS` if something has come to be there meanwhile.
 */
export async function writeWhole(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryNameFor(path);
  try {
    await write(temporary);
    await syncToDisk(temporary);
    await giveName(temporary, path);
  } catch (error) {
    await removeTreeIfPresent(temporary).catch(() => undefined);
    throw error;
  }
  // Commits the rename itself; the crate is there all the same where a folder cannot be synchronised.
  await syncToDisk(dirname(path)).catch(() => undefined);
}

async function giveName(temporary: string, path: string): Promise<void> {
  requireFreePath(path);
  if (!(await Deno.lstat(temporary)).isDirectory) {
    try {
      // Unlike a rename it takes no file's place that has come to be there since.
      await Deno.link(temporary, path);
      await Deno.remove(temporary);
      return;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) requireFreePath(path);
      // A file system without hard links.
    }
  }
  await Deno.rename(temporary, path);
}

/** Writes all of `bytes`. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
