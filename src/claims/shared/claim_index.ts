import { foldersAround, pathAndFoldersAround } from "../../paths/root_paths.ts";

/** A claim that is in the way of a path, and whose it is. */
export interface FoundClaim<Holder> {
  /** Relative to the dataset's root. */
  readonly claim: string;
  /** Who was named with it. */
  readonly holder: Holder;
}

/**
 * Claims that are looked through for many paths: it is decided as in output_conflict.ts, with one look-up for the
 * path and each folder around it, however many claims there are.
 */
export class ClaimIndex<Holder> {
  readonly #claims = new Map<string, FoundClaim<Holder>>();
  /** The first claim inside each folder. */
  readonly #inside = new Map<string, FoundClaim<Holder>>();

  /** Adds a claim; of several on one path the first counts. */
  add(claim: string, holder: Holder): void {
    const found = { claim, holder };
    putIfAbsent(this.#claims, claim, found);
    for (const folder of foldersAround(claim)) putIfAbsent(this.#inside, folder, found);
    putIfAbsent(this.#inside, ".", found);
  }

  /** Finds a claim that is the path, lies around it or inside it. */
  find(path: string): FoundClaim<Holder> | undefined {
    for (const place of path === "." ? [] : pathAndFoldersAround(path)) {
      const found = this.#claims.get(place);
      if (found !== undefined) return found;
    }
    return this.#claims.get(".") ?? this.#inside.get(path);
  }
}

function putIfAbsent<V>(map: Map<string, V>, key: string, value: V): void {
  if (!map.has(key)) map.set(key, value);
}
