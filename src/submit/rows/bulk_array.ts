import { basename, join } from "node:path";
import { join as joinWords } from "shlex";
import { renderTaskList } from "../../jobs/job_id.ts";
import { addSbatchOptions } from "../../slurm/add_options.ts";
import { UserError } from "../../errors.ts";
import { readTextIfPresent } from "../../fs/if_present.ts";
import { SharedMode } from "../../fs/shared_mode.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import { ShellWorker } from "../../process/shell_worker.ts";
import { batchScriptName, renderArrayBundle } from "../../slurm/array_script.ts";
import type { ArrayBundle } from "../../slurm/array_script.ts";
import { valuesOfOptions } from "../../slurm/sbatch_words.ts";
import type { SbatchWords } from "../../slurm/sbatch_words.ts";
import { queryMaxArraySize } from "../../slurm/submit_limits.ts";
import { slurmClientOf } from "../../slurm/slurm_client.ts";
import type { BulkRun } from "./bulk_run.ts";
import type { NotedScript } from "../../jobs/noted_evidence.ts";
import { readPlanned, scriptOfFirst } from "../planned_script.ts";
import type { PlannedScript } from "../planned_script.ts";
import { frozenFolderOf, removeArrayBundle } from "../array_bundles.ts";
import { takerOf } from "../run_submission.ts";
import { findScriptFile } from "../submitted_script.ts";
import { wordsForArray } from "./table_rows.ts";

/** Rows that become the tasks of one array, or of several. */
interface RowGroup {
  readonly keys: number[];
  readonly directory: string;
  /** The script that they are to run, where it is not the one that is there now. */
  plannedScript(run: BulkRun): Promise<PlannedScript | undefined>;
  /** Prepares what the tasks run, and gives the command that submits them. */
  commandFor(run: BulkRun, rows: readonly WaitingJob[]): Promise<string>;
}

/** Rows of a table that differ in nothing but the arguments of their script; of a retry, the first attempt's. */
class FrozenGroup implements RowGroup {
  readonly keys: number[] = [];
  readonly directory: string;
  /** The arguments of each row's script, or the text of its `--wrap`, by the row's key. */
  readonly args = new Map<number, readonly string[]>();
  readonly words: SbatchWords;
  /** How many tasks may run at once. */
  readonly limit: number | null;
  readonly #noted: NotedScript | undefined;
  #planned: Promise<PlannedScript | undefined> | undefined;

  constructor(
    directory: string,
    words: SbatchWords,
    limit: number | null,
    noted: NotedScript | undefined,
  ) {
    this.directory = directory;
    this.words = words;
    this.limit = limit;
    this.#noted = noted;
  }

  plannedScript({ dataset, store }: BulkRun): Promise<PlannedScript | undefined> {
    this.#planned ??= this.#noted === undefined
      ? Promise.resolve(undefined)
      : readPlanned(dataset, store, this.#noted);
    return this.#planned;
  }

  async commandFor(run: BulkRun, rows: readonly WaitingJob[]): Promise<string> {
    const { dataset } = run;
    // In an alternative folder it is the user's own place that says who may do what.
    const mode = rows[0]!.altDir === null ? SharedMode.of(dataset.config) : SharedMode.UMASK;
    const planned = await this.plannedScript(run);
    const script = planned === undefined ? await readBatchScript(this) : {
      name: basename(planned.path),
      text: new TextDecoder().decode(planned.content),
    };
    return freeze(this, rows, { folder: frozenFolderOf(dataset, rows[0]!), mode, script });
  }
}

/** The tasks of an array that their command itself asks for. */
class CommandGroup implements RowGroup {
  readonly keys: number[] = [];
  readonly directory: string;
  readonly #command: string;

  constructor(directory: string, command: string) {
    this.directory = directory;
    this.#command = command;
  }

