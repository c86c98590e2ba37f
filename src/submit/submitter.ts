import { clustersOfEnvironment } from "../slurm/named_cluster.ts";
import { parseIdentity } from "../process/process_identity.ts";
import type { Session } from "../session/session.ts";

/**
 * Who submits, as JSON: the identity of this process, as {@linkcode parseIdentity} reads it, the ID of its user,
 * and the clusters that its environment has sbatch submit to, where it names some.
 */
export async function submitterOf(session: Session): Promise<string> {
  const clusters = clustersOfEnvironment(session.env);
  const uid = Deno.uid();
  return JSON.stringify({
    ...await session.process(),
    // Not the name: looking it up may ask a server, and whoever lists can do that as well.
    ...(uid === null ? {} : { uid }),
    ...(clusters.length === 0 ? {} : { clusters }),
  });
}

/** The clusters that the environment of a submitter named; `undefined` if its text is not readable. */
export function clustersOfSubmitter(text: string): readonly string[] | undefined {
  if (parseIdentity(text) === undefined) return undefined;
  const { clusters = [] } = JSON.parse(text) as { clusters?: unknown };
  return Array.isArray(clusters) ? clusters.map(String) : undefined;
}
