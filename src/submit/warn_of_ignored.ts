import type { Dataset } from "../datalad/dataset.ts";
import { findIgnoredPaths } from "../datalad/ignored_paths.ts";
import type { Session } from "../session/session.ts";

/** Warns at once of claims that git ignores: finish will not commit what is written there. */
export async function warnOfIgnored(
  dataset: Dataset,
  claims: readonly string[],
  session: Session,
): Promise<void> {
  const named = new Set(claims.filter((claim) => claim !== "."));
  const found = await findIgnoredPaths(dataset, named);
  const [first] = found;
  if (first === undefined) return;
  const more = found.length === 1 ? "" : `, and so are ${found.length - 1} more`;
  session.warn(
    `the output "${first.path}" is ignored by Git (${first.rule})${more}: finish will not commit what is ` +
      "there, unless the rule goes, or git add -f has added it",
  );
}
