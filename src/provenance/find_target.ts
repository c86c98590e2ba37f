import { relative, resolve } from "node:path";
import { quote } from "shlex";
import { commandOfDataladRun, DATALAD_RUN_PREFIX, RECORD_PREFIX } from "../datalad/run_record.ts";
import { UserError } from "../errors.ts";
import { findChangesByCommit } from "../git/changes.ts";
import type { Change } from "../git/changes.ts";
import { compareWithWorkTree } from "../git/compare_paths.ts";
import { readMessages } from "../git/history.ts";
import { readTreeFiles } from "../git/tree_files.ts";
import { isSubmitted } from "../jobs/job.ts";
import { isLabel } from "../jobs/label.ts";
import type { Job } from "../jobs/job.ts";
import type { NotedEvidence } from "../jobs/noted_evidence.ts";
import { isInside, isWithin } from "../paths/root_paths.ts";
import type { Runner } from "../process/runner.ts";
import { shellName } from "../process/shell_name.ts";
import { firstOf } from "../session/name_list.ts";
import { renderSuccession } from "../session/succession.ts";
import type { JobStore } from "../store/job_store.ts";
import { isShallow } from "../git/shallow.ts";
import { nameOfCommit, nameOfRun } from "./origins.ts";
import type { Origin } from "./origins.ts";
import { readDeepTrees } from "./deep_files.ts";
import { Provenance } from "./provenance.ts";
import type { HistoryEntry } from "./run_history.ts";

/** A job that was asked for: a recorded run, one of the store, or both. */
export interface Target {
  /** Of the dataset that has the record. */
  readonly provenance: Provenance;
  /** Its commit. */
  readonly entry?: HistoryEntry;
  /** As the store has it. */
  readonly job?: Job;
  /** What was noted of a job that has no record yet. */
  readonly noted?: NotedEvidence;
  /** What else is to be said to whoever asked. */
  readonly notes: readonly string[];
}

/** `4242`, `4242_3`; the first may be the beginning of a commit's name as well. */
export const JOB_ID_REGEXP = /^[0-9]+(_[0-9]+)?$/;
const MOST_NAMED = 3;

/** Finds jobs by what a person typed, in history and store together. */
export class TargetFinder {
  readonly #provenance: Provenance;
  readonly #store: JobStore;
  readonly #runner: Runner;

  /** Looks into the history of the topmost dataset and into its store. */
  constructor(provenance: Provenance, store: JobStore, runner: Runner) {
    this.#provenance = provenance;
    this.#store = store;
    this.#runner = runner;
  }

