import { joinNul } from "../git/path_bytes.ts";
import { textOf } from "../process/runner.ts";
import type { AnnexRepository } from "./annex_repository.ts";

/** Attributes of one path by name, those that are specified: a value, or `set` or `unset`. */
export type Attributes = ReadonlyMap<string, string>;

/** Where nothing is specified. */
const NO_ATTRIBUTES: Attributes = new Map();

/**
 * Asks git for `names` of each path, in one call. Only what is specified is told: for each path all
 * names would be a megabyte for a thousand paths.
 *
 * @returns the attributes of each of these paths; `undefined` if git does not tell.
 */
export async function readAttributes(
  { git }: AnnexRepository,
  names: readonly string[],
  paths: readonly string[],
): Promise<((path: string) => Attributes) | undefined> {
  const stdin = joinNul(paths);
  const { code, stdout } = await git.run(["check-attr", "--stdin", "-z", "--all"], { stdin });
  const found = code === 0 ? parseAttributes(stdout, new Set(names)) : undefined;
  return found && ((path) => found.get(path) ?? NO_ATTRIBUTES);
}

/**
 * Reads `path NUL attribute NUL value NUL`, all attributes of a path, then the next (git-check-attr(1)).
 *
 * @returns `undefined` if something else stands there.
 */
function parseAttributes(
  output: Uint8Array,
  wanted: ReadonlySet<string>,
): Map<string, Attributes> | undefined {
  const found = new Map<string, Attributes>();
  // Most paths have the same ones.
  const shared = new Map<string, Attributes>();
  let path = "";
  let own: [string, string][] = [];
  const close = () => {
    if (own.length === 0) return;
    const signature = own.flat().join("\0");
    const attributes = shared.get(signature) ?? new Map(own);
    shared.set(signature, attributes);
    found.set(path, attributes);
    own = [];
  };
  const items = splitTexts(output);
  for (;;) {
    const [next, name, value] = [items.next().value, items.next().value, items.next().value];
    if (next === undefined || name === undefined || value === undefined) {
      close();
      return next === undefined ? found : undefined;
    }
    if (next !== path) close();
    path = next;
    if (wanted.has(name)) own.push([name, value]);
  }
}

function* splitTexts(output: Uint8Array): Generator<string, undefined> {
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(0, at);
    if (end < 0) return; // cut off
    yield textOf(output.subarray(at, end));
    at = end + 1;
  }
}
