/**
 * File operations for which "not there" is an answer and no error.
 *
 * A place that the runtime does not let us look at (`/proc`, `/dev` without all permissions) counts as
 * not there: nothing of a dataset is in it.
 *
 * @module
 */

/** What is at `path`, the link itself where it is one; `undefined` if nothing is. */
export function lstatIfPresent(path: string): Promise<Deno.FileInfo | undefined> {
  return Deno.lstat(path).catch(absent);
}

/** What `path` leads to; `undefined` if nothing is there, for a broken link too. */
export function statIfPresent(path: string): Promise<Deno.FileInfo | undefined> {
  return Deno.stat(path).catch(absent);
}

/** The text of the file at `path`; `undefined` if there is none. */
export function readTextIfPresent(path: string): Promise<string | undefined> {
  return Deno.readTextFile(path).catch(absent);
}

/** `path` with all links resolved; `undefined` if nothing is there. */
export function realPathIfPresent(path: string): Promise<string | undefined> {
  return Deno.realPath(path).catch(absent);
}

/** Removes the file or empty folder at `path`, if there is one. */
export function removeIfPresent(path: string): Promise<void> {
  return Deno.remove(path).catch(absent);
}

/** Removes what is at `path` with all that is in it, if there is something. */
export function removeTreeIfPresent(path: string): Promise<void> {
  return Deno.remove(path, { recursive: true }).catch(absent);
}

/** Whether an error says that nothing is at a path, as this module takes it. */
export function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.NotCapable;
}

function absent(error: unknown): undefined {
  if (!isAbsence(error)) throw error;
  return undefined;
}
