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
  NOT_A_REPOSITORY: "The directory is not inside a Git work tree",
  BARE_REPOSITORY: "The repository has no work tree",
  NO_COMMIT: "The repository has no commit yet",
  HEAD_DETACHED: "HEAD points at no branch, so that a commit would belong to none",
  OPERATION_IN_PROGRESS: "A merge, rebase, cherry-pick, revert or bisect is under way",
  NO_IDENTITY: "Git does not know whom to name as author and committer",
  INDEX_LOCKED: "Another process holds Git's index lock",
  BRANCH_MOVED: "Another process keeps moving the branch",
  GIT_FAILED: "A git command failed",
  ANNEX_FAILED: "A git-annex command failed",
  NO_OUTPUT: "No output was named, so that nothing could be saved",
  BAD_OUTPUT: "An output cannot be claimed",
  OUTPUT_CHANGING: "Something still writes to an output of a job that has ended",
  BAD_TABLE: "Rows of a table cannot be scheduled as they are",
  OUTPUT_CONFLICT: "An open job holds the same path, one inside it or one around it",
  BAD_ALT_DIR: "A folder cannot be used as the alternative directory",
  COPY_FAILED: "A file could not be copied to or from the alternative directory",
  NO_DIRECTORY: "The folder that a command is to run in is not there",
  MISSING_INPUT: "An input is not there",
  UNKNOWN_PLACEHOLDER: "The command names a placeholder that does not exist",
  SUBMISSION_REFUSED: "The submission command failed, no job was submitted",
  SUBMISSION_UNCLEAR: "It is not known whether a job was submitted",
  SLURM_UNAVAILABLE: "A Slurm command failed, is missing or did not answer",
  UNKNOWN_JOB: "The job is not an open job of this dataset",
  STORE_UNREADABLE: "The job store cannot be read",
  STORE_NEWER: "The job store was written by a newer dlslurm",
  STORE_BUSY: "Another process holds the job store",
  EXTENSION_DATABASE: "The Python extension's database of open jobs cannot be read",
  LEASE_HELD: "Another finish is at work",
  BAD_RECORD: "A commit's run record cannot be read",
  NO_RECORD: "No run record was found",
  DISK: "The disk refused to write",
  FAKE_SLURM: "The fake Slurm cannot do what was asked",
} as const;

/** A code of {@linkcode ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What goes with a {@linkcode UserError} beside its message. */
export interface UserErrorOptions {
  /** The next command to run, or what to change. */
  readonly hint?: string;
  /** What another program wrote on standard error, shown verbatim. */
  readonly detail?: string;
  /** The error that this one explains; for programs and tests, not shown to users. */
  readonly cause?: unknown;
}

/**
 * A condition that a user can act on. The message says what could not be done, to what, what is the
 * case and what was left unchanged; `hint` says what to do next.
 */
export class UserError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "UserError";
  /** Which kind of condition it is; what scripts test, while messages may change. */
  readonly code: ErrorCode;
  /** The next command to run, or what to change; `undefined` where nothing helps in general. */
  readonly hint: string | undefined;
  /** Another program's words, without blanks at the end; `undefined` where it said nothing. */
  readonly detail: string | undefined;

  /** Takes the `message` without a period at its end: more may be put behind it. */
  constructor(code: ErrorCode, message: string, options: UserErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    const detail = options.detail?.trimEnd();
    this.detail = detail === "" ? undefined : detail;
  }
}

/** The message of a refused submission without its end, for where something else is refused with it. */
export function withoutVerdict({ message }: UserError): string {
  return message.replace(/\. No job was submitted$/, "");
}
