import { UserError } from "../errors.ts";
import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";
import { splitNul } from "./path_bytes.ts";

/** One commit of a range. */
export interface CommitMessage {
  /** The commit's own name, in full length. */
  readonly oid: string;
  /** Who made it, by what the commit says. */
  readonly author: { readonly name: string; readonly email: string };
  /** When it was made, by its committer's clock: seconds since 1970. */
  readonly committedS: number;
  /** When its changes were made first; a rebase leaves that as it is. Seconds since 1970. */
  readonly authoredS: number;
  /** Oids, the first parent first; empty for a root commit, several for a merge. */
  readonly parents: readonly string[];
  /** Subject and body. */
  readonly message: string;
}

/** The commit that a revision stands for; `undefined` if there is none. */
export async function findCommit(git: Git, revision: string): Promise<string | undefined> {
  if (revision.startsWith("-") || revision === "") return undefined;
  const { code, stdout } = await git.run([
    ...["rev-parse", "--verify", "--quiet", "--end-of-options"],
    `${revision}^{commit}`,
  ]);
  return code === 0 ? textOf(stdout).trim() : undefined;
}

/**
 * Reads the messages of a range in which `marker` occurs, oldest first, with one `git log`.
 *
 * @param since `undefined` for `revision` alone, empty for all that it reaches, else what is left out.
 * @throws {UserError} `USAGE` if git does not know a revision.
 */
export async function readMessages(
  git: Git,
  revision: string,
  since: string | undefined,
  marker: string,
): Promise<CommitMessage[]> {
  for (const name of [revision, since ?? ""]) {
    if (name.startsWith("-")) {
      throw new UserError("USAGE", `Cannot read revision "${name}": it looks like an option`);
    }
  }
  const range = since === undefined
    ? ["--no-walk", revision]
    : since === ""
    ? [revision]
    : [`${since}..${revision}`];
  const order = ["--topo-order", ...(since === undefined ? [] : ["--reverse"])];
  const result = await git.run(logOf(marker, [...order, ...range]));
  if (result.code !== 0) {
    throw new UserError("USAGE", `Cannot read the history of "${range.at(-1)}"`, {
      detail: result.stderr,
      hint: "git log --oneline",
    });
  }
  return parseLog(result.stdout);
}

/**
 * The commits of a range, `A..B`, or of a commit and all before it, in whose messages `marker` occurs.
 *
 * @throws {UserError} `USAGE` if git does not know a revision.
 */
export async function listMarked(
  git: Git,
  revisions: string,
  marker: string,
): Promise<Set<string>> {
  if (revisions.startsWith("-")) {
    throw new UserError("USAGE", `Cannot read revision "${revisions}": it looks like an option`);
  }
  const search = ["--fixed-strings", `--grep=${marker}`];
  const result = await git.run(["rev-list", ...search, revisions, "--"]);
  if (result.code !== 0) {
    throw new UserError("USAGE", `Cannot read the history of "${revisions}"`, {
      detail: result.stderr,
      hint: "git log --oneline",
    });
  }
  return new Set(textOf(result.stdout).split("\n").filter((oid) => oid !== ""));
}

/**
 * Reads the messages in the history of HEAD and of all branches in which `marker` occurs, newest first.
 *
 * @throws {UserError} `GIT_FAILED` if the history cannot be read.
 */
export async function findMessages(git: Git, marker: string): Promise<CommitMessage[]> {
  return parseLog(await git.require(logOf(marker, ["HEAD", "--branches"])));
}

/**
 * Lists the commits that HEAD and the branches reach and none of `tips` does. Where the branches lie in the
 * history of `tips`, git looks at them alone.
 */
export async function listUnreached(git: Git, tips: readonly string[]): Promise<Set<string>> {
  const output = await git.text(["rev-list", "HEAD", "--branches", "--not", ...tips, "--"]);
  return new Set(output.split("\n").filter((oid) => oid !== ""));
}

/** The newest of these messages; `undefined` if there is none. Git goes no further than that. */
export async function findNewestMessage(
  git: Git,
  marker: string,
  signal: AbortSignal,
): Promise<CommitMessage | undefined> {
  const args = logOf(marker, ["--max-count=1", "HEAD", "--branches"]);
  return parseLog(await git.require(args, { signal }))[0];
}

/** Reads the messages of commits, in no particular order; those that are not there are left out. */
export async function readMessagesOf(
  git: Git,
  oids: readonly string[],
): Promise<CommitMessage[]> {
  if (oids.length === 0) return [];
  const args = ["log", "-z", "--no-show-signature", FORMAT, "--no-walk", "--ignore-missing"];
  const stdin = [...new Set(oids)].map((oid) => `${oid}\n`).join("");
  return parseLog(await git.require([...args, "--stdin"], { stdin }));
}

function logOf(marker: string, range: readonly string[]): string[] {
  const search = ["--fixed-strings", `--grep=${marker}`];
  return ["log", "-z", "--no-show-signature", ...search, FORMAT, ...range, "--"];
}

/** The author's address as it was given: a .mailmap is other people's. */
const FORMAT = "--format=%H%n%P%n%ct%n%at%n%an%n%ae%n%B";
/** Lines of it before the message. */
const HEADER_LINES = 6;

function parseLog(output: Uint8Array): CommitMessage[] {
  return [...splitNul(output)].map((item) => {
    const text = textOf(item);
    const ends = [text.indexOf("\n")];
    while (ends.length < HEADER_LINES) ends.push(text.indexOf("\n", ends.at(-1)! + 1));
    const [oid, parents, committedS, authoredS, name, email] = text.slice(0, ends.at(-1)).split(
      "\n",
    );
    return {
      oid: oid!,
      author: { name: name!, email: email! },
      committedS: Number(committedS),
      authoredS: Number(authoredS),
      parents: parents === "" ? [] : parents!.split(" "),
      message: text.slice(ends.at(-1)! + 1),
    };
  });
}
