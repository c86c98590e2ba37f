import { RECORD_PREFIX } from "../datalad/run_record.ts";
import type { Git } from "../git/git.ts";
import { readMessagesOf } from "../git/history.ts";
import type { PlainCommit } from "./file_commits.ts";
import { entryOf } from "./run_history.ts";
import type { HistoryEntry, RunHistory } from "./run_history.ts";

/**
 * The runs among these commits that no branch reaches any more, as after a squash: one of their kind, which was
 * asked for, has read what they wrote. Git is asked only if there are any.
 *
 * @returns by their commits.
 */
export async function findLostRuns(
  git: Git,
  history: RunHistory,
  commits: Iterable<PlainCommit>,
): Promise<Map<string, HistoryEntry>> {
  const lost = [...commits].filter(({ oid, subject }) =>
    subject.startsWith(RECORD_PREFIX) && history.at(oid) === undefined
  );
  const messages = await readMessagesOf(git, lost.map(({ oid }) => oid));
  const entries = messages.flatMap((commit) => entryOf(commit, -1) ?? []);
  return new Map(entries.map((entry) => [entry.commit.oid, entry]));
}
