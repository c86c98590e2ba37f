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
  // Rows of tables: they wait for their submission, and several of them may share one, as an array. A
  // table's CHECK cannot be changed, so that the table is made anew.
  `
  CREATE TABLE job_2 (
    job_key INTEGER PRIMARY KEY AUTOINCREMENT,
    stage TEXT NOT NULL CHECK (stage IN ('waiting', 'submitting', 'open', 'finished', 'closed')),
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
    table_row TEXT,
    row_identity TEXT,
    waiting_plan TEXT,
    waits_for_site INTEGER NOT NULL DEFAULT 0,
    submission_key INTEGER,
    array_task INTEGER,
    adopted_from TEXT,
    CHECK (stage <> 'open' OR job_id IS NOT NULL),
    CHECK (stage <> 'waiting' OR waiting_plan IS NOT NULL)
  );
  INSERT INTO job_2 (job_key, stage, job_id, cluster, cmd, pwd, dsid, message, chain, inputs,
      extra_inputs, outputs, alt_dir, rescheduled_job_id, worktree, submitted_at_ms, submitter, details,
      commit_oid, commit_base, ended_at_ms, closed_because, adopted_from)
    SELECT job_key, stage, job_id, cluster, cmd, pwd, dsid, message, chain, inputs,
      extra_inputs, outputs, alt_dir, rescheduled_job_id, worktree, submitted_at_ms, submitter, details,
      commit_oid, commit_base, ended_at_ms, closed_because, adopted_from
    FROM job;
  DELETE FROM sqlite_sequence WHERE name = 'job_2';
  INSERT INTO sqlite_sequence (name, seq) SELECT 'job_2', seq FROM sqlite_sequence WHERE name = 'job';
  CREATE TABLE claim_2 (
    worktree TEXT NOT NULL,
    path TEXT NOT NULL,
    job_key INTEGER NOT NULL REFERENCES job_2 (job_key),
    PRIMARY KEY (worktree, path, job_key)
  ) WITHOUT ROWID;
  INSERT INTO claim_2 SELECT worktree, path, job_key FROM claim;
  DROP TABLE claim;
  DROP TABLE job;
  ALTER TABLE job_2 RENAME TO job;
  ALTER TABLE claim_2 RENAME TO claim;
  CREATE INDEX claim_of_job ON claim (job_key);
  CREATE UNIQUE INDEX open_job_id ON job (job_id, ifnull(cluster, '')) WHERE stage = 'open';
  CREATE INDEX open_job ON job (worktree, job_key) WHERE stage = 'open';
  CREATE INDEX submitting_job ON job (job_key) WHERE stage = 'submitting';
  CREATE INDEX waiting_job ON job (worktree, job_key) WHERE stage = 'waiting';
  CREATE INDEX job_of_submission ON job (submission_key) WHERE submission_key IS NOT NULL;
  CREATE INDEX job_by_id ON job (job_id, job_key);
  CREATE UNIQUE INDEX adopted_job ON job (adopted_from) WHERE adopted_from IS NOT NULL;
  CREATE INDEX job_by_row ON job (worktree, row_identity) WHERE row_identity IS NOT NULL;
  `,
  // Refs that a finish is about to move in more than one repository.
  `
  CREATE TABLE ref_move (
    worktree TEXT NOT NULL,
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    ref TEXT NOT NULL,
    base_oid TEXT NOT NULL,
    old_oid TEXT,
    new_oid TEXT NOT NULL,
    PRIMARY KEY (worktree, position)
  ) WITHOUT ROWID;
  `,
];
