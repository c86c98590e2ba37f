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
  const [, git, folders = "", name] =
    /(?:^|\/)(\.git\/)?annex\/objects\/(.*\/)?([^/]+)$/.exec(line) ?? [];
  if (name === undefined) return undefined;
  return {
    key: keyOfFileName(name),
    isInGitFolder: git !== undefined,
    folders: folders.split("/").length - 1,
  };
}

/** What git-annex writes for characters of a key where that is the name of a file (keyFile in Annex/Locations.hs). */
const ESCAPES: Readonly<Record<string, string>> = { "/": "%", "%": "&s", ":": "&c", "&": "&a" };
const CHARACTERS = Object.fromEntries(Object.entries(ESCAPES).map(([own, name]) => [name, own]));

/** The name that git-annex gives a file of a key: an object, its folder, a log; in pointer files it stands so, too. */
export function fileNameOfKey(key: string): string {
  return key.replace(/[/%:&]/g, (own) => ESCAPES[own]!);
}

/** The key by which git-annex has named a file. */
export function keyOfFileName(name: string): string {
  return name.replace(/%|&[sca]/g, (escape) => CHARACTERS[escape]!);
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
