import type { Handover } from "../jobs/job.ts";
import { prepareUpdate } from "./columns.ts";
import { StorePart } from "./store_part.ts";
import { readJob } from "./read_job.ts";

/** What tells where a job's row stands in its table and its array. */
export interface PlaceOfRow {
  /** The same for the same work; `null` for a job that is no row of a table. */
  readonly rowIdentity: string | null;
  /** The array task that the row is; `null` for other jobs. */
  readonly arrayTask: number | null;
}

/** What became of the wish to adopt a job: it is the asker's, or why it is not. */
export type Registration = "registered" | "unknown" | { readonly adoptedBy: string };

/**
 * The jobs that were handed over to other clones. Each method is one transaction. All that is known of such a
 * job stays, so that its file can be written again, until it is released.
 */
export class Handovers extends StorePart {
  /**
   * Marks jobs as handed over: no finish commits them here from now on. One that was handed over before and
   * that no clone has adopted keeps its token, so that its file can be written again after a crash.
   *
   * @param file where they are about to be written, absolute.
   * @returns tokens by key; of a job that is neither open nor handed over, or of which a commit is being
   * made, there is none.
   */
  begin(keys: readonly number[], file: string, nowMs: number): Map<number, string> {
    return this.transaction(() => {
      const update = prepareUpdate(this.database);
      const tokens = new Map<number, string>();
      for (const key of keys) {
        const { stage, commitOid, handover: former } = readJob(this.database, key);
        const isOpen = stage === "open" && commitOid === null;
        const isHanded = stage === "handed_over" && former?.adoptedBy === undefined;
        if (!isOpen && !isHanded) continue;
        const token = (isOpen ? undefined : former?.token) ?? crypto.randomUUID();
        const handover: Handover = { token, file, atMs: nowMs };
        update(key, { stage: "handed_over", handover });
        tokens.set(key, token);
      }
      return tokens;
    });
  }

  /**
   * Makes a job open again that no clone has adopted, as far as is known here: its file is worth nothing from
   * then on.
   *
   * @returns `false` if it is not handed over, or was adopted, or an open job has its ID by now.
   */
  takeBack(key: number): boolean {
    return this.transaction(() => {
      const update = this.database.prepare(
        `UPDATE job SET stage = 'open', handover = NULL
         WHERE job_key = ? AND stage = 'handed_over'
           AND json_extract(handover, '$.adoptedBy') IS NULL
           AND NOT EXISTS (SELECT 1 FROM job AS other WHERE other.stage = 'open'
             AND other.job_id = job.job_id AND ifnull(other.cluster, '') = ifnull(job.cluster, ''))`,
      );
      return Number(update.run(key).changes) > 0;
    });
  }

  /** Notes for a clone that it adopts jobs, by their tokens: the first one that asks for a job gets it. */
  register(tokens: readonly string[], clone: string): Map<string, Registration> {
    return this.transaction(() => {
      const select = this.database.prepare(
        `SELECT job_key, handover FROM job WHERE stage = 'handed_over'
           AND json_valid(handover) AND json_extract(handover, '$.token') = ?`,
      );
      const update = prepareUpdate(this.database);
      return new Map(tokens.map((token): [string, Registration] => {
        const found = select.get(token);
        if (found === undefined) return [token, "unknown"];
        const handover = JSON.parse(String(found["handover"])) as Handover;
        const { adoptedBy = clone } = handover;
        if (adoptedBy !== clone) return [token, { adoptedBy }];
        update(Number(found["job_key"]), { handover: { ...handover, adoptedBy: clone } });
        return [token, "registered"];
      }));
    });
  }

  /** Takes back what {@linkcode Handovers.register} noted for this clone: it could not adopt them. */
  unregister(tokens: readonly string[], clone: string): void {
    this.transaction(() => {
      const update = this.database.prepare(
        `UPDATE job SET handover = json_remove(handover, '$.adoptedBy')
         WHERE stage = 'handed_over' AND json_extract(handover, '$.token') = ?
           AND json_extract(handover, '$.adoptedBy') = ?`,
      );
      for (const token of tokens) update.run(token, clone);
    });
  }

  /** Where a job's row stands in its table and its array. */
  placeOf(key: number): PlaceOfRow {
    const select = "SELECT row_identity, array_task FROM job WHERE job_key = ?";
    const found = this.read(() => this.database.prepare(select).get(key));
    const [identity, task] = [found?.["row_identity"], found?.["array_task"]];
    return {
      rowIdentity: typeof identity === "string" ? identity : null,
      arrayTask: typeof task === "number" ? task : null,
    };
  }
}
