import { join } from "node:path";
import { annexKeyOf, sizeOfKey } from "../annex/annex_key.ts";
import { annexLinkAt } from "../annex/annexed_files.ts";
import { isContentOfKey } from "../annex/key_content.ts";
import { UserError } from "../errors.ts";
import { CopyError, placeCopy } from "../fs/copy_tree.ts";
import { ifPresent } from "../fs/if_present.ts";
import { walkTree } from "../fs/walk_tree.ts";
import { syncToDisk } from "../fs/write_file_atomic.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { isWithin } from "../paths/root_paths.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import { shellName } from "../shell/shell_name.ts";
import { removeHalfCopies } from "./bring_back.ts";

/** An annexed file whose content is not that of its key. */
interface PartlyGiven {
  /** Relative to the root. */
  readonly path: string;
  /** When git-annex made the link, milliseconds since 1970. */
  readonly givenMs: number;
  /** Bytes of what git-annex was given; `undefined` where the size is the same. */
  readonly expected: number | undefined;
  /** Bytes now. */
  readonly size: number;
}

/** The clocks of two machines may differ by so much. */
const CLOCKS_MS = 3_600_000;
/** What is compared byte by byte: a larger one whose size is right is taken for whole. */
const MOST_READ_BYTES = 64 * 2 ** 20;
/** A larger file may not find room twice, and keeps everybody waiting. */
const MOST_COPIED_BYTES = 2 ** 30;
/** A hint names at most so many files. */
const MOST_IN_HINT = 20;

/**
 * Looks for outputs and logs that somebody gave to git-annex while their job still wrote to them, as `datalad save`
 * does with all that lies about: the key is then that of a part. Links that are older than the jobs are left alone,
 * whatever they lead to.
 */
export class WholeContents {
  readonly #root: string;
  readonly #sinceMs: number;
  /** By claim or log: claims of many jobs may be the same folder. */
  readonly #found = new Map<string, readonly PartlyGiven[]>();

  /** Looks at nothing yet; `jobs` are all that will be asked for. */
  constructor(root: string, jobs: Iterable<Pick<SubmittedJob, "submittedAtMs">>) {
    this.#root = root;
    this.#sinceMs = -CLOCKS_MS +
      [...jobs].reduce((first, { submittedAtMs }) => Math.min(first, submittedAtMs), Infinity);
  }

  /**
   * Requires that git-annex can be given all that the job wrote at and below `paths`, relative to the root: what has
   * grown since it was given is a file of its own again, whole, and added like any other.
   *
   * A crash leaves files that are whole, and at most one half copy, which the next call takes away.
   *
   * @throws {UserError} `BAD_OUTPUT` for what is too large to copy, or has not just grown; `COPY_FAILED`.
   */
  async require(job: SubmittedJob, paths: Iterable<string>, session: Session): Promise<void> {
    const partly = new Map<string, PartlyGiven>();
    for (const path of paths) {
      for (const file of await this.#findAt(path)) {
        if (file.givenMs >= job.submittedAtMs - CLOCKS_MS) partly.set(file.path, file);
      }
    }
    const files = [...partly.values()];
    if (files.length === 0) return;
    if (!files.every(hasGrown)) throw partlyGiven(job, files);
    await removeHalfCopies(this.#root, partly.keys());
    for (const { path } of files) await this.#takeOut(job, path);
    session.warn(
      `git-annex was given ${
        firstOf(files.map(({ path }) => `"${path}"`), 3)
      } while job ${job.jobId} was ` +
        "still writing: what is whole now is added in its place",
    );
  }

  /** Puts a file that holds what a link leads to in the place of the link. */
  async #takeOut({ jobId }: SubmittedJob, path: string): Promise<void> {
    const file = join(this.#root, path);
    const link = await annexLinkAt(file);
    await placeCopy(file, file, async (copy) => {
      // An object of the annex nobody may write to.
      const { mode } = await Deno.stat(copy);
      if (mode !== null) await Deno.chmod(copy, mode | 0o200);
      // Else a power cut could leave an empty file where the link was.
      await syncToDisk(copy);
      if (await annexLinkAt(file) !== link) throw new CopyError(path, "it was changed just now");
    }).catch((error) => {
      if (!(error instanceof CopyError)) throw error;
      throw new UserError(
        "COPY_FAILED",
        `Cannot take "${path}" of job ${jobId} back from git-annex: ${error.message}`,
        {
          unchanged: "The job stays open",
          hint: `fix it, then: dlslurm finish ${jobId}`,
          cause: error,
        },
      );
    });
    // Claims of other jobs may be around it, too.
    for (const [claim, found] of this.#found) {
      this.#found.set(claim, found.filter((each) => each.path !== path));
    }
  }

  async #findAt(path: string): Promise<readonly PartlyGiven[]> {
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    const found: PartlyGiven[] = [];
    for await (const entry of walkTree(this.#root, path)) {
      const partly = entry.kind === "link" ? await this.#look(entry.path) : undefined;
      if (partly !== undefined) found.push(partly);
    }
    this.#found.set(path, found);
    return found;
  }

  async #look(path: string): Promise<PartlyGiven | undefined> {
    const file = join(this.#root, path);
    const givenMs = ifPresent(() => Deno.lstatSync(file))?.ctime?.getTime() ?? 0;
    if (givenMs < this.#sinceMs) return undefined;
    const link = await annexLinkAt(file);
    const content = link === undefined ? undefined : ifPresent(() => Deno.statSync(file));
    if (link === undefined || content === undefined) return undefined;
    const key = annexKeyOf(link)!;
    const { size, mtime } = content;
    const expected = sizeOfKey(key);
    if (expected !== undefined && expected !== size) return { path, givenMs, expected, size };
    // Written to since, as a file that is filled in place, or fetched since.
    if ((mtime?.getTime() ?? 0) <= givenMs || size > MOST_READ_BYTES) return undefined;
    const isWhole = await isContentOfKey(key, await Deno.readFile(file));
    return isWhole === false ? { path, givenMs, expected: undefined, size } : undefined;
  }
}

/** Whether more was written to a file since it was given, of no more than can be copied in a moment. */
function hasGrown({ expected, size }: PartlyGiven): boolean {
  return expected !== undefined && size > expected && size <= MOST_COPIED_BYTES;
}

function partlyGiven(job: SubmittedJob, files: readonly PartlyGiven[]): UserError {
  const [{ path, expected, size }, ...more] = files as [PartlyGiven, ...PartlyGiven[]];
  const kind = job.outputs.some((claim) => isWithin(claim, path)) ? "output" : "log";
  const what = expected === undefined
    ? `its ${kind} "${path}", and it has other content now`
    : `its ${kind} "${path}" with ${expected} bytes, and it has ${size} now`;
  const others = more.length === 0
    ? ""
    : `; so ${more.length === 1 ? "was" : "were"} ${more.length} more`;
  const names = files.slice(0, MOST_IN_HINT).map((file) => shellName(file.path));
  const mend = names.length === 1
    ? `cp -L ${names[0]} ${shellName(`${path}.copy`)} && mv ${shellName(`${path}.copy`)} ${
      names[0]
    }`
    : `for file in ${
      names.join(" ")
    }; do cp -L "$file" "$file.copy" && mv "$file.copy" "$file"; done`;
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit job ${job.jobId}: git-annex was given ${what}: it was still being written${others}`,
    { unchanged: "The job stays open", hint: `${mend}, then: dlslurm finish ${job.jobId}` },
  );
}
