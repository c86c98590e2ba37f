/**
 * Builds the one file: dist/dlslurm, and its manual page beside it: dist/dlslurm.1.
 *
 * usage: deno task build [--output PATH] [--entry PATH] [--network]
 *
 * Where a `denort` base binary can be had (DENORT_BIN, Deno's cache, or with --network a download), it
 * is made by `deno compile`; otherwise from the runtime that executes this script.
 * docs/decisions/2026-11-one-file.md says why.
 */
import { renderManPage } from "../src/cli/man_page.ts";
import { defineProgram } from "../src/cli/program.ts";
import { PROGRAM_VERSION } from "../src/cli/version.ts";
import { bundleProgram } from "./build/bundle.ts";
import { compileProgram, hasCompileBase } from "./build/compile.ts";
import { toFunctionBody } from "./build/function_body.ts";
import { assemblePortableFile } from "./build/portable_file.ts";
import { readRuntime } from "./build/runtime.ts";
import { say } from "./say.ts";

/** What is built, and from what. */
export interface BuildOptions {
  /** The program's first module. @default main.ts of this project */
  readonly entry?: string;
  /** Where the file is written. @default dist/dlslurm of this project */
  readonly output?: string;
  /** Whether `deno compile` may download its base binary. @default false */
  readonly network?: boolean;
}

/** Absolute path of the project, without a slash at its end. */
const PROJECT = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** Builds the file and returns its path. A file that stands there already is replaced in one step. */
export async function build(options: BuildOptions = {}): Promise<string> {
  const output = options.output ?? `${PROJECT}/dist/dlslurm`;
  const work = `${PROJECT}/dist/.build`;
  const stage = `${work}/${crypto.randomUUID()}`;
  try {
    const program = await bundleProgram(options.entry ?? `${PROJECT}/main.ts`, stage);
    const temporary = `${stage}/dlslurm`;
    if (options.network || await hasCompileBase()) {
      await compileProgram(program, stage, temporary);
    } else {
      const file = await assemblePortableFile({
        startScript: await Deno.readTextFile(new URL("./build/start.sh", import.meta.url)),
        loader: await Deno.readTextFile(new URL("./build/loader.js", import.meta.url)),
        program: program.map(({ name, text }) => ({
          name,
          text: toFunctionBody(text, `dlslurm-${PROGRAM_VERSION}-${name}`),
        })),
        version: PROGRAM_VERSION,
        runtime: await readRuntime(work),
      });
      await Deno.writeFile(temporary, file);
    }
    await Deno.chmod(temporary, 0o755);
    await Deno.mkdir(output.slice(0, output.lastIndexOf("/") + 1) || ".", { recursive: true });
    await Deno.rename(temporary, output);
  } finally {
    await Deno.remove(stage, { recursive: true }).catch(() => undefined);
  }
  return output;
}

function parseArguments(args: readonly string[]): BuildOptions {
  const options: { -readonly [K in keyof BuildOptions]: BuildOptions[K] } = {};
  for (let index = 0; index < args.length; index++) {
    const argument = args[index];
    const value = args[index + 1];
    if (argument === "--network") {
      options.network = true;
    } else if ((argument === "--output" || argument === "--entry") && value !== undefined) {
      options[argument === "--output" ? "output" : "entry"] = value;
      index++;
    } else {
      throw new Error(`Cannot build: unknown argument "${argument}"`);
    }
  }
  return options;
}

if (import.meta.main) {
  const output = await build(parseArguments(Deno.args));
  const page = renderManPage(defineProgram(() => Promise.resolve()), { version: PROGRAM_VERSION });
  await Deno.writeTextFile(`${output}.1`, page);
  const { size } = await Deno.stat(output);
  await say(`${output}: ${(size / 1e6).toFixed(1)} MB`);
}
