import { join } from "node:path";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { groupByRepository } from "../datalad/subdatasets.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import type { Runner } from "../process/runner.ts";
import { Origins } from "./origins.ts";
import type { CommitSearch } from "./origins.ts";
import { RunHistory } from "./run_history.ts";

/** A dataset, or a subdataset in it, with its history. */
export interface Place {
  /** Relative to the topmost root, `.` for that. */
  readonly path: string;
  /** What lies there. */
  readonly dataset: Dataset;
  /** Its runs. */
  readonly history: RunHistory;
  /** Who wrote its files. */
  readonly origins: Origins;
}

/** The runs of a dataset and, as far as files lead into them, of its installed subdatasets. */
export class Provenance {
  /** The dataset itself. */
  readonly top: Place;
  readonly #runner: Runner;
  readonly #places = new Map<string, Promise<Place>>();

  readonly #isWhole: boolean;

  private constructor(top: Place, runner: Runner, isWhole: boolean) {
    this.top = top;
    this.#runner = runner;
    this.#isWhole = isWhole;
    this.#places.set(".", Promise.resolve(top));
  }

  /**
   * Reads the history of a dataset; that of a subdataset is read when it is asked for.
   *
   * @param ahead may be looking for commits of the dataset already.
   */
  static async open(
    dataset: Dataset,
    runner: Runner,
    ahead?: CommitSearch,
  ): Promise<Provenance> {
    const history = await RunHistory.read(dataset, runner);
    return new Provenance(placeOf(".", dataset, history, ahead), runner, true);
  }

  /** Takes a part of a history; of subdatasets none is read. */
  static of(dataset: Dataset, history: RunHistory, runner: Runner): Provenance {
    return new Provenance(placeOf(".", dataset, history), runner, false);
  }

  /** What chains of repetitions name, also of commits beside those that were taken. */
  async historyOfChains(chains: readonly (readonly string[])[]): Promise<RunHistory> {
    return await RunHistory.ofChains(this.top.dataset, chains, this.#runner);
  }

  /** The place at `path`, which is that of an installed subdataset, or `.`. */
  async at(path: string): Promise<Place> {
    const known = this.#places.get(path) ?? this.#open(path);
    this.#places.set(path, known);
    return await known;
  }

  /** Groups paths by the innermost repository that they lie in: paths relative to it, by its own. */
  async group(paths: Iterable<string>): Promise<Map<string, string[]>> {
    return await groupByRepository(this.top.dataset.root, paths);
  }

  /** Whether there is a repository at `path`. */
  async isInstalled(path: string): Promise<boolean> {
    return await lstatIfPresent(join(this.top.dataset.root, path, ".git")) !== undefined;
  }

  async #open(path: string): Promise<Place> {
    const root = join(this.top.dataset.root, path);
    const dataset = await openDataset(this.#runner, root, undefined);
    const history = this.#isWhole
      ? await RunHistory.read(dataset, this.#runner)
      : RunHistory.of(dataset, [], this.#runner);
    return placeOf(path, dataset, history);
  }
}

function placeOf(
  path: string,
  dataset: Dataset,
  history: RunHistory,
  ahead?: CommitSearch,
): Place {
  return { path, dataset, history, origins: new Origins(dataset, history, ahead) };
}
