import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import type {
  GatheredEvidence,
  NewestEvidence,
  NotedEvidence,
  NotedInput,
  NotedScript,
} from "../jobs/noted_evidence.ts";
import { json } from "./columns.ts";
import { StorePart } from "./store_part.ts";
import { RowsAhead } from "./rows_ahead.ts";

/** Longer lists are kept once for all jobs that have the same. */
const MOST_INPUTS_IN_ROW = 100;

/**
 * Reads what is noted of the newest job: with the first look at the store, since on a parallel file system
 * each look by itself takes milliseconds.
 */
export function readNewestEvidence(database: DatabaseSync): Record<string, unknown> | undefined {
  return database.prepare("SELECT noted FROM job_evidence ORDER BY job_key DESC LIMIT 1").get();
}

/**
 * What was seen of jobs when they were submitted, until they are ended: then their commits say it. Contents
 * of scripts that are in no commit are kept here meanwhile, where neither an edit nor git's garbage collection
 * reaches them.
 */
export class JobEvidence extends StorePart {
  readonly #rows = new RowsAhead(
    this.database,
    this.parts.read,
    "SELECT noted, kept_inputs FROM job_evidence WHERE job_key = ?",
  );

  /** Reads what is about to be looked for, at once; nobody may change it until then. */
  load(keys: readonly number[]): void {
    this.#rows.load(keys);
  }

  /** Notes the evidence of jobs by key, replacing what was noted before, in one transaction. */
  note(evidence: ReadonlyMap<number, GatheredEvidence>): void {
    if (evidence.size === 0) return;
    this.#rows.forget();
    this.transaction(() => {
      const note = prepareEvidenceNote(this.database);
      for (const [key, each] of evidence) note(key, each);
    });
  }

  /** Notes of the jobs of a submission who told that they came of it; nothing where no evidence is noted. */
  noteFoundBy(submissionKey: number, whom: string): void {
    this.#rows.forget();
    this.transaction(() => {
      this.database.prepare(
        `UPDATE job_evidence SET noted = json_set(noted, '$.submission.foundBy', ?)
         WHERE json_valid(noted)
           AND job_key IN (SELECT job_key FROM job WHERE job_key = ? OR submission_key = ?)`,
      ).run(whom, submissionKey, submissionKey);
    });
  }

  /**
   * What was noted of a job; `undefined` for one that was not submitted here, or is ended, or whose note
   * cannot be read: no job is left uncommitted for it.
   */
  find(key: number): NotedEvidence | undefined {
    return this.#noted(this.#rows.take(key));
  }

  /**
   * What was noted of a job's failed submission.
   *
   * @param attempt which of {@linkcode Job.attempts}.
   */
  findOfAttempt(key: number, attempt: number): NotedEvidence | undefined {
    const select =
      "SELECT noted, kept_inputs FROM attempt_evidence WHERE job_key = ? AND attempt = ?";
    return this.#noted(this.read(() => this.database.prepare(select).get(key, attempt)));
  }

  /**
   * The script of a job's first submission, without what else was noted.
   *
   * @param isRetried whether the job has failed attempts: then the first of them counts.
   */
  scriptOfFirst(key: number, isRetried: boolean): NotedScript | undefined {
    const select = isRetried
      ? "SELECT noted FROM attempt_evidence WHERE job_key = ? AND attempt = 0"
      : "SELECT noted FROM job_evidence WHERE job_key = ?";
    const found = this.read(() => this.database.prepare(select).get(key));
    return parse<NotedEvidence>(found?.["noted"], Noted)?.script ?? undefined;
  }

  /**
   * What is noted of the newest job of which evidence is, of the newest when the store was opened if there was
   * one; a long list of inputs is not looked up.
   */
  newest(): NewestEvidence | undefined {
    const found = this.parts.newestEvidence ?? this.read(() => readNewestEvidence(this.database));
    const noted = parse<NotedEvidence>(found?.["noted"], Noted);
    const head = noted?.submission?.head;
    if (noted === undefined || head === undefined) return undefined;
    return { head, script: noted.script, inputs: noted.inputs };
  }

  #noted(row: Readonly<Record<string, unknown>> | undefined): NotedEvidence | undefined {
    if (row === undefined) return undefined;
    const noted = parse<NotedEvidence>(row["noted"], Noted);
    const name = row["kept_inputs"];
    if (noted === undefined || typeof name !== "string") return noted;
    const kept = this.read(() => this.#kept(name));
    const list = parse<readonly NotedInput[]>(new TextDecoder().decode(kept), Inputs);
    return { ...noted, inputs: list ?? [] };
  }

  /** The content of a script that was noted with a job; `undefined` if there is none. */
  contentOf(oid: string): Uint8Array | undefined {
    return this.read(() => this.#kept(oid));
  }

  #kept(name: string): Uint8Array | undefined {
    const select = "SELECT content FROM kept_content WHERE name = ?";
    const content = this.database.prepare(select).get(name)?.["content"];
    return content instanceof Uint8Array ? content : undefined;
  }
}

