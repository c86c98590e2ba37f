/**
 * What history and store say of runs: which there were, what they wrote, where their inputs came from, how
 * two of them compare.
 *
 * A *run* is a job with the record that finish has committed. The *history* is all that HEAD and the
 * branches reach. The *origin* of a file is the run, or else the commit, that wrote what is there. A
 * *repetition* is a run that reschedule has submitted, its *original* the one that it repeats.
 *
 * @module
 */

import type { Dataset } from "../datalad/dataset.ts";
import { badRecord, RECORD_PREFIX } from "../datalad/run_record.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import { UserError } from "../errors.ts";
import { findMessages, listMarked, readMessages, readMessagesOf } from "../git/history.ts";
import type { CommitMessage } from "../git/history.ts";
import { isJobOrTaskOf } from "../jobs/job_id.ts";
import type { Runner } from "../process/runner.ts";
import { findOriginal, originalIdOf } from "./find_original.ts";
import { identityOf, onceEach } from "./once_each.ts";
import { readRun, SUBJECT_REGEXP } from "./recorded_runs.ts";
import type { RecordedRun } from "./recorded_runs.ts";

/** A commit that records a job; the record itself is read when it is asked for. */
export interface HistoryEntry {
  /** The commit. */
  readonly commit: CommitMessage;
  /** Slurm's job ID, of a row that was a task `151_3`. */
  readonly jobId: string;
  /** The state in the subject: `Completed`. */
  readonly state: string;
  /** Its place in the history, 0 for the newest. */
  readonly position: number;
}

/** The entry of a commit at this place of a history; `undefined` if it records no run. */
export function entryOf(commit: CommitMessage, position: number): HistoryEntry | undefined {
  // A merge repeats what its parents hold, and a paragraph may quote a subject.
  if (commit.parents.length > 1) return undefined;
  const [, jobId, state] = SUBJECT_REGEXP.exec(commit.message) ?? [];
  return jobId === undefined ? undefined : { commit, jobId, state: state!.trim(), position };
}

/** All recorded runs of a dataset's history. */
export class RunHistory {
  /** The newest first. */
  readonly entries: readonly HistoryEntry[];
  readonly #dataset: Dataset;
  readonly #runner: Runner;
  readonly #byJobId: ReadonlyMap<string, readonly HistoryEntry[]>;
  readonly #byOid: ReadonlyMap<string, HistoryEntry>;
  readonly #read = new Map<string, Promise<RecordedRun>>();

  private constructor(dataset: Dataset, entries: readonly HistoryEntry[], runner: Runner) {
    this.entries = entries;
    this.#dataset = dataset;
    this.#runner = runner;
    this.#byJobId = Map.groupBy(entries, ({ jobId }) => jobId);
    this.#byOid = new Map(entries.map((entry) => [entry.commit.oid, entry]));
  }

  /** Reads what HEAD and the branches reach, with one `git log`. */
  static async read(dataset: Dataset, runner: Runner): Promise<RunHistory> {
    return RunHistory.of(dataset, await findMessages(dataset.git, RECORD_PREFIX), runner);
  }

  /**
   * The history that chains of repetitions name: their commits, whether a branch reaches them or not. Where one is
   * not there, as after a rewritten history, all that HEAD and the branches reach is read.
   */
  static async ofChains(
    dataset: Dataset,
    chains: readonly (readonly string[])[],
    runner: Runner,
  ): Promise<RunHistory> {
    const oids = new Set(chains.flat());
    const named = await readMessagesOf(dataset.git, [...oids]);
    if (named.length === oids.size) return RunHistory.of(dataset, named, runner);
    const reached = await findMessages(dataset.git, RECORD_PREFIX);
    const rest = new Map([...reached, ...named].map((commit) => [commit.oid, commit]));
    return RunHistory.of(dataset, [...rest.values()], runner);
  }

  /** The history of these commits alone, as far as they record runs. */
  static of(dataset: Dataset, commits: readonly CommitMessage[], runner: Runner): RunHistory {
    const found: HistoryEntry[] = [];
    for (const commit of commits) {
      const entry = entryOf(commit, found.length);
      if (entry !== undefined) found.push(entry);
    }
    return new RunHistory(dataset, found, runner);
  }

  /**
   * The entries of a range, `A..B`, or of a commit and all before it, the newest first.
   *
   * @throws {UserError} `USAGE` if git does not know a revision.
   */
  async within(revisions: string): Promise<readonly HistoryEntry[]> {
    const { git } = this.#dataset;
    const names = await listMarked(git, revisions, RECORD_PREFIX);
    const found = this.entries.filter(({ commit }) => names.has(commit.oid));
    const known = new Set(found.map(({ commit }) => commit.oid));
    // A tag or a remote's branch may hold what no branch does.
    const others = [...names].filter((oid) => !known.has(oid));
    const messages = await readMessagesOf(git, others);
    const rest = RunHistory.of(this.#dataset, messages, this.#runner).entries;
    return [...rest, ...found];
  }

  /**
   * The runs of a range, each job once, the oldest first; records that cannot be read are passed over.
   *
   * @param since as of {@linkcode readMessages}.
   * @throws {UserError} `USAGE` if git does not know a revision.
   */
  async inRange(revision: string, since: string): Promise<RecordedRun[]> {
    const runs: RecordedRun[] = [];
    for (const { oid } of await readMessages(this.#dataset.git, revision, since, RECORD_PREFIX)) {
      const entry = this.at(oid);
      const run = entry === undefined ? undefined : await this.readIfGood(entry);
      if (run !== undefined) runs.push(run);
    }
    return onceEach(runs);
  }

  /** The commits of a job, the newest first: a rewritten history may hold several. */
  ofJob(jobId: string): readonly HistoryEntry[] {
    return this.#byJobId.get(jobId) ?? [];
  }

  /** The runs of jobs with a label, the newest first; records that cannot be read are passed over. */
  async withLabel(label: string): Promise<HistoryEntry[]> {
    return await this.#entriesWith(
      `"label": ${JSON.stringify(label)}`,
      ({ evidence }) => evidence?.submission?.label === label,
    );
  }

  /**
   * The runs that had a job ID in an attempt that failed, or whose tasks had it, the newest first; records that
   * cannot be read are passed over.
   */
  async ofAttempt(jobId: string): Promise<HistoryEntry[]> {
    return await this.#entriesWith(
      `"job_id": "${jobId}`,
      ({ evidence }) =>
        evidence?.attempts?.some((attempt) => isJobOrTaskOf(attempt.jobId, jobId)) === true,
    );
  }

