import { countedAs } from "../../jobs/job_status.ts";
import type { Look, WaitedJob } from "../../waiting/wait_for_jobs.ts";
import type { CommandContext } from "../context.ts";
import { cellOf, listedJob, TABLE_FIT } from "./job_table.ts";
import type { Column } from "./job_table.ts";

/** What the table of jobs that are waited for shows: those that are over are counted below it. */
const COLUMNS: readonly Column[] = [
  ...["JobID", "Name", "State", "Elapsed", "Timelimit", "Output", "Command"] as const,
];

/** Shows how the jobs are that are waited for: a table on a terminal, elsewhere a line for each change. */
export class LookDisplay {
  readonly #context: CommandContext;
  #said = "";

  /** Shows it through `context`. */
  constructor(context: CommandContext) {
    this.#context = context;
  }

  /** Shows what is known after a look. */
  async show(look: Look): Promise<void> {
    if (look.jobs.length === 0) return;
    const { live } = this.#context;
    const counts = countsOf(look.jobs);
    if (live === undefined) {
      // What a scheduler's clock shows, every reader of a log can compare.
      const time = `${this.#context.now().toISOString().slice(0, 19)}Z`;
      if (counts !== this.#said) this.#context.note(`${time} ${counts}`);
      this.#said = counts;
      return;
    }
    if (look.pauseMs === undefined) return;
    const nowMs = this.#context.now().getTime();
    const rows = look.jobs.filter(({ isOver }) => !isOver).map(({ job, status }) => {
      const listed = listedJob(job, status, false);
      return COLUMNS.map((column) => cellOf(column, listed, nowMs));
    });
    const times = `waited ${render(look.waitedMs)}, next look in ${render(look.pauseMs)}`;
    await live.draw({ rows: [COLUMNS, ...rows], fit: TABLE_FIT }, `${counts}; ${times}`);
  }

  /** Takes the table away. */
  clear(): void {
    this.#context.live?.clear();
  }
}

/** `60 jobs: 52 COMPLETED, 3 FAILED, 5 RUNNING`, in the order of the words. */
export function countsOf(jobs: readonly WaitedJob[]): string {
  const words = Map.groupBy(
    jobs,
    ({ status, isGone }) => isGone ? "ended meanwhile" : countedAs(status?.groupState ?? "UNKNOWN"),
  );
  const counts = [...words].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([word, ones]) => `${ones.length} ${word}`);
  return `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"}: ${counts.join(", ")}`;
}

/** `45s`, `12m`, `3h 20m`. */
function render(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}
