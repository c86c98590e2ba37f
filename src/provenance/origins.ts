import { annexKeyOf } from "../annex/annex_key.ts";
import { isAnnexed, LONGEST_POINTER_BYTES } from "../annex/annexed_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { commandOfDataladRun, DATALAD_RUN_PREFIX } from "../datalad/run_record.ts";
import { readSmallBlobs } from "../git/cat_file.ts";
import type { Git } from "../git/git.ts";
import { listUnreached, readMessagesOf } from "../git/history.ts";
import { readCutCommits } from "../git/shallow.ts";
import { findCommits, keyOf } from "./file_commits.ts";
import type { FileVersion, PlainCommit } from "./file_commits.ts";
import { canBeOwn } from "./own_files.ts";
import { findLostRuns } from "./lost_runs.ts";
import { findRenames } from "./renames.ts";
import type { HistoryEntry, RunHistory } from "./run_history.ts";
import { RunWrites } from "./run_writes.ts";
import type { Write } from "./run_writes.ts";

/** A version whose origin is not found yet. */
interface Sought {
  /** It, under the name that it had before the renames that were followed. */
  readonly version: FileVersion;
  /** Which of the versions that were asked for. */
  readonly at: number;
  /** The newest commit that has changed it since. */
  readonly changedBy?: PlainCommit;
}

/** Who may be looking for commits already. */
export interface CommitSearch {
  /** The commits that brought these versions; `undefined` if it looks for something else. */
  find(
    versions: readonly FileVersion[],
    tips: readonly string[],
  ): Promise<ReadonlyMap<string, PlainCommit> | undefined>;
}

/** What wrote a version of a file. */
export type Origin =
  | {
    readonly kind: "job";
    /** The run's commit. */
    readonly entry: HistoryEntry;
    /** What the file was called then. */
    readonly path: string;
    /** The commit of no run that has changed the file since; absent if it is as the run wrote it. */
    readonly changedBy?: PlainCommit;
  }
  | { readonly kind: "commit" } & PlainCommit
  | {
    readonly kind: "unknown";
    /** `true` if that is so because a shallow clone ends before. */
    readonly isCut?: true;
    /** `true` if it was in no commit when the job that read it was submitted. */
    readonly isUnsaved?: true;
  };

/** Finds out which runs wrote which files, in one repository. */
export class Origins {
  readonly #dataset: Dataset;
  readonly #history: RunHistory;
  /** Of commits of datalad run, by oid. */
  readonly #commands = new Map<string, string | undefined>();
  readonly #writes: RunWrites;

  readonly #unreached = new Map<string, Promise<ReadonlySet<string>>>();

  readonly #ahead: CommitSearch | undefined;

  /**
   * Looks files up in `history`, which is that of `dataset`.
   *
   * @param ahead is asked before git is.
   */
  constructor(dataset: Dataset, history: RunHistory, ahead?: CommitSearch) {
    this.#dataset = dataset;
    this.#history = history;
    this.#ahead = ahead;
    this.#writes = new RunWrites(dataset, history);
  }

  /** The runs that wrote to a path, or to one inside it, the newest first; those that HEAD does not reach last. */
  async writersOf(path: string): Promise<HistoryEntry[]> {
    const byPath = await this.#writes.at([path]);
    const exact = byPath.get(path);
    if (exact !== undefined) {
      const own: HistoryEntry[] = [];
      for (const { entry, oid } of exact) {
        if (await this.#canBeOwn(entry, { path, oid })) own.push(entry);
      }
      return await this.#reachedFirst(own, ["HEAD"]);
    }
    const inside = path === "."
      ? [...byPath.values()]
      : [...byPath].filter(([each]) => each.startsWith(`${path}/`)).map(([, writes]) => writes);
    const entries = [...new Set(inside.flat().map(({ entry }) => entry))];
    return await this.#reachedFirst(entries.sort((a, b) => a.position - b.position), ["HEAD"]);
  }

  /**
   * Puts runs that are on other branches alone behind the others: what came out the same there, as that of
   * `verify --run` does, is not what made the file here. Git is asked only where there is a choice.
   */
  async #reachedFirst(
    entries: readonly HistoryEntry[],
    tips: readonly string[],
  ): Promise<HistoryEntry[]> {
    if (entries.length < 2) return [...entries];
    const unreached = await this.#unreachedFrom(tips);
    const isUnreached = ({ commit }: HistoryEntry) => unreached.has(commit.oid);
    return [...entries.filter((entry) => !isUnreached(entry)), ...entries.filter(isUnreached)];
  }

