/** What git keeps of an annexed file, taken apart. */
export interface Annexed {
  /** The key of its content. */
  readonly key: string;
  /** Whether it names an object in a `.git` folder. */
  readonly isInGitFolder: boolean;
  /** How many folders are between `annex/objects` and the key. */
  readonly folders: number;
}

/**
 * Reads what git keeps of an annexed file (git-annex, "internals" and "pointer file"): the target of a link,
 * `…/annex/objects/HASH/HASH/KEY/KEY`, or the first line of a pointer file, `/annex/objects/KEY`.
 *
 * @returns `undefined` if it is no annexed file.
 */
export function parseAnnexed(line: string): Annexed | undefined {
  const [, git, folders = "", key] =
    /(?:^|\/)(\.git\/)?annex\/objects\/(.*\/)?([^/]+)$/.exec(line) ?? [];
  if (key === undefined) return undefined;
  return { key, isInGitFolder: git !== undefined, folders: folders.split("/").length - 1 };
}

/** The key of an annexed file, of which git keeps this blob; `undefined` if it is none. */
export function annexKeyOf(blob: string): string | undefined {
  return parseAnnexed(blob.split("\n", 1)[0]!)?.key;
}

/** git-annex, "key format": BACKEND[-sSIZE][-mMTIME][-SCHUNK-CCHUNKNUM]--NAME */
const KEY_REGEXP = /^[A-Z0-9_]+(?:-[a-zA-Z][0-9]+)*--./;

/** Whether a name is a key of git-annex. */
export function isKey(name: string): boolean {
  return KEY_REGEXP.test(name);
}

/** The size of the content that a key names; `undefined` where the key does not tell it. */
export function sizeOfKey(key: string): number | undefined {
  // git-annex, "key format": BACKEND[-sSIZE][-mMTIME][-SCHUNK-CCHUNKNUM]--NAME
  const size = /^[A-Z0-9_]+(?:-[a-zA-Z][0-9]+)*?-s([0-9]+)(?:-[a-zA-Z][0-9]+)*--/.exec(key)?.[1];
  return size === undefined ? undefined : Number(size);
}
