import type { Migration } from "../sqlite/open_store.ts";

/** "dlsl": tells stores of 0.2.0 and later, in SQLite's own header, from those before. */
export const STORE_ID = 0x646c736c;

/** The schema of the job store, step by step; a released step never changes. */
export const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE job (
    job_key INTEGER PRIMARY KEY AUTOINCREMENT,
    stage TEXT NOT NULL CHECK (stage IN ('waiting', 'submitting', 'open', 'handed_over', 'finished', 'closed')),
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
    -- The name that the user gave it, and the jobs that it was made to wait for.
    label TEXT,
    after_jobs TEXT,
    -- A linked worktree by its name, the main one by none; its mark tells it from a later one of that name.
    worktree TEXT NOT NULL,
    worktree_mark TEXT,
    submitted_at_ms INTEGER NOT NULL,
    submitter TEXT NOT NULL,
    -- The command with its placeholders filled in and its folder, as JSON, where no waiting plan has them; and
    -- when it had ended without saying which job came of it.
    submitted_as TEXT,
    unanswered_at_ms INTEGER,
    accepted_at_ms INTEGER,
    -- Slurm gives job IDs anew: what was submitted from then on is a later job that has this one's.
    reused_from_s INTEGER,
    details TEXT,
    commit_oid TEXT,
    commit_base TEXT,
    ended_at_ms INTEGER,
    job_end TEXT,
    closed_because TEXT,
    -- Rows of tables: they wait for their submission, and several of them may share one, as an array.
    table_row TEXT,
    row_identity TEXT,
    waiting_plan TEXT,
    waits_for_site INTEGER NOT NULL DEFAULT 0,
    submission_key INTEGER,
    array_task INTEGER,
    -- Failed submissions before this one, and the options of sbatch that this one was given.
    attempts TEXT NOT NULL DEFAULT '[]',
    sbatch_options TEXT NOT NULL DEFAULT '[]',
    -- Of an array that is one job, the claims that were named with a task's ID, as JSON: {"out/3": 3}.
    task_outputs TEXT,
    -- Which job of another program this was made of: it is taken over once, even after it was finished.
    adopted_from TEXT,
    -- Of a job that was handed over to another clone, which handover that was, as JSON.
    handover TEXT,
    CHECK (stage <> 'open' OR job_id IS NOT NULL),
    CHECK (stage <> 'waiting' OR waiting_plan IS NOT NULL)
  );
  CREATE UNIQUE INDEX open_job_id ON job (job_id, ifnull(cluster, ''))
    WHERE stage = 'open' AND reused_from_s IS NULL;
  CREATE INDEX open_job ON job (worktree, job_key) WHERE stage = 'open';
  CREATE INDEX submitting_job ON job (job_key) WHERE stage = 'submitting';
  CREATE INDEX waiting_job ON job (worktree, job_key) WHERE stage = 'waiting';
  CREATE INDEX job_of_submission ON job (submission_key) WHERE submission_key IS NOT NULL;
  CREATE INDEX job_by_id ON job (job_id, job_key);
  CREATE INDEX job_by_label ON job (worktree, label, job_key) WHERE label IS NOT NULL;
  CREATE UNIQUE INDEX adopted_job ON job (adopted_from) WHERE adopted_from IS NOT NULL;
  CREATE INDEX job_by_row ON job (worktree, row_identity) WHERE row_identity IS NOT NULL;
  CREATE UNIQUE INDEX row_under_way ON job (worktree, ifnull(worktree_mark, ''), row_identity)
    WHERE row_identity IS NOT NULL AND stage IN ('waiting', 'submitting', 'open', 'handed_over');
  CREATE INDEX handed_over_job ON job (job_key) WHERE stage = 'handed_over';
  CREATE TABLE claim (
    worktree TEXT NOT NULL,
    path TEXT NOT NULL,
    job_key INTEGER NOT NULL REFERENCES job (job_key),
    PRIMARY KEY (worktree, path, job_key)
  ) WITHOUT ROWID;
  CREATE INDEX claim_of_job ON claim (job_key);
  -- What the files of a job were before it ran; goes when the job is ended.
  CREATE TABLE job_files (
    job_key INTEGER PRIMARY KEY REFERENCES job (job_key),
    present TEXT,
    room TEXT NOT NULL,
    alt_dir TEXT
  );
  -- What was seen of a job when it was submitted, as JSON; goes when the job is ended: its commit says it.
  CREATE TABLE job_evidence (
    job_key INTEGER PRIMARY KEY REFERENCES job (job_key),
    noted TEXT NOT NULL,
    kept_script TEXT,
    kept_inputs TEXT
  );
  -- The same of a job's failed submissions, counted from 0.
  CREATE TABLE attempt_evidence (
    job_key INTEGER NOT NULL REFERENCES job (job_key),
    attempt INTEGER NOT NULL,
    noted TEXT NOT NULL,
    kept_script TEXT,
    kept_inputs TEXT,
    PRIMARY KEY (job_key, attempt)
  ) WITHOUT ROWID;
  CREATE INDEX attempt_by_script ON attempt_evidence (kept_script) WHERE kept_script IS NOT NULL;
  CREATE INDEX attempt_by_inputs ON attempt_evidence (kept_inputs) WHERE kept_inputs IS NOT NULL;
  CREATE INDEX evidence_by_script ON job_evidence (kept_script) WHERE kept_script IS NOT NULL;
  CREATE INDEX evidence_by_inputs ON job_evidence (kept_inputs) WHERE kept_inputs IS NOT NULL;
  -- Scripts that are in no commit, by their names as blobs, and long lists of inputs, each once.
  CREATE TABLE kept_content (
    name TEXT PRIMARY KEY,
    content BLOB NOT NULL
  );
  -- Refs that a finish is about to move in more than one repository.
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
  -- The job that runs finish once others have ended, one for a work tree; it is no job of the dataset.
  CREATE TABLE finishing_job (
    worktree TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    awaited TEXT NOT NULL,
    job_id TEXT,
    cluster TEXT
  ) WITHOUT ROWID;
  -- Where the store is at home, in one row: tells it from a copy.
  CREATE TABLE home (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    common_dir TEXT NOT NULL,
    inode TEXT NOT NULL
  );
  `,
];
