import { dirname } from "node:path";
import { isFolderSync } from "./if_present.ts";

/** Who may read and write beside the owner, and whether it is said of everybody, or only added. */
interface Sharing {
  readonly bits: number;
  readonly isExact: boolean;
}

const GROUP: Sharing = { bits: 0o660, isExact: false };
const EVERYBODY: Sharing = { bits: 0o664, isExact: false };
const OWNER_MAY_WRITE = 0o200;
const OWNER_MAY_EXECUTE = 0o100;
/** What is made in such a folder gets the folder's group. */
const SET_GROUP_ID = 0o2000;

/**
 * The permissions of what dlslurm keeps in a repository, whoever makes it and whatever the umask: as git
 * gives them to its own files and folders (git-config(1), core.sharedRepository). All that is made below
 * `.git` gets them here.
 *
 * What belongs to another user, or lies where there are no permissions, stays as it is: no error.
 */
export class SharedMode {
  readonly #sharing: Sharing | undefined;

  private constructor(sharing: Sharing | undefined) {
    this.#sharing = sharing;
  }

  /** As the umask has it: outside of repositories. */
  static readonly UMASK: SharedMode = new SharedMode(undefined);

  /** As a repository's Git configuration asks. */
  static of(config: { get(name: string): string | undefined }): SharedMode {
    const sharing = parseSharing(config.get("core.sharedrepository") ?? "umask");
    return sharing === undefined ? SharedMode.UMASK : new SharedMode(sharing);
  }

  /** Whether anything but the umask decides. */
  get isShared(): boolean {
    return this.#sharing !== undefined;
  }

  /** The permission bits for a file or folder that has `mode` now. */
  modeFor(mode: number, isFolder: boolean): number {
    if (this.#sharing === undefined) return mode;
    let { bits } = this.#sharing;
    if ((mode & OWNER_MAY_WRITE) === 0) bits &= ~0o222;
    if ((mode & OWNER_MAY_EXECUTE) !== 0) bits |= executeBitsFor(bits);
    const changed = this.#sharing.isExact ? (mode & ~0o777) | bits : mode | bits;
    if (!isFolder) return changed;
    const open = changed | executeBitsFor(changed);
    return (open & 0o060) === 0 ? open : open | SET_GROUP_ID;
  }

  /** Gives a file or folder its permissions, where it lacks them. */
  adjust(path: string): void {
    if (this.#sharing === undefined) return;
    try {
      const { mode, isDirectory } = Deno.statSync(path);
      if (mode === null) return;
      const wanted = this.modeFor(mode & 0o7777, isDirectory);
      if (wanted !== (mode & 0o7777)) Deno.chmodSync(path, wanted);
    } catch {
      // Somebody else's, or a disk that keeps no permissions: who cannot work with it is told then.
    }
  }

  /** Makes a folder and those around it, each with its permissions; one that is there is as good. */
  makeFolder(path: string): void {
    if (this.#sharing === undefined) {
      Deno.mkdirSync(path, { recursive: true });
      return;
    }
    try {
      Deno.mkdirSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound && dirname(path) !== path) {
        this.makeFolder(dirname(path));
        return this.makeFolder(path);
      }
      if (!(error instanceof Deno.errors.AlreadyExists) || !isFolderSync(path)) throw error;
    }
    // One that is there may have been left by a process that died before it came to this.
    this.adjust(path);
  }

  /** Makes a file that holds `text`; there must be none. A crash may leave it empty. */
  makeFile(path: string, text: string): void {
    Deno.writeTextFileSync(path, text, { createNew: true });
    this.adjust(path);
  }

  /**
   * Makes a file that holds `text`, in the place of one that a crash may have left: that of another user
   * could not be written to, but it can be removed by whoever may write to the folder.
   */
  replaceFile(path: string, text: string): void {
    try {
      this.makeFile(path, text);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      Deno.removeSync(path);
      this.makeFile(path, text);
    }
  }
}

/** Who may read may execute, too. */
function executeBitsFor(bits: number): number {
  return (bits & 0o444) >> 2;
}

/** Reads `core.sharedRepository` as git does; `undefined`: the umask decides. */
function parseSharing(value: string): Sharing | undefined {
  if (value === "group") return GROUP;
  if (/^(all|world|everybody)$/.test(value)) return EVERYBODY;
  if (/^[0-7]*$/.test(value)) return ofNumber(Number.parseInt(`0${value}`, 8));
  // What is no octal number is a boolean, for which any other number will do.
  return /^(true|yes|on)$/i.test(value) || /^[0-9]+$/.test(value) ? GROUP : undefined;
}

function ofNumber(number: number): Sharing | undefined {
  if (number <= 2) return [undefined, GROUP, EVERYBODY][number];
  // git itself refuses to work where the owner could not read and write.
  return (number & 0o600) === 0o600 ? { bits: number & 0o666, isExact: true } : undefined;
}
