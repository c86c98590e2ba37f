import { join } from "node:path";
import { annexKeyOf } from "../annex/annex_key.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { commandOfDataladRun, DATALAD_RUN_PREFIX } from "../datalad/run_record.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import { coverWithPathspecs, findChangesByCommit } from "../git/changes.ts";
import { readBlobs } from "../git/cat_file.ts";
import { readMessagesOf } from "../git/history.ts";
import { decodePath, splitNul } from "../git/path_bytes.ts";
import { textOf } from "../process/runner.ts";
import type { HistoryEntry, RunHistory } from "./run_history.ts";

/** A file as it is at some place of the history. */
export interface FileVersion {
  /** Relative to the repository's root. */
  readonly path: string;
  /** The blob. */
  readonly oid: string;
  /** Only runs that are older than the one at this place of the history; absent: all of them. */
  readonly before?: number;
}

/** A commit that records no run. */
export interface PlainCommit {
  /** Its name in full length. */
  readonly oid: string;
  /** The first line of its message. */
  readonly subject: string;
  /** The command, where `datalad run` or `datalad containers-run` has made the commit. */
  readonly cmd?: string;
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
  };

/** Finds out which runs wrote which files, in one repository. */
export class Origins {
  readonly #dataset: Dataset;
  readonly #history: RunHistory;
  /** Of commits of datalad run, by oid. */
  readonly #commands = new Map<string, string | undefined>();
  readonly #writes: Writes = { byPath: new Map() };
  /** Paths that were looked at; `undefined` once it is all of them. */
  #lookedAt: Set<string> | undefined = new Set();
  #looks = 0;

  /** Looks files up in `history`, which is that of `dataset`. */
  constructor(dataset: Dataset, history: RunHistory) {
    this.#dataset = dataset;
    this.#history = history;
  }