const text = v.exactOptional(v.string());
const Traits = v.exactOptional(
  v.looseObject({ size: v.number(), mtimeMs: v.number(), ino: v.number() }),
);
const Script = v.looseObject({ path: text, blob: text, kept: text, file: text, traits: Traits });
const Inputs = v.array(
  v.looseObject({ path: v.string(), key: text, blob: text, tree: text, traits: Traits }),
);
const Submission = v.looseObject({
  ...{ at: text, head: text, label: text, foundBy: text },
  after: v.exactOptional(
    v.array(v.looseObject({ jobId: v.string(), label: text, type: text, cluster: text })),
  ),
});
const Noted = v.looseObject({
  version: v.string(),
  submission: Submission,
  script: v.nullable(Script),
  inputs: Inputs,
});

/** What a text says that was noted as JSON; `undefined` if no version of this program has written it. */
function parse<T>(
  written: unknown,
  schema: v.GenericSchema,
): T | undefined {
  const parsed = v.safeParse(json(schema), written);
  return parsed.success ? parsed.output as T : undefined;
}

/** Prepares the noting of evidence for jobs, within the caller's transaction. */
export function prepareEvidenceNote(
  database: DatabaseSync,
): (key: number, evidence: GatheredEvidence) => void {
  const keep = database.prepare("INSERT OR IGNORE INTO kept_content (name, content) VALUES (?, ?)");
  const insert = database.prepare(
    "INSERT INTO job_evidence (job_key, noted, kept_script, kept_inputs) VALUES (?, ?, ?, ?)",
  );
  const forget = prepareRemoval(database, "job_evidence WHERE job_key = ?");
  return (key, { noted, script, inputsName = null }) => {
    forget(key);
    if (script !== null) keep.run(script.oid, script.content);
    const isLong = noted.inputs.length > MOST_INPUTS_IN_ROW && inputsName !== null;
    if (isLong) keep.run(inputsName, new TextEncoder().encode(JSON.stringify(noted.inputs)));
    insert.run(
      key,
      JSON.stringify(isLong ? { ...noted, inputs: [] } : noted),
      script?.oid ?? null,
      isLong ? inputsName : null,
    );
  };
}

/** Prepares the forgetting of all evidence of a job, within the caller's transaction. */
export function prepareEvidenceRemoval(database: DatabaseSync): (key: number) => void {
  const last = prepareRemoval(database, "job_evidence WHERE job_key = ?");
  const earlier = prepareRemoval(database, "attempt_evidence WHERE job_key = ?");
  return (key) => {
    last(key);
    earlier(key);
  };
}

/**
 * Prepares the moving of the evidence of a job's submission to that of an attempt which has failed, within the
 * caller's transaction.
 */
export function prepareEvidenceOfAttempt(
  database: DatabaseSync,
): (key: number, attempt: number) => void {
  const insert = database.prepare(
    `INSERT OR REPLACE INTO attempt_evidence (job_key, attempt, noted, kept_script, kept_inputs)
       SELECT job_key, ?, noted, kept_script, kept_inputs FROM job_evidence WHERE job_key = ?`,
  );
  const remove = database.prepare("DELETE FROM job_evidence WHERE job_key = ?");
  return (key, attempt) => {
    insert.run(attempt, key);
    remove.run(key);
  };
}

/** Prepares the way back, for an attempt that is the job's last submission after all. */
export function prepareEvidenceTakenBack(
  database: DatabaseSync,
): (key: number, attempt: number) => void {
  const forget = prepareRemoval(database, "job_evidence WHERE job_key = ?");
  const insert = database.prepare(
    `INSERT INTO job_evidence (job_key, noted, kept_script, kept_inputs)
       SELECT job_key, noted, kept_script, kept_inputs FROM attempt_evidence
       WHERE job_key = ? AND attempt = ?`,
  );
  const remove = database.prepare(
    "DELETE FROM attempt_evidence WHERE job_key = ? AND attempt = ?",
  );
  return (key, attempt) => {
    forget(key);
    insert.run(key, attempt);
    remove.run(key, attempt);
  };
}

/** Removes rows of evidence, and contents that none has then. */
function prepareRemoval(database: DatabaseSync, rows: string): (key: number) => void {
  const select = database.prepare(`SELECT kept_script, kept_inputs FROM ${rows}`);
  const remove = database.prepare(`DELETE FROM ${rows}`);
  const sweep = database.prepare(
    `DELETE FROM kept_content WHERE name = ?
       AND NOT EXISTS (SELECT 1 FROM job_evidence WHERE kept_script = name)
       AND NOT EXISTS (SELECT 1 FROM job_evidence WHERE kept_inputs = name)
       AND NOT EXISTS (SELECT 1 FROM attempt_evidence WHERE kept_script = name)
       AND NOT EXISTS (SELECT 1 FROM attempt_evidence WHERE kept_inputs = name)`,
  );
  return (key) => {
    const found = select.all(key);
    if (found.length === 0) return;
    remove.run(key);
    for (const row of found) {
      for (const name of [row["kept_script"], row["kept_inputs"]]) {
        if (typeof name === "string") sweep.run(name);
      }
    }
  };
}
