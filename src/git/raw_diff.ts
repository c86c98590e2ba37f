import { textOf } from "../process/runner.ts";
import { decodePath, splitNul } from "./path_bytes.ts";

/** Of comparisons that are read here: subdatasets count, whatever `submodule.NAME.ignore` says. */
export const RAW: readonly string[] = ["--raw", "-z", "--no-renames", "--ignore-submodules=none"];

/** What git keeps of one path. */
export interface PathVersion {
  /** File mode in octal, six digits (`100644`, `120000` for a link); `000000` where there is nothing. */
  readonly mode: string;
  /** Blob, or commit of a subdataset; zeros where there is nothing, or it is not hashed. */
  readonly oid: string;
}

/** One path of a comparison: git-diff-tree(1), RAW OUTPUT FORMAT. */
export interface RawChange {
  /** Relative to the work tree's root. */
  readonly path: string;
  /** `A`, `D`, `M`, `R100` and so on. */
  readonly status: string;
  /** Where it was, if git has found that it was renamed or copied; else the same path. */
  readonly source: string;
  /** What the first of the two that are compared has. */
  readonly before: PathVersion;
  /** What the second one has. */
  readonly after: PathVersion;
}

/** Reads output of `--raw -z`; the name of a commit, or those of two trees, stand before what is theirs. */
export function* readRawDiff(output: Uint8Array): Generator<RawChange | string> {
  let header: string | undefined;
  let source: string | undefined;
  for (const item of splitNul(output)) {
    if (header === undefined) {
      // What git cannot find it repeats on a line of its own before the next name.
      const lines = textOf(item).split("\n").filter((line) => line !== "");
      if (lines.at(-1)?.startsWith(":")) header = lines.pop();
      const name = lines.at(-1);
      if (name !== undefined) yield name;
      continue;
    }
    const path = decodePath(item);
    const [beforeMode, mode, beforeOid, oid, status] = header.slice(1).split(" ");
    if (source === undefined && /^[RC]/.test(status!)) {
      source = path;
      continue;
    }
    yield {
      path,
      status: status!,
      source: source ?? path,
      before: { mode: beforeMode!, oid: beforeOid! },
      after: { mode: mode!, oid: oid! },
    };
    header = source = undefined;
  }
}

/** The changes by the names that stand before them. */
export function rawChangesByName(output: Uint8Array): Map<string, RawChange[]> {
  const byName = new Map<string, RawChange[]>();
  let current: RawChange[] = [];
  for (const item of readRawDiff(output)) {
    if (typeof item !== "string") current.push(item);
    else byName.set(item, current = []);
  }
  return byName;
}
