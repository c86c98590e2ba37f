import { relative } from "node:path";
import { join } from "shlex";
import { isInside } from "../../datalad/claimed_path.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { fillColumns, placeholdersIn } from "../../datalad/fill_columns.ts";
import { UserError } from "../../errors.ts";
import type { TableRow } from "../../jobs/job.ts";
import { splitShellWords } from "../../process/shell_words.ts";
import { parseSbatchWords } from "../../slurm/sbatch_words.ts";
import type { Row, Table, TableProblem } from "../../tables/table.ts";
import type { CommandPlace } from "../submit/command_place.ts";
import { planSubmission } from "../submit/plan_submission.ts";
import type { Preparation, SubmissionPlan } from "../submit/plan_submission.ts";

/** What all rows of a table have in common; columns are placeholders in it. */
export interface RowTemplate {
  /** The table's file as it was named, `-` for standard input. */
  readonly table: string;
  /** The words of the command as given. */
  readonly words: readonly string[];
  /** The same as one shell line. */
  readonly cmd: string;
  /** Where the command runs. */
  readonly place: CommandPlace;
  /** As given, relative to the place's `directory`. */
  readonly inputs: readonly string[];
  /** As given, relative to the place's `directory`. */
  readonly outputs: readonly string[];
  /** Paragraph of the commit messages. */
  readonly message: string | null;
  /** Whether the records get the inputs that globs stand for. */
  readonly expandsInputs: boolean;
  /** Whether the rows become tasks of arrays. */
  readonly isArray: boolean;
}

/** A row with its values filled in; nothing was looked up on disk. */
export interface FilledRow {
  /** For the record. */
  readonly origin: TableRow;
  /** A shell line, other placeholders than the columns unexpanded. */
  readonly cmd: string;
  /** Relative to the command's folder, other placeholders unexpanded. */
  readonly inputs: readonly string[];
  /** The same of what it writes. */
  readonly outputs: readonly string[];
  /** Paragraph of the commit message. */
  readonly message: string | null;
  /** The same for the same command, folder, outputs and inputs. */
  readonly identity: string;
}

/** Names that `{…}` can hold: Python's format syntax gives the others a meaning. */
const FIELD_NAME_REGEXP = /^[^[\]!:.{}]+$/;

/** What is wrong with the columns of a table for this command, whatever the rows hold. */
export function findColumnProblems(table: Table, template: RowTemplate): TableProblem[] {
  const own = new Set([...template.place.values.keys(), "inputs", "outputs"]);
  const texts = [template.cmd, ...template.inputs, ...template.outputs, template.message ?? ""];
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
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if braces do not match, or the row lacks a column.
 */
export async function fillRow(row: Row, template: RowTemplate): Promise<FilledRow> {
  const { words } = template;
  const fill = (text: string) => fillColumns(text, row.values, false);
  const cmd = words.length === 1 ? fillColumns(words[0]!, row.values, true) : join(words.map(fill));
  const inputs = template.inputs.map(fill);
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
    outputs,
    message: template.message === null
      ? null
      : fill(template.message).replaceAll("{{", "{").replaceAll("}}", "}"),
    identity: await digestOf(JSON.stringify([cmd, template.place.pwd, outputs, inputs])),
  };
}

/**
 * Plans the submission of a row, as that of a job of its own. Changes nothing.
 *
 * @throws {UserError} As {@linkcode planSubmission}.
 */
export async function planRow(
  row: FilledRow,
  template: RowTemplate,
  dataset: Dataset,
  options: Preparation,
  onInstall: ((path: string) => void) | null,
): Promise<SubmissionPlan> {
  return await planSubmission(
    dataset,
    {
      cmd: row.cmd,
      place: template.place,
      inputs: row.inputs,
      outputs: row.outputs,
      outputsFrom: template.place.directory,
      message: row.message,
      chain: [],
      extraInputs: [],
      rescheduledJobId: null,
      expandsInputs: template.expandsInputs,
      alsoWritten: [],
      row: row.origin,
    },
    options,
    onInstall,
  );
}

/**
 * The words of a command line that is to become a task of an array: no shell will read it.
 *
 * @throws {UserError} `BAD_TABLE` if it is no plain sbatch call.
 */
export function wordsForArray(command: string): ReturnType<typeof parseSbatchWords> {
  // Quoted text and escaped characters mean themselves, but for what double quotes leave alive.
  const plain = command.replace(/'[^']*'|"(?:[^"\\$`]|\\[\s\S])*"|\\[\s\S]/g, "");
  const special = /[$`|&;<>()*?[\n"]|(?<!\S)[~#]/.exec(plain)?.[0];
  try {
    if (special !== undefined) throw new SyntaxError(`a shell would have to read its ${special}`);
    return parseSbatchWords(splitShellWords(command));
  } catch (error) {
    throw new UserError(
      "BAD_TABLE",
      `Cannot make tasks of an array of "${command}": ${(error as Error).message}`,
    );
  }
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
