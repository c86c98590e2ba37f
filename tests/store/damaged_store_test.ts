import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { JobRequest } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { STORE_FILE } from "../../src/store/store_place.ts";

const REQUEST: JobRequest = {
  ...{ cmd: "sbatch job.sh", pwd: ".", dsid: null, message: null, altDir: null, worktree: "" },
  ...{ chain: [], inputs: [], extraInputs: [], outputs: [], rescheduledJobId: null },
};
const PLAN = {
  ...{ command: "sbatch job.sh", directory: "/", inputs: [], toUnlock: [] },
  ...{ transfers: null, array: null },
};

/** Whatever looks at the store without changing it. */
const READS: Readonly<Record<string, (store: JobStore) => unknown>> = {
  listOpen: (store) => store.listOpen(""),
  listSubmitting: (store) => store.listSubmitting(),
  listOfSubmissions: (store) => store.listOfSubmissions([1]),
  "adopted.list": (store) => store.adopted.list(),
  listMoves: (store) => store.commits.listMoves(""),
  isSubmissionEnded: (store) => store.isSubmissionEnded(1, 0),
  findSubmitted: (store) => store.findSubmitted(1),
  findByJobId: (store) => store.findByJobId("1"),
  "files.find": (store) => store.files.find(1),
  "files.findRoom": (store) => store.files.findRoom([1]),
  "evidence.find": (store) => store.evidence.find(1),
  "evidence.findOfAttempt": (store) => store.evidence.findOfAttempt(1, 0),
  "evidence.newest": (store) => store.evidence.newest(),
  "unanswered.commandOf": (store) => store.unanswered.commandOf(1),
  "unanswered.endOf": (store) => store.unanswered.endOf(1),
  "unanswered.idsSince": (store) => store.unanswered.idsSince(0, null),
  "evidence.contentOf": (store) => store.evidence.contentOf("a"),
  "listing.newest": (store) => store.listing.newest("", ["open"], 1),
  "listing.count": (store) => store.listing.count("", ["waiting"]),
  "waiting.findKnown": (store) => store.waiting.findKnown("", ["row 1"]),
  "waiting.keys": (store) => store.waiting.keys("", false),
  "waiting.jobs": (store) => [...store.waiting.jobs([41, 42])],
};

function fill(folder: string, count = 40): void {
  using store = JobStore.open(folder);
  for (let at = 1; at <= count; at++) {
    const before = { present: null, room: new Map([["out/1", "x"]]), altDir: null };
    const request = { ...REQUEST, outputs: [`out/${at}`] };
    const key = store.beginSubmission(request, "{}", 1, { before });
    store.receipts.store([{ key, jobId: String(at), cluster: null }]);
  }
  const rows = Array.from({ length: count }, (_, at) => ({
    request: { ...REQUEST, outputs: [`row/${at}`] },
    identity: `row ${at}`,
    plan: PLAN,
  }));
  store.waiting.add(rows, {
    checksOutputs: true,
    again: false,
    isTrial: false,
    submitter: "{}",
    nowMs: 1,
  });
  const move = { worktree: "", path: ".", ref: "HEAD", baseOid: "a", oldOid: null, newOid: "b" };
  store.commits.note(new Map([[1, "b"]]), "a", [move]);
}

const PAGE_BYTES = 4_096;

/** Where tables and indices begin in a store. */
function rootPages(file: string): number[] {
  const database = new DatabaseSync(file);
  try {
    return database.prepare("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0").all()
      .map((row) => Number(row["rootpage"]));
  } finally {
    database.close();
  }
}

Deno.test("JobStore's reads say of a damaged store that it cannot be read", async (test) => {
  const folder = await Deno.makeTempDir({ prefix: "damaged store " });
  const file = join(folder, STORE_FILE);
  try {
    fill(folder);
    for (const [name, read] of Object.entries(READS)) {
      using store = JobStore.open(folder);
      assert.doesNotThrow(() => read(store), name);
    }
    // With the pages of the schema the store can still be opened.
    const bytes = await Deno.readFile(file);
    for (const page of rootPages(file)) {
      bytes.fill(0x7f, (page - 1) * PAGE_BYTES, page * PAGE_BYTES);
    }
    await Deno.writeFile(file, bytes);
    for (const [name, read] of Object.entries(READS)) {
      await test.step(name, () => {
        using store = JobStore.open(folder);
        assert.throws(() => read(store), { name: "UserError", code: "STORE_UNREADABLE" });
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What may stand in a column that no version of this program has written. */
const NONSENSE = ["", "[]", "5", '{"script":5,"inputs":[5]}', 1.5, 2 ** 60];

/** Each column of each table, but for what the tables are joined by. */
function columnsOf(database: DatabaseSync): [table: string, column: string][] {
  const tables = database.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
  ).all().map((row) => String(row["name"]));
  return tables.flatMap((table) =>
    database.prepare("SELECT name FROM pragma_table_info(?)").all(table)
      .map((row): [string, string] => [table, String(row["name"])])
  ).filter(([, column]) => column !== "job_key");
}

Deno.test("JobStore's reads take nonsense in a column for no bug", async () => {
  const folder = await Deno.makeTempDir({ prefix: "nonsense in a store " });
  const file = join(folder, STORE_FILE);
  try {
    fill(folder, 2);
    const database = new DatabaseSync(file);
    const noted = JSON.stringify({ version: "1", submission: {}, script: null, inputs: [] });
    database.exec(
      `INSERT INTO job_evidence VALUES (1, '${noted}', 'a', 'a');
       INSERT INTO attempt_evidence VALUES (1, 0, '${noted}', 'a', 'a');
       INSERT INTO kept_content VALUES ('a', x'5b5d');
       INSERT INTO finishing_job VALUES ('', 't', '[]', '1', NULL);
       INSERT OR IGNORE INTO home VALUES (1, '/', '1');`,
    );
    const columns = columnsOf(database);
    database.close();
    const whole = await Deno.readFile(file);
    for (const [table, column] of columns) {
      for (const value of NONSENSE) {
        await Deno.writeFile(file, whole);
        if (!spoil(file, table, column, value)) continue;
        using store = JobStore.open(folder);
        for (const [name, read] of Object.entries(READS)) {
          try {
            read(store);
          } catch (error) {
            const where = `${name}, ${table}.${column} = ${JSON.stringify(value)}: ${error}`;
            assert.equal((error as Error).name, "UserError", where);
          }
        }
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Whether it could be written: some a table's own checks do not let in. */
function spoil(file: string, table: string, column: string, value: string | number): boolean {
  using database = new DatabaseSync(file);
  try {
    const { changes } = database.prepare(`UPDATE OR IGNORE ${table} SET ${column} = ?`).run(value);
    return changes !== 0;
  } catch (error) {
    assert.match((error as Error).message, /constraint|mismatch/);
    return false;
  }
}
