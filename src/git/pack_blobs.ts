import { join } from "node:path";
import { callsFor, paceOf, sideBySide } from "../fs/pace.ts";
import type { FileCalls } from "../fs/pace.ts";
import { joinBytes } from "../process/join_bytes.ts";
import { IMPORT_OPTIONS, KEEPING_PACKS } from "./build_commits.ts";
import { IMPORT_MARK } from "./crash_reports.ts";
import type { Git } from "./git.ts";

/** Files are read in groups, a group's smaller ones as a whole before git is handed them. */
const GROUP_FILES = 64;
const SMALL_BYTES = 65_536;
/** The larger ones go to git in pieces. */
const PIECE_BYTES = 1_048_576;

/**
 * Puts the contents of files and links, byte for byte, into one pack, by one `git fast-import`: a file for
 * each blob takes a dozen calls of the file system. What cannot be read is passed over, and of one that
 * changes meanwhile there may be a blob that nobody wants: whoever needs the blobs has to look for them.
 *
 * A crash leaves contents that nothing refers to.
 *
 * @param paths relative to `root`.
 */
export async function packBlobs(git: Git, root: string, paths: readonly string[]): Promise<void> {
  const args = [...KEEPING_PACKS, "fast-import", ...IMPORT_OPTIONS];
  await git.run(args, { stdin: renderBlobs(root, paths) });
}

const ENCODER = new TextEncoder();
const LINE_END = ENCODER.encode("\n");

/** Git-fast-import(1): `blob`, `data`. */
async function* renderBlobs(root: string, paths: readonly string[]): AsyncGenerator<Uint8Array> {
  const pace = paceOf(root);
  const calls = callsFor(pace);
  yield ENCODER.encode("feature done\n");
  for (let start = 0; start < paths.length; start += GROUP_FILES) {
    const pieces: Uint8Array[] = [];
    const larger: LargerFile[] = [];
    await sideBySide(pace, paths.slice(start, start + GROUP_FILES), async (path) => {
      const found = await contentOf(calls, join(root, path));
      if (found instanceof Uint8Array) pieces.push(headOf(found.length), found, LINE_END);
      else if (found !== undefined) larger.push(found);
    });
    yield joinBytes(pieces);
    for (const file of larger) yield* piecesOf(file);
  }
  yield ENCODER.encode("done\n");
}

interface LargerFile {
  readonly file: string;
  readonly size: number;
}

/** What git keeps of it, or what is to be read in pieces; `undefined` if it cannot be read. */
async function contentOf(
  calls: FileCalls,
  file: string,
): Promise<Uint8Array | LargerFile | undefined> {
  try {
    const { isSymlink, isFile, size } = await calls.lstat(file);
    if (isSymlink) return ENCODER.encode(await calls.readLink(file));
    if (!isFile) return undefined;
    return size > SMALL_BYTES ? { file, size } : await calls.readFile(file);
  } catch {
    return undefined; // git finds the words for it
  }
}

/** Exactly so many bytes as were announced: zeros where the file has become shorter. */
function* piecesOf({ file, size }: LargerFile): Generator<Uint8Array> {
  yield headOf(size);
  using opened = openIfThere(file);
  for (let left = size; left > 0;) {
    const piece = new Uint8Array(Math.min(left, PIECE_BYTES));
    const count = opened?.readSync(piece) || piece.length;
    yield piece.subarray(0, count);
    left -= count;
  }
  yield LINE_END;
}

function openIfThere(file: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(file);
  } catch {
    return undefined;
  }
}

function headOf(size: number): Uint8Array {
  return ENCODER.encode(`${IMPORT_MARK}blob\ndata ${size}\n`);
}
