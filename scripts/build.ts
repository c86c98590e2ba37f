/**
 * Builds the one file: dist/dlslurm, and its manual page beside it: dist/dlslurm.1.
 *
 * usage: deno task build [--output PATH] [--entry PATH] [--network]
 *        deno task build --target TRIPLE [--output PATH] | --all
 *
 * Where a `denort` base binary can be had (DENORT_BIN, Deno's cache, or with --network a download), it
 * is made by `deno compile`; otherwise from the runtime that executes this script.
 * docs/decisions/2026-11-one-file.md says why.
 *
 * --target  builds for that kind of machine, whatever this one is: aarch64-unknown-linux-gnu or
 *           x86_64-unknown-linux-gnu, as dist/dlslurm-aarch64 or dist/dlslurm-x86_64, from the runtime
 *           that npm has for it; needs npm
 * --all     builds for all of them, and writes dist/SHA256SUMS
 */
import { dirname } from "node:path";
import { renderManPage } from "../src/cli/man_page.ts";
import { defineProgram } from "../src/cli/program.ts";
import { PROGRAM_VERSION } from "../src/cli/version.ts";
import { type BundledModule, bundleProgram } from "./build/bundle.ts";
import { writeChecksums } from "./build/checksums.ts";
import { compileProgram, hasCompileBase } from "./build/compile.ts";
import { toFunctionBody } from "./build/function_body.ts";
import { assemblePortableFile, type Runtime } from "./build/portable_file.ts";
import { fetchRuntime, readRuntime } from "./build/runtime.ts";
import { requireTarget, type Target, TARGETS } from "./build/targets.ts";
import { say } from "./say.ts";

/** What is built, and from what. */
interface BuildOptions {
  /** The program's first module. @default main.ts of this project */
  readonly entry?: string;
  /** Where the file is written. @default dist/dlslurm of this project */
  readonly output?: string;
  /** Whether `deno compile` may download its base binary. @default false */
  readonly network?: boolean;
}

/** Absolute path of the project, without a slash at its end. */
const PROJECT = dirname(import.meta.dirname!);

/** What several builds share: compressed runtimes, packages, and a folder for each build. */
const WORK = `${PROJECT}/dist/.build`;

/** Builds the file and returns its path. A file that stands there already is replaced in one step. */
export async function build(options: BuildOptions = {}): Promise<string> {
  const output = options.output ?? `${PROJECT}/dist/dlslurm`;
  await withProgram(options.entry, async (program, stage) => {
    const temporary = `${stage}/dlslurm`;
    if (options.network || await hasCompileBase()) {
      await compileProgram(program, stage, temporary);
    } else {
      await Deno.writeFile(temporary, await assemble(program, await readRuntime(WORK)));
    }
    await putInPlace(temporary, output);
  });
  return output;
}

/**
 * Builds a file for each of `targets`, from the runtimes that are pinned; `toPath` says where it is
 * written. The same sources give the same bytes.
 */
export async function buildFor(
  targets: readonly Target[],
  toPath: (target: Target) => string,
  entry?: string,
): Promise<void> {
  await withProgram(entry, async (program, stage) => {
    for (const target of targets) {
      const temporary = `${stage}/dlslurm-${target.cpu}`;
      await Deno.writeFile(temporary, await assemble(program, await fetchRuntime(target, WORK)));
      await putInPlace(temporary, toPath(target));
    }
  });
}

/** Writes the manual page. */
export async function buildManPage(path: string): Promise<void> {
  const page = renderManPage(await defineProgram(() => Promise.resolve()), {
    version: PROGRAM_VERSION,
  });
  await Deno.writeTextFile(path, page);
}

/** Hands over the bundled program, and a folder to work in that is removed afterwards. */
async function withProgram(
  entry: string | undefined,
  use: (program: BundledModule[], stage: string) => Promise<void>,
): Promise<void> {
  const stage = `${WORK}/${crypto.randomUUID()}`;
  try {
    await use(await bundleProgram(entry ?? `${PROJECT}/main.ts`, stage), stage);
  } finally {
    await Deno.remove(stage, { recursive: true }).catch(() => undefined);
  }
}

async function assemble(program: BundledModule[], runtime: Runtime): Promise<Uint8Array> {
  return await assemblePortableFile({
    startScript: await Deno.readTextFile(new URL("./build/start.sh", import.meta.url)),
    loader: await Deno.readTextFile(new URL("./build/loader.js", import.meta.url)),
    program: program.map(({ name, text }) => ({
      name,
      text: toFunctionBody(text, `dlslurm-${PROGRAM_VERSION}-${name}`),
    })),
    version: PROGRAM_VERSION,
    runtime,
  });
}

async function putInPlace(temporary: string, output: string): Promise<void> {
  await Deno.chmod(temporary, 0o755);
  await Deno.mkdir(output.slice(0, output.lastIndexOf("/") + 1) || ".", { recursive: true });
  await Deno.rename(temporary, output);
}

interface Arguments extends BuildOptions {
  readonly target?: string;
  readonly all?: boolean;
}

const FLAGS = ["network", "all"] as const;
const VALUES = ["output", "entry", "target"] as const;

function parseArguments(args: readonly string[]): Arguments {
  const options: { -readonly [K in keyof Arguments]: Arguments[K] } = {};
  for (let index = 0; index < args.length; index++) {
    const argument = args[index];
    const flag = FLAGS.find((name) => argument === `--${name}`);
    const valued = VALUES.find((name) => argument === `--${name}`);
    const value = args[index + 1];
    if (flag !== undefined) {
      options[flag] = true;
    } else if (valued !== undefined && value !== undefined) {
      options[valued] = value;
      index++;
    } else {
      throw new Error(`Cannot build: unknown argument "${argument}"`);
    }
  }
  if (options.network && (options.all || options.target !== undefined)) {
    throw new Error("Cannot build: --network goes with neither --target nor --all");
  }
  if (options.all && (options.target ?? options.output) !== undefined) {
    throw new Error("Cannot build: --all goes with neither --target nor --output");
  }
  return options;
}

async function runBuild(options: Arguments): Promise<string[]> {
  const folder = `${PROJECT}/dist`;
  if (options.all) {
    const files = TARGETS.map(({ cpu }) => `dlslurm-${cpu}`);
    await buildFor(TARGETS, ({ cpu }) => `${folder}/dlslurm-${cpu}`, options.entry);
    await buildManPage(`${folder}/dlslurm.1`);
    await writeChecksums(folder, [...files, "dlslurm.1"]);
    return files.map((file) => `${folder}/${file}`);
  }
  if (options.target !== undefined) {
    const target = requireTarget(options.target);
    const output = options.output ?? `${folder}/dlslurm-${target.cpu}`;
    await buildFor([target], () => output, options.entry);
    await buildManPage(`${output}.1`);
    return [output];
  }
  const output = await build(options);
  await buildManPage(`${output}.1`);
  return [output];
}

if (import.meta.main) {
  for (const output of await runBuild(parseArguments(Deno.args))) {
    const { size } = await Deno.stat(output);
    await say(`${output}: ${(size / 1e6).toFixed(1)} MB`);
  }
}
