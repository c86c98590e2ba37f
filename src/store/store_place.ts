import { isAbsolute, join } from "node:path";
import { UserError } from "../errors.ts";
import { isAbsence, isThereSync } from "../fs/if_present.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { temporaryNameFor } from "../fs/write_file_atomic.ts";
import { shellName } from "../shell/shell_name.ts";
import type { StoreSharing } from "../sqlite/open_store.ts";
import { placeOf } from "./home.ts";

/** Where the store is, below Git's common directory, unless `dlslurm.store.path` names another folder. */
export const STORE_FILE: string = join("dlslurm", "jobs.sqlite");
/** The setting for another folder, on a local or home file system. */
export const PATH_SETTING = "dlslurm.store.path";

/** What may help where the store cannot be locked. */
export const WITHOUT_LOCKS: string =
  "where the file system has no POSIX locks, as Lustre without flock: " +
  "git config dlslurm.store.vfs unix-dotfile";

/** In the repository: says that its store is elsewhere, and which one. */
const NOTE_FILE = join("dlslurm", "store.json");
/** In a folder of `dlslurm.store.path`: says whose it is. */
const OWNER_FILE = "store.json";

/** Of a dataset, what its store needs to know. */
export interface StorePlace {
  /** Git's common directory: linked worktrees share one store. */
  readonly commonDir: string;
  /** Its Git configuration. */
  readonly config: { get(name: string): string | undefined };
}

/** What the repository says of its store. */
interface Note {
  readonly id: string;
  /** The folder, absolute. */
  readonly path: string;
  /** The machine that made it. */
  readonly host: string;
}

/** What a folder with a store says of its repository. */
interface Owner {
  readonly id: string;
  readonly commonDir: string;
  readonly inode: string;
}

/**
 * The file of a dataset's store, whether it is there or not.
 *
 * A store outside of the repository is bound to it from both sides: the repository notes an ID, and the
 * folder has to say the same one. So a machine that has another folder of that name, or none, or no such
 * setting, does not begin a second store, by whose books the same job would be submitted or committed again.
 *
 * @throws {UserError} `STORE_ELSEWHERE` if there is one that cannot be reached from here, `USAGE` for a
 * setting that names no absolute folder.
 */
export function storeFileOf(place: StorePlace): string {
  const own = join(place.commonDir, STORE_FILE);
  const folder = configuredFolder(place);
  if (folder === undefined && isThereSync(own)) return own;
  const note = readJson<Note>(join(place.commonDir, NOTE_FILE));
  if (folder === undefined) return note === undefined ? own : reach(place, note);
  if (isThereSync(own)) throw notMovedYet(own, folder);
  if (note !== undefined && note.path !== folder) throw namedOtherwise(note, folder);
  return note === undefined ? join(folder, "jobs.sqlite") : reach(place, note);
}

/**
 * Binds the folder of `dlslurm.store.path` and the repository to each other, where that is not done; to be
 * called before a store is made. A crash leaves the folder bound to this repository, which is taken up.
 *
 * @throws {UserError} `STORE_ELSEWHERE` if the folder is another repository's.
 */
export function bindStore(place: StorePlace): void {
  const folder = configuredFolder(place);
  const noteFile = join(place.commonDir, NOTE_FILE);
  if (folder === undefined || isThereSync(noteFile)) return;
  const mode = SharedMode.of(place.config);
  mode.makeFolder(folder);
  mode.makeFolder(join(place.commonDir, "dlslurm"));
  const { path: commonDir, inode } = placeOf(place.commonDir)!;
  const owner: Owner = { id: crypto.randomUUID(), commonDir, inode };
  const ownerFile = join(folder, OWNER_FILE);
  makeWhole(ownerFile, owner, mode);
  const bound = readJson<Owner>(ownerFile);
  if (bound?.commonDir !== commonDir || bound.inode !== inode) throw ofAnother(folder, bound);
  makeWhole(noteFile, { id: bound.id, path: folder, host: Deno.hostname() }, mode);
  requireNoOwnStore(place, folder);
}

/**
 * Sees to it that no other process has begun a store elsewhere meanwhile; to be called once one is made in
 * the repository.
 *
 * @throws {UserError} `STORE_ELSEWHERE` if one has: nothing may be noted here.
 */
export function requireNoOtherStore({ commonDir }: StorePlace): void {
  const note = readJson<Note>(join(commonDir, NOTE_FILE));
  if (note !== undefined) throw notSeen(note);
}

/** Both looked before they made anything: who made the note looks again, and so does who made the file. */
function requireNoOwnStore({ commonDir }: StorePlace, folder: string): void {
  const own = join(commonDir, STORE_FILE);
  if (!isThereSync(own)) return;
  Deno.removeSync(join(commonDir, NOTE_FILE));
  throw notMovedYet(own, folder);
}

