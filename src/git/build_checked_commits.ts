import { join } from "node:path";
import { UserError } from "../errors.ts";
import { removeIfPresent, statIfPresent } from "../fs/if_present.ts";
import type { Runner } from "../process/runner.ts";
import { textOf } from "../process/runner.ts";
import type { Step } from "../process/steps.ts";
import { STAGING_REF } from "./build_commits.ts";
import type { CommitsToBuild, Identities } from "./build_commits.ts";
import type { GitConfig } from "./git_config.ts";
import { gitFailed, otherIndexEnvironment } from "./git.ts";
import { renderIndexInfo } from "./changes.ts";
import type { Repository } from "./repository.ts";

/** What the user wants done with each commit that `git fast-import` does not do. */
export interface CommitChecks {
  /** `commit.gpgSign` */
  readonly isSigned: boolean;
  /** Hook programs by name; git-annex's own are not among them. */
  readonly hooks: ReadonlyMap<string, string>;
}

/** Why a hook refused a commit. */
export interface HookRefusal {
  /** Path of the hook's program. */
  readonly hook: string;
  /** What it said. */
  readonly words: string;
}

/** What helps against a refusal. */
export const WHEN_REFUSED = "fix what it asks for, then run the same command again";

/** Hooks have refused commits. */
export class RefusedByHook extends UserError {
  /** By the places of their plans. */
  readonly refused: ReadonlyMap<number, HookRefusal>;

  /** Says what the first one was refused for. */
  constructor(refused: ReadonlyMap<number, HookRefusal>) {
    const { hook, words } = [...refused.values()][0]!;
    super("GIT_FAILED", `Cannot commit: the hook "${hook}" refused`, {
      detail: words,
      hint: WHEN_REFUSED,
    });
    this.refused = refused;
  }
}

/** The hooks of githooks(5) that `git commit` runs before a commit exists and that can refuse it. */
const HOOKS = ["pre-commit", "prepare-commit-msg", "commit-msg"];

/** Finds what each commit must go through, or `null` if there is nothing of it. */
export async function findCommitChecks(
  repository: Repository,
  config: GitConfig,
): Promise<CommitChecks | null> {
  const hooks = new Map<string, string>();
  for (const name of HOOKS) {
    const path = join(repository.hooksFolder, name);
    if (await isForeignHook(path)) hooks.set(name, path);
  }
  const isSigned = config.getBoolean("commit.gpgsign") === true;
  return isSigned || hooks.size > 0 ? { isSigned, hooks } : null;
}

/**
 * Builds one commit per plan as `git commit` would: with the hooks, and signed where asked for. Slower
 * than {@linkcode buildCommits}, with the same promise: only the staging ref moves.
 *
 * @throws {RefusedByHook} For all commits that a hook refuses; then there are none.
 * @throws {UserError} `GIT_FAILED`
 */
export async function buildCheckedCommits(
  repository: Repository,
  { base, plans, identities }: CommitsToBuild,
  checks: CommitChecks,
  { runner, step }: { readonly runner: Runner; readonly step?: Step },
): Promise<string[]> {
  const indexFile = join(repository.gitDir, "dlslurm-commit-index");
  const messageFile = join(repository.gitDir, "dlslurm-commit-message");
  const git = repository.git.withIndex(indexFile);
  const oids: string[] = [];
  const refused = new Map<number, HookRefusal>();
  const removeFiles = async () => {
    for (const file of [indexFile, `${indexFile}.lock`, messageFile]) await removeIfPresent(file);
  };
  // Git fast-import looks whether a blob is there; these take it for there by its name.
  const { findLost } = await import("./lost_objects.ts");
  const [lost] = await findLost(repository, plans.flatMap(({ changes }) => changes));
  if (lost !== undefined) {
    throw new UserError(
      "GIT_FAILED",
      `Cannot commit: git cannot read what it has of "${lost.path}"`,
    );
  }
  await removeFiles(); // what a crash left
  try {
    for (const [at, plan] of plans.entries()) {
      // What joins the others joins nothing without them.
      if (refused.size > 0 && plan.parents.length > 1) continue;
      const parents = plan.parents.map((parent) => parent === "base" ? base : oids[parent]!);
      await git.require(["read-tree", parents[0]!]);
      await git.require(["update-index", "-z", "--replace", "--index-info"], {
        stdin: renderIndexInfo(plan.changes),
      });
      // That of another user, whose finish was killed, could not be written to.
      await removeIfPresent(messageFile);
      await Deno.writeTextFile(messageFile, plan.message());
      const refusal = await runHooks(checks, repository.root, { indexFile, messageFile, runner });
      if (refusal !== undefined) {
        refused.set(at, refusal);
        // The others are looked at all the same, as if this one were left out.
        oids.push(parents[0]!);
        continue;
      }
      const tree = await git.text(["write-tree"]);
      const args = [
        "commit-tree",
        ...(checks.isSigned ? ["-S"] : []),
        ...parents.flatMap((oid) => ["-p", oid]),
        "-F",
        messageFile,
      ];
      const result = await git.run([...args, tree], { env: environmentOf(identities) });
      if (result.code !== 0) throw gitFailed(["commit-tree"], result);
      oids.push(textOf(result.stdout).trim());
      step?.advance();
    }
    if (refused.size > 0) throw new RefusedByHook(refused);
    if (oids.length > 0) {
      await git.require(["update-ref", STAGING_REF, oids.at(-1)!], { locks: [] });
    }
  } finally {
    await removeFiles();
  }
  return oids;
}

/** What hooks get to see. */
interface HookContext {
  readonly indexFile: string;
  readonly messageFile: string;
  readonly runner: Runner;
}

/** Runs all hooks, until one refuses: gives its words then. */
async function runHooks(
  { hooks }: CommitChecks,
  root: string,
  context: HookContext,
): Promise<HookRefusal | undefined> {
  for (const hook of hooks) {
    const refusal = await runHook(hook, root, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Runs a hook with the arguments that githooks(5) names. */
async function runHook(
  [name, path]: readonly [string, string],
  root: string,
  { indexFile, messageFile, runner }: HookContext,
): Promise<HookRefusal | undefined> {
  const argument = name === "pre-commit" ? [] : [messageFile];
  const source = name === "prepare-commit-msg" ? ["message"] : [];
  const result = await runner.run([path, ...argument, ...source], {
    cwd: root,
    env: { ...otherIndexEnvironment(indexFile), GIT_EDITOR: ":" },
  });
  if (result.code === 0) return undefined;
  return { hook: path, words: result.stderr || textOf(result.stdout) };
}

async function isForeignHook(path: string): Promise<boolean> {
  const info = await statIfPresent(path);
  if (info?.isFile !== true || ((info.mode ?? 0) & 0o111) === 0) return false;
  // git-annex's pre-commit hook updates its own metadata for staged files; it says so itself.
  return !(await Deno.readTextFile(path)).includes("automatically configured by git-annex");
}

/** `Name <mail> seconds zone` as the variables of git-commit-tree(1). */
function environmentOf(identities: Identities): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [role, text] of [["AUTHOR", identities.author], ["COMMITTER", identities.committer]]) {
    const match = /^(.*) <(.*)> (\d+ [+-]\d+)$/.exec(text!);
    if (match === null) continue;
    env[`GIT_${role}_NAME`] = match[1]!;
    env[`GIT_${role}_EMAIL`] = match[2]!;
    env[`GIT_${role}_DATE`] = `@${match[3]!}`;
  }
  return env;
}
