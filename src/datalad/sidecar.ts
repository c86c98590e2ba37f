import { isInside } from "../paths/root_paths.ts";
import { dirname, join, relative, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { pointerAt } from "../annex/absent_files.ts";
import { annexKeyOf } from "../annex/annex_key.ts";
import { isAnnexed, LONGEST_POINTER_BYTES } from "../annex/annexed_files.ts";
import { statIfPresent } from "../fs/if_present.ts";
import { RealFolders } from "../fs/real_folders.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { temporaryFolderOf } from "../fs/temporary_files.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import { ProgramNotFoundError, textOf } from "../process/runner.ts";
import type { Runner, RunOptions } from "../process/runner.ts";
import { shellName } from "../shell/shell_name.ts";
import { realPathOfExisting } from "./claimed_path.ts";
import type { Dataset } from "./dataset.ts";

/**
 * Reads a run record that is kept beside the commit message: the first line of an xz-compressed
 * JSON-lines file named by its ID (DataLad, "provenance capture"). Where the work tree does not have it, as that
 * of another branch, the commit does.
 *
 * @param commit whose message names it.
 * @throws {SyntaxError} If the file is not there or is not xz-compressed.
 * @throws {UserError} `BAD_RECORD` if there is no xz on PATH, `BAD_CONFIG` as {@linkcode writeSidecar}.
 */
export async function readSidecar(
  runner: Runner,
  dataset: Dataset,
  id: string,
  commit: string,
): Promise<string> {
  if (!/^[\w.-]+$/.test(id)) throw new SyntaxError(`"${id}" is no sidecar ID`);
  const path = join(await requireFolder(dataset), id);
  const file = join(dataset.root, path);
  const isHere = await statIfPresent(file) !== undefined && pointerAt(file) === undefined;
  const place = isHere ? file : await contentInCommit(dataset, path, commit);
  const result = typeof place === "string"
    ? await runXz(runner, ["-dc", "--", place], {})
    : await runXz(runner, ["-dc"], { stdin: place });
  if (result.code !== 0) {
    throw new SyntaxError(`its sidecar cannot be read: ${result.stderr.trim()}`);
  }
  return textOf(result.stdout).split("\n")[0]!;
}

/** What a commit has at `path`, or the file, absolute, that git-annex has it in. */
async function contentInCommit(
  { git, root }: Dataset,
  path: string,
  commit: string,
): Promise<Uint8Array | string> {
  const blob = await git.run(["cat-file", "blob", `${commit}:${path}`]);
  if (blob.code !== 0) {
    throw new SyntaxError(`its sidecar cannot be read: neither it nor the worktree has "${path}"`);
  }
  const text = blob.stdout.length > LONGEST_POINTER_BYTES ? "" : textOf(blob.stdout);
  const key = isAnnexed(text) ? annexKeyOf(text) : undefined;
  if (key === undefined) return blob.stdout;
  const { askAnnex } = await import("../annex/git_annex.ts");
  const [object = ""] = await askAnnex(git, ["contentlocation"], [key]) ?? [];
  if (object !== "") return join(root, object);
  throw new SyntaxError(
    `its sidecar cannot be read: the content is not here (git annex get --key ${shellName(key)})`,
  );
}

/**
 * Writes a run record beside the commit message.
 *
 * A crash leaves a file that no commit has; it is written again under the same name.
 *
 * @param json the record on one line.
 * @returns its ID, and its path relative to the dataset's root.
 * @throws {UserError} `BAD_RECORD` if it cannot be compressed, `BAD_CONFIG` if the folder that is configured
 * for sidecars is not in the dataset.
 */
export async function writeSidecar(
  runner: Runner,
  dataset: Dataset,
  json: string,
): Promise<{ readonly id: string; readonly path: string }> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(json));
  // 32 digits, as DataLad's IDs have.
  const id = new Uint8Array(digest).toHex().slice(0, 32);
  const folder = await requireFolder(dataset);
  const path = join(folder, id);
  const result = await runXz(runner, ["-zc"], { stdin: `${json}\n` });
  if (result.code !== 0) {
    throw new UserError("BAD_RECORD", "Cannot write a sidecar record: xz failed", {
      detail: result.stderr,
    });
  }
  // Colleagues, too, write theirs into this folder.
  const mode = SharedMode.of(dataset.config);
  mode.makeFolder(join(dataset.root, folder));
  const content = result.stdout;
  await writeFileAtomic(join(dataset.root, path), content, {
    mode,
    folder: temporaryFolderOf(dataset),
  });
  return { id, path };
}

/** Whether `datalad.run.record-sidecar` asks for records beside the message. */
export function wantsSidecar(dataset: Dataset): boolean {
  return dataset.config.getBoolean("datalad.run.record-sidecar") === true;
}

/** Whether a file of the dataset is a sidecar, by its path relative to the root. */
export function isSidecar(dataset: Dataset, path: string): boolean {
  const folder = dirname(join(dataset.root, path));
  const named = resolve(dataset.root, folderOf(dataset));
  return folder === named || folder === new RealFolders().find(named);
}

const FOLDER_NAME = "datalad.run.record-directory";

function folderOf(dataset: Dataset): string {
  return dataset.config.get(FOLDER_NAME) ?? join(".datalad", "runinfo");
}

/** The folder of sidecars from the root, through no link: a clone's configuration may name any place. */
async function requireFolder(dataset: Dataset): Promise<string> {
  const named = folderOf(dataset);
  const isPath = !named.includes("\0") &&
    isInside(relative(dataset.root, resolve(dataset.root, named)));
  const folder = isPath
    ? relative(dataset.root, await realPathOfExisting(resolve(dataset.root, named)))
    : "..";
  if (isInside(folder)) return folder;
  throw new UserError(
    "BAD_CONFIG",
    `Cannot keep records in "${named}", as ${FOLDER_NAME} says: it is not in the dataset`,
    { hint: `git config ${FOLDER_NAME} .datalad/runinfo` },
  );
}

async function runXz(runner: Runner, args: readonly string[], options: RunOptions) {
  try {
    return await runner.run(["xz", ...args], options);
  } catch (error) {
    if (!(error instanceof ProgramNotFoundError)) throw error;
    throw new UserError("BAD_RECORD", "Cannot handle sidecar records: there is no xz on PATH", {
      hint: "install xz-utils, or load its module, then run the same command again",
      cause: error,
    });
  }
}
