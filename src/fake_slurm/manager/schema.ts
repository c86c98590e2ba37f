/**
 * The tables behind the fake Slurm.
 *
 * A *submission* is one sbatch call. A *task* is one unit that runs: the submission itself, or one task
 * of its array. Tasks of an array that wait share the array's job ID; each gets its own raw job ID when
 * it leaves that rest, and the last one keeps the array's, as in Slurm.
 */
export const FAKE_SLURM_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO counters VALUES ('next_job_id', 1);

  -- Scripts and environments, once each however many jobs share them.
  CREATE TABLE contents (hash TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;

  CREATE TABLE submissions (
    job_id INTEGER PRIMARY KEY,
    spec TEXT NOT NULL,
    script_hash TEXT NOT NULL REFERENCES contents (hash),
    env_hash TEXT NOT NULL REFERENCES contents (hash)
  ) STRICT;

  CREATE TABLE tasks (
    row INTEGER PRIMARY KEY,
    base_id INTEGER NOT NULL REFERENCES submissions (job_id),
    task_index INTEGER,
    job_id INTEGER,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    hold TEXT NOT NULL DEFAULT '',
    dependency TEXT,
    begin_ms INTEGER,
    time_limit INTEGER,
    cpus INTEGER NOT NULL,
    submit_ms INTEGER NOT NULL,
    eligible_ms INTEGER,
    start_ms INTEGER,
    end_ms INTEGER,
    exit_code INTEGER NOT NULL DEFAULT 0,
    exit_signal INTEGER NOT NULL DEFAULT 0,
    batch_state TEXT,
    batch_code INTEGER NOT NULL DEFAULT 0,
    batch_signal INTEGER NOT NULL DEFAULT 0,
    kill_state TEXT,
    kill_signalled_ms INTEGER,
    cancelled_by INTEGER,
    restarts INTEGER NOT NULL DEFAULT 0,
    superseded INTEGER NOT NULL DEFAULT 0,
    process TEXT
  ) STRICT;
  CREATE INDEX tasks_of_submission ON tasks (base_id, task_index);
  CREATE INDEX tasks_by_job_id ON tasks (job_id);
  CREATE INDEX tasks_by_state ON tasks (state, base_id, task_index);
  CREATE INDEX tasks_by_end ON tasks (end_ms);

  -- At most one row: the process that runs the jobs.
  CREATE TABLE manager (id INTEGER PRIMARY KEY CHECK (id = 1), process TEXT NOT NULL) STRICT;

  -- How often each rule of the scenario has been looked at.
  CREATE TABLE rule_uses (rule TEXT PRIMARY KEY, uses INTEGER NOT NULL) STRICT;
  `,
];
