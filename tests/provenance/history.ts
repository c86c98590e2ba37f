import { openDataset } from "../../src/datalad/dataset.ts";
import { renderMessage } from "../../src/datalad/run_record.ts";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import { Provenance } from "../../src/provenance/provenance.ts";
import { TestRepository } from "../support/test_repository.ts";

/** What a run is to have done. */
export interface MadeRun extends Partial<RunRecord> {
  /** What it wrote, texts by path; `null` for a file that it deleted. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** In Slurm's capitals; COMPLETED when absent. */
  readonly state?: string;
  /** Paragraphs of the message beside the record. */
  readonly paragraphs?: readonly string[];
}

/** A repository with a history of runs, each committed as finish would, without a Slurm. */
export class History implements AsyncDisposable {
  readonly repository: TestRepository;

  private constructor(repository: TestRepository) {
    this.repository = repository;
  }

  /** Begins with a commit of these files; to be held with `await using`. */
  static async create(files: Readonly<Record<string, string>> = { raw: "1\n" }): Promise<History> {
    return new History(await TestRepository.create(files));
  }

  get root(): string {
    return this.repository.root;
  }

  /** Commits a run of a job; gives the commit's name. */
  async run(
    slurmJobId: string,
    { files = {}, state, paragraphs = [], ...changes }: MadeRun,
  ): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      if (text === null) await Deno.remove(this.repository.at(path));
      else await this.repository.dataset.write(path, text);
    }
    const record: RunRecord = {
      ...{ chain: [], cmd: "sbatch job.sh", dsid: null, extraInputs: [], inputs: [] },
      ...{ outputs: Object.keys(files), pwd: ".", slurmJobId, slurmOutputs: [], altDir: null },
      ...{ cluster: null, row: null, subdataset: null },
      ...changes,
    };
    const parts = { groupState: state ?? "COMPLETED", paragraphs };
    return await this.repository.commit(renderMessage(record, parts));
  }

  /** Commits what somebody has written by hand; gives the commit's name. */
  async edit(files: Readonly<Record<string, string>>, message = "By hand"): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      await this.repository.dataset.write(path, text);
    }
    return await this.repository.commit(message);
  }

  /** Picks a commit, the newest one of the branch, on a branch of its own, and merges that; gives the pick's name. */
  async pickAndMerge(oid: string): Promise<string> {
    const { dataset } = this.repository;
    await dataset.git("switch", "--quiet", "--detach", `${oid}^`);
    await this.edit({ beside: `${oid}\n` }, "Beside");
    await dataset.git("cherry-pick", oid);
    const pick = (await dataset.git("rev-parse", "HEAD")).trim();
    await dataset.git("switch", "--quiet", "main");
    await dataset.git("merge", "--quiet", "--no-edit", pick);
    return pick;
  }

  async open(): Promise<Provenance> {
    const { runner, root } = this.repository;
    return await Provenance.open(await openDataset(runner, root, undefined), runner);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.repository[Symbol.asyncDispose]();
  }
}
