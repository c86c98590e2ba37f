import { commandOfDataladRun, DATALAD_RUN_PREFIX } from "../datalad/run_record.ts";
import { UserError } from "../errors.ts";
import { findCommit, readMessages } from "../git/history.ts";
import { isShallow } from "../git/shallow.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { Job } from "../jobs/job.ts";
import { isJobId } from "../jobs/job_id.ts";
import { isLabel } from "../jobs/label.ts";
import type { Runner } from "../process/runner.ts";
import { firstOf } from "../session/name_list.ts";
import { renderSuccession } from "../session/succession.ts";
import type { JobStore } from "../store/job_store.ts";
import { findWriterOfPath, hintForRun, UNSHALLOW } from "./find_writer_of_path.ts";
import { nameOfRun } from "./origins.ts";
import type { Provenance } from "./provenance.ts";
import type { HistoryEntry } from "./run_history.ts";
import { Targets } from "./target.ts";
import type { Target } from "./target.ts";

const MOST_NAMED = 3;

/** Finds jobs by what a person typed, in history and store together. */
export class TargetFinder {
  readonly #targets: Targets;
  readonly #provenance: Provenance;
  readonly #store: JobStore;
  readonly #runner: Runner;

  /** Looks into the history of the topmost dataset and into its store. */
  constructor(provenance: Provenance, store: JobStore, runner: Runner) {
    this.#targets = new Targets(provenance, store);
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
    throw new UserError(
      "NO_RECORD",
      "Cannot show a job: neither the job store nor the history has one",
      {
        hint: "dlslurm schedule -o results sbatch job.sh",
      },
    );
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
      return this.#targets.ofStore(job);
    }
    const own = entry === undefined ? undefined : this.#targets.jobOf(entry);
    if (job !== undefined && own?.jobKey === job.jobKey) return this.#targets.ofStore(job);
    return entry === undefined ? undefined : this.#targets.recorded(entry);
  }

  /**
   * What a job ID or a revision means: a revision of git, if it leads to a recorded job, or else the ID of a
   * job, which stands for the one that is open, or its newest commit.
   *
   * @returns `undefined` if it is neither.
   * @throws {UserError} `NO_RECORD` if it is an array whose rows have records of their own.
   */
  async byName(text: string): Promise<Target | undefined> {
    // The first of 4242 and 4242_3 may be the beginning of a commit's name as well.
    const isId = isJobId(text);
    const entry = await this.#targets.entryAt(text);
    const ofJob = isId ? this.#byJobId(text) : undefined;
    if (entry !== undefined) {
      const doubt = ofJob === undefined
        ? []
        : [`${text} was taken for a commit, not for the job of that ID`];
      return this.#targets.recorded(entry, doubt);
    }
    if (ofJob !== undefined || !isId) return ofJob;
    return await this.#byEarlierId(text);
  }

  /** As {@linkcode findWriterOfPath}. */
  async byPath(text: string, cwd: string): Promise<Target | undefined> {
    return await findWriterOfPath(this.#targets, text, cwd, this.#runner);
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
    const oid = await findCommit(git, text);
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

  #byJobId(jobId: string): Target | undefined {
    const { history } = this.#provenance.top;
    const job = this.#store.findByJobId(jobId);
    const [entry] = history.ofJob(jobId);
    if (job !== undefined && (entry === undefined || job.stage === "open")) {
      return this.#targets.ofStore(job);
    }
    return entry === undefined ? undefined : this.#targets.recorded(entry);
  }

  /** The job that had the ID in an attempt that failed; an array whose tasks are jobs is none. */
  async #byEarlierId(jobId: string): Promise<Target | undefined> {
    const { history } = this.#provenance.top;
    const jobs = this.#store.listing.withAnyId(jobId);
    const tasks = history.tasksOf(jobId);
    const [job] = jobs;
    if (jobs.length === 1 && tasks.length === 0) {
      const notes = [renderSuccession(jobId, jobs)].filter((note) => note !== undefined);
      return { ...this.#targets.ofStore(job!), notes };
    }
    const later = jobs.length > 0
      ? jobs.flatMap(({ jobId }) => jobId ?? [])
      : (await history.ofAttempt(jobId)).map((entry) => entry.jobId);
    const ids = [...new Set([...tasks, ...later])];
    const [only] = ids;
    if (only === undefined) return undefined;
    if (tasks.length === 0 && jobs.length === 0 && ids.length === 1) {
      const note = `job ${jobId} failed and was submitted again: it is now job ${only}`;
      return this.#targets.recorded(history.ofJob(only)[0]!, [note]);
    }
    throw new UserError(
      "NO_RECORD",
      `Cannot take job ${jobId} as a whole: each of its tasks has a record`,
      { hint: `one of ${firstOf(ids, MOST_NAMED)}` },
    );
  }
}
