/** What identifies a file, and shows whether it has changed since it was looked at. */
export interface NotedFile {
  /** Relative to the dataset's root, or to the alternative folder. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /**
   * When the file itself changed last, milliseconds since 1970: nobody can set that, as they can `mtimeMs`. Absent
   * where an older version noted the file.
   */
  readonly ctimeMs?: number | undefined;
  /** Inode number; 0 where there is none. */
  readonly ino: number;
}

/**
 * Whether two looks at one path saw the same file, unchanged. One whose mode or name alone was changed, or that got
 * another name, counts as another one.
 */
export function isSameFile(
  one: Omit<NotedFile, "path"> | undefined,
  other: Omit<NotedFile, "path">,
): boolean {
  return one?.size === other.size && one.mtimeMs === other.mtimeMs && one.ino === other.ino &&
    (one.ctimeMs ?? other.ctimeMs) === (other.ctimeMs ?? one.ctimeMs);
}

/** What lay in the places that a job with an alternative folder was to write, when it was scheduled. */
export interface FilesBesideAltDir {
  /** The dataset's HEAD then. */
  readonly headOid: string;
  /** In the dataset, at and under the claims; links as such. */
  readonly inDataset: readonly NotedFile[];
  /** In the alternative folder, at and under the claims; links as what they lead to. */
  readonly inAltDir: readonly NotedFile[];
}

/** What was in some places of the work tree. What was not there, a job cannot have removed. */
export interface PresentPaths {
  /** The places, relative to the root: the claims that the job had then. */
  readonly places: readonly string[];
  /** Everything at and under them, folders included. */
  readonly paths: readonly string[];
}

/** What the files of a job were before it ran. */
export interface FilesBefore {
  /** What was there in the work tree; `null`: too much to be noted. */
  readonly present: PresentPaths | null;
  /**
   * Links to contents that are not in this clone, which make room for the job's own files: their targets
   * by path, or the pointers of unlocked files. Those that the job does not write come back.
   */
  readonly room: ReadonlyMap<string, string>;
  /** For a job that runs elsewhere; `null` for all others. */
  readonly altDir: FilesBesideAltDir | null;
}
