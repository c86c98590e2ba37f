import { join } from "node:path";
import { TEMPORARY_FILE_REGEXP } from "./write_file_atomic.ts";
import { SharedMode } from "./shared_mode.ts";
import { lstatIfPresent, namesIn, removeIfPresent } from "./if_present.ts";

/** The repository of a work tree, as far as a folder in it needs. */
export interface SharedRepository {
  /** The git directory that all its work trees share. */
  readonly commonDir: string;
  /** Its git configuration. */
  readonly config: { get(name: string): string | undefined };
}

/** A file is in there for the moment until it is whole; one that is older was left by a kill. */
const LONGEST_USE_MS = 60_000;

/**
 * Where files of the work tree are until they are whole, so that a kill leaves nothing in the work tree;
 * made if need be.
 */
export function temporaryFolderOf({ commonDir, config }: SharedRepository): string {
  const folder = join(commonDir, "dlslurm", "tmp");
  SharedMode.of(config).makeFolder(folder);
  return folder;
}

/** Takes away what kills have left there, and of a store that was being made. */
export async function removeOldTemporaryFiles(
  { commonDir }: Pick<SharedRepository, "commonDir">,
): Promise<void> {
  const folder = join(commonDir, "dlslurm");
  const beside = (await namesIn(folder)).filter((name) =>
    TEMPORARY_FILE_REGEXP.test(name.replace(/-journal$/, ""))
  );
  const inside = (await namesIn(join(folder, "tmp"))).map((name) => join("tmp", name));
  for (const name of [...beside, ...inside]) {
    const made = (await lstatIfPresent(join(folder, name)))?.mtime?.getTime() ?? 0;
    if (Date.now() - made > LONGEST_USE_MS) await removeIfPresent(join(folder, name));
  }
}
