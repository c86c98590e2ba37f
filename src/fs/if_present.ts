/**
 * File operations for which "not there" is an answer and no error.
 *
 * A place that the runtime does not let us look at (`/proc`, `/dev` without all permissions) counts as
 * not there: nothing of a dataset is in it.
 *
 * @module
 */

/** What `look` finds, or does; `undefined` if nothing is at the path that it looks at. */
export function ifPresent<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    return absent(error);
  }
}

/** What is at `path`, the link itself where it is one; `undefined` if nothing is. */
export function lstatIfPresent(path: string): Promise<Deno.FileInfo | undefined> {
  return Deno.lstat(path).catch(absent);
}

/** What `path` leads to; `undefined` if nothing is there, for a broken link too. */
export function statIfPresent(path: string): Promise<Deno.FileInfo | undefined> {
  return Deno.stat(path).catch(absent);
}

/** Whether anything is at `path`, a broken link counts. */
export function isThereSync(path: string): boolean {
  return ifPresent(() => Deno.lstatSync(path)) !== undefined;
}

/** Whether `path` leads to a folder. */
export function isFolderSync(path: string): boolean {
  return ifPresent(() => Deno.statSync(path).isDirectory) ?? false;
}

/** The text of the file at `path`; `undefined` if there is none. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  // Looked at first: opening one that is not there takes the runtime two looks.
  if (await lstatIfPresent(path) === undefined) return undefined;
  return await Deno.readTextFile(path).catch(absent);
}

/** `path` with all links resolved; `undefined` if nothing is there. */
export function realPathIfPresent(path: string): Promise<string | undefined> {
  return Deno.realPath(path).catch(absent);
}

/** The names in the folder at `path`, in no particular order; none if there is no such folder. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
  } catch (error) {
    return absent(error) ?? [];
  }
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
