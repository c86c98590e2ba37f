import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import type { JobAccounting } from "../jobs/accounting.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import type { LateFiles } from "../fs/late_files.ts";
import { refreshEnvironment, takeBackText } from "./refresh_environment.ts";
import type { RefreshedText } from "./refresh_environment.ts";

/**
 * Brings the environment files of jobs that are finished together up to date, once accounting has answered.
 * Those of jobs that are not committed after all are given their former text at the end.
 */
export class EnvironmentFiles implements LateFiles, Disposable {
  readonly #dataset: Dataset;
  readonly #answer: Promise<ReadonlyMap<number, JobAccounting>>;
  #accounting: ReadonlyMap<number, JobAccounting> | undefined;
  /** By the jobs' keys, relative to the root. */
  readonly #files = new Map<number, string>();
  /** Keys of those that are as they were. */
  readonly #waiting = new Set<number>();
  /** By the jobs' keys. */
  readonly #texts = new Map<number, RefreshedText>();

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
    if (splitJobId(jobId).arrayTaskId !== null) return;
    this.#files.set(jobKey, file);
    this.#waiting.add(jobKey);
  }

  /**
   * Waits for what accounting has, and writes it into the files that were added until then.
   *
   * A crash leaves each file as it was, or as it is to be.
   *
   * @throws What accounting was interrupted by.
   */
  async settle(): Promise<void> {
    this.#accounting ??= await this.#answer;
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      const { accounting, tasks } = this.#accounting.get(key) ?? {};
      if (accounting === undefined || tasks !== undefined) continue;
      const text = refreshEnvironment(this.#dataset, this.#files.get(key)!, accounting);
      if (text !== undefined) this.#texts.set(key, text);
    }
  }

  /** What accounting has of a job; to be called once the files are settled. */
  accountingOf(key: number): JobAccounting | undefined {
    if (this.#accounting === undefined) throw new TypeError("accounting has not answered yet");
    return this.#accounting.get(key);
  }

  /** Leaves the files of jobs as they are now: these were committed. */
  keep(keys: Iterable<number>): void {
    for (const key of keys) this.#texts.delete(key);
  }

  /** Gives those that are not kept their former text, unless somebody has written another one meanwhile. */
  [Symbol.dispose](): void {
    for (const [key, text] of this.#texts) {
      const path = this.#files.get(key)!;
      try {
        const file = join(this.#dataset.root, path);
        const isOurs = Deno.lstatSync(file).isFile && Deno.readTextFileSync(file) === text.after;
        if (isOurs) takeBackText(this.#dataset, path, text);
      } catch {
        // On a full disk it stays as it is, which is harmless: what it says is true.
      }
    }
    this.#texts.clear();
  }
}
