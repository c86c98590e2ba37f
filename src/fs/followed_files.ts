import { join } from "node:path";
import { lstatIfPresent, statIfPresent } from "./if_present.ts";

/** A file as it is seen through links, or a link through which none is seen. */
export interface FollowedFile {
  /** Relative to the root of the walk. */
  readonly path: string;
  /** Bytes; of a link through which nothing is seen, its own. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Milliseconds since 1970, of which the runtime tells whole seconds; unlike `mtimeMs` nobody can set it. */
  readonly ctimeMs: number;
  /** Inode number; 0 where there is none. */
  readonly ino: number;
  /** Why it cannot be copied, as the end of a sentence; absent for a file. */
  readonly problem?: string;
}

/**
 * Lists the files at `path` and under it, links followed. What is called `.git` is left out, and what
 * `isLeftOut` names.
 *
 * @param path relative to `root`; `.` for that itself.
 */
export async function* followedFiles(
  root: string,
  path: string,
  isLeftOut: (path: string) => boolean = () => false,
): AsyncGenerator<FollowedFile> {
  yield* follow(root, path, isLeftOut, []);
}

/** @param above the real paths of the folders that are being listed: a link may lead back to one. */
async function* follow(
  root: string,
  path: string,
  isLeftOut: (path: string) => boolean,
  above: readonly string[],
): AsyncGenerator<FollowedFile> {
  const full = join(root, path);
  const own = await lstatIfPresent(full);
  if (own === undefined || isLeftOut(path)) return;
  const info = own.isSymlink ? await seenThrough(full) : own;
  if (info === undefined) {
    yield { path, ...lookOf(own), problem: "it is not there, or its content is not" };
  } else if (info.isFile) {
    yield { path, ...lookOf(info) };
  } else if (!info.isDirectory) {
    yield { path, ...lookOf(own), problem: "it is neither a file nor a folder" };
  } else {
    const real = await Deno.realPath(full);
    if (above.includes(real)) {
      yield { path, ...lookOf(own), problem: `it leads back to "${real}"` };
      return;
    }
    const names = await namesIn(full);
    if (names === undefined) yield { path, ...lookOf(own), problem: "it may not be read" };
    for (const name of names ?? []) {
      if (name === ".git") continue;
      yield* follow(root, path === "." ? name : `${path}/${name}`, isLeftOut, [...above, real]);
    }
  }
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

async function seenThrough(link: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await statIfPresent(link);
  } catch (error) {
    if (error instanceof Deno.errors.FilesystemLoop) return undefined;
    throw error;
  }
}

/** What tells a file from others, and from itself after a change. */
export function lookOf(
  { size, mtime, ctime, ino }: Pick<Deno.FileInfo, "size" | "mtime" | "ctime" | "ino">,
): Pick<FollowedFile, "size" | "mtimeMs" | "ctimeMs" | "ino"> {
  const [mtimeMs, ctimeMs] = [mtime?.getTime() ?? 0, ctime?.getTime() ?? 0];
  return { size, mtimeMs, ctimeMs, ino: ino ?? 0 };
}
