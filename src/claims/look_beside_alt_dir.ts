import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { followedFiles, lookOf } from "../fs/followed_files.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import { walkTree } from "../fs/walk_tree.ts";
import type { FilesBesideAltDir, NotedFile } from "../jobs/files_before.ts";
import { isOursInAltDir } from "./alt_dir.ts";

/** At most so many files are noted: a longer list would be tens of megabytes. */
const MOST_NOTED = 100_000;

/**
 * Looks at what lies at the claims of a job that will run elsewhere: there, what earlier jobs have left,
 * so that finish knows what this one wrote; and in the dataset, so that it knows what a person has changed
 * meanwhile. To be called when the inputs have been copied.
 *
 * @throws {UserError} `BAD_ALT_DIR` if there is more than can be noted; nothing was submitted.
 */
export async function lookBesideAltDir(
  dataset: Dataset,
  altDir: string,
  claims: readonly string[],
): Promise<FilesBesideAltDir> {
  const inDataset = new Map<string, NotedFile>();
  const inAltDir = new Map<string, NotedFile>();
  const note = (files: Map<string, NotedFile>, file: NotedFile, folder: string) => {
    files.set(file.path, file);
    if (files.size > MOST_NOTED) throw tooMany(folder);
  };
  for (const claim of claims) {
    for await (const { path, kind } of walkTree(dataset.root, claim)) {
      if (kind === "folder" || kind === "closed") continue;
      const info = await lstatIfPresent(join(dataset.root, path));
      if (info !== undefined) note(inDataset, { path, ...lookOf(info) }, dataset.root);
    }
    for await (const file of followedFiles(altDir, claim, isOursInAltDir)) {
      const { path, size, mtimeMs, ctimeMs, ino } = file;
      note(inAltDir, { path, size, mtimeMs, ctimeMs, ino }, altDir);
    }
  }
  return {
    headOid: dataset.headOid,
    inDataset: [...inDataset.values()],
    inAltDir: [...inAltDir.values()],
  };
}

function tooMany(folder: string): UserError {
  return new UserError(
    "BAD_ALT_DIR",
    `Cannot tell later what the job wrote: there are already more than ${MOST_NOTED} files at its outputs in ` +
      `"${folder}"`,
    { unchanged: "No job was submitted", hint: "move them away, or name outputs that hold less" },
  );
}