  /** sbatch reads it. */
  plannedScript(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  commandFor(_run: BulkRun, rows: readonly WaitingJob[]): Promise<string> {
    // Some may have been given up since, or only these have failed: of the array no others are submitted.
    const isWhole = rows.length === rows[0]!.plan.array!.of;
    const tasks = renderTaskList(rows.map(({ plan }) => plan.array!.task!));
    const options = isWhole ? [] : [`--array=${tasks}`];
    return Promise.resolve(addSbatchOptions(this.#command, options));
  }
}

/**
 * Submits waiting rows as the tasks of arrays: of those that their commands ask for, each in one submission,
 * then rows of tables as those of as few array jobs as the site allows: MaxArraySize each, and where a submit
 * limit is in the way, half as many, and half again.
 *
 * What a crash leaves: as for a single row, with the array's tasks in its place.
 */
export async function submitAsArrays(run: BulkRun, keys: readonly number[]): Promise<void> {
  const { commands, tables } = groupRows(run, keys);
  await using worker = new ShellWorker();
  for (const group of commands) {
    if (run.isStopped) break;
    if (await submitArray(run, worker, group, group.keys)) run.stop ??= "site";
    else await run.storeReceipts();
  }
  if (tables.length > 0 && !run.isStopped) await submitTables(run, worker, tables);
  if (run.stop === "site") run.store.waiting.markForSite(keys);
}

async function submitTables(
  run: BulkRun,
  worker: ShellWorker,
  groups: readonly RowGroup[],
): Promise<void> {
  const maxSize = await queryMaxArraySize(slurmClientOf(run.dataset, run.session));
  for (const group of groups) {
    let size = maxSize;
    // Once an array was too large for the room that is left, the next one has to be smaller still: a few
    // submissions find out how much room there is.
    let isTight = false;
    for (let at = 0; at < group.keys.length && !run.isStopped;) {
      const chunk = group.keys.slice(at, at + size);
      if (await submitArray(run, worker, group, chunk)) {
        isTight = true;
        size = Math.floor(chunk.length / 2);
      } else {
        at += chunk.length;
        await run.storeReceipts();
        if (isTight) size = size === 1 ? 0 : Math.ceil(size / 2);
      }
      if (size === 0 && at < group.keys.length) run.stop ??= "site";
    }
  }
}

function groupRows(
  run: BulkRun,
  keys: readonly number[],
): { readonly commands: readonly RowGroup[]; readonly tables: readonly RowGroup[] } {
  const commands = new Map<string, CommandGroup>();
  const tables = new Map<string, FrozenGroup>();
  // Those that do not wait any more somebody else submits.
  for (const row of run.store.waiting.jobs(keys)) {
    const { command, directory, array } = row.plan;
    if (array?.task !== undefined) {
      const name = JSON.stringify([command, directory, row.altDir]);
      const group = commands.get(name) ?? new CommandGroup(directory, command);
      commands.set(name, group);
      group.keys.push(row.jobKey);
      continue;
    }
    const words = wordsForArray(command);
    const limit = array?.limit ?? null;
    const script = "wrap" in words.script ? null : words.script.path;
    // What was submitted before runs again what it ran then.
    const noted = row.attempts.length === 0 || script === null
      ? undefined
      : scriptOfFirst(run.store, row);
    const name = JSON.stringify([
      ...[words.program, words.options, script, directory, limit, row.altDir, noted?.blob],
    ]);
    const group = tables.get(name) ?? new FrozenGroup(directory, words, limit, noted);
    tables.set(name, group);
    group.keys.push(row.jobKey);
    group.args.set(row.jobKey, "wrap" in words.script ? [words.script.wrap] : words.args);
  }
  return { commands: [...commands.values()], tables: [...tables.values()] };
}

/** @returns `true` if the site takes no array of this size; its rows wait again. */
async function submitArray(
  run: BulkRun,
  worker: ShellWorker,
  group: RowGroup,
  keys: readonly number[],
): Promise<boolean> {
  const { store, dataset, session } = run;
  const evidence = await run.gather(keys, await group.plannedScript(run));
  const taker = { ...await takerOf(dataset, session), evidence };
  const rows = store.waiting.takeAsArray(keys, taker);
  if (rows.length === 0) return false;
  const own = rows.map((row) => row.jobKey);
  const discard = () => removeArrayBundle(dataset, rows[0]!);
  let command: string;
  try {
    command = await group.commandFor(run, rows);
    await run.lookAgain(rows);
    store.unanswered.noteCommand(rows[0]!.jobKey, { command, directory: group.directory });
  } catch (error) {
    await discard();
    store.waiting.putBack(own, false);
    throw error;
  }
  const { directory } = group;
  const submission = { key: rows[0]!.jobKey, command, directory };
  const isFull = await run.submit(worker, submission, rows, discard);
  if (isFull) store.waiting.putBack(own, true);
  return isFull;
}

/** Writes what the array's tasks will run, and gives the command that submits it. */
function freeze(
  group: FrozenGroup,
  rows: readonly WaitingJob[],
  { folder, mode, script }: {
    readonly folder: string;
    readonly mode: SharedMode;
    readonly script: ArrayBundle["script"];
  },
): string {
  const array: ArrayBundle = {
    folder,
    table: rows[0]!.row?.table ?? "",
    script,
    args: rows.map((row) => group.args.get(row.jobKey)!),
  };
  for (const kind of ["batch", "script", "rows"]) {
    mode.makeFolder(join(folder, kind));
  }
  for (const { path, text } of renderArrayBundle(array)) mode.makeFile(join(folder, path), text);
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
): Promise<ArrayBundle["script"]> {
  if ("wrap" in words.script) return { wrap: true };
  const path = await findScriptFile(
    words.script.path,
    directory,
    valuesOfOptions(words.options).get("chdir"),
  );
  const text = path === undefined ? undefined : await readTextIfPresent(path);
  const problem = text === undefined
    ? "it is not there"
    : text.startsWith("#!")
    ? undefined
    : "its first line does not begin with #! and the path of a program";
  if (problem === undefined) return { name: basename(path!), text: text! };
  throw new UserError(
    "SUBMISSION_REFUSED",
    `Cannot submit batch script "${words.script.path}": ${problem}`,
    {
      unchanged: "No job was submitted",
      hint: "name the script relative to the folder that the command runs in",
    },
  );
}
