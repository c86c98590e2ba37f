/**
 * The built file by `deno compile`, where its base binary `denort` can be had.
 *
 * @module
 */

import type { BundledModule } from "./bundle.ts";
import { V8_FLAGS } from "./portable_file.ts";

const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-run"];

/** Whether `deno compile` finds a base binary without the network. */
export async function hasCompileBase(): Promise<boolean> {
  if (Deno.env.has("DENORT_BIN")) return true;
  const folder = `${denoDir()}/dl/release/v${Deno.version.deno}`;
  try {
    return (await Deno.stat(`${folder}/denort-${Deno.build.target}.zip`)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Writes the bundled `program` as an executable to `output`; `stage` is a folder to work in. */
export async function compileProgram(
  program: readonly BundledModule[],
  stage: string,
  output: string,
): Promise<void> {
  const folder = `${stage}/compiled`;
  await Deno.mkdir(folder);
  for (const { name, text } of program) await Deno.writeTextFile(`${folder}/${name}`, text);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-check",
      "--no-prompt",
      V8_FLAGS,
      ...PERMISSIONS,
      `--output=${output}`,
      `${folder}/${program[0]!.name}`,
    ],
    stdin: "null",
  }).output();
  if (!success) {
    throw new Error(`Cannot compile the program:\n${new TextDecoder().decode(stderr)}`);
  }
}

function denoDir(): string {
  const home = Deno.env.get("HOME") ?? "";
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${home}/.cache`;
  return Deno.env.get("DENO_DIR") ?? `${cache}/deno`;
}