  /** Those whose messages hold a text and whose records are as wanted; others need not be read. */
  async #entriesWith(
    text: string,
    isWanted: (record: RunRecord) => boolean,
  ): Promise<HistoryEntry[]> {
    const found: HistoryEntry[] = [];
    for (const entry of this.entries) {
      const { message } = entry.commit;
      // Where the record is in a sidecar, the message does not tell.
      if (message.includes('"slurm_job_id"') && !message.includes(text)) continue;
      const run = await this.readIfGood(entry);
      if (run !== undefined && isWanted(run.record)) found.push(entry);
    }
    return found;
  }

  /** The IDs under which rows of a table that were tasks of an array are recorded, the newest first. */
  tasksOf(jobId: string): string[] {
    return [...this.#byJobId.keys()].filter((id) => id.startsWith(`${jobId}_`));
  }

  /** The entry of a commit, which is given in full length. */
  at(oid: string): HistoryEntry | undefined {
    return this.#byOid.get(oid);
  }

  /**
   * Reads the record of an entry.
   *
   * @throws {UserError} `BAD_RECORD` if it cannot be read.
   */
  async read({ commit }: HistoryEntry): Promise<RecordedRun> {
    const known = this.#read.get(commit.oid);
    if (known !== undefined) return await known;
    const reading = readRun(this.#dataset, commit, this.#runner).then((run) => {
      if (run === undefined) throw badRecord(commit.oid, new SyntaxError("there is none"));
      return run;
    });
    this.#read.set(commit.oid, reading);
    return await reading;
  }

  /** As {@linkcode RunHistory.read}; `undefined` for a record that cannot be read. */
  async readIfGood(entry: HistoryEntry): Promise<RecordedRun | undefined> {
    try {
      return await this.read(entry);
    } catch (error) {
      if (error instanceof UserError && error.code === "BAD_RECORD") return undefined;
      throw error;
    }
  }

  /**
   * The runs that a run repeats: by their commits or, where the history was rewritten since, by the job IDs that
   * the records name, each in that of the run after it.
   *
   * @returns in the order of the record's chain, the oldest first; `undefined` for those not in this history.
   */
  async chainOf(repetition: RecordedRun): Promise<(HistoryEntry | undefined)[]> {
    const chain = repetition.record.chain.map((oid) => this.at(oid));
    const oldest = chain.indexOf(undefined);
    if (oldest < 0) return chain;
    let later: RecordedRun | undefined = repetition;
    for (let at = chain.length - 1; at >= oldest; at--) {
      const entry: HistoryEntry | undefined = chain[at] ??
        (later === undefined ? undefined : await this.#rewritten(later));
      chain[at] = entry;
      later = entry === undefined ? undefined : await this.readIfGood(entry);
    }
    return chain;
  }

  /** The nearest run that a run repeats; `undefined` if none is in this history. */
  async originalOf(repetition: RecordedRun): Promise<HistoryEntry | undefined> {
    return (await this.chainOf(repetition)).findLast((entry) => entry !== undefined);
  }

  /** The run that a run repeats, by its job ID. */
  async #rewritten(repetition: RecordedRun): Promise<HistoryEntry | undefined> {
    const jobId = originalIdOf(repetition);
    const runs = jobId === undefined ? [] : await this.#readGood(this.ofJob(jobId));
    const original = findOriginal(repetition, runs);
    return original && this.at(original.commit.oid);
  }

  async #readGood(entries: readonly HistoryEntry[]): Promise<RecordedRun[]> {
    const runs = await Promise.all(entries.map((entry) => this.readIfGood(entry)));
    return runs.filter((run) => run !== undefined);
  }

  /** Each job once, by the first of its commits here; records are read only where an ID occurs twice. */
  async onceEach(entries: readonly HistoryEntry[]): Promise<HistoryEntry[]> {
    const byJobId = Map.groupBy(entries, ({ jobId }) => jobId);
    const left = new Set<HistoryEntry>();
    for (const same of byJobId.values()) {
      if (same.length === 1) continue;
      const runs = await this.#readGood(same);
      const kept = new Set(onceEach(runs).map(({ commit }) => commit.oid));
      const read = new Set(runs.map(({ commit }) => commit.oid));
      for (const entry of same) {
        if (read.has(entry.commit.oid) && !kept.has(entry.commit.oid)) left.add(entry);
      }
    }
    return entries.filter((entry) => !left.has(entry));
  }

  /** All commits of the job that an entry is of; records are read only where there may be several. */
  async ofSameJob(entry: HistoryEntry): Promise<Set<HistoryEntry>> {
    const all = this.ofJob(entry.jobId);
    const own = all.length < 2 ? undefined : await this.readIfGood(entry);
    const runs = own === undefined ? [] : await this.#readGood(all);
    const same = runs.filter(({ record }) => identityOf(record) === identityOf(own!.record));
    return new Set([entry, ...same.map(({ commit }) => this.at(commit.oid)!)]);
  }
}
