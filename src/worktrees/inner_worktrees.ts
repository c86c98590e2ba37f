import { readTextIfPresent, removeIfPresent } from "../fs/if_present.ts";

/**
 * Which worktrees of subdatasets are in an onto worktree: a file beside it, of which the removal is told what
 * to take along. A line is noted before the worktree is made; one too many does no harm.
 *
 * @module
 */

/** A worktree of a subdataset. */
export interface InnerWorktree {
  /** Where it is, absolute. */
  readonly folder: string;
  /** The common directory of the subdataset's repository, absolute. */
  readonly commonDir: string;
}

/** The file for the onto worktree at `folder`. */
function fileOf(folder: string): string {
  return `${folder}.subdatasets`;
}

/** Notes that a worktree of a subdataset is about to be made at `place`, in the onto worktree called `name`. */
export async function noteInner(place: string, name: string, commonDir: string): Promise<void> {
  const end = place.indexOf(`/onto/${name}/`) + `/onto/${name}`.length;
  const inner: InnerWorktree = { folder: place, commonDir };
  const line = `${JSON.stringify(inner)}\n`;
  await Deno.writeTextFile(fileOf(place.slice(0, end)), line, { append: true });
}

/** Reads what was noted for the onto worktree at `folder`; the innermost first. */
export async function readInner(folder: string): Promise<InnerWorktree[]> {
  const lines = (await readTextIfPresent(fileOf(folder)) ?? "").split("\n");
  // A line that a crash has cut off was noted of nothing that was made.
  return lines.filter((line) => line.endsWith("}")).map((line) => JSON.parse(line)).reverse();
}

/** Forgets what was noted. */
export async function forgetInner(folder: string): Promise<void> {
  await removeIfPresent(fileOf(folder));
}
