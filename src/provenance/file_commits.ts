import { coverWithPathspecs } from "../git/changes.ts";
import { gitFailed } from "../git/git.ts";
import type { Git } from "../git/git.ts";
import { decodePath, splitNul } from "../git/path_bytes.ts";
import { RAW } from "../git/raw_diff.ts";
import { textOf } from "../process/runner.ts";

/** A file as it is at some place of the history. */
export interface FileVersion {
  /** Relative to the repository's root. */
  readonly path: string;
  /** The blob. */
  readonly oid: string;
  /** Only runs that are older than the one at this place of the history; absent: all of them. */
  readonly before?: number;
  /** The commit of the run that has read it, and has not made it itself. */
  readonly reader?: string;
}

/** A commit that records no run. */
export interface PlainCommit {
  /** Its name in full length. */
  readonly oid: string;
  /** The first line of its message. */
  readonly subject: string;
  /** The command, where `datalad run` or `datalad containers-run` has made the commit. */
  readonly cmd?: string;
  /** The job whose commit it is, where the file is none of that job's: somebody has added it. */
  readonly addedTo?: string;
}

/** Tells a version of a file from others. */
export function keyOf({ path, oid }: FileVersion): string {
  return `${oid} ${path}`;
}

/**
 * The newest commits that gave the files these contents; the search ends once all are found.
 *
 * @param given ends it before, by throwing.
 * @throws {UserError} `GIT_FAILED` if the history cannot be read.
 */
export async function findCommits(
  git: Git,
  versions: readonly FileVersion[],
  tips: readonly string[],
  given?: AbortSignal,
): Promise<Map<string, PlainCommit>> {
  if (versions.length === 0) return new Map();
  const wanted = new Set(versions.map(keyOf));
  const found = new Map<string, PlainCommit>();
  const reader = new LogReader((commit, version) => {
    const key = keyOf(version);
    if (wanted.delete(key)) found.set(key, commit);
  });
  const enough = new AbortController();
  const args = [
    ...["log", "-z", ...RAW, "--no-abbrev", "--no-show-signature"],
    // Whatever is set: one path is not followed, and the first commit has brought what it has.
    ...["--no-follow", "--root"],
    // Of merges those files that are as in no parent: somebody has made them in the merge.
    "-c",
  ];
  const paths = coverWithPathspecs(versions.map(({ path }) => path));
  try {
    const result = await git.run([...args, `--format=%x01%H%n%s`, ...tips, "--", ...paths], {
      signal: given === undefined ? enough.signal : AbortSignal.any([enough.signal, given]),
      onStdout: (piece) => {
        reader.add(piece);
        if (wanted.size === 0) enough.abort();
      },
    });
    if (result.code !== 0) throw gitFailed(args, result);
  } catch (error) {
    if (!enough.signal.aborted) throw error;
  }
  reader.end();
  return found;
}

/** Reads `git log -c -z --raw --format=%x01%H%n%s` as it arrives. */
class LogReader {
  readonly #take: (commit: PlainCommit, version: FileVersion) => void;
  #rest = new Uint8Array();
  #commit = { oid: "", subject: "" };
  #header: string | undefined;

  constructor(take: (commit: PlainCommit, version: FileVersion) => void) {
    this.#take = take;
  }

  add(piece: Uint8Array): void {
    const bytes = new Uint8Array(this.#rest.length + piece.length);
    bytes.set(this.#rest);
    bytes.set(piece, this.#rest.length);
    const end = bytes.lastIndexOf(0) + 1;
    this.#rest = bytes.slice(end);
    for (const item of splitNul(bytes.subarray(0, end))) this.#read(item);
  }

  end(): void {
    if (this.#rest.length > 0) this.#read(this.#rest);
  }

  #read(item: Uint8Array): void {
    if (this.#header !== undefined) {
      // git-diff-tree(1): the oids of all parents, the new one, the status.
      const oid = this.#header.split(" ").at(-2)!;
      this.#take(this.#commit, { path: decodePath(item), oid });
      this.#header = undefined;
      return;
    }
    const text = textOf(item);
    if (text.startsWith("\x01")) {
      const [oid, subject] = text.slice(1).split("\n");
      this.#commit = { oid: oid!, subject: subject ?? "" };
    } else if (text.trimStart().startsWith(":")) this.#header = text.trimStart();
  }
}
