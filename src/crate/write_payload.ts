import { UserError } from "../errors.ts";
import { isAbsence } from "../fs/if_present.ts";
import { streamBlobs } from "../git/stream_blobs.ts";
import type { Provenance } from "../provenance/provenance.ts";
import type { Progress, Session } from "../session/session.ts";
import type { CrateFile } from "./crate_file.ts";
import type { CrateTarget } from "./crate_target.ts";

/**
 * Writes the contents that a crate is to hold, from git with one process for each dataset, and from the
 * annex; a piece is in memory at a time.
 *
 * @throws {UserError} `DISK` if a content has gone meanwhile.
 */
export async function writePayload(
  provenance: Provenance,
  files: readonly CrateFile[],
  target: CrateTarget,
  session: Session,
): Promise<void> {
  using progress = session.progress("copying files into the crate", files.length);
  for (const [place, group] of Map.groupBy(files, (file) => file.place)) {
    const { git } = (await provenance.at(place)).dataset;
    const inGit = group.filter(({ object }) => object === undefined);
    const missing = await streamBlobs(git, inGit.map(({ blob }) => blob!), {
      begin: (at) => target.begin(inGit[at]!.payload!),
      piece: (_, bytes) => target.write(bytes),
      end() {
        target.end();
        progress.advance();
        session.interrupted.throwIfAborted();
      },
    });
    if (missing.length > 0) throw gone(inGit[missing[0]!]!);
    for (const file of group) {
      if (file.object !== undefined) await copyObject(file, target, progress, session);
    }
  }
}

const PIECE_BYTES = 256 * 1024;

async function copyObject(
  file: CrateFile,
  target: CrateTarget,
  progress: Progress,
  { interrupted }: Session,
): Promise<void> {
  progress.say(file.path);
  using object = await openObject(file);
  const piece = new Uint8Array(PIECE_BYTES);
  target.begin(file.payload!);
  for (;;) {
    interrupted.throwIfAborted();
    const count = await object.read(piece);
    if (count === null) break;
    target.write(piece.subarray(0, count));
  }
  target.end();
  progress.advance();
}

async function openObject(file: CrateFile): Promise<Deno.FsFile> {
  try {
    return await Deno.open(file.object!);
  } catch (error) {
    throw isAbsence(error) ? gone(file) : error;
  }
}

function gone({ path }: CrateFile): UserError {
  return new UserError("DISK", `Cannot copy "${path}" into the crate: its content has just gone`, {
    unchanged: "Nothing was written",
    hint: "run the same command again",
  });
}
