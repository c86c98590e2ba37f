import { UserError } from "../errors.ts";
import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";
import { splitNul } from "./path_bytes.ts";

/** One commit of a range. */
export interface CommitMessage {
  /** The commit's own name, in full length. */
  readonly oid: string;
  /** Oids, the first parent first; empty for a root commit, several for a merge. */
  readonly parents: readonly string[];
  /** Subject and body. */
  readonly message: string;
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
  const result = await git.run([
    "log",
    "-z",
    "--no-show-signature",
    "--topo-order",
    ...(since === undefined ? [] : ["--reverse"]),
    "--fixed-strings",
    `--grep=${marker}`,
    "--format=%H%n%P%n%B",
    ...range,
    "--",
  ]);
  if (result.code !== 0) {
    throw new UserError("USAGE", `Cannot read the history of "${range.at(-1)}"`, {
      detail: result.stderr,
      hint: "git log --oneline",
    });
  }
  return [...splitNul(result.stdout)].map((item) => {
    const [oid, parents, ...message] = textOf(item).split("\n");
    return {
      oid: oid!,
      parents: parents === "" ? [] : parents!.split(" "),
      message: message.join("\n"),
    };
  });
}
