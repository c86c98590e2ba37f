import { join } from "node:path";
import { lstatIfPresent, namesIn } from "../fs/if_present.ts";
import { IMPORT_OPTIONS, KEEPING_PACKS } from "../git/build_commits.ts";
import type { Identities } from "../git/build_commits.ts";
import { BATCH, batchOf, parseBatch } from "../git/cat_file.ts";
import { IMPORT_MARK } from "../git/crash_reports.ts";
import { readBranchFile } from "../git/head_files.ts";
import { takePosixLock } from "../sqlite/posix_lock.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { setPresence } from "./git_annex.ts";
import { lowerFoldersOf } from "./hash_folders.ts";

/** git-annex's own branch. */
const BRANCH = "refs/heads/git-annex";
/** What stands for itself in the name of a key's log, and in what git reads; git-annex escapes others. */
const PLAIN_KEY_REGEXP = /^[A-Za-z0-9._+=,-]+$/;
/** A line of a location log (git-annex, "internals"): `1287290776.765152s 1 UUID`; X for a dead key. */
const LINE_REGEXP = /^([0-9]+)(\.[0-9]+)?s ([01X]) (\S+)$/;

/** One commit on git-annex's branch. */
interface LogCommit {
  /** What it stands on. */
  readonly base: string;
  /** The logs' texts by their paths on the branch. */
  readonly logs: ReadonlyMap<string, string>;
}

/**
 * Notes on git-annex's branch that this repository has the contents of `keys`. Where all is plain that is
 * one commit by one `git fast-import`, as git-annex itself would make it, under git-annex's lock of its
 * journal: nobody else commits there then. git-annex takes what others have committed to its branch into
 * its own index when it runs next, as it does after `git fetch`. Otherwise git-annex is asked.
 *
 * A crash leaves the branch as it was, or as it is to be; doing it again is harmless.
 *
 * @param repository a plain one: {@linkcode isPlainRepository}.
 * @throws {UserError} `ANNEX_FAILED`; some of them may be noted.
 */
export async function notePresent(
  repository: AnnexRepository,
  uuid: string,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  {
    using _noting = repository.beginStep?.("noting where contents are");
    if (await commitPresence(repository, uuid, keys)) return;
  }
  await setPresence(repository.git, { uuid, keys, isPresent: true }, repository.beginStep);
}

/** Whether it is noted now; `false` if git-annex has to do it. */
async function commitPresence(
  repository: AnnexRepository,
  uuid: string,
  keys: readonly string[],
): Promise<boolean> {
  const { identities, commonDir, hooksFolder } = repository;
  if (identities === undefined || !keys.every((key) => PLAIN_KEY_REGEXP.test(key))) return false;
  // It would have to hear of the new commit.
  if (await lstatIfPresent(join(hooksFolder, "post-update-annex")) !== undefined) return false;
  using lock = await takePosixLock(join(commonDir, "annex", "journal.lck"));
  if (lock === undefined) return false;
  // What is in the journal comes over what is on the branch, and git-annex alone may empty it.
  if ((await namesIn(join(commonDir, "annex", "journal"))).length > 0) return false;
  const commit = await planCommit(repository, uuid, keys);
  if (commit === undefined) return false;
  return commit.logs.size === 0 || await makeCommit(repository, identities, commit);
}

/** `undefined` where a log, or the branch, is not as it is known here. */
async function planCommit(
  { git, commonDir }: AnnexRepository,
  uuid: string,
  keys: readonly string[],
): Promise<LogCommit | undefined> {
  const base = await readBranchFile(commonDir, BRANCH);
  if (base === undefined) return undefined;
  const paths = keys.map((key) => `${lowerFoldersOf(key)}/${key}.log`);
  const { code, stdout } = await git.run(BATCH, {
    stdin: batchOf(paths.map((path) => `${base}:${path}`)),
  });
  const found = code === 0 ? [...parseBatch(stdout)].map((each) => each?.text ?? "") : [];
  if (found.length !== paths.length) return undefined;
  const seconds = Math.floor(Date.now() / 1000);
  const logs = new Map<string, string>();
  for (const [at, path] of paths.entries()) {
    const text = withPresence(found[at]!, uuid, seconds);
    if (text === undefined) return undefined;
    if (text !== found[at]) logs.set(path, text);
  }
  return { base, logs };
}

/** The text of a location log once it says that `uuid` has the content; `undefined` if it cannot be read. */
function withPresence(text: string, uuid: string, nowS: number): string | undefined {
  const others: string[] = [];
  let own: { readonly seconds: number; readonly status: string } | undefined;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, seconds, , status, whose] = LINE_REGEXP.exec(line) ?? [];
    if (status === undefined) return undefined;
    if (whose !== uuid) others.push(line);
    // Two lines of one repository are a merge that nobody has tidied: git-annex does.
    else if (own !== undefined) return undefined;
    else own = { seconds: Number(seconds), status };
  }
  if (own?.status === "1") return text;
  const seconds = Math.max(nowS, (own?.seconds ?? 0) + 1);
  return [...others, `${seconds}s 1 ${uuid}`].map((line) => `${line}\n`).join("");
}

/** @returns whether the branch has it; `false` if somebody has moved the branch, or git refuses. */
async function makeCommit(
  { git }: AnnexRepository,
  { author, committer }: Identities,
  { base, logs }: LogCommit,
): Promise<boolean> {
  const changes = [...logs].map(([path, text]) =>
    `${IMPORT_MARK}M 100644 inline ${path}\n${data(text)}`
  );
  const stdin = `feature done\ncommit ${BRANCH}\nauthor ${author}\ncommitter ${committer}\n` +
    `${data("update")}from ${base}\n${changes.join("")}\ndone\n`;
  // Without --force it moves the branch from what the commit stands on, or not at all.
  const args = [...KEEPING_PACKS, "fast-import", ...IMPORT_OPTIONS];
  const { code } = await git.run(args, { stdin, locks: [BRANCH] });
  return code === 0;
}

/** git-fast-import(1), data; all of it is ASCII. */
function data(text: string): string {
  return `data ${text.length}\n${text}\n`;
}
