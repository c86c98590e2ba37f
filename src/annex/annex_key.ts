/**
 * The key in what git keeps of an annexed file: the target of a link, `…/annex/objects/…/KEY/KEY`, or
 * the first line of a pointer file, `/annex/objects/KEY` (git-annex, "internals" and "pointer file").
 *
 * @returns `undefined` if it is no annexed file.
 */
export function annexKeyOf(blob: string): string | undefined {
  const line = blob.split("\n", 1)[0]!;
  return /(?:^|\/)annex\/objects\/(?:.*\/)?([^/]+)$/.exec(line)?.[1];
}
