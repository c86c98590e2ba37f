import { lastUseMs } from "../jobs/earlier_ids.ts";
import { isSubmitted, JOB_STAGES } from "../jobs/job.ts";
import type { Job, JobStage, SubmittedJob } from "../jobs/job.ts";
import { IS_OF_MARK } from "./job_rows.ts";
import { allRows, readRows } from "./read_rows.ts";
import { StorePart } from "./store_part.ts";

/** Of a job what it is counted by. */
export interface JobOutline extends Pick<Job, "jobKey" | "stage" | "cmd" | "pwd"> {
  /** The table whose row it was made of; `null` for other jobs. */
  readonly table: string | null;
  /** What the user calls it; `null` without. */
  readonly label: string | null;
  /** Tells the same row of a table when it is submitted again; `null` for other jobs. */
  readonly rowIdentity: string | null;
}

const OUTLINES = `SELECT job_key, stage, cmd, pwd, row_identity, label,
    CASE WHEN json_valid(table_row) THEN json_extract(table_row, '$.table') END AS table_name
  FROM job WHERE worktree = ? AND ${IS_OF_MARK} ORDER BY job_key DESC`;

/** The jobs of the store, to be looked at: whatever their stage, never changed. */
export class JobListing extends StorePart {
  /** Jobs of a work tree in these stages, the newest first, `limit` of them or all. */
  newest(worktree: string, stages: readonly JobStage[], limit: number | undefined): Job[] {
    const { text, values } = this.#newest(worktree, stages, limit);
    return this.#list(text, ...values);
  }

  /** Of the same jobs, of those that are open, what Slurm is asked by: a small part of the time of reading them. */
  newestIds(
    worktree: string,
    stages: readonly JobStage[],
    limit: number | undefined,
  ): Pick<SubmittedJob, "jobId" | "cluster">[] {
    const { text, values } = this.#newest(worktree, stages, limit);
    // Attempts that failed are asked for with their jobs: one may live again.
    const ids = `SELECT job_id, cluster, CASE WHEN attempts <> '[]' AND json_valid(attempts)
        THEN (SELECT group_concat(value ->> 'jobId') FROM json_each(attempts)
          WHERE value ->> 'cluster' IS cluster) END AS earlier
      FROM (${text}) WHERE stage = 'open'
      AND typeof(job_id) = 'text' AND typeof(cluster) IN ('text', 'null')`;
    return this.read(() => this.database.prepare(ids).all(...values)).flatMap((row) => {
      const cluster = row["cluster"] as string | null;
      const earlier = row["earlier"] === null ? [] : String(row["earlier"]).split(",");
      return [row["job_id"] as string, ...earlier].map((jobId) => ({ jobId, cluster }));
    });
  }

  #newest(worktree: string, stages: readonly JobStage[], limit: number | undefined) {
    const { text, times } = selectionOf(stages);
    return {
      text: `${text} ORDER BY job_key DESC LIMIT ?`,
      values: [...this.#valuesFor(worktree, times), limit ?? -1],
    };
  }

  /** What is to be counted of all jobs of a work tree, the newest first; less than a job, so that all fit. */
  outlines(worktree: string): JobOutline[] {
    const mark = this.parts.worktrees.markOf(worktree);
    const rows = this.read(() => allRows(this.database.prepare(OUTLINES), worktree, mark));
    return rows.map((row) => ({
      jobKey: Number(row["job_key"]),
      stage: String(row["stage"]) as JobStage,
      cmd: String(row["cmd"]),
      pwd: String(row["pwd"]),
      table: row["table_name"] === null ? null : String(row["table_name"]),
      label: row["label"] === null ? null : String(row["label"]),
      rowIdentity: row["row_identity"] === null ? null : String(row["row_identity"]),
    }));
  }

  /** How many jobs of a work tree are in these stages. */
  count(worktree: string, stages: readonly JobStage[]): number {
    const { text, times } = selectionOf(stages);
    const statement = `SELECT count(*) AS n FROM (${text})`;
    const values = this.#valuesFor(worktree, times);
    return this.read(() => Number(this.database.prepare(statement).get(...values)!["n"]));
  }

