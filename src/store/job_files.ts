import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import type { FilesBefore } from "../jobs/files_before.ts";
import { DamagedRowError } from "./read_job.ts";
import { json } from "./columns.ts";
import { StorePart } from "./store_part.ts";
import { readTogether } from "./read_rows.ts";
import { RowsAhead } from "./rows_ahead.ts";

const Files = v.array(
  v.object({
    path: v.string(),
    size: v.number(),
    mtimeMs: v.number(),
    ctimeMs: v.optional(v.number()),
    ino: v.number(),
  }),
);
const Room = v.pipe(
  json(v.array(v.tuple([v.string(), v.string()]))),
  v.transform((entries): ReadonlyMap<string, string> => new Map(entries)),
);
const Row = v.object({
  present: v.nullable(json(v.object({ places: v.array(v.string()), paths: v.array(v.string()) }))),
  room: Room,
  alt_dir: v.nullable(
    json(v.object({ headOid: v.string(), inDataset: Files, inAltDir: Files })),
  ),
});

/** What files of jobs that are not ended were before they ran. Jobs of older stores have no such note. */
export class JobFiles extends StorePart {
  readonly #rows = new RowsAhead(
    this.database,
    this.parts.read,
    "SELECT present, room, alt_dir FROM job_files WHERE job_key = ?",
  );

  /** Reads what is about to be looked for, at once; nobody may change it until then. */
  load(keys: readonly number[]): void {
    this.#rows.load(keys);
  }

  /**
   * Notes the files of jobs in this stage by key, in one transaction. What made room for a job before is
   * remembered beside what is to make room now.
   *
   * @returns the keys of those that are in this stage.
   */
  note(
    files: ReadonlyMap<number, FilesBefore>,
    stage: "waiting" | "submitting",
  ): ReadonlySet<number> {
    if (files.size === 0) return new Set();
    this.#rows.forget();
    return this.transaction(() => {
      const note = prepareFilesNote(this.database);
      const select = this.database.prepare("SELECT 1 FROM job WHERE job_key = ? AND stage = ?");
      const own = [...files].filter(([key]) => select.get(key, stage) !== undefined);
      for (const [key, before] of own) note(key, before);
      return new Set(own.map(([key]) => key));
    });
  }

  /** What was noted for a job; `undefined` for one that was not scheduled here, or is ended. */
  find(key: number): FilesBefore | undefined {
    const row = this.#rows.take(key);
    try {
      return parseNote(row, key, this.database);
    } catch (error) {
      return this.read(() => {
        throw error; // there it is explained
      });
    }
  }

  /** Of those of `keys` for which links made room, the links, where that can be read: targets by path. */
  findRoom(keys: readonly number[]): Map<number, ReadonlyMap<string, string>> {
    return this.#together(() => {
      const select = this.database.prepare(
        "SELECT room FROM job_files WHERE job_key = ? AND room <> '[]'",
      );
      return new Map(keys.flatMap((key) => {
        const found = select.get(key);
        const room = v.safeParse(Room, found?.["room"]);
        return room.success ? [[key, room.output] as const] : [];
      }));
    });
  }

  #together<T>(work: () => T): T {
    return this.read(() => readTogether(this.database, work));
  }
}

/** Reads what was noted of the files of a job, within the caller's transaction. */
export function readFilesNote(database: DatabaseSync, key: number): FilesBefore | undefined {
  const select = "SELECT present, room, alt_dir FROM job_files WHERE job_key = ?";
  return parseNote(database.prepare(select).get(key), key, database);
}

/**
 * @throws {DamagedRowError} If a column is not as it should be.
 */
function parseNote(
  row: Readonly<Record<string, unknown>> | undefined,
  key: number,
  database: DatabaseSync,
): FilesBefore | undefined {
  if (row === undefined) return undefined;
  const { present, room, alt_dir: altDir } = parseRow(Row, row, key, database);
  return { present, room, altDir };
}

function parseRow<T>(
  schema: v.GenericSchema<unknown, T>,
  row: Readonly<Record<string, unknown>>,
  key: number,
  database: DatabaseSync,
): T {
  const parsed = v.safeParse(schema, row);
  if (parsed.success) return parsed.output;
  const select = database.prepare("SELECT job_key, job_id, worktree FROM job WHERE job_key = ?");
  const column = String(parsed.issues[0].path?.[0]?.key ?? "row");
  throw new DamagedRowError(select.get(key) ?? { job_key: key }, column, "job_files");
}

/** Prepares the noting of files for jobs, within the caller's transaction. */
export function prepareFilesNote(
  database: DatabaseSync,
): (key: number, before: FilesBefore) => void {
  const select = database.prepare("SELECT room FROM job_files WHERE job_key = ?");
  const insert = database.prepare(
    "INSERT OR REPLACE INTO job_files (job_key, present, room, alt_dir) VALUES (?, ?, ?, ?)",
  );
  return (key, { present, room, altDir }) => {
    const noted = select.get(key);
    const all = noted === undefined ? room : new Map([
      ...parseRow(v.object({ room: Room }), noted, key, database).room,
      ...room,
    ]);
    insert.run(
      key,
      present === null ? null : JSON.stringify(present),
      JSON.stringify([...all]),
      altDir === null ? null : JSON.stringify(altDir),
    );
  };
}

/** Prepares the forgetting of what was noted for a job, within the caller's transaction. */
export function prepareFilesRemoval(database: DatabaseSync): (key: number) => void {
  const remove = database.prepare("DELETE FROM job_files WHERE job_key = ?");
  return (key) => {
    remove.run(key);
  };
}
