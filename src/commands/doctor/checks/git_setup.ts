import { lstatIfPresent } from "../../../fs/if_present.ts";
import { SharedMode } from "../../../fs/shared_mode.ts";
import type { Dataset } from "../../../datalad/dataset.ts";
import { findCommitChecks } from "../../../git/build_checked_commits.ts";
import { requireIdentities } from "../../../git/identity.ts";
import type { Git } from "../../../git/git.ts";
import { findOperationInProgress } from "../../../git/repository.ts";
import { nameOfUser, SHARING } from "../../../process/system_error.ts";
import { textOf } from "../../../process/runner.ts";
import { UserError } from "../../../errors.ts";
import { problemOf } from "../finding.ts";
import type { Finding } from "../finding.ts";

/** README, "Requirements". */
const OLDEST_GIT = [2, 25] as const;

/** Which git it is, from what `git version` printed. */
export function checkGitVersion(text: string): Finding[] {
  const check = "git";
  const version = /([0-9]+)\.([0-9]+)(?:\.[0-9]+)?/.exec(text);
  if (version === null) {
    return [{
      check,
      verdict: "note",
      message: `git does not report its version: "${text.trim()}"`,
    }];
  }
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const isOld = major < OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor < OLDEST_GIT[1]);
  if (!isOld) return [{ check, verdict: "ok", message: `git ${version[0]}` }];
  return [{
    ...{ check, verdict: "problem" },
    message: `git ${version[0]} is older than ${OLDEST_GIT.join(".")}`,
    consequence: "dlslurm uses what it does not have: commands may fail",
    hint: "load a newer one (often: module load git)",
  }];
}

/** Asks git which one it is, and whom its commits will name. */
export async function checkGit(git: Git): Promise<Finding[]> {
  try {
    const findings = checkGitVersion(textOf((await git.run(["version"])).stdout));
    const { committer } = await requireIdentities(git);
    const name = committer.replace(/ [0-9]+ [-+][0-9]+$/, "");
    return [...findings, { check: "identity", verdict: "ok", message: `commits name ${name}` }];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const isIdentity = error.code === "NO_IDENTITY";
    return [
      isIdentity
        ? problemOf("identity", error, "finish cannot commit")
        : problemOf("git", error, "nothing of dlslurm works without git"),
    ];
  }
}

/** What is checked out, what stands in the way of a commit, and what each commit has to go through. */
export async function checkCommits(dataset: Dataset): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (dataset.branch === null) {
    findings.push({
      ...{ check: "branch", verdict: "note", message: "no branch is checked out" },
      consequence: "finish commits to a branch, and refuses until there is one",
      hint: "git switch BRANCH",
    });
  }
  const operation = await findOperationInProgress(dataset);
  if (operation !== undefined) {
    findings.push({
      ...{ check: "branch", verdict: "note", message: `a ${operation} is under way` },
      consequence: "finish waits until it is over",
      hint: `git status; git ${operation} --continue or --abort`,
    });
  }
  const checks = await findCommitChecks(dataset, dataset.config);
  if (checks === null) {
    const message = "neither hooks nor signatures slow commits down";
    return [...findings, { check: "hooks", verdict: "ok", message }];
  }
  const hooks = [...checks.hooks.keys()];
  if (hooks.length > 0) {
    findings.push({
      ...{ check: "hooks", verdict: "note", message: `hooks are run: ${hooks.join(", ")}` },
      consequence:
        "finish runs them for each job's commit, which takes longer; one that refuses stops it",
    });
  }
  if (checks.isSigned) {
    findings.push({
      ...{ check: "hooks", verdict: "note", message: "commits are signed (commit.gpgSign)" },
      consequence:
        "finish needs your key for each job's commit: where nobody can type, as in cron, it fails",
    });
  }
  return findings;
}

/** Whose the repository is, and whether others may write to what dlslurm makes in it. */
export async function checkSharing(dataset: Dataset, uid: number): Promise<Finding[]> {
  const info = await lstatIfPresent(dataset.commonDir);
  const owner = info?.uid ?? uid;
  return judgeSharing({ owner, uid, isShared: SharedMode.of(dataset.config).isShared });
}

/** Whose a repository is, by number, and who asks. */
export interface Ownership {
  /** The user whose it is. */
  readonly owner: number;
  /** The user who asks. */
  readonly uid: number;
  /** `core.sharedRepository` */
  readonly isShared: boolean;
}

/** Says what follows from whose a repository is. */
export function judgeSharing({ owner, uid, isShared }: Ownership): Finding[] {
  const check = "shared-repository";
  if (isShared) {
    return [{ check, verdict: "ok", message: "the repository is shared (core.sharedRepository)" }];
  }
  if (owner === uid) {
    return [{ check, verdict: "ok", message: "the repository is yours, and not shared" }];
  }
  return [{
    ...{ check, verdict: "note" },
    message: `the repository belongs to ${nameOfUser(owner)}, and is not shared`,
    consequence: "what you commit may be nobody else's to write to",
    hint: `ask ${nameOfUser(owner)} for: ${SHARING}`,
  }];
}
