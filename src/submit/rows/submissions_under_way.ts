import type { WaitingJob } from "../../jobs/job.ts";
import { visibleLine } from "../../process/visible_text.ts";
import type { Session } from "../../session/session.ts";
import { firstOf } from "../../session/name_list.ts";

/** So many submissions are named. */
const MOST_NAMED = 3;

/** Says, when a bulk run is interrupted, which submission commands it still waits for. */
export class SubmissionsUnderWay implements Disposable {
  readonly #session: Session;
  readonly #commands = new Map<number, string>();
  readonly #tell = () => this.#report();

  /** Listens for an interruption of `session`. */
  constructor(session: Session) {
    this.#session = session;
    session.interrupted.addEventListener("abort", this.#tell);
  }

  /** Waits for what becomes of the submission of rows; the first one's key is that of the submission. */
  async during<T>(rows: readonly WaitingJob[], command: string, work: Promise<T>): Promise<T> {
    const key = rows[0]!.jobKey;
    this.#commands.set(key, `${linesOf(rows)}${command}`);
    try {
      return await work;
    } finally {
      this.#commands.delete(key);
    }
  }

  /** Listens no more. */
  [Symbol.dispose](): void {
    this.#session.interrupted.removeEventListener("abort", this.#tell);
  }

  #report(): void {
    if (this.#commands.size === 0) return;
    const commands = [...this.#commands.values()];
    const what = commands.length === 1 ? "1 submission" : `${commands.length} submissions`;
    const them = commands.length === 1 ? "it" : "them";
    this.#session.note(
      `stopping: waiting for ${what} to end: ${visibleLine(firstOf(commands, MOST_NAMED))}\n` +
        `Ctrl-C once more leaves ${them} to: dlslurm recover`,
    );
  }
}

/** `line 2: `, `lines 2 to 9: `, or nothing for what came of no table. */
export function linesOf(rows: readonly WaitingJob[]): string {
  const [first, last] = [rows[0]?.row, rows.at(-1)?.row];
  if (!first || !last) return "";
  return first === last ? `line ${first.line}: ` : `lines ${first.line} to ${last.line}: `;
}
