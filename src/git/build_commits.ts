import { textOf } from "../process/runner.ts";
import { countLines } from "../process/steps.ts";
import type { Step } from "../process/steps.ts";
import type { Change } from "./changes.ts";
import { IMPORT_MARK } from "./crash_reports.ts";
import type { Git } from "./git.ts";
import { quotePath } from "./path_bytes.ts";

/** A commit to be made: its message and how its tree differs from its first parent's. */
export interface CommitPlan {
  /** The whole message, ended by a newline; rendered for one commit at a time, since records are long. */
  readonly message: () => string;
  /** Against the first parent, in the order of {@linkcode inTreeOrder}: git applies them one by one. */
  readonly changes: readonly Change[];
  /**
   * Parents, the first one first: the base, or another plan by its place in the list, which comes
   * before this one.
   */
  readonly parents: readonly ("base" | number)[];
}

/** Whom a commit names, as `git var` prints it: `Name <mail> seconds zone`. */
export interface Identities {
  /** `user.*` or `author.*` of git config, or `GIT_AUTHOR_*`. */
  readonly author: string;
  /** `user.*` or `committer.*` of git config, or `GIT_COMMITTER_*`. */
  readonly committer: string;
}

/** Commits that are to be built together. */
export interface CommitsToBuild {
  /** Oid of the commit that they stand on. */
  readonly base: string;
  /** Parents before those that name them. */
  readonly plans: readonly CommitPlan[];
  /** Of all of them. */
  readonly identities: Identities;
}

/** Where commits wait until the branch moves to them; a crash leaves it behind, harmless. */
export const STAGING_REF = "refs/dlslurm/finish";

/** Plans that follow each other, the first one on the base. */
export function inSequence(plans: readonly Omit<CommitPlan, "parents">[]): CommitPlan[] {
  return plans.map((plan, at) => ({ ...plan, parents: [at === 0 ? "base" : at - 1] }));
}

/**
 * Builds one commit per plan, in one `git fast-import`. No ref but {@linkcode STAGING_REF} moves;
 * hooks do not run, nothing is signed.
 *
 * @param step counts the commits.
 * @returns the oids, in the order of the plans.
 * @throws {UserError} `GIT_FAILED` or `DISK`; nothing refers to what may have been written.
 */
export async function buildCommits(
  git: Git,
  commits: CommitsToBuild,
  step?: Step,
): Promise<string[]> {
  const output = await git.require(
    [...KEEPING_PACKS, "fast-import", "--force", ...IMPORT_OPTIONS],
    {
      stdin: renderImport(commits),
      locks: [],
      ...(step === undefined ? {} : { watchStdout: countLines(step) }),
    },
  );
  return textOf(output).trim().split("\n");
}

/**
 * From so many objects on they stay together in a pack, git's own limit being 100: a file for each takes a
 * dozen calls of the file system. Of few packs of few objects git makes one by itself (gc.autoPackLimit).
 * Weaker than `fastimport.unpackLimit`, which a user may have set.
 */
export const KEEPING_PACKS: readonly string[] = ["-c", "transfer.unpackLimit=20"];
/** Of every `git fast-import`. */
export const IMPORT_OPTIONS: readonly string[] = ["--quiet", "--date-format=raw"];

/** A commit is small: so many go to git at once. */
const COMMITS_PER_PIECE = 50;

/** Piece by piece: the text for ten thousand commits is long. */
function* renderImport({ base, plans, identities }: CommitsToBuild): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "feature done\n";
  for (const [index, plan] of plans.entries()) {
    const message = plan.message();
    text +=
      `${IMPORT_MARK}commit ${STAGING_REF}\nmark :${index + 1}\nauthor ${identities.author}\n` +
      `committer ${identities.committer}\n` +
      `data ${encoder.encode(message).length}\n${message}\n` +
      `${renderParents(plan, base)}${plan.changes.map(renderMarked).join("")}\n` +
      `get-mark :${index + 1}\n`;
    if ((index + 1) % COMMITS_PER_PIECE === 0) {
      yield encoder.encode(text);
      text = "";
    }
  }
  yield encoder.encode(`${text}done\n`);
}

/** git-fast-import(1), `from` and `merge`. */
function renderParents(plan: CommitPlan, base: string): string {
  return plan.parents.map((parent, at) =>
    `${at === 0 ? "from" : "merge"} ${parent === "base" ? base : `:${parent + 1}`}\n`
  ).join("");
}

/** A report on a crash has a hundred commands. */
const CHANGES_PER_MARK = 50;

function renderMarked(change: Change, at: number): string {
  return at % CHANGES_PER_MARK === CHANGES_PER_MARK - 1
    ? `${IMPORT_MARK}${render(change)}`
    : render(change);
}

/** git-fast-import(1), filemodify and filedelete. */
function render(change: Change): string {
  // fast-import works in the order given; the caller sorts deletions first.
  return change.kind === "delete"
    ? `D ${quotePath(change.path)}\n`
    : `M ${change.mode} ${change.oid} ${quotePath(change.path)}\n`;
}
