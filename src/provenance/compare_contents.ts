import { join } from "node:path";
import { sizeOfKey } from "../annex/annex_key.ts";
import { askAnnex } from "../annex/git_annex.ts";
import { isThereSync } from "../fs/if_present.ts";
import { LINK_MODE } from "../git/changes.ts";
import type { Git } from "../git/git.ts";
import { quotePath } from "../git/path_bytes.ts";
import type { ComparedOutput, NamedFile } from "./compared_output.ts";
import type { Provenance } from "./provenance.ts";

/** Keys of backends that go by the content alone (git-annex, "backends"): the hash's name, and the hash. */
const HASH_REGEXP = /^((?:SHA|SKEIN|BLAKE|MD5)[A-Z0-9_]*?)E?(?:-[a-zA-Z][0-9]+)*--([0-9a-f]+)/;
/** To read more would keep a finish waiting. */
const LARGEST_BYTES = 1024 ** 3;

/**
 * Compares the contents of outputs that are held in different ways, since git-annex's backend was changed or what
 * goes into the annex: their names differ whatever is in them. Git reads those that are here, up to 1 GiB each;
 * the others stay what they were. Where all names are of one kind nothing is asked.
 */
export async function settleByContent(
  provenance: Provenance,
  runs: readonly (readonly ComparedOutput[])[],
): Promise<ComparedOutput[][]> {
  const doubtful = runs.flat().filter(({ verdict, before, after }) =>
    verdict === "differs" && !areNamesEnough(before!, after!)
  );
  const files = new Set(doubtful.flatMap(({ before, after }) => [before!, after!]));
  const oids = await readContentOids(provenance, files);
  const isSame = ({ before, after }: ComparedOutput) => {
    const oid = oids.get(before!);
    return oid !== undefined && oid === oids.get(after!);
  };
  const same = new Set(doubtful.filter(isSame));
  return runs.map((outputs) =>
    outputs.map((output) => same.has(output) ? { ...output, verdict: "identical" } : output)
  );
}

/** Whether it is a link, and no annexed file: its text is the target, no content. */
export function isPlainLink({ mode, key }: NamedFile): boolean {
  return mode === LINK_MODE && key === undefined;
}

/** Whether names tell that contents differ. */
function areNamesEnough(one: NamedFile, other: NamedFile): boolean {
  if (isPlainLink(one) || isPlainLink(other)) return true;
  if (one.key === undefined || other.key === undefined) return one.key === other.key;
  const [size, otherSize] = [sizeOfKey(one.key), sizeOfKey(other.key)];
  if (size !== undefined && otherSize !== undefined && size !== otherSize) return true;
  const [, kind, hash] = HASH_REGEXP.exec(one.key) ?? [];
  const [, otherKind, otherHash] = HASH_REGEXP.exec(other.key) ?? [];
  return kind !== undefined && kind === otherKind && hash !== otherHash;
}

/** The names that git has, or would have, for contents that are here; a few processes for each dataset. */
async function readContentOids(
  provenance: Provenance,
  files: ReadonlySet<NamedFile>,
): Promise<Map<NamedFile, string>> {
  const oids = new Map<NamedFile, string>();
  for (const file of files) if (file.key === undefined) oids.set(file, file.oid);
  const annexed = [...files].filter(({ key }) =>
    key !== undefined && (sizeOfKey(key) ?? Infinity) <= LARGEST_BYTES
  );
  for (const [place, group] of Map.groupBy(annexed, (file) => file.place)) {
    const { git, root } = (await provenance.at(place)).dataset;
    // Relative to the root.
    const places = await askAnnex(git, ["contentlocation"], group.map(({ key }) => key!)) ?? [];
    const here = group.map((file, at) => ({ file, object: places[at] ?? "" }))
      .filter(({ object }) => object !== "" && isThereSync(join(root, object)));
    const found = await hashFiles(git, here.map(({ object }) => join(root, object)));
    for (const [at, { file }] of here.entries()) {
      if (found[at] !== undefined) oids.set(file, found[at]);
    }
  }
  return oids;
}

/** The names that git would give to files; none if it cannot read one of them. */
async function hashFiles(git: Git, files: readonly string[]): Promise<string[]> {
  if (files.length === 0) return [];
  const result = await git.run(["hash-object", "--no-filters", "--stdin-paths"], {
    stdin: files.map((file) => `${quotePath(file)}\n`).join(""),
  });
  if (result.code !== 0) return [];
  const lines = new TextDecoder().decode(result.stdout).trim().split("\n");
  return lines.length === files.length ? lines : [];
}
