import { join } from "node:path";
import { sizeOfKey } from "../annex/annex_key.ts";
import { askAnnex } from "../annex/git_annex.ts";
import { findUrls } from "../annex/where_is.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { statIfPresent } from "../fs/if_present.ts";
import { readSizes } from "../git/cat_file.ts";
import type { Provenance } from "../provenance/provenance.ts";
import type { Session } from "../session/session.ts";
import type { CrateFile } from "./crate_file.ts";

/**
 * Finds out of files how large they are, whether their content is here, and which addresses git-annex knows
 * for it: a git process for each dataset, and two of git-annex where it has annexed files.
 */
export async function lookUpContents(
  provenance: Provenance,
  files: Iterable<CrateFile>,
  session: Pick<Session, "warn" | "interrupted">,
): Promise<void> {
  for (const [place, group] of Map.groupBy(files, (file) => file.place)) {
    session.interrupted.throwIfAborted();
    const { dataset } = await provenance.at(place);
    const { git } = dataset;
    const inGit = group.filter(({ key, blob }) => key === undefined && blob !== undefined);
    const sizes = await readSizes(git, inGit.map(({ blob }) => blob!));
    for (const file of inGit) {
      const size = sizes.get(file.blob!);
      file.isInGit = size !== undefined;
      if (size !== undefined) file.size = size;
    }
    const annexed = group.filter(({ key }) => key !== undefined);
    if (annexed.length === 0) continue;
    const { urls, objects } = await askForKeys(dataset, annexed.map(({ key }) => key!), session);
    for (const file of annexed) {
      file.urls = (urls.get(file.key!) ?? []).flatMap(publicUrl);
      file.object = objects.get(file.key!);
      file.size = sizeOfKey(file.key!) ?? await sizeOfObject(file) ?? file.size;
    }
  }
}

/** What git-annex knows of keys: addresses, and where their objects are. */
async function askForKeys(
  { git, root, hasAnnex }: Dataset,
  all: readonly string[],
  { warn }: Pick<Session, "warn">,
) {
  const keys = [...new Set(all)];
  // In a clone that git-annex does not know yet it would begin by making itself at home.
  const [urls, places] = hasAnnex
    ? await Promise.all([findUrls(git, keys), askAnnex(git, ["contentlocation"], keys)])
    : [];
  if (urls === undefined || places === undefined) {
    const why = hasAnnex ? "git-annex gives no answer" : "git annex init has not been run here";
    warn(`annexed files are listed without addresses and contents: ${why}`);
  }
  const objects = new Map<string, string>();
  for (const [at, place] of (places ?? []).entries()) {
    if (place !== "") objects.set(keys[at]!, join(root, place));
  }
  return { urls: urls ?? new Map<string, readonly string[]>(), objects };
}

async function sizeOfObject({ object }: CrateFile): Promise<number | undefined> {
  return object === undefined ? undefined : (await statIfPresent(object))?.size;
}

/** An address for others: of the web, and without the password that stands in some. */
function publicUrl(text: string): string[] {
  // "yt:https://…" is that of a page, from which git-annex has something fetched.
  const url = URL.parse(text);
  if (url === null || !["http:", "https:", "ftp:"].includes(url.protocol)) return [];
  url.username = "";
  url.password = "";
  return [url.href];
}
