import { addFiles } from "../annex/add_files.ts";
import type { AddedFiles } from "../annex/add_files.ts";
import type { AnnexRepository } from "../annex/annex_repository.ts";
import { isAnnexLink } from "../annex/annexed_files.ts";
import { initialiseAnnex } from "../annex/git_annex.ts";
import { undoAdd } from "../annex/undo_add.ts";
import { bringBackHandedOver, forgetHandedOver } from "../annex/handed_over.ts";
import { removeBackupLinks } from "../annex/backup_links.ts";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { isSidecar } from "../datalad/sidecar.ts";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { FileSnapshots } from "../fs/file_snapshots.ts";
import { isAbsence } from "../fs/if_present.ts";
import type { LateFiles } from "../fs/late_files.ts";
import type { Identities } from "../git/build_commits.ts";
import { isReachable } from "../git/path_bytes.ts";
import type { PrivateIndex } from "../git/private_index.ts";
import type { Attribution } from "../jobs/attribution.ts";
import { recentWriteCutoff } from "./recent_write_cutoff.ts";
import type { Session } from "../session/session.ts";
import { OutputOwners } from "./output_owners.ts";
import { changing, gone, lostBefore, unreadable } from "./output_problems.ts";
import { selectDeleted, selectOutputs } from "./select_outputs.ts";
import type { OutputsToSelect } from "./select_outputs.ts";

/** What came of staging. */
export interface Staging {
  /** Why a job cannot be committed, by its key; nothing of such a job may be taken. */
  readonly failures: ReadonlyMap<number, UserError>;
  /** Slurm's files, and those for the record, that git ignores. */
  readonly leftOut: readonly string[];
  /** Files that the private index must have now, and had not before. */
  readonly added: readonly string[];
  /** Files whose entries in the private index lack the files' times. */
  readonly entriesWithoutStat: readonly string[];
  /** Ends once git-annex has noted where the contents are; before that no branch must refer to them. */
  readonly locationLog: Promise<void>;
}

/** What of one dataset is to be staged. */
export interface OutputsToStage extends OutputsToSelect {
  /** Files of the jobs that are not yet as they are to be staged. */
  readonly late: LateFiles;
  /** Also of jobs that are left alone: their files stay as they are. */
  readonly attribution: Attribution;
  /** Whom commits name. */
  readonly identities: Identities;
  /** When this finish began, milliseconds since 1970 by the clock of the file system that outputs are on. */
  readonly beganMs: number;
}

/**
 * Brings the contents of all jobs into git or the annex, in the private index of one dataset.
 *
 * A crash leaves contents that nothing refers to; staging them again finds them.
 *
 * @throws {UserError} `GIT_FAILED`, `ANNEX_FAILED` or `DISK` if it is no job's own fault.
 */
export async function stageOutputs(
  index: PrivateIndex,
  outputs: OutputsToStage,
  session: Session,
): Promise<Staging> {
  return await new OutputStaging(index, outputs, session).run();
}

/** What came of adding files to git or the annex. */
type Added = Pick<AddedFiles, "entriesWithoutStat" | "locationLog" | "backupLinks">;

/** The staging of one dataset's outputs. */
class OutputStaging {
  readonly #index: PrivateIndex;
  readonly #outputs: OutputsToStage;
  readonly #session: Session;
  readonly #owners: OutputOwners;
  #dataset: Dataset;
  #annex: AnnexRepository;

  constructor(index: PrivateIndex, outputs: OutputsToStage, session: Session) {
    this.#index = index;
    this.#outputs = outputs;
    this.#session = session;
    this.#owners = new OutputOwners(outputs.jobs, outputs.attribution);
    this.#dataset = outputs.dataset;
    this.#annex = this.#annexOf(outputs.dataset);
  }

