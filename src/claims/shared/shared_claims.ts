/**
 * Claims of open jobs that other clones of the dataset may see.
 *
 * A clone *shows* the claims of its open jobs at a remote, in a ref of its own, which is made anew from the store
 * each time and never edited. It *looks* at those of the others before it submits. What another clone shows is
 * no more than a reason to warn: whoever may push to the remote may have written anything there.
 *
 * @module
 */

import * as v from "valibot";

/** What a ref's content begins with. */
const FORMAT = "dlslurm-claims";
/** Grows when older readers would misread it. */
const VERSION = 1;
/** More than that is neither shown nor read: some fifty thousand jobs. */
export const MOST_BYTES = 8_000_000;

/** As our own are: relative to the root, normalised. */
const CLAIM_REGEXP = /^(?:\.|(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)*)$/;
const MOST_LETTERS = 4_096;

const Text = v.pipe(v.string(), v.maxLength(MOST_LETTERS));
const Claim = v.pipe(Text, v.regex(CLAIM_REGEXP));
const SharedJobShape = v.object({
  jobId: v.pipe(v.string(), v.regex(/^[0-9]{1,20}(?:_[0-9]{1,20})?$/)),
  cluster: v.nullable(Text),
  user: v.nullable(Text),
  submittedAtMs: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15)),
  branch: v.nullable(Text),
  altDir: v.nullable(Text),
  claims: v.array(v.unknown()),
});
const Shape = v.object({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  host: Text,
  root: Text,
  jobs: v.array(v.unknown()),
});

/** An open job as another clone sees it. */
export interface SharedJob {
  /** Slurm's. */
  readonly jobId: string;
  /** Where sbatch named one. */
  readonly cluster: string | null;
  /** Who submitted it; `null` if that is not known. */
  readonly user: string | null;
  /** Milliseconds since 1970. */
  readonly submittedAtMs: number;
  /** The branch that it is to be committed to, as far as can be told; `null` for any. */
  readonly branch: string | null;
  /** Where it runs in place of the dataset, absolute. */
  readonly altDir: string | null;
  /** Relative to the dataset's root, normalised. */
  readonly claims: readonly string[];
}

/** What one clone shows. */
export interface SharedClaims {
  /** The machine on which it was shown last. */
  readonly host: string;
  /** The clone's work tree there. */
  readonly root: string;
  /** Its open jobs. */
  readonly jobs: readonly SharedJob[];
}

/**
 * Renders what a clone shows: the same text for the same jobs. The jobs that there is no room for are left out,
 * the newest first.
 */
export function renderSharedClaims(
  { host, root, jobs }: SharedClaims,
): { readonly content: Uint8Array; readonly leftOut: number } {
  const head = JSON.stringify({ format: FORMAT, version: VERSION, host, root });
  const pieces: string[] = [];
  let room = MOST_BYTES - 2 * head.length;
  for (const job of jobs) {
    const piece = JSON.stringify(job);
    // In UTF-8 a letter has up to three bytes.
    room -= 3 * piece.length;
    if (room < 0) break;
    pieces.push(piece);
  }
  const text = `${head.slice(0, -1)},"jobs":[\n${pieces.join(",\n")}\n]}\n`;
  return { content: new TextEncoder().encode(text), leftOut: jobs.length - pieces.length };
}

/**
 * Reads what another clone shows. Nothing of it is trusted: jobs that are none are passed over, and so are claims
 * that are no paths in a dataset.
 *
 * @returns `undefined` for what is none, or of a newer form.
 */
export function parseSharedClaims(text: string): SharedClaims | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(Shape, value);
  if (!parsed.success) return undefined;
  const { host, root, jobs } = parsed.output;
  return { host, root, jobs: jobs.map(toJob).filter((job) => job !== undefined) };
}

function toJob(value: unknown): SharedJob | undefined {
  const parsed = v.safeParse(SharedJobShape, value);
  if (!parsed.success) return undefined;
  const claims = parsed.output.claims.flatMap((claim) => {
    const one = v.safeParse(Claim, claim);
    return one.success ? [one.output] : [];
  });
  return { ...parsed.output, claims };
}
