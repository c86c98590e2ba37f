import type { Dataset } from "../../datalad/dataset.ts";
import { SharedMode } from "../../fs/shared_mode.ts";
import { blobOid } from "../../git/blob_oid.ts";
import { pushRef } from "../../git/remote_refs.ts";
import type { RemotePlace, RemoteProblem } from "../../git/remote_refs.ts";
import type { Session } from "../../session/session.ts";
import type { JobStore } from "../../store/job_store.ts";
import { findCloneId, requireCloneId } from "./clone_id.ts";
import { listOwnClaims } from "./own_claims.ts";
import { CLAIMS_REFS, sharedRefsOf } from "./share_setting.ts";
import { renderSharedClaims } from "./shared_claims.ts";

/** Other commands in this clone may show theirs meanwhile. */
const MOST_TRIES = 4;

/**
 * Makes the ref of this clone at the remote tell of its open jobs, or takes it away where there are none; where it
 * does so already, as far as is known here, nobody is asked.
 *
 * What it is to hold is read from the store, and read again once it is there: of commands that show at the same
 * time the last one sees what all have done. A crash leaves an older ref, which the next command replaces: what
 * the remote has is noted here after it has it.
 */
export async function showClaims(
  dataset: Dataset,
  store: JobStore,
  place: RemotePlace,
  session: Session,
): Promise<RemoteProblem | undefined> {
  let known: string | undefined;
  for (let tries = 1;; tries++) {
    const wanted = await contentOf(dataset, store, session);
    if (wanted === undefined) return undefined;
    const { id, content } = wanted;
    const noted = `${sharedRefsOf(place.remote)}/${id}`;
    known ??= await dataset.git.text(["for-each-ref", "--format=%(objectname)", noted]);
    const oid = content === undefined ? null : await blobOid(content, dataset.headOid);
    if (known === (oid ?? "")) return undefined;
    if (content !== undefined) {
      await dataset.git.require(["hash-object", "-w", "--stdin"], { stdin: content });
    }
    const problem = await pushRef(dataset.git, place, { ref: `${CLAIMS_REFS}/${id}`, oid });
    if (problem !== undefined) {
      if (tries < MOST_TRIES && isOfTwoAtOnce(problem)) continue;
      return problem;
    }
    const update = ["update-ref", ...oid === null ? ["-d", noted] : [noted, oid]];
    await dataset.git.require(update, { locks: [noted] });
    known = oid ?? "";
  }
}

/** @returns no content where nothing is open, and nothing at all where nothing ever was shown. */
async function contentOf(
  dataset: Dataset,
  store: JobStore,
  session: Session,
): Promise<{ readonly id: string; readonly content: Uint8Array | undefined } | undefined> {
  const { commonDir, config, root } = dataset;
  const jobs = await listOwnClaims(dataset, store, session);
  if (jobs.length === 0 && await findCloneId(commonDir) === undefined) return undefined;
  const id = store.exclusively(() => requireCloneId(commonDir, SharedMode.of(config)));
  if (jobs.length === 0) return { id, content: undefined };
  const { content, leftOut } = renderSharedClaims({ host: Deno.hostname(), root, jobs });
  if (leftOut > 0) session.warn(`there is no room to show the newest ${leftOut} open jobs`);
  return { id, content };
}

/** As git says of a ref that another process is about to change, here or at a remote on a disk. */
function isOfTwoAtOnce({ reason }: RemoteProblem): boolean {
  return /cannot lock ref|failed to update ref|reference already exists|incorrect old value/i
    .test(reason);
}
