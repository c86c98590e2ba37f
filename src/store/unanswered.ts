import * as v from "valibot";
import { splitJobId } from "../jobs/job_id.ts";
import { json } from "./columns.ts";
import { allRows } from "./read_rows.ts";
import { StorePart } from "./store_part.ts";

/** A submission command as it is run. */
export interface SubmittedCommand {
  /** The shell command line with placeholders filled in. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly directory: string;
}

const Command = json(v.object({ command: v.string(), directory: v.string() }));
const Attempts = json(v.array(v.object({ jobId: v.string() })));

/** A command as a row of the table `job` holds it. */
export function renderSubmittedCommand({ command, directory }: SubmittedCommand): string {
  return JSON.stringify({ command, directory });
}

/** What is known of submissions whose answer was lost, by which Slurm tells their jobs. */
export class Unanswered extends StorePart {
  /** Notes the command of an array of rows, of whose plans it was made, under the key of the first. */
  noteCommand(key: number, command: SubmittedCommand): void {
    this.#update("submitted_as", key, renderSubmittedCommand(command));
  }

  /** Notes that a submission command has ended, and that it is not known what came of it. */
  noteEnd(key: number, atMs: number): void {
    this.#update("unanswered_at_ms", key, atMs);
  }

  /** The command of a submission that is under way or unclear; `undefined` if it was not noted. */
  commandOf(key: number): SubmittedCommand | undefined {
    // The plan of a row that becomes a task of an array is not what was run.
    const select =
      `SELECT ifnull(submitted_as, iif(submission_key IS NULL, waiting_plan, NULL)) AS text
      FROM job WHERE job_key = ? AND stage = 'submitting'`;
    const found = this.read(() => this.database.prepare(select).get(key));
    const parsed = v.safeParse(Command, found?.["text"]);
    return parsed.success ? parsed.output : undefined;
  }

  /** When the command of an unclear submission had ended; `undefined` if nobody saw that. */
  endOf(key: number): number | undefined {
    const select = "SELECT unanswered_at_ms AS at FROM job WHERE job_key = ?";
    const at = this.read(() => allRows(this.database.prepare(select), key))[0]?.["at"];
    return typeof at === "number" ? at : undefined;
  }

  /**
   * The IDs that sbatch printed of all jobs on a cluster whose submission began at a time or later, and of
   * earlier submissions of those: in all work trees, and whatever became of them.
   */
  idsSince(sinceMs: number, cluster: string | null): Set<string> {
    const select = `SELECT job_id, attempts FROM job
      WHERE submitted_at_ms >= ? AND ifnull(cluster, '') = ?`;
    const rows = this.read(() => this.database.prepare(select).all(sinceMs, cluster ?? ""));
    return new Set(
      rows.flatMap(({ job_id: id, attempts }) => {
        const earlier = v.safeParse(Attempts, attempts);
        const ids = earlier.success ? earlier.output.map(({ jobId }) => jobId) : [];
        return typeof id === "string" ? [id, ...ids] : ids;
      }).map((id) => splitJobId(id).submittedId),
    );
  }

  #update(column: string, key: number, value: string | number): void {
    this.transaction(() => {
      const update = `UPDATE job SET ${column} = ? WHERE job_key = ? AND stage = 'submitting'`;
      this.database.prepare(update).run(value, key);
    });
  }
}