  #annexOf(dataset: Dataset): AnnexRepository {
    const session = this.#session;
    return {
      ...dataset,
      git: this.#index.git,
      runner: session.runner,
      identities: this.#outputs.identities,
      signal: session.interrupted,
      beginStep: (title, total) => session.progress(title, total),
    };
  }

  async run(): Promise<Staging> {
    const owners = this.#owners;
    const lost = this.#dataset.hasAnnex
      ? await bringBackHandedOver(this.#annex, (path) => owners.isMissed(path))
      : [];
    for (const path of lost) owners.fail(path, lostBefore(path, this.#annex));
    const selected = await selectOutputs(this.#index, this.#outputs, owners, this.#session);
    const snapshots = await this.#waitForWriters(selected.present);
    const present = selected.present.filter((path) => !owners.failures.has(owners.ownerOf(path)!));
    const deleted = selectDeleted(selected, present, owners, this.#session);
    const lateFiles = this.#settling(snapshots, new Set(present));
    // A link, of a file that somebody has saved, would be staged as it is, before it says what it is to.
    if ([...lateFiles.paths].some((path) => !snapshots.wasFile(path))) await lateFiles.settle();
    if (present.length > 0) await this.#initialiseAnnex();
    const added = this.#dataset.hasAnnex
      ? await this.#addWithAnnex(present, deleted, { lost, late: lateFiles })
      : await this.#addToGit(present, deleted, lateFiles);
    await this.#refuseMoved(snapshots, new Set(present), added);
    return {
      failures: owners.failures,
      leftOut: selected.leftOut,
      added: selected.untracked.filter((path) => owners.isWanted(path)),
      entriesWithoutStat: added.entriesWithoutStat,
      locationLog: added.locationLog,
    };
  }

  /** Initialises git-annex where it was to be with its first command: without it all outputs would go into git. */
  async #initialiseAnnex(): Promise<void> {
    const { root, git, awaitsAnnex } = this.#dataset;
    if (!await awaitsAnnex()) return;
    await initialiseAnnex(git);
    this.#session.warn(
      `"${root}" is a clone of a dataset with an annex: git annex init was run there`,
    );
    const { config, hasAnnex } = await openDataset(this.#session.runner, root, undefined);
    this.#dataset = { ...this.#dataset, config, hasAnnex };
    this.#annex = this.#annexOf(this.#dataset);
  }

  /** The late ones among the files that are staged; what is seen of them later is how they are then. */
  #settling(snapshots: FileSnapshots, staged: ReadonlySet<string>): LateFiles {
    const { late } = this.#outputs;
    const paths = [...late.paths].filter((path) => staged.has(path));
    const settleOnce = async () => {
      await late.settle();
      await snapshots.renew(paths);
    };
    let settling: Promise<void> | undefined;
    // Once: looked at again after it was added, a file that somebody changed since would pass for ours.
    return { paths, settle: () => settling ??= settleOnce() };
  }

  /** Waits for files that somebody may still write to, and fails the jobs of those that keep changing. */
  async #waitForWriters(files: readonly string[]): Promise<FileSnapshots> {
    const { dataset, jobs, late, beganMs } = this.#outputs;
    // A file whose name is not UTF-8 cannot be opened by it, so it cannot be looked at.
    const snapshots = await FileSnapshots.take(
      dataset.root,
      files.filter(isReachable),
      isAnnexLink,
    );
    const endsMs = new Map(jobs.map((job) => [job.key, job.endedAtMs]));
    const ours = new Set([...late.paths, ...jobs.flatMap((job) => job.alongside ?? [])]);
    const isDoubtful = (path: string, mtimeMs: number) =>
      mtimeMs >= recentWriteCutoff(beganMs, endsMs.get(this.#owners.ownerOf(path)!)) &&
      !isSidecar(dataset, path) && !ours.has(path);
    for (const path of await snapshots.waitUntilQuiet(isDoubtful, this.#session.interrupted)) {
      this.#owners.fail(path, changing(path));
    }
    return snapshots;
  }

  async #addWithAnnex(
    present: readonly string[],
    deleted: readonly string[],
    { lost, late }: { readonly lost: readonly string[]; readonly late: LateFiles },
  ): Promise<Added> {
    await this.#index.stage([], deleted);
    const added = await addFiles(this.#annex, present, late);
    for (const { path, message } of added.failures) {
      this.#owners.fail(path, this.#notAdded(path, message));
    }
    await forgetHandedOver(this.#annex, lost);
    return added;
  }

  async #addToGit(
    present: readonly string[],
    deleted: readonly string[],
    late: LateFiles,
  ): Promise<Added> {
    await late.settle();
    try {
      await this.#index.stage(present, deleted, this.#annex.beginStep);
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "GIT_FAILED") throw error;
      if (isOfEmptyObject(error)) {
        // Of links that have just been made git reads what it has, and has taken for written.
        const { removeEmptyObjects } = await import("../git/lost_objects.ts");
        await removeEmptyObjects(this.#outputs.dataset);
      }
      // One unreadable file stops them all: staging job by job shows whose it is.
      for (const [owner, paths] of Map.groupBy(present, (path) => this.#owners.ownerOf(path)!)) {
        await this.#addOfJob(
          owner,
          paths,
          deleted.filter((path) => this.#owners.ownerOf(path) === owner),
        );
      }
    }
    return { entriesWithoutStat: [], locationLog: Promise.resolve(), backupLinks: new Map() };
  }

  async #addOfJob(
    key: number,
    present: readonly string[],
    deleted: readonly string[],
  ): Promise<void> {
    try {
      await this.#index.stage(present, deleted);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const said = error.detail ?? error.message;
      const path =
        /open\("(.*)"\): |^fatal: (.*): clean filter '|^fatal: Unable to process path (.*)$/m.exec(
          said,
        )?.slice(1)
          .find((each) => each !== undefined) ?? "";
      this.#owners.failures.set(key, this.#notAdded(path, said));
    }
  }

  #notAdded(path: string, reason: string): UserError {
    const { dataset } = this.#outputs;
    const isMissing = path !== "" && isGone(join(dataset.root, path));
    return isMissing ? gone(path) : unreadable(dataset, path, reason);
  }

  /** Fails the jobs whose files changed while they were added, and undoes what git-annex did of them. */
  async #refuseMoved(
    snapshots: FileSnapshots,
    staged: ReadonlySet<string>,
    { backupLinks, locationLog }: Added,
  ): Promise<void> {
    const { root, hasAnnex } = this.#dataset;
    const moved = (await snapshots.findMoved(backupLinks)).filter((path) => staged.has(path));
    for (const path of moved) {
      this.#owners.fail(path, isGone(join(root, path)) ? gone(path) : changing(path));
    }
    // The object that a link led to before was there before, and is not ours to take away.
    const added = moved.filter((path) => snapshots.wasFile(path));
    if (hasAnnex && added.length > 0) {
      await locationLog;
      await undoAdd(this.#annex, added, backupLinks);
    }
    if (backupLinks.size > 0) await removeBackupLinks(this.#annex);
  }
}

/** Git's own words, in English. */
function isOfEmptyObject({ detail }: UserError): boolean {
  return /object file .* is empty/.test(detail ?? "");
}

function isGone(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (error) {
    return isAbsence(error);
  }
}
