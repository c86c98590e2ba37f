import type { WaitingJob } from "../../jobs/job.ts";
import type { BulkRun } from "./bulk_run.ts";
import { ShellWorker } from "../../process/shell_worker.ts";
import { takerOf } from "../run_submission.ts";

/** Rows per worker that are taken at once: one transaction for all of them. */
const ROWS_AHEAD = 8;

/**
 * Submits waiting rows, each as a job of its own, `parallel` at a time.
 *
 * What a crash leaves: rows that were not begun wait; those that were taken have the traces of their
 * submission on disk, or none, and then the next run has them wait again.
 */
export async function submitSingly(
  run: BulkRun,
  keys: readonly number[],
  parallel: number,
): Promise<void> {
  const queue = new RowQueue(run, keys, parallel * ROWS_AHEAD);
  const failures: unknown[] = [];
  const work = async () => {
    await using worker = new ShellWorker();
    for (let row = await queue.next(); row !== undefined; row = await queue.next()) {
      const { command, directory } = row.plan;
      await run.lookAgain([row]);
      const isFull = await run.submit(worker, { key: row.jobKey, command, directory }, [row]);
      if (!isFull) continue;
      queue.takeBack(row);
      run.stop ??= "site";
    }
  };
  await Promise.all(Array.from({ length: parallel }, () =>
    work().catch((error) => {
      // The others bring what they have begun to its end.
      failures.push(error);
      run.stop ??= "failures";
    })));
  queue.close();
  if (failures.length > 0) throw failures[0];
}

/** Hands rows out, taking them from the store some at a time. */
class RowQueue {
  readonly #run: BulkRun;
  readonly #keys: readonly number[];
  readonly #size: number;
  #position = 0;
  /** Taken from the store, and not handed out. */
  #rows: WaitingJob[] = [];
  #filling: Promise<void> | undefined;

  constructor(run: BulkRun, keys: readonly number[], size: number) {
    this.#run = run;
    this.#keys = keys;
    this.#size = size;
  }

  /** The next row, in stage `submitting`; `undefined` when all are handed out or the run is stopped. */
  async next(): Promise<WaitingJob | undefined> {
    while (!this.#run.isStopped) {
      const row = this.#rows.shift();
      if (row !== undefined) return row;
      if (this.#position >= this.#keys.length && this.#filling === undefined) return undefined;
      this.#filling ??= this.#fill().finally(() => this.#filling = undefined);
      await this.#filling;
    }
    return undefined;
  }

  /** Takes a row back that was handed out and not submitted. */
  takeBack(row: WaitingJob): void {
    this.#rows.push(row);
  }

  /** Puts back what was not submitted. Rows that the site has no place for are marked so. */
  close(): void {
    const { waiting } = this.#run.store;
    const forSite = this.#run.stop === "site";
    waiting.putBack(this.#rows.map((row) => row.jobKey), forSite);
    if (forSite) waiting.markForSite(this.#keys.slice(this.#position));
  }

  async #fill(): Promise<void> {
    const { store, dataset, session } = this.#run;
    await this.#run.storeReceipts();
    const keys = this.#keys.slice(this.#position, this.#position + this.#size);
    this.#position += keys.length;
    const evidence = await this.#run.gather(keys);
    const taker = { ...await takerOf(dataset, session), evidence };
    this.#rows.push(...store.waiting.take(keys, taker));
  }
}
