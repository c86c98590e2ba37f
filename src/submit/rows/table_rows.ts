import { isInside } from "../../paths/root_paths.ts";
import { relative } from "node:path";
import { join } from "shlex";
import type { Dataset } from "../../datalad/dataset.ts";
import { fillColumns, fillColumnsOfCommand, placeholdersIn } from "../../datalad/fill_columns.ts";
import { UserError } from "../../errors.ts";
import type { TableRow } from "../../jobs/job.ts";
import { requireLabel } from "../../jobs/label.ts";
import { findShellSyntax, splitShellWords } from "../../shell/shell_words.ts";
import { parseSbatchWords, workOfSbatchWords } from "../../slurm/sbatch_words.ts";
import type { Row, Table, TableProblem } from "../../tables/table.ts";
import type { CommandToSubmit, Predecessors } from "../plan_submission.ts";

/** What all rows of a table have in common; columns are placeholders in it. */
export interface RowTemplate
  extends Omit<CommandToSubmit, "label" | "after" | "row" | "outputsFrom"> {
  /** The table's file as it was named, `-` for standard input. */
  readonly table: string;
  /** The words of the command as given. */
  readonly words: readonly string[];
  /** Whether the rows become tasks of arrays. */
  readonly isArray: boolean;
  /** The name that the jobs get; `null` for none. */
  readonly label: string | null;
  /** Jobs to wait for, as given. */
  readonly after: readonly string[];
  /** Names that no column may have beside those of placeholders: they were filled in before. */
  readonly taken?: readonly string[];
}

/** A row with its values filled in; nothing was looked up on disk. */
export interface FilledRow
  extends Pick<CommandToSubmit, "cmd" | "inputs" | "extraInputs" | "outputs" | "message"> {
  /** For the record. */
  readonly origin: TableRow;
  /** The name that the job gets. */
  readonly label: string | null;
  /** Jobs to wait for, as given. */
  readonly after: readonly string[];
  /**
   * The same for the same work: script and arguments, folder, outputs and inputs of both kinds. Options of sbatch that
   * say how it is run (time, memory, name) make no difference.
   */
  readonly identity: string;
}

/** Names that `{…}` can hold: Python's format syntax gives the others a meaning. */
const FIELD_NAME_REGEXP = /^[^[\]!:.{}]+$/;

/** What is wrong with the columns of a table for this command, whatever the rows hold. */
export function findColumnProblems(table: Table, template: RowTemplate): TableProblem[] {
  const { taken = [] } = template;
  const own = new Set([...template.place.values.keys(), "inputs", "outputs", ...taken]);
  const texts = [
    ...[template.cmd, ...template.inputs, ...template.extraInputs],
    ...[...template.outputs, ...template.after],
    ...[template.message ?? "", template.label ?? ""],
  ];
  const used = new Set(texts.flatMap(placeholdersIn));
  const problems: TableProblem[] = [];
  for (const column of table.columns) {
    if (!own.has(column)) continue;
    const text = `column "${column}" has the name of a placeholder that means something else: ` +
      "rename the column";
    problems.push({ line: 1, text });
  }
  for (const name of used) {
    if (own.has(name)) continue;
    if (!table.columns.includes(name)) {
      const text = `there is no column "${name}" for {${name}}: ` +
        `the columns are ${table.columns.map((column) => `"${column}"`).join(", ")}`;
      problems.push({ line: null, text });
    } else if (!FIELD_NAME_REGEXP.test(name)) {
      problems.push({
        line: 1,
        text: `column "${name}" cannot be used as {${name}}: no [ ] ! : . may be in its name`,
      });
    }
  }
  if (used.size === 0 || [...used].every((name) => own.has(name))) {
    const text =
      "no column is used: all rows would be the same job; write {COLUMN} where its value goes";
    problems.push({ line: null, text });
  }
  return problems;
}

/**
 * Fills the values of a row in.
 *
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if braces do not match, or the row lacks a column; `USAGE` if its
 * label is none;
 * `UNSAFE_PLACEHOLDER` if a value would be read as code.
 */
