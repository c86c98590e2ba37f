/**
 * What can go wrong in a way that a user can act on.
 *
 * Everything else that is thrown is a bug and is shown with its stack.
 *
 * @module
 */

/** Each code with the reason behind it; a message says the particular case. */
export const ERROR_CODES = {
  USAGE: "The command line cannot be understood",
  NOT_A_REPOSITORY: "The directory is not inside a Git worktree",
  BARE_REPOSITORY: "The repository has no worktree",
  BAD_CONFIG: "The dataset's configuration cannot be used",
  NO_COMMIT: "The repository has no commit yet",
  HEAD_DETACHED: "HEAD is not on a branch, so a commit would belong to none",
  OPERATION_IN_PROGRESS: "A merge, rebase, cherry-pick, revert, bisect or conflict is under way",
  NO_IDENTITY: "Git has no author identity (user.name, user.email)",
  INDEX_LOCKED: "Another process holds Git's index lock",
  BRANCH_MOVED: "Another process keeps moving the branch",
  BRANCH_EXISTS: "A branch to be made for a job already exists",
  GIT_FAILED: "A git command failed",
  ANNEX_FAILED: "A git-annex command failed",
  NO_OUTPUT: "No output was named, so nothing could be saved",
  BAD_OUTPUT: "An output cannot be claimed",
  OUTPUT_CHANGING: "Something still writes to an output of a job that has ended",
  OUTPUT_GONE: "An output that finish has seen is no longer there",
  OUTPUT_EDITED: "A person has changed a file in the dataset that a job wrote elsewhere",
  BAD_TABLE: "Rows of a table cannot be scheduled as they are",
  SHARED_OUTPUTS: "It cannot be determined which array task wrote which output",
  OUTPUT_CONFLICT: "An open job holds the same path, one inside it or one around it",
  BAD_ALT_DIR: "A folder cannot be used as the alternative directory",
  COPY_FAILED: "A file could not be copied to or from the alternative directory",
  NO_DIRECTORY: "A required folder does not exist",
  OUTSIDE: "The folder that a command is to run in is not in the dataset",
  NAME_NOT_TEXT: "A path, or the name of the branch, is not UTF-8 text",
  MISSING_INPUT: "An input is not there",
  BAD_CONTAINER: "A container is not configured, or its image is not in the dataset",
  BAD_DEPENDENCY: "A job cannot wait for the named job, or would wait forever",
  INPUT_CLAIMED: "An open job will overwrite an input, and the command does not wait for it",
  SCRIPT_NOT_SAVED: "The batch script is in no commit as it is, and --require-saved asks for that",
  UNKNOWN_PLACEHOLDER: "The command names a placeholder that does not exist",
  UNSAFE_PLACEHOLDER: "A value would be read as code where its placeholder is",
  SUBMISSION_REFUSED: "The submission command failed, no job was submitted",
  SUBMISSION_UNCLEAR: "It is not known whether a job was submitted",
  SLURM_UNAVAILABLE: "A Slurm command failed, is missing or did not answer",
  UNKNOWN_JOB: "The job is not an open job of this dataset",
  STORE_UNREADABLE: "The job store cannot be read",
  STORE_NEWER: "The job store was written by a newer dlslurm",
  STORE_OLDER: "The job store was written by dlslurm 0.1.0 or older",
  STORE_ELSEWHERE: "The job store is where it cannot be used from here",
  STORE_BUSY: "Another process holds the job store",
  EXTENSION_DATABASE: "The Python extension's database of open jobs cannot be read",
  LEASE_HELD: "Another finish is at work",
  BAD_HANDOVER: "A job cannot be taken from a file of jobs that were handed over",
  BAD_RECORD: "A commit's run record cannot be read",
  NOT_CONFIRMED: "Nobody confirmed commands that were to be run again",
  NO_RECORD: "No run record was found",
  FILE_EXISTS: "Something that must not be overwritten is already there",
  DISK: "A disk or file system could not do what was asked of it",
  PERMISSION: "A file or folder may not be read or changed by this user",
  LIMIT: "A limit of the system was reached: processes, memory, open files, lengths",
  FAKE_SLURM: "The fake Slurm cannot do what was asked",
  BUG: "Something went wrong that dlslurm does not know",
} as const;

/** A code of {@linkcode ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What goes with a {@linkcode UserError} beside its message. */
export interface UserErrorOptions {
  /** What the Python extension says in this case, for whoever looks for its words; put before the message. */
  readonly preface?: string;
  /** What was left as it was: "No job was submitted"; put behind the message. */
  readonly unchanged?: string;
  /** The next command to run, or what to change. */
  readonly hint?: string;
  /** What another program wrote on standard error, shown verbatim. */
  readonly detail?: string;
  /** The error that this one explains; for programs and tests, not shown to users. */
  readonly cause?: unknown;
}

/**
 * A condition that a user can act on. The message says what could not be done, to what, what is the
 * case and what was left unchanged; `hint` says what to do next. Where an error becomes part of another's,
 * that one takes `problem`: what was left unchanged, and what helps, it says itself.
 */
export class UserError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "UserError";
  /** Which kind of condition it is; what scripts test, while messages may change. */
  readonly code: ErrorCode;
  /** The part of the message that says what could not be done, and why. */
  readonly problem: string;
  /** The next command to run, or what to change; `undefined` where nothing helps in general. */
  readonly hint: string | undefined;
  /** Another program's words, without blanks at the end; `undefined` where it said nothing. */
  readonly detail: string | undefined;

  /** Takes the `problem` without a period at its end: more may be put behind it. */
  constructor(code: ErrorCode, problem: string, options: UserErrorOptions = {}) {
    const parts = [options.preface, problem, options.unchanged];
    super(
      parts.filter((part) => part !== undefined).join(". "),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.problem = problem;
    this.hint = options.hint;
    const detail = options.detail?.trimEnd();
    this.detail = detail === "" ? undefined : detail;
  }
}
