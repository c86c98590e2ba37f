import type { InputEvidence, ScriptEvidence, SubmissionEvidence } from "./evidence.ts";

/** What shows whether a file has changed, without its being read. */
export interface FileTraits {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Inode number; 0 where there is none. */
  readonly ino: number;
  /** Git's object name of its bytes, without filters; absent where they were not read. */
  readonly raw?: string;
}

/** The batch script of a job as it was submitted. */
export interface NotedScript extends ScriptEvidence {
  /** Where sbatch read it, absolute; absent with `--wrap`. */
  readonly file?: string;
  /** What it was like there; absent with `--wrap`. */
  readonly traits?: FileTraits;
}

/** An input of a job as it was when the job was submitted. */
export interface NotedInput extends InputEvidence {
  /** What it was like, unless its key says so. */
  readonly traits?: FileTraits;
}

/** What was seen of a job at its submission, until its record says it. */
export interface NotedEvidence {
  /** Version of dlslurm. */
  readonly version: string;
  /** As the record will have it. */
  readonly submission: SubmissionEvidence;
  /** `null` where the command does not show which it is. */
  readonly script: NotedScript | null;
  /** In the order of the inputs; what is in a folder that is an input each by itself. */
  readonly inputs: readonly NotedInput[];
  /** The work tree in which it was seen is another clone's: nothing there can be compared with it. */
  readonly isOfOtherClone?: boolean;
}

/** What is noted of the newest job that is open, and the HEAD that it was compared with. */
export interface NewestEvidence extends Pick<NotedEvidence, "script" | "inputs"> {
  /** Git's object name. */
  readonly head: string;
}

/** Evidence with the content of a script that is in no commit. */
export interface GatheredEvidence {
  /** What is noted. */
  readonly noted: NotedEvidence;
  /** The content by its name as a blob; `null` where HEAD has it, or it could not be read. */
  readonly script: { readonly oid: string; readonly content: Uint8Array } | null;
  /** The same for the same inputs; absent for a short list, which is noted with each job. */
  readonly inputsName?: string | null;
}

/** Whether two looks saw the same file, unchanged. */
export function hasTraits(now: FileTraits, noted: FileTraits): boolean {
  return now.size === noted.size && now.mtimeMs === noted.mtimeMs && now.ino === noted.ino;
}
