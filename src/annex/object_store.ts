import { dirname, join } from "node:path";
import { callsFor } from "../fs/pace.ts";
import type { FileCalls } from "../fs/pace.ts";

/** What a file was like when it was looked at. */
export interface FileLook {
  /** Bytes. */
  readonly size: number;
  /** As precise as the runtime tells: milliseconds. */
  readonly mtime: Date | null;
  /** Told apart from another file at the same path. */
  readonly ino: number | null;
  /** Permission bits before it was protected. */
  readonly mode: number;
}

/** A file in the work tree and the object that its content belongs in. */
export interface ObjectPlace {
  /** Root of the work tree, absolute. */
  readonly root: string;
  /** The file, relative to `root`. */
  readonly path: string;
  /** The object, relative to `root`, below `.git`. */
  readonly object: string;
  /** For a link that is not in place yet; absolute, on the same file system. */
  readonly linkFolder: string;
  /** Keeps the file's own content within reach if the file is given up for an object; absolute. */
  readonly backupLink: string;
}

/** A file that became the object, or was given up for one that is there already. */
export type Stored = "became object" | "given up";

/** Sets the times of a link itself; the runtime's own calls follow links. */
export type SetLinkTimes = (link: string, atime: Date, mtime: Date) => void | Promise<void>;

const WRITABLE = 0o222;
const OWNER_READABLE = 0o400;
const OWNER_WRITABLE = 0o200;

/**
 * Takes the write permission of a file away, as git-annex does before it reads the content: whoever
 * opens it from here on cannot change it any more.
 *
 * @returns what the file was like; `undefined` if it is no regular file, or not ours to protect.
 */
export async function protectFile(
  file: string,
  calls: FileCalls = callsFor("quick"),
): Promise<FileLook | undefined> {
  try {
    const { isFile, size, mtime, ino, mode } = await calls.lstat(file);
    if (!isFile || mode === null) return undefined;
    const bits = mode & 0o7777;
    const protectedBits = (bits & ~WRITABLE) | OWNER_READABLE;
    if (bits !== protectedBits) await calls.chmod(file, protectedBits);
    return { size, mtime, ino, mode: bits };
  } catch {
    return undefined; // git-annex finds the words for it
  }
}

/** Undoes {@linkcode protectFile} where the file still is there. */
export function unprotectFile(file: string, look: FileLook | undefined): void {
  try {
    if (look !== undefined && Deno.lstatSync(file).isFile) Deno.chmodSync(file, look.mode);
  } catch {
    // What keeps us from it will keep git-annex, which reports it.
  }
}

/**
 * Brings the content of a protected file to its object and puts a link in the file's place, in this
 * order, each in one step; where the object is there already, the file is given up for it, as
 * git-annex does, and keeps a backup link.
 *
 * @returns what became of the file; `undefined` if it is as it was.
 */
export async function storeContent(
  place: ObjectPlace,
  look: FileLook,
  setLinkTimes: SetLinkTimes,
  calls: FileCalls = callsFor("quick"),
): Promise<Stored | undefined> {
  const file = join(place.root, place.path);
  const object = join(place.root, place.object);
  try {
    const now = await calls.lstat(file);
    const isSame = now.isFile && now.size === look.size && now.ino === look.ino &&
      now.mtime?.getTime() === look.mtime?.getTime();
    if (!isSame) return undefined;
    const stored = await provideObject(file, object, { look, calls });
    if (stored === "given up") await calls.link(file, place.backupLink);
    if (stored === undefined) return undefined;
    const link = join(place.linkFolder, crypto.randomUUID());
    const depth = place.path.split("/").length - 1;
    await calls.symlink("../".repeat(depth) + place.object, link);
    if (look.mtime !== null) await setLinkTimes(link, look.mtime, look.mtime);
    await calls.rename(link, file);
    return stored;
  } catch {
    // No hard links here, another file system, a full disk: git-annex copies, or says why not.
    return undefined;
  }
}

/** Sees to an object with this content; `undefined` if there is another one in its place. */
async function provideObject(
  file: string,
  object: string,
  { look, calls }: { readonly look: FileLook; readonly calls: FileCalls },
): Promise<Stored | undefined> {
  const folder = dirname(object);
  await calls.mkdir(dirname(folder), { recursive: true });
  const isNew = await makeFolder(folder, calls);
  const mode = (await calls.lstat(folder)).mode! & 0o7777;
  if (!isNew) {
    const present = await lookAt(object, calls);
    if (present !== undefined) {
      if (present.ino === look.ino) return "became object"; // of a run that was interrupted here
      return present.isFile && present.size === look.size ? "given up" : undefined;
    }
    await calls.chmod(folder, mode | OWNER_WRITABLE);
  }
  await calls.link(file, object);
  // git-annex protects the folders of objects, too.
  await calls.chmod(folder, mode & ~WRITABLE);
  return "became object";
}

/** Makes a folder; `false` if there is one. That is the rare case: an error object takes its time. */
async function makeFolder(folder: string, calls: FileCalls): Promise<boolean> {
  try {
    await calls.mkdir(folder);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function lookAt(path: string, calls: FileCalls): Promise<Deno.FileInfo | undefined> {
  try {
    return await calls.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
