import type { Manifest } from "./format.ts";
import type { ReplaySettings } from "./replay_state.ts";

interface Place {
  readonly here: string;
  readonly recorded: string;
  /** Paths are prefixes of other paths, names stand alone. */
  readonly kind: "path" | "name";
}

/** Translates between the places of a recording and those of its replay. */
export class ReplayPlaces {
  readonly #places: readonly Place[];

  /** Joins the places of a replay to those of its recording. */
  constructor({ work, home, user, host }: ReplaySettings, recorder: Manifest["recorder"]) {
    const places: Place[] = [
      ...work.map((here) => ({ here, recorded: recorder.work, kind: "path" }) as const),
      { here: home, recorded: recorder.home, kind: "path" },
      { here: user, recorded: recorder.user, kind: "name" },
      { here: host, recorded: recorder.host, kind: "name" },
    ];
    this.#places = places.filter(({ here, recorded }) => here.length > 1 && recorded.length > 1);
  }

  /** A call made here as the recording has it: places, the user's name and the host's. */
  toRecorded(text: string): string {
    return replaceAll(text, this.#places.map(({ here, recorded, kind }) => [here, recorded, kind]));
  }

  /** An answer as it would be here: the work directory and the home; names stay stand-ins. */
  toHere(text: string): string {
    const paths = this.#places.filter(({ kind }) => kind === "path");
    // The first name of the work directory is the one that the current directory has.
    return replaceAll(
      text,
      paths.map(({ here, recorded, kind }) => [recorded, here, kind] as const)
        .filter(([recorded], index, all) => all.findIndex(([one]) => one === recorded) === index),
    );
  }
}

/** Replaces in one pass, so that what was put in is not replaced again; longer texts first. */
function replaceAll(
  text: string,
  pairs: readonly (readonly [string, string, Place["kind"]])[],
): string {
  if (pairs.length === 0) return text;
  const sorted = [...pairs].sort(([a], [b]) => b.length - a.length);
  const byFrom = new Map(sorted.toReversed().map(([from, to]) => [from, to]));
  const patterns = sorted.map(([from, , kind]) => {
    const literal = from.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    return kind === "path"
      ? `(?<![\\w.-])${literal}(?![\\w-]|\\.\\w)`
      : `(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`;
  });
  return text.replace(new RegExp(patterns.join("|"), "g"), (from) => byFrom.get(from) ?? from);
}