  /** Whether a run may have written a file in its commit; so if its record cannot be read. */
  async #canBeOwn(entry: HistoryEntry, { path }: FileVersion): Promise<boolean> {
    const run = await this.#history.readIfGood(entry);
    return run === undefined || canBeOwn(run.record, path);
  }

  /** What HEAD does not reach; of tips that are on other branches, what these do not. */
  async #unreachedFrom(tips: readonly string[]): Promise<ReadonlySet<string>> {
    const besideHead = await this.#listUnreached(["HEAD"]);
    const isBeside = tips.some((tip) => besideHead.has(tip));
    return isBeside ? await this.#listUnreached(tips) : besideHead;
  }

  async #listUnreached(tips: readonly string[]): Promise<ReadonlySet<string>> {
    const key = tips.join(" ");
    const known = this.#unreached.get(key) ?? listUnreached(this.#dataset.git, tips);
    this.#unreached.set(key, known);
    return await known;
  }

  /**
   * Finds the origins of versions of files: the run that wrote this very content there, or another one that
   * was changed since, through renames as git sees them; else the commit that brought it.
   *
   * @param tips commits whose history is searched for what no run has written.
   * @returns in the order of `versions`.
   */
  async find(
    versions: readonly FileVersion[],
    tips: readonly string[],
  ): Promise<Origin[]> {
    const isOlder = (entry: HistoryEntry, { before = -1 }: FileVersion) => entry.position > before;
    const origins: Origin[] = versions.map(() => ({ kind: "unknown" }));
    const cut = await readCutCommits(this.#dataset);
    // What the runs that were found wrote there, where somebody has changed it.
    const written = new Map<number, string>();
    let open: Sought[] = versions.map((version, at) => ({ version, at }));
    for (let round = 0; open.length > 0 && round < MOST_RENAMES; round++) {
      const byPath = await this.#writes.at(open.map(({ version }) => version.path));
      const writerOf = async (version: FileVersion, writes: readonly Write[]) => {
        const older = writes.map(({ entry }) => entry).filter((entry) => isOlder(entry, version));
        for (const entry of await this.#reachedFirst(older, tips)) {
          if (await this.#canBeOwn(entry, version)) return entry;
        }
        return undefined;
      };
      const others: Sought[] = [];
      const isOf = (entry: HistoryEntry, { version, at, changedBy }: Sought) => {
        const origin = { kind: "job", entry, path: version.path } as const;
        origins[at] = changedBy === undefined ? origin : { ...origin, changedBy };
        written.set(at, version.oid);
      };
      for (const sought of open) {
        const { version } = sought;
        const writes = byPath.get(version.path) ?? [];
        const entry = await writerOf(version, writes.filter(({ oid }) => oid === version.oid));
        if (entry === undefined) others.push(sought);
        else isOf(entry, sought);
      }
      if (others.length === 0) break;
      const sought = others.map(({ version }) => version);
      const commits = await this.#ahead?.find(sought, tips) ??
        await findCommits(this.#dataset.git, sought, tips);
      const lost = await findLostRuns(this.#dataset.git, this.#history, commits.values());
      const brought = await findRenames(
        this.#dataset,
        others.flatMap(({ version }) => {
          const commit = commits.get(keyOf(version));
          return commit === undefined || cut.has(commit.oid)
            ? []
            : [{ ...version, commit: commit.oid }];
        }),
      );
      open = [];
      for (const each of others) {
        const { version, at } = each;
        const found = commits.get(keyOf(version));
        if (found === undefined) continue;
        if (cut.has(found.oid)) {
          // It brought everything that is there: who has written it lies before.
          origins[at] = { kind: "unknown", isCut: true };
          continue;
        }
        const reached = this.#history.at(found.oid);
        const own = reached ?? lost.get(found.oid);
        const isOwn = own !== undefined && await this.#canBeOwn(own, version);
        const isBefore = reached === undefined
          ? found.oid !== version.reader
          : isOlder(reached, version);
        if (isOwn && isBefore) {
          isOf(own, each);
          continue;
        }
        const commit = own === undefined || isOwn ? found : { ...found, addedTo: own.jobId };
        if (origins[at]!.kind === "unknown") origins[at] = { kind: "commit", ...commit };
        // A run wrote something else there, and somebody has changed it.
        const writes = byPath.get(version.path) ?? [];
        // What was written anew after it had been deleted has nothing of the run any more.
        const isNew = brought.added.has(keyOf(version));
        const entry = isNew ? undefined : await writerOf(version, writes);
        if (entry !== undefined && entry.commit.oid !== commit.oid) {
          const oid = writes.find((write) => write.entry === entry)!.oid;
          isOf(entry, { changedBy: commit, ...each, version: { ...version, oid } });
          continue;
        }
        const source = brought.sources.get(keyOf(version));
        if (source === undefined) continue;
        const change = source.oid === version.oid ? {} : { changedBy: commit };
        open.push({ ...change, ...each, version: { ...version, ...source } });
      }
    }
    return await this.#withCommands(await this.#withoutSame(origins, versions, written));
  }

  /**
   * Leaves out changes after which a file has the content that the run wrote: `git annex unlock` and `lock`, or
   * a move to another depth. Git is asked only where something was changed in a dataset with an annex.
   */
  async #withoutSame(
    origins: readonly Origin[],
    versions: readonly FileVersion[],
    written: ReadonlyMap<number, string>,
  ): Promise<Origin[]> {
    const isChanged = (origin: Origin) => origin.kind === "job" && origin.changedBy !== undefined;
    const oids = new Set(
      origins.flatMap((origin, at) =>
        isChanged(origin) ? [versions[at]!.oid, written.get(at)!] : []
      ),
    );
    const { git, hasAnnex } = this.#dataset;
    const keys = hasAnnex && oids.size > 0 ? await readAnnexKeys(git, oids) : new Map();
    return origins.map((origin, at) => {
      if (origin.kind !== "job" || origin.changedBy === undefined) return origin;
      const [before, now] = [written.get(at)!, versions[at]!.oid];
      const key = keys.get(now);
      const isSame = before === now || key !== undefined && key === keys.get(before);
      const { changedBy: _, ...unchanged } = origin;
      return isSame ? unchanged : origin;
    });
  }

  /** Adds the commands of commits that datalad run has made; git is asked only if there are any. */
  async #withCommands(origins: readonly Origin[]): Promise<Origin[]> {
    const commits = origins.flatMap((origin) => commitOf(origin) ?? []);
    const fresh = commits.filter(({ oid, subject }) =>
      subject.startsWith(DATALAD_RUN_PREFIX) && !this.#commands.has(oid)
    );
    for (
      const { oid, message } of await readMessagesOf(
        this.#dataset.git,
        fresh.map(({ oid }) => oid),
      )
    ) {
      this.#commands.set(oid, commandOfDataladRun(message));
    }
    return origins.map((origin) => {
      const commit = commitOf(origin);
      const cmd = commit && this.#commands.get(commit.oid);
      if (cmd === undefined) return origin;
      return origin.kind === "job"
        ? { ...origin, changedBy: { ...commit!, cmd } }
        : { ...origin, cmd } as Origin;
    });
  }
}

/** The commit that an origin names and that is no job's. */
function commitOf(origin: Origin): PlainCommit | undefined {
  return origin.kind === "commit" ? origin : origin.kind === "job" ? origin.changedBy : undefined;
}

/** What made a commit that is no job's: its command, or else the first line of its message. */
export function nameOfCommit({ subject, cmd, addedTo }: PlainCommit): string {
  if (addedTo !== undefined) return `added to the commit of job ${addedTo}`;
  return cmd === undefined ? subject : nameOfRun(cmd);
}

/** A run of datalad's. */
export function nameOfRun(cmd: string): string {
  return `datalad run: ${cmd}`;
}

/** At most so many renames of a file are followed. */
const MOST_RENAMES = 20;

/** The keys of git-annex that blobs name, as links or as pointers. */
async function readAnnexKeys(git: Git, oids: ReadonlySet<string>): Promise<Map<string, string>> {
  const blobs = await readSmallBlobs(git, [...oids], LONGEST_POINTER_BYTES);
  return new Map(
    [...blobs].flatMap(([oid, text]) => {
      const key = isAnnexed(text) ? annexKeyOf(text) : undefined;
      return key === undefined ? [] : [[oid, key] as const];
    }),
  );
}
