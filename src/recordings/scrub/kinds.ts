/**
 * Scrubbing: what names a person, a machine or a place is found in Slurm's answers (find_fields), gets
 * a *stand-in* (stand_ins), and is replaced everywhere (scrubber).
 *
 * @module
 */

/** What a name names. */
export type Kind =
  | "user"
  | "group"
  | "account"
  | "cluster"
  | "host"
  | "domain"
  | "address"
  | "mail"
  | "path"
  | "comment"
  | "uid"
  | "gid"
  | "session"
  | "name";

/** A place in a text that holds a name; of a `file` its folder is the name, a path. */
export interface Field {
  /** What it names. */
  readonly kind: Kind | "file";
  /** Offset of its first character. */
  readonly start: number;
  /** Offset behind its last character. */
  readonly end: number;
}

/** Something to be replaced. */
export interface Finding {
  /** What it names. */
  readonly kind: Kind;
  /** The name; a host's whose digits follow ends in `#`. */
  readonly name: string;
}

/** Numbers mean something only where they stand: 1000 may be a job ID as well. */
export const IN_FIELD_ONLY: ReadonlySet<Kind> = new Set(["uid", "gid", "session"]);

/**
 * Words of Slurm that are somebody's name by chance: replaced everywhere they would make its answers
 * unreadable, so they stay and are shown as such.
 */
export const SLURM_WORDS: ReadonlySet<string> = new Set(
  ("all allocated billing batch cancelled cluster completed cpu cpus debug default down energy extern " +
    "failed fs general gres gpu gpus idle interactive job jobs localhost mem mixed nobody node nodes none normal " +
    "null partition pending pages qos requeue running shared sbatch scancel scontrol sacct sinfo " +
    "slurm squeue srun state timeout unknown unlimited up users vmem").split(" "),
);

/** What Slurm prints where there is no name, or each word of it. */
export function isNoName(text: string): boolean {
  return text === "" ||
    /^(\(null\)|null|N\/A|None|none|Unknown|Unassigned|None assigned|assigned|ALL|\*)$/.test(
      text,
    ) ||
    /^[(<].*[)>]$/.test(text);
}
