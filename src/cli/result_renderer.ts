import { relative } from "node:path";
import type { Io, ResultRecord } from "../commands/context.ts";

/** How results reach the user: DataLad's lines and summary, or one JSON record a line. */
export interface ResultRenderer {
  /** Shows a result. */
  report(record: ResultRecord): void;
  /** Shows what is known only at the end. */
  finish(): void;
  /** Whether a result was `impossible` or `error`. */
  readonly hasFailed: boolean;
}

/** Renders results as DataLad's default renderer does: `action(status): path (type) [message]`. */
export class TextRenderer implements ResultRenderer {
  readonly #io: Io;
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #hints = new Set<string>();
  #hasFailed = false;

  /** Writes results to `io.out` as they come; hints wait for the end, each shown once. */
  constructor(io: Io) {
    this.#io = io;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  report(record: ResultRecord): void {
    if (isFailure(record)) this.#hasFailed = true;
    const counts = this.#counts.get(record.action) ?? new Map<string, number>();
    this.#counts.set(
      record.action,
      counts.set(record.status, (counts.get(record.status) ?? 0) + 1),
    );
    if (record.hint !== undefined) this.#hints.add(record.hint);
    this.#io.out(`${renderResult(record)}\n`);
  }

  finish(): void {
    // DataLad shows a summary once there is more than one result to sum up.
    const total = [...this.#counts.values()].flatMap((counts) => [...counts.values()])
      .reduce((sum, count) => sum + count, 0);
    if (total > 1) this.#io.out(renderSummary(this.#counts));
    for (const hint of this.#hints) this.#io.err(`hint: ${hint}\n`);
  }
}

/** Prints each result as one JSON object on a line of its own; docs/result_records.md. */
export class JsonRenderer implements ResultRenderer {
  readonly #io: Io;
  #hasFailed = false;

  /** Writes to `io.out` only. */
  constructor(io: Io) {
    this.#io = io;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  report(record: ResultRecord): void {
    if (isFailure(record)) this.#hasFailed = true;
    const { slurmJobId, slurmStates, changedInputs, errorCode, path, ...rest } = record;
    this.#io.out(`${
      JSON.stringify({
        path: path ?? record.refds,
        ...rest,
        "slurm_job_id": slurmJobId,
        "slurm_states": slurmStates,
        "changed_inputs": changedInputs,
        "error_code": errorCode,
      })
    }\n`);
  }

  finish(): void {
    // Everything was said line by line.
  }
}

function isFailure(record: ResultRecord): boolean {
  return record.status === "impossible" || record.status === "error";
}

function renderResult(record: ResultRecord): string {
  const { action, status, path, refds, type, message } = record;
  const shown = path === undefined ? "" : refds === undefined ? path : relative(refds, path) || ".";
  return [
    `${action}(${status}):`,
    ...(shown === "" ? [] : [shown]),
    ...(type === undefined ? [] : [`(${type})`]),
    ...(message === undefined ? [] : [`[${message}]`]),
  ].join(" ");
}

function renderSummary(counts: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
  const lines = [...counts].sort(([a], [b]) => a < b ? -1 : 1).map(([action, statuses]) => {
    const parts = [...statuses].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([status, count]) => `${status}: ${count}`);
    return `  ${action} (${parts.join(", ")})\n`;
  });
  return `action summary:\n${lines.join("")}`;
}
