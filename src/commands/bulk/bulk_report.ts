import type { Dataset } from "../../datalad/dataset.ts";
import type { UserError } from "../../errors.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import type { CommandContext } from "../context.ts";
import { warn } from "../context.ts";
import { startOfCommand } from "../submit/report_submission.ts";
import { linesOf } from "./submissions_under_way.ts";

/** A person reads so many results; of more, what is good is summed up. */
const MOST_LINES = 20;

/** Tells what became of many rows: a result each with `-f json`, and for people if they are few. */
export class BulkReport {
  readonly #dataset: Dataset;
  readonly #context: CommandContext;
  readonly #tellsEach: boolean;
  readonly #words = new Set<string>();
  #jobIds: string[] = [];
  /** How many rows are jobs now. */
  submittedRows = 0;

  /** Reports on a run of `total` rows. */
  constructor(dataset: Dataset, context: CommandContext, total: number) {
    this.#dataset = dataset;
    this.#context = context;
    this.#tellsEach = context.isForPrograms || total <= MOST_LINES;
  }

  /** Rows that are one job, or the tasks of one array in their order. */
  submitted(rows: readonly WaitingJob[], jobId: string): void {
    this.submittedRows += rows.length;
    this.#jobIds.push(jobId);
    if (!this.#tellsEach) return;
    const isArray = rows[0]!.plan.array !== null;
    rows.forEach((row, task) => {
      const slurmJobId = isArray ? `${jobId}_${task}` : jobId;
      this.#report("ok", startOf(slurmJobId, row), { slurmJobId, ...lineOf(row) });
    });
  }

  /** Rows of which no job came, or nobody knows. */
  failed(rows: readonly WaitingJob[], error: UserError): void {
    const [first] = rows;
    const detail = error.detail === undefined ? "" : `: ${error.detail}`;
    this.#report("impossible", `${linesOf(rows)}${error.message}${detail}`, {
      errorCode: error.code,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(first === undefined ? {} : lineOf(first)),
    });
  }

  /** What sbatch said beside the job ID: the same words of a thousand submissions once. */
  noteWords(stderr: string): void {
    const text = stderr.trim();
    if (text === "" || this.#words.has(text) || this.#words.size >= MOST_LINES) return;
    this.#words.add(text);
    warn(this.#context, `the submission command said: ${text}`);
  }

  /** Sums up what was submitted, unless each row was told. */
  summarise(): void {
    if (this.#tellsEach || this.submittedRows === 0) return;
    // Several submissions run at once: their answers come in any order.
    this.#jobIds.sort((one, other) => parseInt(one) - parseInt(other));
    const [first] = this.#jobIds;
    const jobs = this.#jobIds.length === 1
      ? `array job ${first}`
      : `${this.#jobIds.length} jobs, ${first} to ${this.#jobIds.at(-1)}`;
    this.#report("ok", `${this.submittedRows} rows are submitted: ${jobs}`);
  }

  /** Rows that are left as they are, and why. */
  leftAlone(count: number, reason: string, hint?: string): void {
    this.#report("notneeded", `${count} row${count === 1 ? " is" : "s are"} ${reason}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #report(
    status: "ok" | "notneeded" | "impossible",
    message: string,
    more: { slurmJobId?: string; errorCode?: string; hint?: string; tableLine?: number } = {},
  ): void {
    this.#context.report({
      action: "slurm-schedule",
      status,
      path: this.#dataset.root,
      type: "dataset",
      message,
      ...more,
    });
  }
}

function lineOf({ row }: WaitingJob): { tableLine?: number } {
  return row === null ? {} : { tableLine: row.line };
}

function startOf(jobId: string, { row, cmd }: WaitingJob): string {
  const start = startOfCommand(cmd);
  return row === null ? `job ${jobId}: ${start}` : `line ${row.line}, job ${jobId}: ${start}`;
}