  /**
   * The newest job.
   *
   * @throws {UserError} `NO_RECORD` if there is none.
   */
  newest(): Target {
    const { history, dataset } = this.#provenance.top;
    const [job] = this.#store.listing.newest(
      dataset.worktree,
      ["submitting", "open", "handed_over", "finished", "closed"],
      1,
    );
    const target = this.#newerOf(job, history.entries[0]);
    if (target !== undefined) return target;
    throw new UserError("NO_RECORD", "Cannot show a job: there is none in store and history", {
      hint: "dlslurm schedule -o results sbatch job.sh",
    });
  }

  /** As {@linkcode TargetFinder.byName}, or else by label. */
  async byNameOrLabel(text: string): Promise<Target | undefined> {
    return await this.byName(text) ?? await this.byLabel(text);
  }

  /** The newest job with a label, which its later submissions may have as well; `undefined` if none has it. */
  async byLabel(text: string): Promise<Target | undefined> {
    if (!isLabel(text)) return undefined;
    const { history, dataset } = this.#provenance.top;
    const jobs = this.#store.listing.labelled(dataset.worktree, text).filter(isSubmitted);
    const entries = await history.withLabel(text);
    const target = this.#newerOf(jobs[0], entries[0]);
    const ids = new Set([...jobs, ...entries].map(({ jobId }) => jobId));
    if (target === undefined || ids.size < 2) return target;
    return { ...target, notes: [`${ids.size} jobs have the label "${text}": this is the newest`] };
  }

  /** The newer one of a job in the store and a recorded one: a colleague may have recorded it. */
  #newerOf(job: Job | undefined, entry: HistoryEntry | undefined): Target | undefined {
    const submittedS = (job?.submittedAtMs ?? 0) / 1000;
    if (job !== undefined && (entry === undefined || submittedS >= entry.commit.committedS)) {
      return this.#ofStore(job);
    }
    const own = entry === undefined ? undefined : this.#jobOf(entry);
    if (job !== undefined && own?.jobKey === job.jobKey) return this.#ofStore(job);
    return entry === undefined ? undefined : this.#target(entry, []);
  }

  /**
   * What a job ID or a revision means: a revision of git, if it leads to a recorded job, or else the ID of a
   * job, which stands for the one that is open, or its newest commit.
   *
   * @returns `undefined` if it is neither.
   * @throws {UserError} `NO_RECORD` if it is an array whose rows have records of their own.
   */
  async byName(text: string): Promise<Target | undefined> {
    const isJobId = JOB_ID_REGEXP.test(text);
    const entry = await this.#entryAt(text);
    const ofJob = isJobId ? this.#byJobId(text) : undefined;
    if (entry !== undefined) {
      const doubt = ofJob === undefined
        ? []
        : [`${text} was taken for a commit, not for the job of that ID`];
      return this.#target(entry, doubt);
    }
    if (ofJob !== undefined || !isJobId) return ofJob;
    return await this.#byEarlierId(text);
  }

  /**
   * The job that last wrote a file, or something in a folder; through renames, and in the subdataset that it
   * lies in. What was changed since, or is not there any more, is noted.
   *
   * @param cwd absolute; what the path is relative to.
   * @returns `undefined` if there is no such file, and no job has ever written one.
   * @throws {UserError} `OUTSIDE` if the path is not in the dataset, `NO_RECORD` for a file that is no
   * job's.
   */
  async byPath(text: string, cwd: string): Promise<Target | undefined> {
    const { dataset } = this.#provenance.top;
    const full = resolve(cwd, text);
    const path = relative(dataset.root, full) || ".";
    if (!isInside(path)) {
      throw new UserError("OUTSIDE", `Cannot tell what made "${text}": it is not in the dataset`, {
        hint: "cd into its dataset, or name that with -d",
      });
    }
    const [place, [inPlace]] = path === "."
      ? [".", ["."]]
      : [...await this.#provenance.group([path])][0]!;
    const found = this.#claimerOf(path) ?? await this.#writerOf(place, inPlace!, text);
    if (found === undefined) await this.#requireHere(path, text);
    if (found === undefined || found.job?.stage === "open") return found;
    if (place === ".") return found;
    const entry = this.#provenance.top.history.ofJob(found.entry!.jobId)[0];
    if (entry !== undefined) return this.#target(entry, found.notes);
    const inner = (await this.#provenance.at(place)).dataset;
    return { ...found, provenance: await Provenance.open(inner, this.#runner) };
  }

  /**
   * The error for a name that stands for no job: what it stands for instead, if that is a commit of datalad
   * run.
   *
   * @param verb what cannot be done.
   * @param reason what is said of any other name.
   */
  async notFound(verb: string, text: string, reason: string): Promise<UserError> {
    const { git } = this.#provenance.top.dataset;
    const oid = await this.#commitAt(text);
    const [commit] = oid === undefined
      ? []
      : await readMessages(git, oid, undefined, DATALAD_RUN_PREFIX);
    const cmd = commit && commandOfDataladRun(commit.message);
    const what = `Cannot ${verb} "${text}"`;
    if (cmd === undefined && await isShallow(this.#provenance.top.dataset)) {
      return new UserError("NO_RECORD", `${what}: ${reason}, as far as this shallow clone goes`, {
        hint: UNSHALLOW,
      });
    }
    return cmd === undefined
      ? new UserError("NO_RECORD", `${what}: ${reason}`, {
        hint: "dlslurm list --all shows the jobs",
      })
      : new UserError("NO_RECORD", `${what}: no job made that commit, but ${nameOfRun(cmd)}`, {
        hint: hintForRun(oid!),
      });
  }

  /** Of what lies in a subdataset that is not here nobody knows whether a job wrote it. */
  async #requireHere(path: string, text: string): Promise<void> {
    const tree = (await readDeepTrees(this.#provenance, ["HEAD"], [path])).get("HEAD");
    const subdataset = [...tree?.unread.keys() ?? []].find((each) => isWithin(each, path));
    if (subdataset === undefined) return;
    throw new UserError(
      "NO_RECORD",
      `Cannot show what made "${text}": the subdataset "${subdataset}" is not here as HEAD has it`,
      { hint: `git submodule update --init --recursive ${shellName(subdataset)}` },
    );
  }

  async #writerOf(
    place: string,
    path: string,
    text: string,
  ): Promise<Target | undefined> {
    const { dataset, origins } = await this.#provenance.at(place);
    const files = (await readTreeFiles(dataset.git, ["HEAD"], [path])).get("HEAD") ?? [];
    const [file] = files;
    const isFile = file?.path === path;
    const notes: string[] = [];
    if (isFile) {
      const [origin] = await origins.find([file], ["HEAD"]);
      const changed = await compareWithWorkTree(dataset.git, [path]);
      if (changed.length > 0) notes.push(`"${text}" has changes that are in no commit`);
      const isAsWritten = origin?.kind === "job" && origin.changedBy === undefined;
      const lost = isAsWritten || place !== "."
        ? undefined
        : await this.#lostWriterOf(path, text, file.oid);
      if (lost !== undefined) return { ...lost, notes: [...notes, ...lost.notes] };
      if (origin?.kind === "job") {
        if (origin.path !== path) notes.push(`"${text}" was "${origin.path}" then`);
        if (origin.changedBy !== undefined) {
          const { changedBy } = origin;
          notes.push(
            `"${text}" was changed since, by commit ${changedBy.oid.slice(0, 10)}: ${
              nameOfCommit(changedBy)
            }`,
          );
        }
        return this.#target(origin.entry, notes);
      }
      throw noJobs(text, origin);
    }
    const writers = await origins.writersOf(path);
    const [newest] = writers;
    if (newest === undefined) {
      return place === "." ? await this.#lostWriterOf(path, text, undefined) : undefined;
    }
    if (files.length === 0) notes.push(`"${text}" is not there any more`);
    else if (writers.length > 1) {
      notes.push(`${writers.length} jobs have written in "${text}": this is the newest`);
    }
    return this.#target(newest, notes);
  }

  /**
   * A finished job of the store whose commit wrote a path and is in no branch any more, as after a squash or a
   * reset; the newest of them.
   *
   * @param oid the blob that it must have written; absent: anything at the path or in it.
   */
  async #lostWriterOf(
    path: string,
    text: string,
    oid: string | undefined,
  ): Promise<Target | undefined> {
    const { dataset: { git, worktree }, history } = this.#provenance.top;
    const lost = this.#store.listing.newest(worktree, ["finished"], undefined)
      .flatMap(({ commitOid, outputs }) => {
        const isClaimed = outputs.some((output) => isWithin(output, path));
        return isClaimed && commitOid !== null && !history.at(commitOid) ? [commitOid] : [];
      });
    const changes = await findChangesByCommit(git, lost, [path]);
    const isWritten = (change: Change) =>
      change.kind !== "delete" && (oid === undefined || change.path === path && change.oid === oid);
    const commit = lost.find((each) => changes.get(each)?.some(isWritten));
    const entry = commit === undefined ? undefined : await this.#entryAt(commit);
    if (entry === undefined) return undefined;
    const name = entry.commit.oid.slice(0, 10);
    return this.#target(entry, [
      `job ${entry.jobId} wrote "${text}"; its commit ${name} is in no branch any more`,
    ]);
  }

  /** A job that is to write the path just now: what is there may be its work, or will be. */
  #claimerOf(path: string): Target | undefined {
    const { worktree } = this.#provenance.top.dataset;
    const job = this.#store.listing.newest(worktree, ["submitting", "open"], undefined)
      .find(({ outputs }) => outputs.some((output) => isWithin(output, path)));
    return job === undefined ? undefined : this.#ofStore(job);
  }

  #byJobId(jobId: string): Target | undefined {
    const { history } = this.#provenance.top;
    const job = this.#store.findByJobId(jobId);
    const [entry] = history.ofJob(jobId);
    if (job !== undefined && (entry === undefined || job.stage === "open")) {
      return this.#ofStore(job);
    }
    return entry === undefined ? undefined : this.#target(entry, []);
  }

  /** The job that had the ID in an attempt that failed; an array whose tasks are jobs is none. */
  async #byEarlierId(jobId: string): Promise<Target | undefined> {
    const { history } = this.#provenance.top;
    const jobs = this.#store.listing.withAnyId(jobId);
    const tasks = history.tasksOf(jobId);
    const [job] = jobs;
    if (jobs.length === 1 && tasks.length === 0) {
      const notes = [renderSuccession(jobId, jobs)].filter((note) => note !== undefined);
      return { ...this.#ofStore(job!), notes };
    }
    const later = jobs.length > 0
      ? jobs.flatMap(({ jobId }) => jobId ?? [])
      : (await history.ofAttempt(jobId)).map((entry) => entry.jobId);
    const ids = [...new Set([...tasks, ...later])];
    const [only] = ids;
    if (only === undefined) return undefined;
    if (tasks.length === 0 && jobs.length === 0 && ids.length === 1) {
      const note = `job ${jobId} failed and was submitted again: it is now job ${only}`;
      return this.#target(history.ofJob(only)[0]!, [note]);
    }
    throw new UserError(
      "NO_RECORD",
      `Cannot take job ${jobId} as a whole: each of its tasks has a record`,
      { hint: `one of ${firstOf(ids, MOST_NAMED)}` },
    );
  }

  #ofStore(job: Job): Target {
    const { history } = this.#provenance.top;
    const own = job.stage === "finished" && job.commitOid !== null
      ? history.at(job.commitOid)
      : undefined;
    // A rewritten history has its commits under other names.
    const entry = own ??
      (job.stage === "finished" && isSubmitted(job) ? history.ofJob(job.jobId)[0] : undefined);
    const noted = this.#store.evidence.find(job.jobKey);
    return {
      provenance: this.#provenance,
      job,
      ...(noted === undefined ? {} : { noted }),
      ...(entry === undefined ? {} : { entry }),
      notes: [],
    };
  }

  #target(entry: HistoryEntry, notes: readonly string[]): Target {
    const job = this.#jobOf(entry);
    return { provenance: this.#provenance, entry, ...(job === undefined ? {} : { job }), notes };
  }

  #jobOf({ jobId, commit }: HistoryEntry): Job | undefined {
    const job = this.#store.findByJobId(jobId);
    return job?.stage === "finished" && job.commitOid === commit.oid ? job : undefined;
  }

  /** The commit that a revision stands for, if it does. */
  async #commitAt(revision: string): Promise<string | undefined> {
    if (revision.startsWith("-") || revision === "") return undefined;
    const { code, stdout } = await this.#provenance.top.dataset.git.run([
      ...["rev-parse", "--verify", "--quiet", "--end-of-options"],
      `${revision}^{commit}`,
    ]);
    return code === 0 ? new TextDecoder().decode(stdout).trim() : undefined;
  }

  /** The recorded job that a revision leads to, if it does. */
  async #entryAt(revision: string): Promise<HistoryEntry | undefined> {
    const { dataset: { git }, history } = this.#provenance.top;
    const oid = await this.#commitAt(revision);
    if (oid === undefined) return undefined;
    const known = history.at(oid);
    if (known !== undefined) return known;
    // One that no branch reaches any more.
    const [commit] = await readMessages(git, oid, undefined, RECORD_PREFIX);
    const jobId = /^\[DATALAD SLURM RUN\] Slurm job ([0-9_]+): (.*)/.exec(commit?.message ?? "");
    if (commit === undefined || jobId === null || commit.parents.length > 1) return undefined;
    return { commit, jobId: jobId[1]!, state: jobId[2]!.trim(), position: -1 };
  }
}

const UNSHALLOW = "git fetch --unshallow, then run the same command again";

function hintForRun(oid: string): string {
  const name = oid.slice(0, 10);
  return `git show ${name} shows the record, datalad rerun ${name} repeats it`;
}

function noJobs(text: string, origin: Origin | undefined): UserError {
  if (origin?.kind === "unknown" && origin.isCut) {
    return new UserError(
      "NO_RECORD",
      `Cannot tell what made "${text}": this shallow clone ends before it came`,
      { hint: UNSHALLOW },
    );
  }
  const by = origin?.kind === "commit"
    ? `commit ${origin.oid.slice(0, 10)} brought it: ${nameOfCommit(origin)}`
    : "the history does not tell what brought it";
  return new UserError("NO_RECORD", `Cannot show what made "${text}": no job did, ${by}`, {
    hint: origin?.kind === "commit" && origin.cmd !== undefined
      ? hintForRun(origin.oid)
      : `git log -- ${quote(text)}`,
  });
}
