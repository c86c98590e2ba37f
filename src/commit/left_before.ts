import { isAnnexLink, POINTER_START } from "../annex/annexed_files.ts";
import { annexKeyOf } from "../annex/annex_key.ts";
import { LINK_MODE } from "../git/changes.ts";
import { CommitTree } from "../git/commit_tree.ts";
import type { Repository } from "../git/repository.ts";
import type { InputEvidence } from "../jobs/evidence.ts";
import type { Job } from "../jobs/job.ts";
import { isWithin } from "../paths/root_paths.ts";

/** What a commit of a job has at the place of an input that the job had changed there. */
export interface LeftVersion {
  /** The name of its content. */
  readonly evidence: Pick<InputEvidence, "path" | "key" | "blob">;
  /** The blob in the tree: of an annexed file its link or pointer. */
  readonly oid: string;
  /** The commit, and what is in it. */
  readonly commit: { readonly oid: string; readonly tree: CommitTree };
  /** Milliseconds since 1970 when the job was finished. */
  readonly finishedAtMs: number;
}

interface Finished {
  readonly outputs: readonly string[];
  readonly commit: LeftVersion["commit"];
  readonly base: CommitTree | undefined;
  readonly finishedAtMs: number;
}

/** What the jobs that one job waited for have left where its inputs are: those that were open when it was submitted. */
export class LeftBefore implements Disposable {
  readonly #finished: readonly Finished[];
  readonly #pending: readonly Job[];

  /** Opens nothing yet. */
  constructor({ root, commonDir }: Repository, jobs: readonly Job[]) {
    const treeOf = (oid: string) => new CommitTree(root, commonDir, oid);
    this.#finished = jobs.flatMap(({ stage, outputs, commitOid, commitBase, endedAtMs }) =>
      stage !== "finished" || commitOid === null ? [] : [{
        outputs,
        commit: { oid: commitOid, tree: treeOf(commitOid) },
        base: commitBase === null ? undefined : treeOf(commitBase),
        finishedAtMs: endedAtMs ?? 0,
      }]
    ).sort((a, b) => b.finishedAtMs - a.finishedAtMs);
    this.#pending = jobs.filter(({ stage, commitOid }) =>
      stage !== "finished" || commitOid === null
    );
  }

  /** Closes the files that are open. */
  [Symbol.dispose](): void {
    for (const { commit, base } of this.#finished) {
      commit.tree[Symbol.dispose]();
      base?.[Symbol.dispose]();
    }
  }

  /** Whether one of the jobs was to write a path. */
  claims(path: string): boolean {
    return this.isPending(path) || this.#finishedAt(path).length > 0;
  }

  /** Whether one that has no commit was to write it: what it wrote there is not known. */
  isPending(path: string): boolean {
    return claimedBy(this.#pending, path).length > 0;
  }

  /**
   * What the last of those that are committed has written at a path.
   *
   * @returns `null` if none of them has; `undefined` if it cannot be told.
   */
  find(path: string): LeftVersion | null | undefined {
    for (const { commit, base, finishedAtMs } of this.#finishedAt(path)) {
      const entry = commit.tree.find(path);
      const earlier = base?.find(path);
      if (entry === undefined || earlier === undefined) return undefined;
      if (entry?.oid === earlier?.oid) continue;
      const isFile = entry !== null && (entry.mode.startsWith("100") || entry.mode === LINK_MODE);
      if (!isFile) return undefined;
      const text = commit.tree.textOf(path) ?? "";
      const isLink = entry.mode === LINK_MODE;
      const key = (isLink ? isAnnexLink(text) : text.startsWith(POINTER_START))
        ? annexKeyOf(text)
        : undefined;
      // Behind another link there is another file.
      if (isLink && key === undefined) return undefined;
      const evidence = key === undefined ? { path, blob: entry.oid } : { path, key };
      return { evidence, oid: entry.oid, commit, finishedAtMs };
    }
    return null;
  }

  #finishedAt(path: string): Finished[] {
    return claimedBy(this.#finished, path);
  }
}

function claimedBy<T extends { readonly outputs: readonly string[] }>(
  jobs: readonly T[],
  path: string,
): T[] {
  return jobs.filter(({ outputs }) => outputs.some((claim) => isWithin(claim, path)));
}
