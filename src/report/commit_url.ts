/** Sites that show a commit at `/commit/ID` behind the repository's address. */
const SITES = /^(github\.com|gitlab\.com|codeberg\.org|gin\.g-node\.org|hub\.datalad\.org)$/;

/**
 * Where the commits of a repository with this remote can be looked at; `undefined` where nobody can know it.
 * A name or password in the address is left out.
 */
export function commitUrlOf(remote: string | undefined): string | undefined {
  const [, host, path] =
    /^(?:https?:\/\/|ssh:\/\/|git\+ssh:\/\/)?(?:[^@/]*@)?([^:/]+)(?::[0-9]+)?[:/]+(.+?)(?:\.git)?\/?$/
      .exec(remote ?? "") ?? [];
  if (host === undefined || !SITES.test(host) || !/^[\w.~/-]+$/.test(path!)) return undefined;
  return `https://${host}/${path}/commit/{commit}`;
}
