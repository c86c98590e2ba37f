import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { isThereSync, readTextIfPresent } from "../fs/if_present.ts";
import { findTreeChanges } from "../git/changes.ts";
import { findUnchanged } from "../git/compare_paths.ts";
import { decodePath, splitNul } from "../git/path_bytes.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { isWithin } from "../paths/root_paths.ts";
import { firstOf } from "../session/name_list.ts";

/** What one `git stash` took out of the work tree. */
interface Stash {
  /** The stash commit. */
  readonly oid: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

interface StashedFile {
  /** Relative to the root. */
  readonly path: string;
  /** Whether the work tree has it as HEAD has it, or neither has it: what was changed is in the stash alone. */
  readonly isAway: boolean;
}

/** Older ones of those that were made while jobs were open are not looked at. */
const MOST_STASHES = 20;

/**
 * Looks for outputs that a `git stash` has taken out of the work tree since their jobs were submitted: what is
 * there instead is what HEAD has, and the job did not write it. Stashes of subdatasets are not looked at.
 */
export class StashedOutputs {
  readonly #dataset: Dataset;
  #stashes: Promise<readonly Stash[]> | undefined;
  readonly #files = new Map<string, Promise<readonly StashedFile[]>>();

  /** Looks at nothing yet. */
  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  /**
   * Requires that no stash has all that a job has changed.
   *
   * @throws {UserError} `BAD_OUTPUT`
   */
  async requireNone({ jobId, submittedAtMs, outputs }: SubmittedJob): Promise<void> {
    this.#stashes ??= this.#readStashes();
    for (const { oid, atMs } of await this.#stashes) {
      if (atMs < submittedAtMs) continue;
      const own = (await this.#filesOf(oid)).filter(({ path }) =>
        outputs.some((claim) => isWithin(claim, path))
      );
      if (own.length > 0 && own.every(({ isAway }) => isAway)) throw stashed(jobId, own);
    }
  }

  /** git-stash(1): the reflog of refs/stash has them all, the newest last. */
  async #readStashes(): Promise<readonly Stash[]> {
    const log = await readTextIfPresent(join(this.#dataset.commonDir, "logs/refs/stash")) ?? "";
    return log.split("\n").slice(-MOST_STASHES - 1).flatMap((line) => {
      const [, oid, seconds] = /^[0-9a-f]+ ([0-9a-f]+) .*> (\d+) [+-]\d{4}\t/.exec(line) ?? [];
      return oid === undefined ? [] : [{ oid, atMs: (Number(seconds) + 1) * 1000 }];
    });
  }

  /** For all jobs at once: claims of many may be the same folder. */
  #filesOf(oid: string): Promise<readonly StashedFile[]> {
    return this.#files.getOrInsertComputed(oid, () => this.#readFiles(oid));
  }

  async #readFiles(oid: string): Promise<readonly StashedFile[]> {
    const { root, git, headOid } = this.#dataset;
    if (headOid === null) return [];
    const changes = await findTreeChanges(git, `${oid}^1`, oid);
    // What was untracked is in a third parent, if it was asked for.
    const untracked = await git.run(["ls-tree", "-r", "-z", "--name-only", `${oid}^3`]);
    const others = untracked.code === 0 ? [...splitNul(untracked.stdout)].map(decodePath) : [];
    const added = changes.filter(({ kind }) => kind === "add").map(({ path }) => path);
    const isNew = new Set([...added, ...others]);
    const paths = [...changes.map(({ path }) => path), ...others];
    const unchanged = await findUnchanged(git, headOid, paths);
    return paths.map((path) => ({
      path,
      isAway: unchanged.has(path) || (isNew.has(path) && !isThereSync(join(root, path))),
    }));
  }
}

function stashed(jobId: string, files: readonly StashedFile[]): UserError {
  const names = firstOf(files.map(({ path }) => `"${path}"`), 3);
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit job ${jobId}: ${names} ${
      files.length === 1 ? "is" : "are"
    } unchanged here, but ` +
      "changed in a stash that was made since the job was submitted",
    {
      unchanged: "The job stays open",
      hint: `git stash pop, then: dlslurm finish ${jobId}; if nothing of the job is stashed: ` +
        `dlslurm finish ${jobId} --allow-no-outputs`,
    },
  );
}
