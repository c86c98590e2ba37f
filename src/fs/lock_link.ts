import { readTextIfPresent } from "./if_present.ts";

/**
 * Locks that appear whole or not at all: symbolic links that lead nowhere, whose target is the text that
 * says who holds them. symlink(2) makes one in one step and refuses a name that is taken, as open(2) with
 * O_EXCL does, on which other programs rely; a kill leaves no lock of which nobody knows whose it is.
 *
 * A file system without symbolic links gets an ordinary file with the same text.
 *
 * @module
 */

/**
 * Makes the lock at `path`, unless there is something of that name.
 *
 * @param text at most some hundred characters, no NUL; different for each holder.
 * @returns whether the lock is ours now.
 */
export function makeLockLink(path: string, text: string): boolean {
  try {
    Deno.symlinkSync(text, path);
    return true;
  } catch (error) {
    // NFS may ask the server twice, and is told of its own link then.
    if (error instanceof Deno.errors.AlreadyExists) return readLinkIfPresent(path) === text;
    if (!isUnsupported(error)) throw error;
    return makeFile(path, text);
  }
}

/** The text of the lock at `path`; of an ordinary file what it holds; `undefined` if there is nothing. */
export async function readLockLink(path: string): Promise<string | undefined> {
  return readLinkIfPresent(path) ?? await readTextIfPresent(path);
}

/** Takes the lock at `path` away, if it still has this text; harmless otherwise. */
export async function removeLockLink(path: string, text: string): Promise<void> {
  if (await readLockLink(path) === text) await Deno.remove(path);
}

function readLinkIfPresent(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined; // nothing there, or no link
  }
}

/** symlink(2): "the filesystem does not support the creation of symbolic links" is EPERM. */
function isUnsupported(error: unknown): boolean {
  const code = (error as { readonly code?: string }).code;
  return code === "EPERM" || code === "ENOSYS" || code === "EOPNOTSUPP" || code === "ENOTSUP";
}

function makeFile(path: string, text: string): boolean {
  try {
    Deno.writeTextFileSync(path, text, { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // Created, but the disk is full: an empty lock would block everybody.
    if (!(error instanceof Deno.errors.NotFound)) Deno.removeSync(path);
    throw error;
  }
}
