import { RECORD_PREFIX } from "../datalad/run_record.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { findNewestMessage } from "../git/history.ts";
import type { Runner } from "../process/runner.ts";
import { findCommits, keyOf } from "./file_commits.ts";
import type { FileVersion, PlainCommit } from "./file_commits.ts";
import { Provenance } from "./provenance.ts";
import { RunHistory } from "./run_history.ts";
import { findRunInputs, versionOf } from "./run_inputs.ts";

/** A search that was begun before anybody has asked for it. */
interface BegunSearch {
  /** The commit whose history it looks through. */
  readonly tip: string;
  /** What it looks for. */
  readonly keys: ReadonlySet<string>;
  /** What it finds; of what is missing no commit is there. */
  readonly found: Promise<ReadonlyMap<string, PlainCommit>>;
}

/**
 * The search for the commits that brought the inputs of one run, begun while the records of the whole history
 * are still being read: in a history of 100,000 commits each of the two takes git half a second.
 */
export class SearchAhead implements Disposable {
  readonly #enough = new AbortController();
  readonly #begun: Promise<BegunSearch | undefined>;

  /**
   * Begins with the inputs of the newest run.
   *
   * @param jobId of the newest with this job ID.
   */
  constructor(dataset: Dataset, runner: Runner, jobId?: string) {
    // What goes wrong here is told by whoever looks for the same in the end.
    this.#begun = this.#begin(dataset, runner, jobId).catch(() => undefined);
  }

  /** The commits that brought these versions, if just that is being looked for. */
  async find(
    versions: readonly FileVersion[],
    tips: readonly string[],
  ): Promise<ReadonlyMap<string, PlainCommit> | undefined> {
    const begun = await this.#begun;
    if (begun === undefined || tips.length !== 1 || tips[0] !== begun.tip) return undefined;
    if (!versions.every((version) => begun.keys.has(keyOf(version)))) return undefined;
    return await begun.found.catch(() => undefined);
  }

  /** Ends it, wherever it stands. */
  [Symbol.dispose](): void {
    this.#enough.abort();
  }

  async #begin(
    dataset: Dataset,
    runner: Runner,
    jobId: string | undefined,
  ): Promise<BegunSearch | undefined> {
    const { signal } = this.#enough;
    const marker = jobId === undefined ? RECORD_PREFIX : `${RECORD_PREFIX} Slurm job ${jobId}: `;
    const newest = await findNewestMessage(dataset.git, marker, signal);
    const history = RunHistory.of(dataset, newest === undefined ? [] : [newest], runner);
    const [entry] = history.entries;
    const run = entry && await history.readIfGood(entry);
    if (entry === undefined || run === undefined) return undefined;
    const [inputs = []] = await findRunInputs(Provenance.of(dataset, history, runner), [
      { entry, run },
    ]);
    const versions = inputs.flatMap((input) => input.place === "." ? versionOf(input) ?? [] : []);
    const tip = entry.commit.oid;
    const found = findCommits(dataset.git, versions, [tip], signal);
    found.catch(() => undefined);
    return { tip, keys: new Set(versions.map(keyOf)), found };
  }
}
