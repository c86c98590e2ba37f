import { dirname, join, relative } from "node:path";
import { realPathOfExisting } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import { isPattern } from "../datalad/python_glob.ts";
import { annexKeyOf } from "../annex/annex_key.ts";
import { askAnnex } from "../annex/git_annex.ts";
import { UserError } from "../errors.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import { blobOid } from "../git/blob_oid.ts";
import type { Git } from "../git/git.ts";
import { readTreeFiles } from "../git/tree_files.ts";
import type { TreeFile } from "../git/tree_files.ts";
import { textOf } from "../process/runner.ts";
import { isInside } from "../paths/root_paths.ts";
import { readSubmissionCommand } from "../slurm/submission_command.ts";

interface KeptScript {
  readonly path: string;
  readonly kept: string;
  readonly blob: string;
}

/** A recorded run that is to be repeated in an onto worktree. */
export interface RunToLayOut {
  /** Its commit. */
  readonly oid: string;
  /** What is recorded. */
  readonly record: RunRecord;
  /** Files that it wrote, relative to the root. */
  readonly written: readonly string[];
}

/**
 * Puts into a new worktree what a run had and git does not keep: the folder that it ran in, those of its outputs
 * and logs, and a batch script that was in no commit, from where the run's own commit keeps it. Whether a
 * folder was there before or the run has made it, nobody knows: they are there, as where a run is repeated in
 * the dataset itself.
 *
 * @param takesScript also in place of another script of that name: where the state of the submission is
 * repeated, and not that of some other commit.
 * @returns the script, relative to the root, if it was put there.
 */
export async function layOutRun(
  dataset: Dataset,
  { oid, record, written }: RunToLayOut,
  takesScript: boolean,
): Promise<string | undefined> {
  const around = [...record.outputs, ...record.slurmOutputs, ...written].map((path) =>
    dirname(path)
  );
  for (const folder of new Set([record.pwd, ...around])) {
    if (!isPattern(folder)) await makeFolder(dataset.root, folder);
  }
  const { blob, kept } = record.evidence?.script ?? {};
  const path = placeOfScript(record);
  if (path === undefined || kept === undefined || blob === undefined || !isInside(path)) return;
  const place = join(dataset.root, path);
  if (await lstatIfPresent(place) !== undefined && !takesScript) return;
  const content = await readKept(dataset, { oid, record, written }, { path, kept, blob });
  if (!await makeFolder(dataset.root, dirname(path))) return;
  await Deno.remove(place).catch(() => undefined);
  await Deno.writeFile(place, content, { mode: 0o755, createNew: true });
  return path;
}

/**
 * Where sbatch reads the script, relative to the root. One from PATH is looked for where sbatch runs first: there it
 * can be put. Of others that are not in the dataset it is outside.
 */
function placeOfScript({ cmd, pwd, evidence }: RunRecord): string | undefined {
  const { path, outside } = evidence?.script ?? {};
  if (outside !== true || path === undefined) return path;
  const isSought = !/^[./]/.test(path) && readSubmissionCommand(cmd).chdir === undefined;
  return isSought ? join(pwd, path) : undefined;
}

/** Makes a folder of the worktree; whoever wrote the record, and the links in a clone, lead nowhere else. */
async function makeFolder(root: string, folder: string): Promise<boolean> {
  const place = join(root, folder);
  const real = await realPathOfExisting(place);
  if (![place, real].every((path) => isInside(relative(root, path)))) return false;
  try {
    await Deno.mkdir(place, { recursive: true });
    return true;
  } catch (error) {
    // A file of that name in that commit: what needs the folder says so.
    if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

/**
 * Reads a script that the commit of a run keeps; fetched where it is annexed and not here.
 *
 * @throws {UserError} `MISSING_INPUT` if it cannot be had: another one is not run in its place.
 */
async function readKept(
  { git, root }: Dataset,
  { oid, record: { slurmJobId } }: RunToLayOut,
  { path, kept, blob }: KeptScript,
): Promise<Uint8Array<ArrayBuffer>> {
  const [file] = (await readTreeFiles(git, [oid], [kept])).get(oid) ?? [];
  const content = file?.path === kept ? await contentOf(git, root, file) : undefined;
  // As a clone that was tampered with could have it: what is run is what the record says.
  if (content !== undefined && await blobOid(content, blob) === blob) return content;
  throw new UserError(
    "MISSING_INPUT",
    `Cannot repeat job ${slurmJobId}: its batch script "${path}" was in no commit, and "${kept}" of ` +
      `commit ${oid.slice(0, 10)}, which keeps it, ${
        content === undefined ? "is not here" : "holds something else"
      }`,
    {
      unchanged: "No job was submitted",
      hint: "git annex get finds it where a remote has it; dlslurm reschedule takes today's script",
    },
  );
}

async function contentOf(
  git: Git,
  root: string,
  { oid }: TreeFile,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const found = await git.run(["cat-file", "blob", oid]);
  if (found.code !== 0) return undefined;
  const key = annexKeyOf(textOf(found.stdout));
  if (key === undefined) return new Uint8Array(found.stdout);
  const locate = async () => (await askAnnex(git, ["contentlocation"], [key]))?.[0] || undefined;
  let object = await locate();
  if (object === undefined) {
    await git.run(["annex", "get", "--key", key]);
    object = await locate();
  }
  return object === undefined ? undefined : await Deno.readFile(join(root, object));
}
