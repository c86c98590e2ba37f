import type { UserError } from "../errors.ts";
import { namedFields } from "../session/named_fields.ts";
import type { ResultRecord } from "../session/result_record.ts";

/** What the notice is of. */
export interface NoticeSubject {
  /** The command that works: `wait`, `finish`, `schedule`. */
  readonly command: string;
  /** The dataset's root, absolute. */
  readonly dataset: string;
}

/** What a notice is given; docs/result_records.md. */
export interface NoticeSummary {
  /** Variables on top of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What standard input holds. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** So many failures are named one by one; the counts are of all. */
const MOST_FAILURES = 100;

/** Counts what was done, to be summed up at the end. */
export class Tally {
  readonly #subject: NoticeSubject;
  readonly #began: Date;
  readonly #jobs = new Map<string, number>();
  readonly #results = new Map<string, Map<string, number>>();
  readonly #failures: ResultRecord[] = [];
  #error: UserError | undefined;
  #hasFailed = false;

  /** Counts what is done for `subject` from now on. */
  constructor(subject: NoticeSubject, began: Date) {
    this.#subject = subject;
    this.#began = began;
  }

  /** Counts a result. */
  add(record: ResultRecord): void {
    const statuses = this.#results.get(record.action) ?? new Map<string, number>();
    this.#results.set(record.action, statuses);
    statuses.set(record.status, (statuses.get(record.status) ?? 0) + 1);
    const word = wordOf(record, this.#subject.dataset);
    if (word !== undefined) {
      this.#jobs.set(word, (this.#jobs.get(word) ?? 0) + (record.count ?? 1));
    }
    if (record.status !== "impossible" && record.status !== "error") return;
    this.#hasFailed = true;
    if (this.#failures.length < MOST_FAILURES) this.#failures.push(record);
  }

  /** Notes that the work ended with an error. */
  fail(error: UserError | undefined): void {
    this.#hasFailed = true;
    this.#error = error;
  }

  /** All in all. */
  summaryAt(now: Date): NoticeSummary {
    const { command, dataset } = this.#subject;
    const jobs = Object.fromEntries([...this.#jobs].sort(([a], [b]) => a < b ? -1 : 1));
    const counts = Object.entries(jobs).map(([word, count]) => `${count} ${word}`).join(", ");
    const exitStatus = this.#hasFailed ? 1 : 0;
    const summary = [
      ...(counts === "" ? [] : [counts]),
      ...(this.#error === undefined ? [] : [`stopped by ${this.#error.code}`]),
    ].join("; ") || (this.#hasFailed ? "it failed" : "there was nothing to do");
    return {
      environment: {
        DLSLURM_NOTICE_COMMAND: command,
        DLSLURM_NOTICE_DATASET: dataset,
        DLSLURM_NOTICE_STATUS: String(exitStatus),
        DLSLURM_NOTICE_SUMMARY: summary,
      },
      json: {
        command,
        dataset,
        exit_status: exitStatus,
        summary,
        began_at: this.#began.toISOString(),
        ended_at: now.toISOString(),
        jobs,
        results: Object.fromEntries(
          [...this.#results].map(([action, counts]) => [action, Object.fromEntries(counts)]),
        ),
        failures: this.#failures.map(namedFields),
        ...(this.#error === undefined
          ? {}
          : { error: { error_code: this.#error.code, message: this.#error.message } }),
      },
    };
  }
}

/** What became of the job, or jobs, that a result is about; `undefined` if it is about none. */
function wordOf(
  { action, status, path, slurmState, slurmStates, slurmJobId, count }: ResultRecord,
  dataset: string,
): string | undefined {
  // A commit in a subdataset is one of the dataset, too.
  if (action === "save") return path === dataset ? "committed" : undefined;
  if (!/^slurm-[a-z]+$/.test(action)) return undefined;
  const states = new Set(
    slurmState === undefined ? Object.values(slurmStates ?? {}) : [slurmState],
  );
  if (states.size > 0) return [...states].sort().join("+");
  if (slurmJobId === undefined && count === undefined) return undefined;
  if (action !== "slurm-schedule") return status === "impossible" ? "not finished" : "finished";
  return status === "ok" ? "submitted" : status === "notneeded" ? undefined : "not submitted";
}
