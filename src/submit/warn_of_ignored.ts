import { joinPath } from "../paths/root_paths.ts";
import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { groupByRepository } from "../datalad/subdatasets.ts";
import { findIgnored, mayBeIgnored } from "../git/ignore_rules.ts";
import type { IgnoredPath } from "../git/ignore_rules.ts";
import type { Session } from "../session/session.ts";

/**
 * Warns at once of claims that git ignores: finish will not commit what is written there. Without a rule
 * that may match one of them no process is started, else one for each repository.
 */
export async function warnOfIgnored(
  dataset: Dataset,
  claims: readonly string[],
  session: Session,
): Promise<void> {
  const found: IgnoredPath[] = [];
  const named = new Set(claims.filter((claim) => claim !== "."));
  for (const [folder, own] of await groupByRepository(dataset.root, named)) {
    const root = join(dataset.root, folder);
    const isTop = folder === ".";
    const place = isTop ? dataset : { ...dataset, root, commonDir: join(root, ".git") };
    if (!await mayBeIgnored(place, own)) continue;
    const git = isTop ? dataset.git : dataset.git.at(root);
    for (const { path, rule } of await findIgnored(git, root, own)) {
      found.push({ path: joinPath(folder, path), rule });
    }
  }
  const [first] = found;
  if (first === undefined) return;
  const more = found.length === 1 ? "" : `, and so are ${found.length - 1} more`;
  session.warn(
    `the output "${first.path}" is ignored by Git (${first.rule})${more}: finish will not commit what is ` +
      "there, unless the rule goes, or git add -f has added it",
  );
}