export async function fillRow(row: Row, template: RowTemplate): Promise<FilledRow> {
  const { words, place } = template;
  const fill = (text: string) => fillColumns(text, row.values);
  const line = fillColumnsOfCommand(
    words.length === 1 ? words[0]! : template.cmd,
    row.values,
    place.values,
  );
  // Several words are quoted each as a whole, not its template and its values one by one.
  const cmd = words.length === 1 ? line : join(splitShellWords(line));
  const fillName = (text: string) => fill(text).replaceAll("{{", "{").replaceAll("}}", "}");
  const inputs = template.inputs.map(fill);
  const extraInputs = template.extraInputs.map(fill);
  const outputs = template.outputs.map(fill);
  return {
    origin: {
      table: template.table,
      line: row.line,
      values: Object.fromEntries(row.values),
      cmd: template.cmd,
    },
    cmd,
    inputs,
    extraInputs,
    outputs,
    message: template.message === null ? null : fillName(template.message),
    label: template.label === null ? null : requireLabel(fillName(template.label)),
    after: template.after.map(fillName),
    identity: await digestOf(
      JSON.stringify([workOf(cmd), template.place.pwd, outputs, inputs, ...extraInputs]),
    ),
  };
}

/**
 * Tells rows of one table apart that differ in nothing but how their work is run: their identities take
 * in the whole command. The same row twice is one job.
 *
 * @returns the rows that are no repetition of an earlier one; the others go to `onRepetition`.
 */
export async function tellRowsApart(
  rows: readonly FilledRow[],
  onRepetition: (row: FilledRow, first: FilledRow) => void,
): Promise<FilledRow[]> {
  const apart: FilledRow[] = [];
  for (const [identity, same] of Map.groupBy(rows, (row) => row.identity)) {
    const byCommand = new Map<string, FilledRow>();
    for (const row of same) {
      const first = byCommand.get(row.cmd);
      if (first === undefined) byCommand.set(row.cmd, row);
      else onRepetition(row, first);
    }
    for (const row of byCommand.values()) {
      apart.push(
        byCommand.size === 1
          ? row
          : { ...row, identity: await digestOf(JSON.stringify([identity, row.cmd])) },
      );
    }
  }
  return apart.sort((one, other) => one.origin.line - other.origin.line);
}

/** What a command line does, however it is run; all of it where that cannot be told. */
function workOf(cmd: string): unknown {
  try {
    return workOfSbatchWords(plainWordsOf(cmd));
  } catch (error) {
    if (error instanceof SyntaxError) return cmd;
    throw error;
  }
}

/** A row as the command of a job of its own, which is to wait for `after`. */
export function commandOfRow(
  { cmd, inputs, extraInputs, outputs, message, label, origin }: FilledRow,
  { place, expandsInputs }: RowTemplate,
  after: Predecessors,
): CommandToSubmit {
  return {
    ...{ cmd, place, inputs, extraInputs, outputs, message, label, after },
    ...{ expandsInputs, row: origin, outputsFrom: place.directory },
  };
}

/**
 * The words of a command line that is to become a task of an array: no shell will read it.
 *
 * @throws {UserError} `BAD_TABLE` if it is no plain sbatch call.
 */
export function wordsForArray(command: string): ReturnType<typeof parseSbatchWords> {
  try {
    return parseSbatchWords(plainWordsOf(command));
  } catch (error) {
    throw new UserError(
      "BAD_TABLE",
      `Cannot make tasks of an array of "${command}": ${(error as Error).message}`,
    );
  }
}

/**
 * The words of a command line in which a shell has nothing to expand.
 *
 * @throws {SyntaxError} If it has; the message is the end of a sentence.
 */
function plainWordsOf(command: string): string[] {
  const special = findShellSyntax(command);
  if (special !== undefined) throw new SyntaxError(`a shell would have to read its ${special}`);
  return splitShellWords(command);
}

/** The table's name for records: nothing of where the user keeps it, unless in the dataset. */
export function tableName(path: string, dataset: Dataset): string {
  const inDataset = relative(dataset.root, path);
  return isInside(inDataset) ? inDataset : path.slice(path.lastIndexOf("/") + 1);
}

async function digestOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
