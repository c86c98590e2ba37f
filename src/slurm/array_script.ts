import { quote } from "shlex";
import { directivesOf } from "./directives.ts";

/** Rows in one file: a task reads one of them, and a shell reads it whole. */
const ROWS_PER_FILE = 500;

/** What an array of rows runs, frozen when it is submitted. */
export interface ArrayBundle {
  /** Absolute path of the folder that keeps the files; the nodes must see it. */
  readonly folder: string;
  /** The table's name, for comments. */
  readonly table: string;
  /** The user's batch script. */
  readonly script: { readonly name: string; readonly text: string } | { readonly wrap: true };
  /** For each task, from 0 on: the arguments of the script, or the one text of its `--wrap`. */
  readonly args: readonly (readonly string[])[];
}

/** A file of a {@linkcode ArrayBundle}. */
export interface FrozenFile {
  /** Relative to the folder. */
  readonly path: string;
  /** Its whole content. */
  readonly text: string;
}

/** The path of the batch script that sbatch is to be given, relative to the folder. */
export function batchScriptName(array: ArrayBundle): string {
  // sbatch(1), --job-name: "the default is the name of the batch script", and "wrap" for --wrap.
  return `batch/${"wrap" in array.script ? "wrap" : array.script.name}`;
}

/**
 * Renders the files of an array of rows: a batch script with the user's own directives, which looks the
 * arguments of its task up and hands over to the user's script; that script as it is now; and the rows.
 * A node needs nothing but a POSIX shell.
 */
export function renderArrayBundle(array: ArrayBundle): FrozenFile[] {
  const files: FrozenFile[] = [{ path: batchScriptName(array), text: renderBatchScript(array) }];
  if (!("wrap" in array.script)) {
    files.push({ path: `script/${array.script.name}`, text: array.script.text });
  }
  for (let first = 0; first < array.args.length; first += ROWS_PER_FILE) {
    files.push({
      path: `rows/${first / ROWS_PER_FILE}.sh`,
      text: renderRows(array, first, Math.min(first + ROWS_PER_FILE, array.args.length)),
    });
  }
  return files;
}

function renderBatchScript(array: ArrayBundle): string {
  const { script } = array;
  return [
    "#!/bin/sh",
    ...("wrap" in script ? [] : directivesOf(script.text)),
    "# Made by dlslurm. Each task of this array runs one row of a table, with the command that was",
    "# submitted for it: the rows are in rows/, the batch script is in script/.",
    `dlslurm_folder=${quote(array.folder)}`,
    `. "$dlslurm_folder/rows/$((SLURM_ARRAY_TASK_ID / ${ROWS_PER_FILE})).sh"`,
    "wrap" in script
      ? `exec /bin/sh -c "$1"`
      : `exec ${interpreterOf(script.text)} "$dlslurm_folder"/script/${quote(script.name)} "$@"`,
    "",
  ].join("\n");
}

function renderRows(array: ArrayBundle, first: number, end: number): string {
  const branches = array.args.slice(first, end).map((args, at) =>
    `${first + at}) set -- ${args.map(quote).join(" ")} ;;`
  );
  return [
    `# Tasks ${first} to ${end - 1}: the rows of ${
      JSON.stringify(array.table)
    } as they were submitted.`,
    'case "$SLURM_ARRAY_TASK_ID" in',
    ...branches,
    '*) echo "dlslurm: there is no row for task $SLURM_ARRAY_TASK_ID" >&2; exit 1 ;;',
    "esac",
    "",
  ].join("\n");
}

/** The program that the first line names, quoted; as for the kernel, what follows it is one argument. */
function interpreterOf(script: string): string {
  const match = /^#!\s*(\S+)(?:[ \t]+(.*\S))?\s*$/.exec(script.split("\n", 1)[0]!);
  return [match?.[1] ?? "/bin/sh", ...(match?.[2] === undefined ? [] : [match[2]])].map(quote).join(
    " ",
  );
}