  /**
   * Jobs that have not ended, of linked worktrees that are not there, the newest first: also of one whose
   * name another has got since.
   */
  ofRemovedWorktrees(): Job[] {
    const names = this.read(() => this.database.prepare(LINKED_WORKTREES).all());
    return names.map((row) => String(row["worktree"])).flatMap((name) =>
      this.parts.worktrees.has(name)
        ? this.#list(
          `${
            unendedOf("worktree_mark IS NOT NULL AND worktree_mark IS NOT ?")
          } ORDER BY job_key DESC`,
          ...INDEXED.flatMap(() => [name, this.parts.worktrees.markOf(name)]),
        )
        : this.#list(`${unendedOf("1")} ORDER BY job_key DESC`, ...INDEXED.map(() => name))
    ).sort((a, b) => b.jobKey - a.jobKey);
  }

  /** The open jobs of all work trees that are there, in the order of their submission. */
  openEverywhere(): SubmittedJob[] {
    const statement = "SELECT DISTINCT worktree FROM job WHERE stage = 'open'";
    const names = this.read(() => this.database.prepare(statement).all())
      .map((row) => String(row["worktree"]));
    const { text, times } = selectionOf(["open"]);
    return names.filter((name) => this.parts.worktrees.has(name))
      .flatMap((name) => this.#list(text, ...this.#valuesFor(name, times)))
      .filter(isSubmitted).sort((a, b) => a.jobKey - b.jobKey);
  }

  /** Jobs of a work tree that have a label, the newest first. */
  labelled(worktree: string, label: string): Job[] {
    const mark = this.parts.worktrees.markOf(worktree);
    const condition = `worktree = ? AND label = ? AND ${IS_OF_MARK} ORDER BY job_key DESC`;
    return this.#list(`SELECT * FROM job WHERE ${condition}`, worktree, label, mark);
  }

  /** The labels of a work tree's open jobs, each once, that of the newest first. */
  labelsOfOpen(worktree: string): string[] {
    const mark = this.parts.worktrees.markOf(worktree);
    const statement = "SELECT label FROM job WHERE stage = 'open' AND worktree = ? " +
      `AND ${IS_OF_MARK} AND label IS NOT NULL GROUP BY label ORDER BY max(job_key) DESC`;
    return this.read(() => this.database.prepare(statement).all(worktree, mark))
      .map((row) => String(row["label"]));
  }

  /**
   * The newest job with this ID, of whatever work tree and stage; where rows of a table are the tasks of the
   * array with this ID, all of them.
   */
  withId(jobId: string): Job[] {
    const statement = "SELECT * FROM job WHERE job_id = ? ORDER BY job_key DESC LIMIT 1";
    const [job] = this.#list(statement, jobId);
    const tasks = jobId.includes("_")
      ? []
      // "`" is the character behind "_".
      : this.#list(
        "SELECT * FROM job WHERE job_id >= ? AND job_id < ? ORDER BY job_key",
        `${jobId}_`,
        `${jobId}\``,
      );
    // Slurm gives IDs anew: the latest submission counts.
    const last = tasks.at(-1);
    if (last === undefined || (job !== undefined && job.jobKey > last.jobKey)) {
      return job === undefined ? [] : [job];
    }
    return [...new Map(tasks.map((task) => [task.jobId, task])).values()];
  }

  /**
   * As {@linkcode withId}, and the jobs that had the ID in an attempt that failed: it is the same job that was
   * submitted again.
   */
  withAnyId(jobId: string): Job[] {
    const [one, other] = ['"', "_"].map((end) => `"jobId":"${jobId}${end}`) as [string, string];
    const statement = "SELECT * FROM job WHERE attempts <> '[]' " +
      "AND (instr(attempts, ?) > 0 OR instr(attempts, ?) > 0) ORDER BY job_key DESC";
    const known = this.withId(jobId);
    const before = this.#list(statement, one, other)
      .filter((job) => known.every(({ jobKey }) => jobKey !== job.jobKey));
    return latestOfId(known, before, jobId);
  }

  #valuesFor(worktree: string, times: number): (string | null)[] {
    const mark = this.parts.worktrees.markOf(worktree);
    return Array.from({ length: times }, () => [worktree, mark]).flat();
  }

  #list(statement: string, ...values: (string | number | null)[]): Job[] {
    return this.read(() => readRows(this.database, statement, values, this.parts.damaged.toJob))
      .filter((job) => job !== undefined);
  }
}

/** Those of the latest submission that got the ID: Slurm gives IDs anew. */
function latestOfId(known: readonly Job[], others: readonly Job[], jobId: string): Job[] {
  const before = others.flatMap((job) => {
    const usedMs = lastUseMs(job, jobId);
    return usedMs === undefined ? [] : [{ job, usedMs }];
  });
  const knownMs = Math.max(-1, ...known.map(({ submittedAtMs }) => submittedAtMs));
  const latestMs = Math.max(knownMs, ...before.map(({ usedMs }) => usedMs));
  const latest = before.filter(({ usedMs }) => usedMs === latestMs).map(({ job }) => job);
  return knownMs === latestMs ? [...known, ...latest] : latest;
}

/** Stages that few jobs of a long history are in: each has an index of its own. */
const INDEXED: readonly JobStage[] = ["waiting", "submitting", "open"];

/** Worktrees but the main one, of jobs that have not ended. */
const LINKED_WORKTREES = INDEXED.map((stage) =>
  `SELECT DISTINCT worktree FROM job WHERE stage = '${stage}' AND worktree > ''`
).join(" UNION ");

/** Jobs that have not ended, of one work tree, under a further condition. */
function unendedOf(condition: string): string {
  return INDEXED.map((stage) =>
    `SELECT * FROM job WHERE worktree = ? AND stage = '${stage}' AND ${condition}`
  ).join(" UNION ALL ");
}

/**
 * The SELECT of all jobs in some stages, and how many times work tree and mark are parameters in it.
 * Stages are words of ours: written out, the partial indices serve, but for one stage at a time only. With
 * the other stages a history is read from its end on, as far as rows are wanted. All stages together are
 * no condition, so that a row with a stage of somebody else's is found, too.
 */
function selectionOf(stages: readonly JobStage[]): { text: string; times: number } {
  const isIn = (stage: JobStage) => `stage = '${stage}'`;
  const conditions = stages.every((stage) => INDEXED.includes(stage))
    ? stages.map(isIn)
    : stages.length === JOB_STAGES.length
    ? ["1"]
    : [`(${stages.map(isIn).join(" OR ")})`];
  const parts = conditions.map((each) =>
    `SELECT * FROM job WHERE worktree = ? AND ${IS_OF_MARK} AND ${each}`
  );
  return { text: parts.join(" UNION ALL "), times: parts.length };
}
