import { join, relative, resolve } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { isPattern } from "../datalad/python_glob.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import { findSubdatasets } from "../datalad/subdatasets.ts";
import { UserError } from "../errors.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import type { Git } from "../git/git.ts";
import { KnownSubmodules } from "../git/known_submodules.ts";
import { isWithin, joinPath, pathRelativeTo } from "../paths/root_paths.ts";
import { linkToAnnex } from "./link_to_annex.ts";
import { branchOf } from "./onto_worktree.ts";
import { noteInner } from "./inner_worktrees.ts";

/** Where subdatasets come from and go to. */
interface Level {
  /** The onto worktree's name, that of the branches. */
  readonly name: string;
  /** Of the subdataset at this level in the dataset itself, absolute. */
  readonly source: string;
  /** The same in the onto worktree. */
  readonly target: KnownSubmodules;
  /** Of this level, relative to the topmost root. */
  readonly path: string;
}

/**
 * Puts the subdatasets that a run's files are in into an onto worktree, at the commits that belong there: each
 * as a worktree of the one that is installed in the dataset, on a branch of the same name. So its history and
 * its annex are one, and what the job writes there is not lost with the worktree.
 *
 * A crash leaves some of them; the removal of the onto worktree takes them along.
 *
 * @throws {UserError} `BAD_OUTPUT` for outputs in one that is not installed, or lacks the commit: a clone of it
 * would be lost.
 */
export async function placeSubdatasets(
  source: Dataset,
  dataset: Dataset,
  record: RunRecord,
): Promise<void> {
  const name = dataset.root.slice(dataset.root.lastIndexOf("/") + 1);
  const outputs = record.outputs.map((path) => relative(".", path) || ".");
  const top = { name, source: source.root, target: dataset.submodules, path: "." };
  await visit(top, [...outputs, ...readsOf(record)], outputs);
}

/** Where a run reads; of a pattern the folder that is certain. */
function readsOf({ pwd, inputs, extraInputs, evidence }: RunRecord): string[] {
  const recorded = evidence?.inputs !== undefined && "map" in evidence.inputs
    ? evidence.inputs.map(({ path }) => path)
    : [];
  const named = [...inputs, ...extraInputs].map((path) => {
    const parts = path.split("/");
    const at = parts.findIndex((part) => isPattern(part) || /[{}]/.test(part));
    return join(pwd, ...parts.slice(0, at === -1 ? undefined : at));
  });
  const script = evidence?.script?.path === undefined ? [] : [evidence.script.path];
  return [pwd, ...named, ...recorded, ...script].map((path) => relative(".", path) || ".")
    .filter((path) => !path.startsWith("../"));
}

async function visit(
  { name, source, target, path }: Level,
  paths: readonly string[],
  outputs: readonly string[],
): Promise<void> {
  const { git, root } = target;
  for (const subdataset of (await findSubdatasets(target, paths)).subdatasets) {
    const inside = (each: readonly string[]) =>
      each.filter((one) => isWithin(subdataset.path, one))
        .map((one) => pathRelativeTo(subdataset.path, one)!);
    const [own, ownOutputs] = [inside(paths), inside(outputs)];
    if (own.length === 0) continue;
    const place = joinPath(path, subdataset.path);
    const [from, to] = [source, root].map((each) => join(each, subdataset.path));
    if (!subdataset.isInstalled) {
      const isPlaced = await placeOne(git.at(from!), { name, from: from!, to: to! }, subdataset);
      if (!isPlaced && ownOutputs.length > 0) throw notHere(place, subdataset.recordedOid);
      // An input is fetched from where the subdataset comes from.
      if (!isPlaced) continue;
    }
    const inner = new KnownSubmodules(git.at(to!), to!);
    await visit({ name, source: from!, target: inner, path: place }, own, ownOutputs);
  }
}

/** @returns whether it is there now. */
async function placeOne(
  git: Git,
  { name, from, to }: { readonly name: string; readonly from: string; readonly to: string },
  { recordedOid }: { readonly recordedOid: string },
): Promise<boolean> {
  if (await lstatIfPresent(join(from, ".git")) === undefined) return false;
  if ((await git.run(["cat-file", "-e", `${recordedOid}^{commit}`])).code !== 0) return false;
  const commonDir = resolve(from, await git.text(["rev-parse", "--git-common-dir"]));
  await noteInner(to, name, commonDir);
  const branch = branchOf(name).slice("refs/heads/".length);
  await git.require(["worktree", "add", "--quiet", "-b", branch, to, recordedOid]);
  const hasAnnex = await lstatIfPresent(join(commonDir, "annex")) !== undefined;
  if (hasAnnex) await linkToAnnex(git.at(to));
  return true;
}

function notHere(path: string, oid: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot run it in a worktree: its outputs are in the subdataset "${path}", of which ` +
      `commit ${oid.slice(0, 10)} is not here`,
    {
      unchanged: "No job was submitted",
      hint: `datalad get -n "${path}", and git -C "${path}" fetch where that is not enough`,
    },
  );
}