  /** The runs that wrote to a path, or to one inside it, the newest first. */
  async writersOf(path: string): Promise<HistoryEntry[]> {
    const { byPath } = await this.#readWrites([path]);
    const exact = byPath.get(path);
    if (exact !== undefined) return exact.map(({ entry }) => entry);
    const inside = path === "."
      ? [...byPath.values()]
      : [...byPath].filter(([each]) => each.startsWith(`${path}/`)).map(([, writes]) => writes);
    return [...new Set(inside.flat().map(({ entry }) => entry))]
      .sort((a, b) => a.position - b.position);
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
    let open = versions.map((version, at) => ({ version, at }));
    for (let round = 0; open.length > 0 && round < MOST_RENAMES; round++) {
      const { byPath } = await this.#readWrites(open.map(({ version }) => version.path));
      const others = open.filter(({ version, at }) => {
        const entry = byPath.get(version.path)
          ?.find((write) => write.oid === version.oid && isOlder(write.entry, version))?.entry;
        if (entry !== undefined) origins[at] = { kind: "job", entry, path: version.path };
        return entry === undefined;
      });
      if (others.length === 0) break;
      const commits = await this.#findCommits(others.map(({ version }) => version), tips);
      const renamed = await this.#findRenames(others.flatMap(({ version }) => {
        const commit = commits.get(keyOf(version));
        return commit === undefined || cut.has(commit.oid)
          ? []
          : [{ ...version, commit: commit.oid }];
      }));
      open = [];
      for (const { version, at } of others) {
        const commit = commits.get(keyOf(version));
        if (commit === undefined) continue;
        if (cut.has(commit.oid)) {
          // It brought everything that is there: who has written it lies before.
          origins[at] = { kind: "unknown", isCut: true };
          continue;
        }
        if (origins[at]!.kind === "unknown") origins[at] = { kind: "commit", ...commit };
        // A run wrote something else there, and somebody has changed it.
        const entry = byPath.get(version.path)
          ?.find((write) => isOlder(write.entry, version))?.entry;
        if (entry !== undefined && entry.commit.oid !== commit.oid) {
          origins[at] = { kind: "job", entry, path: version.path, changedBy: commit };
          continue;
        }
        const source = renamed.get(keyOf(version));
        if (source !== undefined) open.push({ version: { ...version, ...source }, at });
      }
    }
    return await this.#withCommands(origins);
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

  /** A few paths are quick to look up; after some look-ups, everything is read at once. */
  async #readWrites(paths: readonly string[]): Promise<Writes> {
    const looked = this.#lookedAt;
    if (looked === undefined) return this.#writes;
    const fresh = paths.filter((path) => !looked.has(path));
    if (fresh.length === 0) return this.#writes;
    const wanted = this.#looks++ < MOST_LOOKS ? fresh : [];
    const found = await readWrites(this.#dataset, this.#history, wanted);
    for (const [path, writes] of found) this.#writes.byPath.set(path, writes);
    if (wanted.length === 0) this.#lookedAt = undefined;
    else for (const path of fresh) looked.add(path);
    return this.#writes;
  }

  /** The newest commits that gave the files these contents; the search ends once all are found. */
  async #findCommits(
    versions: readonly FileVersion[],
    tips: readonly string[],
  ): Promise<Map<string, PlainCommit>> {
    const wanted = new Set(versions.map(keyOf));
    const found = new Map<string, PlainCommit>();
    const reader = new LogReader((commit, version) => {
      const key = keyOf(version);
      if (wanted.delete(key)) found.set(key, commit);
    });
    const enough = new AbortController();
    const args = ["log", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-show-signature"];
    const paths = coverWithPathspecs(versions.map(({ path }) => path));
    try {
      await this.#dataset.git.run([...args, `--format=%x01%H%n%s`, ...tips, "--", ...paths], {
        signal: enough.signal,
        onStdout: (piece) => {
          reader.add(piece);
          if (wanted.size === 0) enough.abort();
        },
      });
    } catch (error) {
      if (!enough.signal.aborted) throw error;
    }
    reader.end();
    return found;
  }

  /** What files were called before the commits that renamed them. */
  async #findRenames(
    added: readonly (FileVersion & { readonly commit: string })[],
  ): Promise<Map<string, FileVersion>> {
    const sources = new Map<string, FileVersion>();
    if (added.length === 0) return sources;
    const { git } = this.#dataset;
    const commits = [...new Set(added.map(({ commit }) => commit))];
    const changes = await findChangesByCommit(git, commits);
    const candidates = added.flatMap((version) => {
      const all = changes.get(version.commit) ?? [];
      const own = all.find(({ path }) => path === version.path);
      const gone = all.filter(({ kind }) => kind === "delete").map(({ path }) => path);
      return own?.kind === "add" && gone.length > 0 ? [{ version, gone }] : [];
    });
    if (candidates.length === 0) return sources;
    const args = [
      "diff-tree",
      "--stdin",
      "--root",
      "-r",
      "-M",
      "-l0",
      "--raw",
      "-z",
      "--no-abbrev",
    ];
    const withRenames = [...new Set(candidates.map(({ version }) => version.commit))];
    const output = await git.require(args, { stdin: withRenames.map((c) => `${c}\n`).join("") });
    const renames = parseRenames(output);
    for (const { version } of candidates) {
      const source = renames.get(version.commit)?.get(version.path);
      if (source !== undefined) sources.set(keyOf(version), source);
    }
    await this.#addLinkRenames(candidates.map(({ version }) => version), sources);
    return sources;
  }

  /** The link to an annexed file says how deep it lies: moved to another depth it is no rename for git. */
  async #addLinkRenames(
    versions: readonly (FileVersion & { readonly commit: string })[],
    sources: Map<string, FileVersion>,
  ): Promise<void> {
    const open = versions.filter((version) => !sources.has(keyOf(version)));
    if (open.length === 0 || !this.#dataset.hasAnnex) return;
    const { git } = this.#dataset;
    const args = ["diff-tree", "--stdin", "-r", "--raw", "-z", "--no-abbrev", "--diff-filter=D"];
    const commits = [...new Set(open.map(({ commit }) => commit))];
    const output = await git.require([...args, "--no-renames"], {
      stdin: commits.map((commit) => `${commit}\n`).join(""),
    });
    const gone = parseDeleted(output);
    const blobs = await readBlobs(
      git,
      new Set([...open, ...[...gone.values()].flat()].map(({ oid }) => oid)),
    );
    const key = ({ oid }: FileVersion) => annexKeyOf(blobs.get(oid) ?? "");
    for (const version of open) {
      const own = key(version);
      const source = own === undefined
        ? undefined
        : gone.get(version.commit)?.find((each) => key(each) === own);
      if (source !== undefined) sources.set(keyOf(version), source);
    }
  }
}

