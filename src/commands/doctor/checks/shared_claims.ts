import {
  CLAIMS_REFS,
  SHARE_SETTING,
  sharedRemoteOf,
} from "../../../claims/shared/share_setting.ts";
import { noSuchRemote } from "../../../claims/shared/share_claims.ts";
import type { Dataset } from "../../../datalad/dataset.ts";
import { listRefs } from "../../../git/remote_refs.ts";
import type { Session } from "../../../session/session.ts";
import type { Finding } from "../finding.ts";

/** A remote that takes longer is out of reach for schedule as well. */
const LIMIT_MS = 10_000;

/** Whether the remote at which claims are shown can be asked; nothing where none is set. */
export async function checkSharedClaims(
  { git, config }: Dataset,
  { env, interrupted: signal }: Pick<Session, "env" | "interrupted">,
): Promise<Finding[]> {
  const check = "shared-claims";
  const remote = sharedRemoteOf(config);
  if (remote === undefined) return [];
  if (!remote.isKnown) {
    return [{
      ...{ check, verdict: "problem", message: noSuchRemote(remote.name) },
      consequence: "other clones see no claims of this one, nor this one theirs",
      hint: `git config ${SHARE_SETTING} REMOTE, or git config --unset ${SHARE_SETTING}`,
    }];
  }
  const sshCommand = config.getOwn("core.sshcommand");
  const place = { remote: remote.name, sshCommand, env, timeoutMs: LIMIT_MS, signal };
  const found = await listRefs(git, place, CLAIMS_REFS);
  if ("reason" in found) {
    return [{
      ...{ check, verdict: "note" },
      message: `the remote "${remote.name}" cannot be reached: ${found.reason}`,
      consequence: "schedule warns of nothing that other clones claim, and takes longer",
      hint: `git ls-remote ${remote.name}`,
    }];
  }
  const clones = found.length === 1 ? "1 clone has" : `${found.length} clones have`;
  const message = `${clones} open jobs by what the remote "${remote.name}" shows`;
  return [{ check, verdict: "ok", message }];
}
