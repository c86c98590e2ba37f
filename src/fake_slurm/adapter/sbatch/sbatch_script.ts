import { join, resolve } from "node:path";
import { ifPresent } from "../../../fs/if_present.ts";
import { joinBytes } from "../../../process/join_bytes.ts";
import { SlurmRefusal } from "../../context.ts";

/** A batch script as it was read at submission. */
export interface BatchScript {
  /** Exactly what will run. */
  readonly bytes: Uint8Array;
  /** The same, decoded: for directives. */
  readonly text: string;
  /** As scontrol shows it; `null` for standard input and `--wrap`. */
  readonly path: string | null;
}

/** From where a batch script is looked for. */
export interface ScriptSearch {
  /** Where sbatch runs. */
  readonly cwd: string;
  /** The value of `--chdir` on the command line. */
  readonly chdir: string | undefined;
  /** The variable PATH. */
  readonly searchPath: string;
}

/**
 * Reads the batch script: a file, or standard input when no file is named.
 *
 * @throws {SlurmRefusal} In sbatch's words, if it cannot be read or does not look like a batch script.
 */
export function readBatchScript(
  file: string | undefined,
  { cwd, chdir, searchPath }: ScriptSearch,
): BatchScript {
  const path = file === undefined ? null : findScript(file, [
    ...[resolve(cwd, chdir ?? ".")],
    ...searchPath.split(":").filter((folder) => folder !== ""),
  ]);
  let bytes: Uint8Array;
  try {
    bytes = path === null ? readStandardInput() : Deno.readFileSync(resolve(cwd, path));
  } catch (error) {
    const isFolder = error instanceof Deno.errors.IsADirectory;
    if (path !== null && !isFolder) throw refuse(`Unable to open file ${file}`);
    bytes = new Uint8Array();
  }
  const text = new TextDecoder().decode(bytes);
  refuseOddScript(text);
  return { bytes, text, path };
}

function readStandardInput(): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = new Uint8Array(65_536);
    const length = Deno.stdin.readSync(piece);
    if (length === null) return joinBytes(pieces);
    pieces.push(piece.subarray(0, length));
  }
}

/** The script that `sbatch --wrap` makes of a command line. */
export function wrapScript(command: string): BatchScript {
  const head = "#!/bin/sh\n# This script was created by sbatch --wrap.\n\n";
  const text = `${head}${command}\n`;
  return { bytes: new TextEncoder().encode(text), text, path: null };
}

/** Unless it begins with `.` or `/`, a name is looked for in folders; what is in none stays as given. */
function findScript(file: string, folders: readonly string[]): string {
  if (/^[./]/.test(file)) return file;
  const found = folders.map((folder) => join(folder, file))
    .find((path) => ifPresent(() => Deno.statSync(path))?.isFile === true);
  return found ?? file;
}

const NO_SCRIPT = `This does not look like a batch script.  The first
line must start with #! followed by the path to an interpreter.
For instance: #!/bin/sh`;
const NULL_CHARACTER = `The Slurm controller does not allow scripts that
contain a NULL character '\\0'.`;
const DOS_BREAKS = `Batch script contains DOS line breaks (\\r\\n)
instead of expected UNIX line breaks (\\n).`;

function refuseOddScript(text: string): void {
  if (text === "") throw refuse("Batch script is empty!");
  if (text.trim() === "") throw refuse("Batch script contains only whitespace!");
  if (!text.startsWith("#!")) throw refuse(NO_SCRIPT);
  if (text.includes("\0")) throw refuse(NULL_CHARACTER);
  if (text.includes("\r\n")) throw refuse(DOS_BREAKS);
}

function refuse(words: string): SlurmRefusal {
  return new SlurmRefusal(`${words.replaceAll(/^/gm, "sbatch: error: ")}\n`);
}
