import { isWithin } from "../paths/root_paths.ts";
import { UserError } from "../errors.ts";
import { walkTree } from "../fs/walk_tree.ts";
import { lossyPath } from "../git/path_bytes.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import { shellName } from "../shell/shell_name.ts";

/** At most so many claims that git ignores as a whole are named. */
const MOST_NAMED = 10;
/** At most so many logs: a rule for them is one for those of all jobs. */
const MOST_LOGS_NAMED = 3;

/**
 * Warns of outputs that git ignores: they are not committed. An output of which nothing is left then is
 * named; of files that are ignored beside others, how many there are.
 *
 * @param root of the work tree, absolute.
 * @param ignored files relative to the root, by the key of the job that they belong to.
 * @returns errors by the keys of the jobs of which every output is required.
 */
export async function reportIgnored(
  root: string,
  jobs: readonly WrittenPaths[],
  ignored: ReadonlyMap<number, readonly string[]>,
  session: Session,
): Promise<Map<number, UserError>> {
  const refused = new Map<number, UserError>();
  const whole: string[] = [];
  const beside = new Set([...ignored.values()].flat());
  for (const job of jobs) {
    const own = ignored.get(job.key) ?? [];
    for (const claim of own.length === 0 ? [] : job.claims) {
      const inside = own.filter((path) => isWithin(claim, path));
      if (inside.length === 0) continue;
      if (await hasMore(root, claim, new Set(inside.map(lossyPath)))) continue;
      for (const path of inside) beside.delete(path);
      if (job.requiresOutputs === true) refused.set(job.key, ignoredOutput(claim));
      else whole.push(claim);
    }
  }
  for (const claim of whole.slice(0, MOST_NAMED)) {
    session.warn(
      `the output "${claim}" is ignored by Git and not committed: git check-ignore -v shows the ` +
        "rule; without it, or after git add -f, it would be committed",
    );
  }
  if (whole.length > MOST_NAMED) {
    session.warn(`${whole.length - MOST_NAMED} more outputs are ignored by Git and not committed`);
  }
  if (beside.size > 0) {
    const [first] = beside;
    const what = beside.size === 1
      ? "1 file in an output is"
      : `${beside.size} files in outputs are`;
    session.warn(`${what} ignored by Git and not committed, the first is "${first}"`);
  }
  return refused;
}

/**
 * Warns of logs and environment files that git ignores: they are not committed, and no record names them.
 *
 * @param leftOut the ignored ones, relative to the root.
 * @returns errors by the keys of the jobs of which every output is required.
 */
export function reportIgnoredLogs(
  jobs: readonly WrittenPaths[],
  leftOut: ReadonlySet<string>,
  session: Session,
): Map<number, UserError> {
  const refused = new Map<number, UserError>();
  if (leftOut.size === 0) return refused;
  const named: string[] = [];
  for (const { key, requiresOutputs = false, slurmOutputs, alongside = [] } of jobs) {
    const own = slurmOutputs.filter((path) => leftOut.has(path));
    const log = own.find((path) => !alongside.includes(path));
    if (requiresOutputs && log !== undefined) refused.set(key, ignoredOutput(log));
    else named.push(...own);
  }
  const files = [...new Set(named)];
  if (files.length === 0) return refused;
  const [are, they] = files.length === 1 ? ["is", "it"] : ["are", "they"];
  session.warn(
    `${firstOf(files.map((path) => `"${path}"`), MOST_LOGS_NAMED)} ${are} ignored by Git and not ` +
      `committed, nor named in the record: git check-ignore -v ${
        shellName(files[0]!)
      } shows the rule; without it, or after git add -f, ${they} would be committed`,
  );
  return refused;
}

/** Whether there is a file or link at or in the claim beside those that are ignored. */
async function hasMore(
  root: string,
  claim: string,
  ignored: ReadonlySet<string>,
): Promise<boolean> {
  for await (const { path, kind } of walkTree(root, claim)) {
    if (kind !== "folder" && !ignored.has(path)) return true;
  }
  return false;
}

function ignoredOutput(claim: string): UserError {
  const name = shellName(claim);
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: "${claim}" is ignored by Git`,
    {
      unchanged: "The job stays open",
      hint: `remove the rule that git check-ignore -v ${name} shows, or: git add -f ${name}; ` +
        "then run the same command again",
    },
  );
}
