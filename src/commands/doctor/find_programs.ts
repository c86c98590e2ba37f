import { basename, isAbsolute, join, resolve } from "node:path";
import type { NamedCommands } from "../../slurm/named_commands.ts";

/** A program as the system would start it. */
export interface FoundProgram {
  /** As it is typed. */
  readonly name: string;
  /** Absolute path of the file on PATH; `undefined` if there is none. */
  readonly path: string | undefined;
  /** Whether it is a script: a wrapper of the site, or of the user. */
  readonly isScript: boolean;
  /** The command that the user's settings name in its place; `path` is then that of its first word. */
  readonly command?: string;
}

/**
 * Finds programs on PATH, or the commands that stand for them, without starting any.
 *
 * @param cwd what a command is relative to that is named by a path.
 */
export async function findPrograms(
  names: readonly string[],
  { path, commands, cwd }: {
    readonly path: string | undefined;
    readonly commands: NamedCommands;
    readonly cwd: string;
  },
): Promise<FoundProgram[]> {
  const folders = (path ?? "").split(":").filter(isAbsolute);
  return await Promise.all(names.map(async (name) => {
    const command = commands.get(name);
    if (command === undefined) return await findProgram(name, folders);
    const [first] = command.words;
    const places = first.includes("/") ? [resolve(cwd, first, "..")] : folders;
    const found = await findProgram(basename(first), places);
    return { ...found, name, isScript: false, command: command.text };
  }));
}

async function findProgram(name: string, folders: readonly string[]): Promise<FoundProgram> {
  for (const folder of folders) {
    const file = join(folder, name);
    try {
      const { isFile, mode } = await Deno.stat(file);
      if (!isFile || ((mode ?? 0) & 0o111) === 0) continue;
      return { name, path: file, isScript: await startsAsScript(file) };
    } catch {
      continue; // nothing there, or nothing that we may look at
    }
  }
  return { name, path: undefined, isScript: false };
}

async function startsAsScript(file: string): Promise<boolean> {
  try {
    using opened = await Deno.open(file);
    const head = new Uint8Array(2);
    return await opened.read(head) === 2 && head[0] === 0x23 && head[1] === 0x21; // #!
  } catch {
    return false; // it may be executed and not read
  }
}
