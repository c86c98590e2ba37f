import { judgeDependency } from "./dependency.ts";
import type { JobTable } from "./job_table.ts";
import type { Task } from "./task.ts";

/** What one look at the waiting jobs found. */
export interface Schedule {
  /** Now marked as running; the caller starts them. */
  readonly started: readonly Task[];
  /** When a begin time comes next, in milliseconds since the epoch. */
  readonly nextBeginMs: number | undefined;
}

/** Mostly the first few jobs tell what can start: others wait for them. */
const ROWS_PER_PART = 100;

const WAITING = "state = 'PENDING' AND hold = ''";

/**
 * Decides which waiting jobs start at `nowMs`, first come first served, within `cpus` and each array's
 * limit; writes down why the others wait. A job that asks for more CPUs than there are runs alone.
 * Call it inside a transaction.
 */
export function scheduleJobs(table: JobTable, cpus: number, nowMs: number): Schedule {
  settleDependencies(table, nowMs);
  const { database } = table;
  database.prepare(
    `UPDATE tasks SET reason = 'None', eligible_ms = ?1
     WHERE ${WAITING} AND reason = 'BeginTime' AND begin_ms <= ?1`,
  ).run(nowMs);
  const started = startWaiting(table, cpus - usedCpus(table, cpus), cpus, nowMs);
  database.prepare(
    `UPDATE tasks SET reason = 'Priority' WHERE ${WAITING} AND dependency IS NULL AND reason = 'None'
     AND (begin_ms IS NULL OR begin_ms <= ?)`,
  ).run(nowMs);
  const next = database.prepare(
    `SELECT min(begin_ms) AS next FROM tasks WHERE ${WAITING} AND begin_ms > ?`,
  ).get(nowMs);
  return {
    started,
    nextBeginMs: next?.["next"] == null ? undefined : Number(next["next"]),
  };
}

/** How many of the node's `cpus` running jobs hold. */
export function usedCpus({ database }: JobTable, cpus: number): number {
  const row = database.prepare(
    "SELECT coalesce(sum(min(cpus, ?)), 0) AS used FROM tasks WHERE state = 'RUNNING'",
  ).get(cpus);
  return Number(row?.["used"]);
}

function settleDependencies(table: JobTable, nowMs: number): void {
  for (const task of table.find(`${WAITING} AND dependency IS NOT NULL`)) {
    const { state } = judgeDependency(table, task);
    if (state === "fulfilled") {
      const begins = (task.beginMs ?? 0) > nowMs;
      table.update(task.row, {
        dependency: null,
        reason: begins ? "BeginTime" : "None",
        eligibleMs: begins ? task.beginMs : nowMs,
      });
    } else if (state === "failed") {
      const reason = "DependencyNeverSatisfied";
      if (task.spec.killOnInvalidDependency) {
        table.update(task.row, { state: "CANCELLED", reason, startMs: nowMs, endMs: nowMs });
      } else if (task.reason !== reason) table.update(task.row, { reason });
    } else if (task.reason !== "Dependency") table.update(task.row, { reason: "Dependency" });
  }
}

function startWaiting(table: JobTable, freeCpus: number, allCpus: number, nowMs: number): Task[] {
  const { database } = table;
  let free = freeCpus;
  if (free <= 0) {
    // No need to look at them all: the first waits for resources, the others for the first.
    database.prepare(
      `UPDATE tasks SET reason = 'Resources' WHERE reason IN ('None', 'Priority') AND row =
         (SELECT row FROM tasks WHERE ${WAITING} AND dependency IS NULL
            AND (begin_ms IS NULL OR begin_ms <= ?) ORDER BY base_id, task_index, row LIMIT 1)`,
    ).run(nowMs);
    return [];
  }
  const room = new Map<number, number>();
  const starting: number[] = [];
  const blocked: { row: number; reason: string }[] = [];
  for (const { row, base_id: baseId, cpus, reason } of readWaiting(table, nowMs)) {
    if (free <= 0) break;
    const left = room.get(Number(baseId)) ?? roomInArray(table, Number(baseId));
    const needed = Math.min(Number(cpus), allCpus);
    const canStart = left > 0 && needed <= free;
    room.set(Number(baseId), canStart ? left - 1 : left);
    if (canStart) {
      free -= needed;
      starting.push(Number(row));
      continue;
    }
    const why = left <= 0 ? "JobArrayTaskLimit" : "Resources";
    if (reason !== why) blocked.push({ row: Number(row), reason: why });
    if (why === "Resources") break; // what came first goes first
  }
  // Only now: the table must not change while it is read.
  for (const { row, reason } of blocked) table.update(row, { reason });
  return starting.map((row) => markStarted(table, row, nowMs));
}

/**
 * Reads, in their order, the jobs that could start; the table must not change until the reader has
 * enough. The runtime's own `iterate()` is no way: where SQLite reports an error it ends as if there
 * were no more rows (seen with Deno 2.9.6), and jobs behind a damaged page would wait for ever.
 */
function* readWaiting({ database }: JobTable, nowMs: number) {
  const part = database.prepare(
    `SELECT row, base_id, cpus, reason FROM tasks
     WHERE ${WAITING} AND dependency IS NULL AND (begin_ms IS NULL OR begin_ms <= ?)
     ORDER BY base_id, task_index, row LIMIT ${ROWS_PER_PART} OFFSET ?`,
  );
  for (let offset = 0;; offset += ROWS_PER_PART) {
    const rows = part.all(nowMs, offset);
    yield* rows;
    if (rows.length < ROWS_PER_PART) return;
  }
}

function roomInArray(table: JobTable, baseId: number): number {
  const limit = table.specOf(baseId).array?.limit ?? null;
  if (limit === null) return Infinity;
  return limit - table.count("base_id = ? AND state = 'RUNNING'", baseId);
}

function markStarted(table: JobTable, row: number, nowMs: number): Task {
  const [task] = table.find("row = ?", row);
  if (task === undefined) throw new Error(`Cannot start row ${row}: it is gone`);
  table.splitFromArray(task);
  table.update(row, {
    ...{ state: "RUNNING", reason: "None", startMs: nowMs, endMs: null, process: null },
    ...{ exitCode: 0, exitSignal: 0, batchState: "RUNNING", batchCode: 0, batchSignal: 0 },
  });
  return table.find("row = ?", row)[0]!;
}

/**
 * Whether some job runs, or will without anybody's doing: then a manager is needed. Call it inside a
 * transaction.
 */
export function hasWork(table: JobTable): boolean {
  if (hasReadyWork(table)) return true;
  // A job may wait for one that had ended before it was submitted.
  settleDependencies(table, Date.now());
  return hasReadyWork(table);
}

function hasReadyWork(table: JobTable): boolean {
  const ready = `state = 'RUNNING' OR (${WAITING} AND dependency IS NULL)`;
  return table.database.prepare(`SELECT 1 FROM tasks WHERE ${ready} LIMIT 1`).get() !== undefined;
}