/** The commit that an origin names and that is no job's. */
function commitOf(origin: Origin): PlainCommit | undefined {
  return origin.kind === "commit" ? origin : origin.kind === "job" ? origin.changedBy : undefined;
}

/** What made a commit that is no job's: its command, or else the first line of its message. */
export function nameOfCommit({ subject, cmd }: PlainCommit): string {
  return cmd === undefined ? subject : nameOfRun(cmd);
}

/** A run of datalad's. */
export function nameOfRun(cmd: string): string {
  return `datalad run: ${cmd}`;
}

/** So many look-ups of single paths are made before everything is read. */
const MOST_LOOKS = 3;
/** At most so many renames of a file are followed. */
const MOST_RENAMES = 20;

function keyOf({ path, oid }: FileVersion): string {
  return `${oid} ${path}`;
}

interface Write {
  readonly entry: HistoryEntry;
  readonly oid: string;
}

interface Writes {
  /** By path, the newest first. */
  readonly byPath: Map<string, Write[]>;
}

/** What all runs wrote at some paths, everywhere if there are none, with one git process. */
async function readWrites(
  dataset: Dataset,
  { entries }: RunHistory,
  paths: readonly string[],
): Promise<Map<string, Write[]>> {
  const cut = await readCutCommits(dataset);
  const known = entries.filter(({ commit }) => !cut.has(commit.oid));
  const oids = known.map(({ commit }) => commit.oid);
  const changes = await findChangesByCommit(dataset.git, oids, coverWithPathspecs(paths));
  const byPath = new Map<string, Write[]>();
  for (const entry of known) {
    for (const { path, kind, oid } of changes.get(entry.commit.oid) ?? []) {
      if (kind === "delete") continue;
      const writes = byPath.get(path);
      if (writes === undefined) byPath.set(path, [{ entry, oid }]);
      else writes.push({ entry, oid });
    }
  }
  return byPath;
}

/**
 * The commits at which a shallow clone ends: it is unknown what they changed. Empty for a complete clone.
 */
export async function readCutCommits({ commonDir }: Dataset): Promise<ReadonlySet<string>> {
  const file = join(commonDir, "shallow");
  if (await lstatIfPresent(file) === undefined) return new Set();
  return new Set((await Deno.readTextFile(file)).split("\n").filter((line) => line !== ""));
}

/** Whether the history of a clone ends before its beginning. */
export async function isShallow(dataset: Dataset): Promise<boolean> {
  return (await readCutCommits(dataset)).size > 0;
}

/** Reads `git log -z --raw --format=%x01%H%n%s` as it arrives. */
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
      const oid = this.#header.split(" ")[3]!;
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

/** Reads `git diff-tree --stdin -M --raw -z`: of what was renamed the source, by commit and new path. */
function parseRenames(output: Uint8Array): Map<string, Map<string, FileVersion>> {
  const byCommit = new Map<string, Map<string, FileVersion>>();
  const items = [...splitNul(output)];
  let current = new Map<string, FileVersion>();
  for (let at = 0; at < items.length;) {
    const header = textOf(items[at++]!).trim();
    if (!header.startsWith(":")) {
      byCommit.set(header.split("\n").at(-1)!, current = new Map());
      continue;
    }
    // git-diff-tree(1): ":oldmode newmode oldoid newoid R100", and two paths.
    const [, , oid, , status] = header.split(" ");
    const source = decodePath(items[at++]!);
    if (!/^[RC]/.test(status!)) continue;
    current.set(decodePath(items[at++]!), { path: source, oid: oid! });
  }
  return byCommit;
}

function parseDeleted(output: Uint8Array): Map<string, FileVersion[]> {
  const byCommit = new Map<string, FileVersion[]>();
  let current: FileVersion[] = [];
  let header: string | undefined;
  for (const item of splitNul(output)) {
    if (header !== undefined) {
      const [mode, , oid] = header.slice(1).split(" ");
      if (mode === "120000") current.push({ path: decodePath(item), oid: oid! });
      header = undefined;
      continue;
    }
    const text = textOf(item).trim();
    if (text.startsWith(":")) header = text;
    else byCommit.set(text.split("\n").at(-1)!, current = []);
  }
  return byCommit;
}
