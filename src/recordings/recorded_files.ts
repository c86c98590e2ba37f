import { dirname, join, relative, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { lstatIfPresent, readTextIfPresent } from "../fs/if_present.ts";
import type { RecordedFile } from "./format.ts";

/** Larger files tell a reader of the recording nothing. */
const LARGEST_BYTES = 65_536;
const MOST_FILES = 1_000;

/** Files for a recording, and those that cannot be part of it. */
export interface CollectedFiles {
  /** Those that can be part of it. */
  readonly files: readonly RecordedFile[];
  /** The others, and why not. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

/** Reads the small text files at `paths` and in the folders there; what begins with a dot is left out. */
export async function collectFiles(
  paths: readonly string[],
  cwd: string,
): Promise<CollectedFiles> {
  const files = new Map<string, RecordedFile>();
  const refused: { path: string; reason: string }[] = [];
  const visit = async (path: string): Promise<void> => {
    const info = await lstatIfPresent(join(cwd, path));
    if (info === undefined) refused.push({ path, reason: "it is not there" });
    else if (info.isDirectory) {
      const names = (await Array.fromAsync(Deno.readDir(join(cwd, path)))).map(({ name }) => name);
      for (const name of names.sort()) if (!name.startsWith(".")) await visit(join(path, name));
    } else if (!info.isFile) refused.push({ path, reason: "it is no plain file" });
    else if (info.size > LARGEST_BYTES) {
      refused.push({ path, reason: `it has more than ${LARGEST_BYTES} bytes` });
    } else if (files.size === MOST_FILES) {
      refused.push({ path, reason: `there are ${MOST_FILES} files already` });
    } else {
      const text = decode(await Deno.readFile(join(cwd, path)));
      if (text === undefined) refused.push({ path, reason: "it is no UTF-8 text" });
      else files.set(path, { path, text });
    }
  };
  for (const path of paths) {
    const inside = relative(cwd, resolve(cwd, path));
    if (inside === ".." || inside.startsWith("../")) {
      throw new UserError("USAGE", `Cannot record "${path}": it is outside the current directory`);
    }
    await visit(inside === "" ? "." : inside);
  }
  return { files: [...files.values()], refused };
}

/**
 * Writes the files that the recorded jobs wrote below `cwd`. What is there already stays unless it is
 * the same.
 *
 * @returns the paths where something else stands.
 */
export async function layOutFiles(files: readonly RecordedFile[], cwd: string): Promise<string[]> {
  const inTheWay: string[] = [];
  for (const { path, text } of files) {
    const file = join(cwd, path);
    const info = await lstatIfPresent(file);
    if (info === undefined) {
      await Deno.mkdir(dirname(file), { recursive: true });
      await Deno.writeTextFile(file, text, { createNew: true });
    } else if (!info.isFile || await readTextIfPresent(file) !== text) inTheWay.push(path);
  }
  return inTheWay;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
