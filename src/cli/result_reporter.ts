import type { ResultRecord } from "../session/result_record.ts";
import type { GlobalSettings } from "./global_options.ts";
import type { ResultRenderer } from "./result_renderer.ts";

/** Thrown where a result failed and nothing further is to be begun: `--on-failure stop`. */
export class StoppedAtFailure extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "StoppedAtFailure";
}

/** Counts results, shows those that are asked for, and knows what a failed one leads to. */
export class ResultReporter {
  readonly #renderer: ResultRenderer;
  readonly #settings: GlobalSettings;
  readonly #counts = new Map<string, Map<ResultRecord["status"], number>>();

  /** Shows results through `renderer` as `settings` ask for. */
  constructor(renderer: ResultRenderer, settings: GlobalSettings) {
    this.#renderer = renderer;
    this.#settings = settings;
  }

  /** Whether a result was `impossible` or `error`, and that is to be told by the exit status. */
  get hasFailed(): boolean {
    return this.#settings.onFailure !== "ignore" &&
      this.#counts.values().some((statuses) => statuses.keys().some(isFailure));
  }

  /**
   * Takes a result.
   *
   * @throws {StoppedAtFailure} If it failed and nothing further is to be begun.
   */
  report(record: ResultRecord): void {
    if (this.isShown(record)) this.#renderer.show(record);
    this.count(record);
  }

  /**
   * Takes a result that was shown in another form.
   *
   * @throws {StoppedAtFailure} As {@linkcode ResultReporter.report}.
   */
  count(record: ResultRecord): void {
    const statuses = this.#counts.get(record.action) ?? new Map<ResultRecord["status"], number>();
    this.#counts.set(
      record.action,
      statuses.set(record.status, (statuses.get(record.status) ?? 0) + 1),
    );
    if (isFailure(record.status) && this.#settings.onFailure === "stop") {
      throw new StoppedAtFailure();
    }
  }

  /** Shows what is known only at the end. */
  finish(): void {
    this.#renderer.finish(this.#counts);
  }

  /** Whether a result is among those that are asked for. */
  isShown({ status, type }: ResultRecord): boolean {
    const { reportStatus, reportTypes } = this.#settings;
    const hasStatus = reportStatus === undefined || reportStatus === status ||
      reportStatus === (isFailure(status) ? "failure" : "success");
    // What names no path is about a job of the dataset.
    return hasStatus && (reportTypes.length === 0 || reportTypes.includes(type ?? "dataset"));
  }
}

function isFailure(status: ResultRecord["status"]): boolean {
  return status === "impossible" || status === "error";
}