function configuredFolder({ config }: StorePlace): string | undefined {
  const given = config.get(PATH_SETTING);
  if (given === undefined || given === "") return undefined;
  const folder = given.replace(/^~(?=\/)/, Deno.env.get("HOME") ?? "~").replace(/(?<=.)\/+$/, "");
  if (isAbsolute(folder)) return folder;
  throw new UserError(
    "USAGE",
    `Cannot use the store: ${PATH_SETTING} is "${given}", which is no absolute path`,
    { hint: `git config ${PATH_SETTING} ~/.local/state/dlslurm/NAME` },
  );
}

/** The file in the folder of a note, once that has said that it is the one. */
function reach({ commonDir }: StorePlace, note: Note): string {
  const owner = readJson<Owner>(join(note.path, OWNER_FILE));
  if (owner?.id !== note.id) throw notSeen(note);
  const here = placeOf(commonDir);
  const isHere = here?.path === owner.commonDir || here?.inode === owner.inode;
  // One that was moved or restored keeps its store; of two the first one does.
  if (!isHere && placeOf(owner.commonDir)?.inode === owner.inode) {
    throw copied(commonDir, owner.commonDir);
  }
  return join(note.path, "jobs.sqlite");
}

/** Makes a file that is whole from its first moment on, and on the disk; one that is there stays. */
function makeWhole(file: string, value: Owner | Note, mode: SharedMode): void {
  const temporary = temporaryNameFor(file);
  mode.makeFile(temporary, `${JSON.stringify(value)}\n`);
  try {
    using open = Deno.openSync(temporary);
    open.syncSync();
    Deno.linkSync(temporary, file);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    Deno.removeSync(temporary);
  }
}

/** `undefined` if it is not there; an error of the user's to mend if it is not what we wrote. */
function readJson<T>(file: string): T | undefined {
  try {
    return isThereSync(file) ? JSON.parse(Deno.readTextFileSync(file)) : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError("STORE_UNREADABLE", `Cannot find the store: "${file}" is damaged`, {
      unchanged: "Nothing was changed",
      hint: `rewrite it from ${OWNER_FILE} in the store's folder, or restore it from a backup`,
      cause: error,
    });
  }
}

const UNCHANGED = "Nothing was changed, and no job was submitted or committed";

function elsewhere(problem: string, hint: string): UserError {
  return new UserError("STORE_ELSEWHERE", `Cannot use the store: ${problem}`, {
    unchanged: UNCHANGED,
    hint,
  });
}

function notSeen({ path, host }: Note): UserError {
  return elsewhere(
    `this repository's is in "${path}", made on "${host}", and is not to be seen from ` +
      `"${Deno.hostname()}". A second one would not know of its jobs`,
    `run the same command on ${host}; to have the store where all machines see it, there: ` +
      `${movingBack(path)}; only if that folder is lost, with what was known of its jobs: ` +
      "rm .git/dlslurm/store.json",
  );
}

/** With the journal that a crash may have left: without it the store is damaged. */
function movingBack(folder: string): string {
  return `mv ${
    shellName(join(folder, "jobs.sqlite"))
  } .git/dlslurm/ && rm .git/dlslurm/store.json ` +
    `${shellName(join(folder, OWNER_FILE))}; git config --unset ${PATH_SETTING}`;
}

function notMovedYet(own: string, folder: string): UserError {
  return elsewhere(
    `${PATH_SETTING} is "${folder}", but it is in the repository, "${own}"`,
    `while no dlslurm runs: mkdir -p ${shellName(folder)} && mv ${shellName(own)}* ` +
      `${shellName(folder)}/; or leave it where it is: git config --unset ${PATH_SETTING}`,
  );
}

function namedOtherwise({ path }: Note, folder: string): UserError {
  return elsewhere(
    `${PATH_SETTING} is "${folder}", but this repository's is in "${path}"`,
    `git config ${PATH_SETTING} ${shellName(path)}`,
  );
}

function ofAnother(folder: string, owner: Owner | undefined): UserError {
  return elsewhere(
    `"${folder}" has that of another repository, "${owner?.commonDir ?? "unknown"}"`,
    `name a folder of its own: git config ${PATH_SETTING} FOLDER`,
  );
}

function copied(commonDir: string, original: string): UserError {
  return elsewhere(
    `"${commonDir}" is a copy, and the store is that of "${original}"`,
    `give the copy one of its own: rm ${shellName(join(commonDir, NOTE_FILE))}, then ` +
      `git config ${PATH_SETTING} FOLDER or git config --unset ${PATH_SETTING}`,
  );
}

/**
 * How the store is shared with other processes, by `dlslurm.store.vfs`.
 *
 * @throws {UserError} `USAGE` for a value that there is not.
 */
export function sharingOf(config: StorePlace["config"]): StoreSharing {
  const vfs = config.get("dlslurm.store.vfs") ?? "unix";
  if (vfs === "unix" || vfs === "unix-dotfile") return vfs;
  throw new UserError(
    "USAGE",
    `Cannot use the store: "${vfs}" is not a value of dlslurm.store.vfs`,
    { hint: "git config dlslurm.store.vfs unix-dotfile, or unix, which is the default" },
  );
}
