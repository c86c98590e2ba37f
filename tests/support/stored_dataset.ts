import { openDataset } from "../../src/datalad/dataset.ts";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { TestRepository } from "./test_repository.ts";

/** A repository of the real git with a job store, in which a test notes jobs as it needs them. */
export class StoredDataset implements AsyncDisposable {
  readonly repository: TestRepository;
  readonly store: JobStore;

  protected constructor(repository: TestRepository, store: JobStore) {
    this.repository = repository;
    this.store = store;
  }

  /** What the constructor takes, for a repository whose only commit holds these files. */
  protected static async make(
    files?: Readonly<Record<string, string>>,
  ): Promise<[TestRepository, JobStore]> {
    const repository = await TestRepository.create(files);
    return [repository, JobStore.openIn(await open(repository))];
  }

  /** The dataset as a command opens it, with the settings that it has by now. */
  async open(): Promise<Dataset> {
    return await open(this.repository);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store[Symbol.dispose]();
    await this.repository[Symbol.asyncDispose]();
  }
}

async function open({ runner, root }: TestRepository): Promise<Dataset> {
  return await openDataset(runner, root, undefined);
}
