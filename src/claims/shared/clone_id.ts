import { dirname, join } from "node:path";
import * as v from "valibot";
import { readTextIfPresent } from "../../fs/if_present.ts";
import type { SharedMode } from "../../fs/shared_mode.ts";
import { placeOf } from "../../store/home.ts";
import type { Place } from "../../store/home.ts";

/** What a clone's ref is called by, whatever else a remote has there. */
export const CLONE_ID_REGEXP = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Below Git's common directory. */
const CLONE_FILE = join("dlslurm", "clone.json");

const Noted = v.object({
  id: v.pipe(v.string(), v.regex(CLONE_ID_REGEXP)),
  path: v.string(),
  inode: v.string(),
});

/** The ID of a clone that has one, as its file says: also that of the clone which it is a copy of. */
export async function findCloneId(commonDir: string): Promise<string | undefined> {
  return parse(await readTextIfPresent(join(commonDir, CLONE_FILE)))?.id;
}

/**
 * The ID of a clone, made at the first call; to be called while no other process does.
 *
 * The file says where the clone was. A copy of it beside the first one gets an ID of its own, else both would
 * show their jobs under one; a clone that was moved keeps its own.
 *
 * What a crash leaves: the ID or none, and then nothing was shown under it.
 */
export function requireCloneId(commonDir: string, mode: SharedMode): string {
  const file = join(commonDir, CLONE_FILE);
  const here = placeOf(commonDir)!;
  const noted = parse(readNow(file));
  if (noted?.path === here.path && noted.inode === here.inode) return noted.id;
  const id = noted === undefined || isCopyOf(noted, here) ? crypto.randomUUID() : noted.id;
  mode.makeFolder(dirname(file));
  mode.replaceFile(file, `${JSON.stringify({ id, ...here })}\n`);
  return id;
}

/** Both differ, and the first one is where it was. */
function isCopyOf(noted: Place, here: Place): boolean {
  if (noted.path === here.path || noted.inode === here.inode) return false;
  return placeOf(noted.path)?.inode === noted.inode;
}

function readNow(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A file that a crash has left empty, or that somebody has changed, is none. */
function parse(text: string | undefined): v.InferOutput<typeof Noted> | undefined {
  try {
    const parsed = v.safeParse(Noted, JSON.parse(text ?? ""));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
