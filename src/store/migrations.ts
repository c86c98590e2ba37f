import type { Migration } from "./open_store.ts";

/** The schema of the job store, step by step; a released step never changes. */
export const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE job (
    job_key INTEGER PRIMARY KEY AUTOINCREMENT,
    stage TEXT NOT NULL CHECK (stage IN ('submitting', 'open', 'finished', 'closed')),
    job_id TEXT,
    cluster TEXT,
    cmd TEXT NOT NULL,
    pwd TEXT NOT NULL,
    dsid TEXT,
    message TEXT,
    chain TEXT NOT NULL,
    inputs TEXT NOT NULL,
    extra_inputs TEXT NOT NULL,
    outputs TEXT NOT NULL,
    alt_dir TEXT,
    rescheduled_job_id TEXT,
    worktree TEXT NOT NULL,
    submitted_at_ms INTEGER NOT NULL,
    submitter TEXT NOT NULL,
    details TEXT,
    commit_oid TEXT,
    commit_base TEXT,
    ended_at_ms INTEGER,
    closed_because TEXT,
    CHECK (stage <> 'open' OR job_id IS NOT NULL)
  );
  CREATE UNIQUE INDEX open_job_id ON job (job_id, ifnull(cluster, '')) WHERE stage = 'open';
  CREATE INDEX unfinished_job ON job (job_key) WHERE stage IN ('submitting', 'open');
  CREATE TABLE claim (
    worktree TEXT NOT NULL,
    path TEXT NOT NULL,
    job_key INTEGER NOT NULL REFERENCES job (job_key),
    PRIMARY KEY (worktree, path, job_key)
  ) WITHOUT ROWID;
  CREATE INDEX claim_of_job ON claim (job_key);
  `,
  // Which job of another program a row was made of: it is taken over once, even after it was finished.
  `
  ALTER TABLE job ADD COLUMN adopted_from TEXT;
  CREATE UNIQUE INDEX adopted_job ON job (adopted_from) WHERE adopted_from IS NOT NULL;
  `,
];
