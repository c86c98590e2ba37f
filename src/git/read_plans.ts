import { textOf } from "../process/runner.ts";
import type { CommitPlan } from "./build_commits.ts";
import { findChangesByCommit } from "./changes.ts";
import type { Git } from "./git.ts";
import { splitNul } from "./path_bytes.ts";

/** A commit that exists, as the plan that would make it again on the same base. */
export interface CommitWithPlan extends CommitPlan {
  /** The commit's own name. */
  readonly oid: string;
}

/**
 * Reads the commits that `tips` reach and `base` does not, each behind its parents, as plans: to build
 * them once more on another base, or with other changes.
 */
export async function readPlans(
  git: Git,
  base: string,
  tips: readonly string[],
): Promise<CommitWithPlan[]> {
  const options = ["-z", "--topo-order", "--reverse", "--no-show-signature"];
  const range = [...tips, `^${base}`];
  const output = await git.require(["log", ...options, "--format=%H%n%P%n%B", ...range, "--"]);
  const commits = [...splitNul(output)].map((item) => {
    const [oid, parents, ...message] = textOf(item).split("\n");
    return { oid: oid!, parents: parents!.split(" "), message: message.join("\n") };
  });
  // The first parent behind a commit stands for all of them: git-diff-tree(1), --stdin.
  const changes = await findChangesByCommit(
    git,
    commits.map(({ oid, parents }) => `${oid} ${parents[0]}`),
  );
  const places = new Map(commits.map(({ oid }, at) => [oid, at]));
  return commits.map(({ oid, parents, message }) => ({
    oid,
    message: () => `${message.trimEnd()}\n`,
    parents: parents.map((parent) => places.get(parent) ?? "base"),
    changes: changes.get(oid) ?? [],
  }));
}
