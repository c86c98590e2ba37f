import type { ReproductionEvidence } from "./evidence.ts";

/**
 * How an output of a run stands to that of the run that it repeats; `unknown` for a subdataset of which one of the two
 * commits is not here.
 */
export type Verdict = "identical" | "differs" | "missing" | "new" | "unknown";

/** The verdicts that are told by path, in the order in which they are told. */
const TOLD = ["differs", "missing", "new", "unknown"] as const satisfies Verdict[];

/** What tells contents apart, without their being read. */
export interface ContentName {
  /** The blob in git. */
  readonly oid: string;
  /** Key of git-annex, for an annexed file: it may be locked in one run and unlocked in the other. */
  readonly key?: string;
  /** In octal, six digits. */
  readonly mode: string;
}

/** Git's mode of a symbolic link. */
const LINK_MODE = "120000";

/** Whether two names stand for the same content. */
function isSameContent(one: ContentName, other: ContentName): boolean {
  // The blob of a link is its target: that of a file with this text is the same one.
  if (one.oid === other.oid) return (one.mode === LINK_MODE) === (other.mode === LINK_MODE);
  return one.key !== undefined && one.key === other.key;
}

/** Compares outputs by their names; each path is in one of both at least. */
export function compareOutputs(
  original: ReadonlyMap<string, ContentName>,
  repetition: ReadonlyMap<string, ContentName>,
): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const path of [...new Set([...original.keys(), ...repetition.keys()])].sort()) {
    const before = original.get(path);
    const after = repetition.get(path);
    verdicts.set(
      path,
      before === undefined
        ? "new"
        : after === undefined
        ? "missing"
        : isSameContent(before, after)
        ? "identical"
        : "differs",
    );
  }
  return verdicts;
}

/** An output that a job which repeats another one has changed. */
export interface ChangedOutput {
  /** The dataset that it lies in, relative to the topmost root; `.` for that. */
  readonly place: string;
  /** Relative to that. */
  readonly path: string;
  /** What became of it. */
  readonly kind: "add" | "modify" | "delete";
  /** In octal, six digits. */
  readonly mode: string;
  /** The blob. */
  readonly oid: string;
}

/** A job that repeats another one, whose outputs are staged and in no commit yet. */
export interface StagedRepetition {
  /** Tells the jobs apart. */
  readonly key: number;
  /** Commits of the earlier runs of the same command, oldest first; one at least. */
  readonly chain: readonly string[];
  /** Relative to the topmost root. */
  readonly claims: readonly string[];
  /** Logs and the like, relative to the topmost root. */
  readonly slurmOutputs: readonly string[];
  /** What it changed against HEAD. */
  readonly changes: readonly ChangedOutput[];
}

/** Compares jobs that are about to be committed with those that they repeat; who cannot be is absent. */
export type JudgeRepetitions = (
  jobs: readonly StagedRepetition[],
) => Promise<ReadonlyMap<number, ReproductionEvidence>>;

/** The verdict as a record keeps it. */
export function reproductionOf(
  verdicts: ReadonlyMap<string, Verdict>,
  original: { readonly commit: string; readonly jobId?: string },
): ReproductionEvidence {
  const having = (wanted: Verdict) =>
    [...verdicts].filter(([, verdict]) => verdict === wanted).map(([path]) => path);
  const lists = TOLD.map((kind) => [kind, having(kind)] as const)
    // There hardly ever are any.
    .filter(([kind, paths]) => kind !== "unknown" || paths.length > 0);
  return {
    ...original,
    identical: having("identical").length,
    ...Object.fromEntries(lists.map(([kind, paths]) => [kind, paths.slice(0, MOST_LISTED)])),
    ...Object.fromEntries(
      lists.filter(([, paths]) => paths.length > MOST_LISTED)
        .map(([kind, paths]) => [`${kind}Count`, paths.length]),
    ),
  };
}

/** A commit message is no place for ten thousand names. */
const MOST_LISTED = 100;

/** What a comparison of all outputs comes to. */
export type Outcome = "same" | "different" | "unknown";

/** Whether all is the same, or something is not; unknown if nothing could be compared, or not all. */
export function outcomeOf(
  { identical, differs, missing, new: added, unknown }: ReproductionEvidence,
): Outcome {
  if ([differs, missing, added].some((paths) => (paths ?? []).length > 0)) return "different";
  return (identical ?? 0) > 0 && (unknown ?? []).length === 0 ? "same" : "unknown";
}

/** So many paths of each kind are named to a person. */
const MOST_NAMED = 3;

/** `3 identical`; `1 differs (fit/chain.bin), 2 identical`. */
export function renderReproduction({ identical = 0, ...others }: ReproductionEvidence): string {
  const parts = TOLD.flatMap((kind) => {
    const paths = others[kind] ?? [];
    if (paths.length === 0) return [];
    const count = others[`${kind}Count`] ?? paths.length;
    const more = count - MOST_NAMED;
    const names = paths.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
    const word = kind === "differs" && count > 1 ? "differ" : kind;
    return [`${count} ${word} (${names})`];
  });
  return [...parts, ...(identical > 0 ? [`${identical} identical`] : [])].join(", ") ||
    "no outputs";
}
