import { join } from "node:path";
import { lstatIfPresent } from "../fs/if_present.ts";
import { BATCH, batchOf, parseBlobs } from "../git/cat_file.ts";
import { textOf } from "../process/runner.ts";
import type { AnnexRepository } from "./annex_repository.ts";

/** The rule for the whole repository. */
export type RepositoryRule =
  | {
    readonly kind: "rule";
    readonly text: string;
    /** Whether it holds also where an attribute tells otherwise: in git's configuration it does. */
    readonly isAboveAttributes: boolean;
  }
  | { readonly kind: "none" }
  | { readonly kind: "unsure" };

/**
 * Reads `annex.largefiles` where git-annex looks for it beside the attributes: in git's configuration,
 * before them, and in what `git annex config` keeps on the git-annex branch, behind them (git-annex(1)).
 * Anything else that is kept there makes the answer unsure.
 */
export async function readRepositoryRule(repository: AnnexRepository): Promise<RepositoryRule> {
  const onBranch = await readBranchConfig(repository);
  if (onBranch === undefined) return { kind: "unsure" };
  // What is empty was set and taken back.
  const kept = [...onBranch].filter(([, { value }]) => value !== "");
  if (kept.some(([name]) => name !== "annex.largefiles")) return { kind: "unsure" };
  const configured = repository.config.get("annex.largefiles");
  const text = configured ?? kept[0]?.[1].value;
  return text === undefined
    ? { kind: "none" }
    : { kind: "rule", text, isAboveAttributes: configured !== undefined };
}

interface Setting {
  readonly seconds: number;
  readonly value: string;
}

/**
 * The newest value of each setting in `config.log` of all git-annex branches, as merging them would
 * give it; `undefined` if a line is not understood or something is not committed yet.
 */
async function readBranchConfig(
  { git, commonDir }: AnnexRepository,
): Promise<Map<string, Setting> | undefined> {
  const settings = new Map<string, Setting>();
  const journal = join(commonDir, "annex", "journal", "config.log");
  if (await lstatIfPresent(journal) !== undefined) return undefined;
  const refs = await git.run(["for-each-ref", "--format=%(refname)", "**/git-annex"]);
  const names = textOf(refs.stdout).split("\n").filter((name) => name !== "");
  const logs = await git.run(BATCH, { stdin: batchOf(names.map((name) => `${name}:config.log`)) });
  if (refs.code !== 0 || logs.code !== 0) return undefined;
  const lines = [...parseBlobs(logs.stdout).values()].flatMap((log) => log.split("\n"));
  for (const line of lines) {
    if (line === "") continue;
    // git-annex, "internals": `1286903743.123s annex.largefiles include=*.x`
    const [, seconds, name, value] = /^([0-9.]+)s (\S+) ?(.*)$/.exec(line) ?? [];
    if (seconds === undefined || name === undefined || value === undefined) return undefined;
    const known = settings.get(name);
    if (known === undefined || known.seconds <= Number(seconds)) {
      settings.set(name, { seconds: Number(seconds), value });
    }
  }
  return settings;
}
