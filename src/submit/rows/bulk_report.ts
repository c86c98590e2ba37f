import type { Dataset } from "../../datalad/dataset.ts";
import type { UserError } from "../../errors.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import { taskIdOf } from "../../jobs/job_id.ts";
import { fieldsOfError } from "../../session/error_fields.ts";
import type { Session } from "../../session/session.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import { startOfCommand } from "../report_submission.ts";
import { linesOf } from "./submissions_under_way.ts";

/** People are shown at most so many results; beyond that, those without trouble are summed up. */
const MOST_LINES = 20;

/** Reports what became of many rows: one result each with `-f json`, and for people if they are few. */
export class BulkReport {
  readonly #dataset: Dataset;
  readonly #session: Session;
  readonly #action: string;
  readonly #tellsEach: boolean;
  readonly #words = new Set<string>();
  #jobIds: string[] = [];
  /** How many rows are jobs now. */
  submittedRows = 0;

  /** Reports on a run of `total` rows. */
  constructor(
    dataset: Dataset,
    session: Session,
    total: number,
    action = "slurm-schedule",
  ) {
    this.#dataset = dataset;
    this.#session = session;
    this.#action = action;
    this.#tellsEach = session.isForPrograms || total <= MOST_LINES;
  }

  /** Rows that are one job, or the tasks of one array in their order. */
  submitted(rows: readonly WaitingJob[], jobId: string): void {
    this.submittedRows += rows.length;
    this.#jobIds.push(jobId);
    if (!this.#tellsEach) return;
    const isArray = rows[0]!.plan.array !== null;
    rows.forEach((row, task) => {
      const slurmJobId = isArray ? taskIdOf(jobId, row.plan.array?.task ?? task) : jobId;
      this.#report("ok", startOf(slurmJobId, row), { slurmJobId, ...lineOf(row) });
    });
  }

  /** Rows of which no job came, or nobody knows. */
  failed(rows: readonly WaitingJob[], error: UserError): void {
    const [first] = rows;
    const { message, ...fields } = fieldsOfError(error);
    this.#report("impossible", `${linesOf(rows)}${message}`, {
      ...(rows.length > 1 ? { count: rows.length } : {}),
      ...fields,
      ...(first === undefined ? {} : lineOf(first)),
    });
  }

  /** What sbatch said beside the job ID: the same words of a thousand submissions once. */
  noteWords(stderr: string): void {
    for (const line of stderr.split("\n").map((each) => each.trim())) {
      if (line === "" || this.#words.has(line) || this.#words.size >= MOST_LINES) continue;
      this.#words.add(line);
      this.#session.warn(`the submission command said: ${line}`);
    }
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
    this.#report("ok", `${this.submittedRows} rows are submitted: ${jobs}`, {
      count: this.submittedRows,
    });
  }

  /** Rows that are left as they are, and why. */
  leftAlone(count: number, reason: string, hint?: string): void {
    this.#report("notneeded", `${count} row${count === 1 ? " is" : "s are"} ${reason}`, {
      count,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #report(
    status: "ok" | "notneeded" | "impossible",
    message: string,
    more: Pick<
      ResultRecord,
      "count" | "slurmJobId" | "errorCode" | "detail" | "hint" | "tableLine"
    > = {},
  ): void {
    this.#session.report({
      action: this.#action,
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
