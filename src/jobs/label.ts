import { UserError } from "../errors.ts";
import type { Job } from "./job.ts";
import { isJobOrTaskOf, parseOpenJobId } from "./job_id.ts";

/** No blank, no comma, no slash, no colon: it stands in lists, and before one a type may. */
const LABEL_REGEXP = /^\p{L}[\p{L}\p{M}\p{N}._-]*$/u;
const LONGEST = 100;

/** Whether a text can be a label: it then begins with a letter, and no job ID does. */
export function isLabel(text: string): boolean {
  return text.length <= LONGEST && LABEL_REGEXP.test(text);
}

/**
 * Requires a label that a person gave to be one.
 *
 * @throws {UserError} `USAGE`
 */
export function requireLabel(text: string): string {
  if (isLabel(text)) return text;
  throw new UserError(
    "USAGE",
    `Cannot use "${text}" as a label: it must begin with a letter, followed by letters, ` +
      `digits and . _ -, at most ${LONGEST} characters in all`,
    { unchanged: "No job was submitted", hint: "dlslurm schedule --label fit-1990 …" },
  );
}

/**
 * Reads what a person names open jobs by: a label, or an ID as {@linkcode parseOpenJobId} takes it.
 *
 * @throws {UserError} `USAGE` if it is neither.
 */
export function parseJobName(text: string): string {
  return isLabel(text) ? text : parseOpenJobId(text);
}

/** Whether a job has this label or this ID, or is a task of the array that has it. */
export function isNamed(
  job: Pick<Job, "jobId" | "label">,
  name: string,
): boolean {
  return isLabel(name) ? job.label === name : isJobOrTaskOf(job.jobId, name);
}

const PREDECESSOR_REGEXP = /^(?:(?:after)?(ok|any|notok|corr):)?(.*)$/s;
const JOB_ID_REGEXP = /^[1-9][0-9]*(_(0|[1-9][0-9]*))?$/;

/** What a job that is to be waited for is named by. */
export interface PredecessorName {
  /** As `--dependency` of sbatch has it. */
  readonly type: "afterok" | "afterany" | "afternotok" | "aftercorr";
  /** A job ID, that of a task, or a label. */
  readonly name: string;
  /** Whether it is a label. */
  readonly isLabel: boolean;
}

/**
 * Reads the value of `--after`: a job ID or a label, `any:` and the like before it.
 *
 * @throws {UserError} `USAGE` if it is neither.
 */
export function parsePredecessorName(text: string): PredecessorName {
  const [, type = "ok", name = ""] = PREDECESSOR_REGEXP.exec(text)!;
  const isId = JOB_ID_REGEXP.test(name);
  if (isId || isLabel(name)) {
    return { type: `after${type}` as PredecessorName["type"], name, isLabel: !isId };
  }
  throw new UserError(
    "USAGE",
    `Cannot wait for "${text}": it is neither a job ID nor a label`,
    {
      unchanged: "No job was submitted",
      hint: "--after 4242, --after clean, --after any:clean once it has ended in whatever way",
    },
  );
}

/** Whether {@linkcode parsePredecessorName} takes it. */
export function isPredecessorName(text: string): boolean {
  const name = PREDECESSOR_REGEXP.exec(text)?.[2] ?? "";
  return JOB_ID_REGEXP.test(name) || isLabel(name);
}
