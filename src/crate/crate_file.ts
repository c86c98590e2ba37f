import { isReachable } from "../git/path_bytes.ts";
import { foldersAround } from "../paths/root_paths.ts";
import { encodeForId, idOfPayload, localId } from "./entity_ids.ts";

/** What a file was for a run. */
export type FileRole = "script" | "log" | "environment" | "container";

/** What is known of a file when it is noted. */
export interface NotedFile {
  /** Relative to the dataset's root. */
  readonly path: string;
  /** The subdataset that its content is kept in, or `.`. */
  readonly place: string;
  /** Of git-annex, for an annexed file. */
  readonly key?: string | undefined;
  /** Git's object name of the content, for any other file. */
  readonly blob?: string | undefined;
  /** The mode that git has for it, where that is known: `100644`, `120000` for a link. */
  readonly mode?: string | undefined;
  /** Bytes, where somebody has noted them. */
  readonly size?: number | undefined;
  /** What it was called for the run, if not by its path. */
  readonly calledAs?: string | undefined;
}

/** One content at one path: an entity of the crate. */
export interface CrateFile extends NotedFile {
  /** Of the entity; set by {@linkcode FileTable.giveIds}. */
  id: string;
  /** Relative to the crate's root, if the crate holds the content. */
  payload: string | undefined;
  /** Bytes. */
  size?: number | undefined;
  /** The mode that git has for it, where that is known. */
  mode?: string | undefined;
  /** Where git-annex keeps the content here; absolute. */
  object: string | undefined;
  /** Whether git has the content here. */
  isInGit: boolean;
  /** Where git-annex knows that it can be had. */
  urls: readonly string[];
  /** What it was for runs. */
  readonly roles: Set<FileRole>;
}

/** What no file of the crate may be called: RO-Crate 1.1, "RO-Crate structure". */
const RESERVED = /^ro-crate-(metadata\.json(ld)?|preview\.html|preview_files)(\/|$)/i;

/** The files that runs read and wrote, each content at each path once. */
export class FileTable {
  readonly #files = new Map<string, CrateFile>();
  /** The last one that was noted of each path. */
  readonly #newest = new Map<string, CrateFile>();

  /** Notes a file of a run; those of older runs first. */
  note(noted: NotedFile, role?: FileRole): CrateFile {
    const name = `${noted.key ?? noted.blob ?? ""}\0${noted.path}`;
    let file = this.#files.get(name);
    if (file === undefined) {
      const { path, place, key, blob, mode, size, calledAs } = noted;
      // All of one shape, which the runtime is quick with: there may be 100,000.
      file = {
        path,
        place,
        key,
        blob,
        mode,
        size,
        calledAs,
        id: "",
        payload: undefined,
        object: undefined,
        isInGit: false,
        urls: [],
        roles: new Set(),
      };
      this.#files.set(name, file);
    }
    // Who read it may not know that it is a link.
    file.mode ??= noted.mode;
    if (role !== undefined) file.roles.add(role);
    this.#newest.set(noted.path, file);
    return file;
  }

  /** The last one that was noted at a path. */
  newestAt(path: string): CrateFile | undefined {
    return this.#newest.get(path);
  }

  /** All of them, in the order in which they were noted. */
  get files(): Iterable<CrateFile> {
    return this.#files.values();
  }

  /** How many there are. */
  get count(): number {
    return this.#files.size;
  }

  /**
   * Gives each its identifier, and, if the crate is to hold contents, those that are here their place in it:
   * the newest content of a path that path, an older one a folder beside.
   */
  giveIds(holdsContents: boolean): void {
    const taken = new TakenPlaces();
    // The newest ones first: no older one takes a path away.
    const newest = new Set(this.#newest.values());
    for (const file of [...newest, ...this.#files.values()]) {
      if (file.id !== "") continue;
      const isNewest = newest.has(file);
      const version = file.key ?? file.blob ?? "unknown";
      const place = isNewest ? file.path : `versions/${shortOf(version)}/${file.path}`;
      if (holdsContents && isHere(file) && taken.take(place)) {
        file.payload = place;
        file.id = idOfPayload(place);
      } else {
        file.id = localId("files", file.path) + (isNewest ? "" : `@${encodeForId(version)}`);
      }
    }
  }
}

/** Whether the content is on this machine, under a name that the runtime can write. */
function isHere({ path, mode, object, isInGit }: CrateFile): boolean {
  if (!isReachable(path)) return false;
  // A link of the dataset would lead out of the crate.
  return object !== undefined || isInGit && mode !== "120000";
}

/** The places in the crate that files have, told apart as on systems where case does not count. */
class TakenPlaces {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  /** Takes a place, if a file can be there: nothing is in it or around it, and it leads nowhere else. */
  take(place: string): boolean {
    const folded = place.toLowerCase();
    const isPlain = folded.split("/").every((part) =>
      part !== "" && part !== "." && part !== ".." && part !== ".git"
    );
    // In the history a file may have become a folder.
    const around = [...foldersAround(folded)];
    const isFree = isPlain && !RESERVED.test(folded) && !this.#files.has(folded) &&
      !this.#folders.has(folded) && !around.some((folder) => this.#files.has(folder));
    if (!isFree) return false;
    this.#files.add(folded);
    for (const folder of around) this.#folders.add(folder);
    return true;
  }
}

/** As much of a name of a content as tells it from others: of a key, its hash. */
function shortOf(version: string): string {
  return version.replace(/^.*--/, "").replace(/\W.*$/s, "").slice(0, 12) || "unknown";
}
