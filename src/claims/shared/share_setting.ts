import type { GitConfig } from "../../git/git_config.ts";

/** The setting that names the remote at which claims of open jobs are shown. */
export const SHARE_SETTING = "dlslurm.claims.share";
/** Where they are at the remote: one ref a clone, so that no two of them ever race for one. */
export const CLAIMS_REFS = "refs/dlslurm/claims";

/** Where this clone keeps what a remote had when it was asked last. */
export function sharedRefsOf(remote: string): string {
  return `refs/dlslurm/shared/${remote}`;
}

/** The command that takes away what a clone shows, whoever runs it. */
export function removalOf(remote: string, clone: string): string {
  return `git push ${remote} :${CLAIMS_REFS}/${clone}`;
}

/** The remote that is named, if any, and whether it is one: part of a ref's name and of command lines. */
export function sharedRemoteOf(
  config: GitConfig,
): { readonly name: string; readonly isKnown: boolean } | undefined {
  const name = config.getOwn(SHARE_SETTING);
  if (name === undefined || name === "") return undefined;
  const isKnown = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/.test(name) &&
    !/\.\.|\.(?:\/|$)|\.lock(?:\/|$)/.test(name) &&
    ["url", "pushurl"].some((key) => config.getOwn(`remote.${name}.${key}`) !== undefined);
  return { name, isKnown };
}
