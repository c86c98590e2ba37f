import type { Dataset } from "../datalad/dataset.ts";
import type { JobAccounting } from "../jobs/accounting.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import type { LateFiles } from "../fs/late_files.ts";
import { refreshEnvironment, replaceText } from "./refresh_environment.ts";

/** Brings the environment files of jobs that are finished together up to date, once accounting has answered. */
export class EnvironmentFiles implements LateFiles {
  readonly #dataset: Dataset;
  readonly #answer: Promise<ReadonlyMap<number, JobAccounting>>;
  #accounting: ReadonlyMap<number, JobAccounting> | undefined;
  /** Paths by the jobs' keys. */
  readonly #files = new Map<number, string>();
  /** What was in them before, by the jobs' keys. */
  readonly #texts = new Map<number, string>();
  #settling: Promise<void> | undefined;

  /**
   * Begins with none.
   *
   * @param answer by the keys of the jobs that accounting knows.
   */
  constructor(dataset: Dataset, answer: Promise<ReadonlyMap<number, JobAccounting>>) {
    this.#dataset = dataset;
    this.#answer = answer;
  }

  /** The files, relative to the root. */
  get paths(): Iterable<string> {
    return this.#files.values();
  }

  /**
   * Takes a job's environment file. That of an array describes one task only, and a changed copy in an
   * alternative folder would look as if a person had edited it: both stay as they are.
   *
   * @param slurmOutputs Slurm's files of the job that are there, the environment file perhaps among them.
   */
  add({ jobKey, jobId, details, altDir }: SubmittedJob, slurmOutputs: readonly string[]): void {
    const file = details?.environmentFile ?? null;
    if (file === null || altDir !== null || !slurmOutputs.includes(file)) return;
    if (splitJobId(jobId).arrayTaskId === null) this.#files.set(jobKey, file);
  }

  /**
   * Waits for what accounting has, and writes it into the files. May be called again.
   *
   * A crash leaves each file as it was, or as it is to be.
   *
   * @throws What accounting was interrupted by.
   */
  async settle(): Promise<void> {
    await (this.#settling ??= this.#refreshAll());
  }

  async #refreshAll(): Promise<void> {
    this.#accounting = await this.#answer;
    for (const [key, file] of this.#files) {
      const { accounting, tasks } = this.#accounting.get(key) ?? {};
      if (accounting === undefined || tasks !== undefined) continue;
      const before = refreshEnvironment(this.#dataset, file, accounting);
      if (before !== undefined) this.#texts.set(key, before);
    }
  }

  /** What accounting has of a job; to be called once the files are settled. */
  accountingOf(key: number): JobAccounting | undefined {
    if (this.#accounting === undefined) throw new TypeError("accounting has not answered yet");
    return this.#accounting.get(key);
  }

  /**
   * Gives the files of jobs that were not committed after all their former text.
   *
   * @param committed the keys of those that were.
   */
  takeBack(committed: ReadonlySet<number>): void {
    for (const [key, text] of this.#texts) {
      if (committed.has(key)) continue;
      try {
        replaceText(this.#dataset, this.#files.get(key)!, text);
      } catch {
        // On a full disk it stays as it is, which is harmless: what it says is true.
      }
    }
    this.#texts.clear();
  }
}
