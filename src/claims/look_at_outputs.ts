import { isWithin } from "../paths/root_paths.ts";
import { join } from "node:path";
import { pointerAt } from "../annex/absent_files.ts";
import { annexLinkAt } from "../annex/annexed_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { statIfPresent } from "../fs/if_present.ts";
import { walkTree } from "../fs/walk_tree.ts";
import { hasSubmodules } from "../git/submodules.ts";
import type { FilesBefore } from "../jobs/files_before.ts";
import type { JobRequest } from "../jobs/job.ts";

/** What lies where a job will write, before anything is changed there. */
export interface OutputLook {
  /** Locked annexed files that the job may write to: targets by path. */
  readonly links: ReadonlyMap<string, string>;
  /** Pointers of unlocked files whose content is not here, which make no room. */
  readonly pointers: readonly string[];
  /** To be noted with the job before its files are prepared. */
  readonly before: FilesBefore;
}

/** At most so many files are noted: a longer list would be megabytes for each job. */
const MOST_NOTED = 20_000;
/** In so many files of output folders pointers are looked for: each has to be read. */
const MOST_READ = 2_000;

/**
 * Looks at what lies where a job will write. A link to content that is not here, or the pointer of an unlocked
 * file, makes room if it is itself named as an output, or is known to be written, as `datalad run` has it, or is a
 * log; those in folders that are named stay.
 *
 * @param job `toUnlock`: paths relative to the root, whose annexed files are to be writable; `logs`: locked annexed
 * files besides, to which Slurm will write.
 */
export async function lookAtOutputs(
  dataset: Dataset,
  { request, toUnlock, logs }: {
    readonly request: Pick<JobRequest, "outputs" | "altDir">;
    readonly toUnlock: readonly string[];
    readonly logs: readonly string[];
  },
): Promise<OutputLook> {
  const present = new Set<string>();
  const links = new Map<string, string>();
  const pointers: string[] = [];
  let filesLeft = MOST_READ;
  const mayUnlock = toUnlock.length > 0 && await mayHaveAnnexedFiles(dataset);
  const unlocked = new Set([...mayUnlock ? toUnlock : [], ...logs]);
  // A job that runs elsewhere removes nothing here.
  const claims = request.altDir === null ? request.outputs : [];
  for (const path of new Set([...claims, ...unlocked])) {
    for await (const entry of walkTree(dataset.root, path)) {
      if (claims.includes(path)) present.add(entry.path);
      if (entry.kind === "link" && unlocked.has(path)) {
        const target = await annexLinkAt(join(dataset.root, entry.path));
        if (target !== undefined) links.set(entry.path, target);
      }
      if (entry.kind === "file" && mayUnlock && unlocked.has(path) && filesLeft-- > 0) {
        if (pointerAt(join(dataset.root, entry.path)) !== undefined) pointers.push(entry.path);
      }
      if (unlocked.size === 0 && present.size > MOST_NOTED) break;
    }
  }
  const room = new Map<string, string>();
  for (const path of unlocked) {
    if (![...request.outputs, ...logs].some((place) => isWithin(place, path))) continue;
    const file = join(dataset.root, path);
    const target = links.get(path);
    const isAbsent = target !== undefined && await statIfPresent(file) === undefined;
    const noted = target === undefined ? pointerAt(file) : isAbsent ? target : undefined;
    if (noted !== undefined) room.set(path, noted);
  }
  const noted = present.size > MOST_NOTED ? null : { places: claims, paths: [...present] };
  const left = [...new Set(pointers)].filter((path) => !room.has(path));
  return { links, pointers: left, before: { present: noted, room, altDir: null } };
}

/** A plain repository may have subdatasets with git-annex, or be a clone in which that has not been run yet. */
export async function mayHaveAnnexedFiles(dataset: Dataset): Promise<boolean> {
  return dataset.hasAnnex || await hasSubmodules(dataset.root) || await dataset.awaitsAnnex();
}
