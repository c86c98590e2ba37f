import type { Dataset } from "../../datalad/dataset.ts";
import { readBlobs } from "../../git/cat_file.ts";
import { fetchRefs } from "../../git/remote_refs.ts";
import type { RemotePlace, RemoteProblem } from "../../git/remote_refs.ts";
import { CLONE_ID_REGEXP, findCloneId } from "./clone_id.ts";
import { CLAIMS_REFS, sharedRefsOf } from "./share_setting.ts";
import { MOST_BYTES, parseSharedClaims } from "./shared_claims.ts";
import type { SharedClaims } from "./shared_claims.ts";

/** Of more clones nothing is read. */
const MOST_CLONES = 500;
/** All that is read. */
const MOST_BYTES_IN_ALL = 8 * MOST_BYTES;

/** What another clone shows, and its ID. */
export interface OtherClone extends SharedClaims {
  /** Names its ref. */
  readonly id: string;
}

/** What the other clones show. */
export interface OthersLook {
  /** As far as it is known: where the remote does not answer, what it had when it was asked last. */
  readonly clones: readonly OtherClone[];
  /** Why it may be out of date. */
  readonly problem: RemoteProblem | undefined;
}

/** Asks the remote what its other clones claim. */
export async function lookAtOthers(dataset: Dataset, place: RemotePlace): Promise<OthersLook> {
  const to = sharedRefsOf(place.remote);
  const fetched = () => fetchRefs(dataset.git, place, { from: CLAIMS_REFS, to });
  let problem = await fetched();
  // Another command of this clone asks just now.
  if (problem !== undefined && /cannot lock ref/.test(problem.reason)) problem = await fetched();
  const ids = await refsBelow(dataset, to);
  const own = await findCloneId(dataset.commonDir);
  if (own !== undefined) ids.delete(own);
  if (ids.size === 0) return { clones: [], problem };
  const texts = await readBlobs(dataset.git, new Set(ids.values()));
  const clones: OtherClone[] = [];
  for (const [id, oid] of ids) {
    const shown = parseSharedClaims(texts.get(oid) ?? "");
    if (shown !== undefined) clones.push({ id, ...shown });
  }
  return { clones, problem };
}

/** The blobs that clones show, by the clones' IDs: anybody may have put anything there. */
async function refsBelow({ git }: Dataset, prefix: string): Promise<Map<string, string>> {
  const format = "%(objecttype) %(objectsize) %(objectname) %(refname)";
  const found = new Map<string, string>();
  let room = MOST_BYTES_IN_ALL;
  const lines = await git.text(["for-each-ref", `--format=${format}`, `${prefix}/`]);
  for (const line of lines.split("\n")) {
    const [type, size, oid, ref = ""] = line.split(" ");
    const id = ref.slice(prefix.length + 1);
    if (type !== "blob" || Number(size) > MOST_BYTES || !CLONE_ID_REGEXP.test(id)) continue;
    room -= Number(size);
    if (room < 0 || found.size === MOST_CLONES) break;
    found.set(id, oid!);
  }
  return found;
}
