import { basename, join, resolve } from "node:path";
import { join as joinWords } from "shlex";
import { UserError } from "../../errors.ts";
import { readTextIfPresent } from "../../fs/if_present.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import { ShellWorker } from "../../process/shell_worker.ts";
import { batchScriptName, renderFrozenArray } from "../../slurm/array_script.ts";
import type { FrozenArray } from "../../slurm/array_script.ts";
import type { SbatchWords } from "../../slurm/sbatch_words.ts";
import { queryMaxArraySize } from "../../slurm/submit_limits.ts";
import { slurmClientOf } from "../ask_slurm.ts";
import type { BulkRun } from "./bulk_run.ts";
import { frozenFolderOf, removeFrozenArray } from "../submit/frozen_arrays.ts";
import { takerOf } from "../submit/run_submission.ts";
import { wordsForArray } from "./table_rows.ts";

/** Rows that can be tasks of one array: they differ in nothing but the arguments of their script. */
interface RowGroup {
  /** The arguments of each row's script, or the text of its `--wrap`, by the row's key. */
  readonly args: Map<number, readonly string[]>;
  readonly directory: string;
  readonly words: SbatchWords;
  /** How many tasks may run at once. */
  readonly limit: number | null;
}

/**
 * Submits waiting rows as the tasks of as few array jobs as the site allows: MaxArraySize each, and where
 * a submit limit is in the way, half as many, and half again.
 *
 * What a crash leaves: as for a single row, with the array's tasks in its place.
 */
export async function submitAsArrays(run: BulkRun, keys: readonly number[]): Promise<void> {
  const groups = groupRows(run, keys);
  await using worker = new ShellWorker();
  const maxSize = await queryMaxArraySize(slurmClientOf(run.dataset, run.context));
  for (const group of groups) {
    let size = maxSize;
    // Once an array was too large for the room that is left, the next one has to be smaller still: a few
    // submissions find out how much room there is.
    let isTight = false;
    const keys = [...group.args.keys()];
    for (let at = 0; at < keys.length && !run.isStopped;) {
      const chunk = keys.slice(at, at + size);
      if (await submitArray(run, worker, group, chunk)) {
        isTight = true;
        size = Math.floor(chunk.length / 2);
      } else {
        at += chunk.length;
        await run.storeReceipts();
        if (isTight) size = size === 1 ? 0 : Math.ceil(size / 2);
      }
      if (size === 0 && at < keys.length) run.stop ??= "site";
    }
  }
  if (run.stop === "site") run.store.waiting.markForSite(keys);
}

function groupRows(run: BulkRun, keys: readonly number[]): RowGroup[] {
  const groups = new Map<string, RowGroup>();
  // Those that do not wait any more somebody else submits.
  for (const row of run.store.waiting.read(keys)) {
    const words = wordsForArray(row.plan.command);
    const { directory, array } = row.plan;
    const limit = array?.limit ?? null;
    const script = "wrap" in words.script ? null : words.script.path;
    const { program, options } = words;
    const args = "wrap" in words.script ? [words.script.wrap] : words.args;
    const name = JSON.stringify([program, options, script, directory, limit, row.altDir]);
    const group = groups.get(name);
    if (group !== undefined) group.args.set(row.key, args);
    else groups.set(name, { args: new Map([[row.key, args]]), directory, words, limit });
  }
  return [...groups.values()];
}

/** @returns `true` if the site takes no array of this size; its rows wait again. */
async function submitArray(
  run: BulkRun,
  worker: ShellWorker,
  group: RowGroup,
  keys: readonly number[],
): Promise<boolean> {
  const { store, dataset, context } = run;
  const rows = store.waiting.takeAsArray(keys, takerOf(dataset, context));
  if (rows.length === 0) return false;
  const own = rows.map((row) => row.key);
  const folder = frozenFolderOf(dataset, rows[0]!);
  const discard = () => removeFrozenArray(dataset, rows[0]!);
  let command: string;
  try {
    command = await freeze(group, rows, folder);
  } catch (error) {
    await discard();
    store.waiting.putBack(own, false);
    throw error;
  }
  const { directory } = group;
  const submission = { key: rows[0]!.key, command, directory };
  const isFull = await run.submit(worker, submission, rows, discard);
  if (isFull) store.waiting.putBack(own, true);
  return isFull;
}

/** Writes what the array's tasks will run, and gives the command that submits it. */
async function freeze(
  group: RowGroup,
  rows: readonly WaitingJob[],
  folder: string,
): Promise<string> {
  const array: FrozenArray = {
    folder,
    table: rows[0]!.row?.table ?? "",
    script: await readBatchScript(group),
    args: rows.map((row) => group.args.get(row.key)!),
  };
  for (const kind of ["batch", "script", "rows"]) {
    await Deno.mkdir(join(folder, kind), { recursive: true });
  }
  for (const { path, text } of renderFrozenArray(array)) {
    await Deno.writeTextFile(join(folder, path), text, { createNew: true });
  }
  const limit = group.limit === null ? "" : `%${group.limit}`;
  return joinWords([
    group.words.program,
    ...group.words.options,
    `--array=0-${rows.length - 1}${limit}`,
    join(folder, batchScriptName(array)),
  ]);
}

/**
 * Reads the batch script that an sbatch command names.
 *
 * @throws {UserError} `SUBMISSION_REFUSED` if it is not there, or none; nothing was submitted.
 */
export async function readBatchScript(
  { directory, words }: { readonly directory: string; readonly words: SbatchWords },
): Promise<FrozenArray["script"]> {
  if ("wrap" in words.script) return { wrap: true };
  const path = resolve(directory, words.script.path);
  const text = await readTextIfPresent(path);
  const problem = text === undefined
    ? "it is not there"
    : text.startsWith("#!")
    ? undefined
    : "its first line does not begin with #! and the path of a program";
  if (problem === undefined) return { name: basename(path), text: text! };
  throw new UserError(
    "SUBMISSION_REFUSED",
    `Cannot submit batch script "${words.script.path}": ${problem}. No job was submitted`,
    { hint: "name the script relative to the folder that the command runs in" },
  );
}
