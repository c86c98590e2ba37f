import type { JobRequest } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { jobRequest } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

const PLAN = { command: "x", directory: "/", inputs: [], transfers: 1, toUnlock: [], array: null };
const END = {
  ...{ state: "FAILED", counts: {}, exitCode: "1:0", elapsed: "", timeLimit: "", endS: null },
};

/** A store of jobs of which some failed and were submitted again. */
export class RetriedJobs implements AsyncDisposable {
  readonly #folder: TestFolder;
  readonly store: JobStore;

  private constructor(folder: TestFolder) {
    this.#folder = folder;
    this.store = JobStore.open(folder.root);
  }

  static async create(): Promise<RetriedJobs> {
    return new RetriedJobs(await TestFolder.create());
  }

  /** Notes an open job, and gives its key. */
  note(jobId: string, changes: Partial<JobRequest> = {}): number {
    const request = jobRequest({ outputs: [`out-${jobId}`], ...changes });
    const key = this.store.beginSubmission(request, "{}", 1_000);
    this.store.receipts.store([{ key, jobId, cluster: null }]);
    return key;
  }

  /** Has a job be submitted again, and wait for that where it gets no new ID. */
  retry(key: number, newId: string | null, completedTasks = ""): void {
    const { jobId } = this.store.findSubmitted(key)!;
    this.store.retries.begin([{
      ...{ jobKey: key, jobId, end: END, completedTasks, details: null, plan: PLAN },
      ...{ cmd: "x", options: [], after: [] },
    }]);
    if (newId === null) return;
    this.store.waiting.take([key], { submitter: "{}", nowMs: 2_000, beforeTaking: () => {} });
    this.store.receipts.store([{ key, jobId: newId, cluster: null }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store[Symbol.dispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}
