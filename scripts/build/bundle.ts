import { basename, dirname, relative, resolve } from "node:path";
import { renderLazyModule } from "./lazy_module.ts";

/** Runtime modules that are cheap to load, under 2 ms: imported as they are. */
const CHEAP_MODULES = ["node:sqlite"];
const REPLACED_MODULES: Readonly<Record<string, string>> = {
  "node:path": "path.ts",
  "node:events": "events.ts",
};
const COMMANDER_MODULES = ["node:child_process", "node:fs", "node:process", "node:util"];

const PART_NAME_REGEXP = /"\.\/([^"/\n]+\.js)"/g;
const EARLY_IMPORT_REGEXP = /^(?:import|\} from|import \{.*\} from) "\.\/([^"/\n]+\.js)";$/gm;

const PROJECT = dirname(dirname(import.meta.dirname!));

interface ModuleGraph {
  readonly modules: readonly { readonly kind?: string; readonly specifier: string }[];
  readonly npmPackages: Readonly<Record<string, { readonly localPath: string; name: string }>>;
}

/** One of the modules that a program is bundled into. */
export interface BundledModule {
  /** Name by which the others import it, after `./`: `main.js`, `part1.js`, … */
  readonly name: string;
  /** Its source. */
  readonly text: string;
}

/**
 * Bundles the program that starts at `entry` into modules that need nothing but the runtime and each
 * other: the first one is where it starts, each of the others is read only when it is needed.
 *
 * Everything is taken from Deno's cache as deno.lock has it. `stage` is the absolute path of a folder
 * for intermediate files; it is emptied first. The same sources give the same bundle, wherever they
 * lie.
 */
export async function bundleProgram(entry: string, stage: string): Promise<BundledModule[]> {
  const main = resolve(entry);
  await Deno.remove(stage, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(`${stage}/lazy`, { recursive: true });
  const graph = JSON.parse(await runDeno(["info", "--json", main])) as ModuleGraph;
  await Deno.writeTextFile(`${stage}/imports.json`, JSON.stringify(await writeStage(graph, stage)));
  const importMap = `--import-map=${stage}/imports.json`;
  const output = `${stage}/parts`;
  await runDeno(["bundle", "--quiet", "--code-splitting", importMap, "--outdir", output, main]);
  const texts = new Map<string, string>();
  for await (const { name } of Deno.readDir(output)) {
    const program = withLateRequire(await Deno.readTextFile(`${output}/${name}`));
    texts.set(name, withoutPlaces(program, basename(stage)));
  }
  return nameByOrder(texts, basename(main).replace(/\.ts$/, ".js"));
}

/**
 * The bundler names parts by a hash of where they lay: here they get the order in which they are loaded.
 * What is loaded together lies together: with each part all that it cannot do without, then what is loaded
 * late, in the order in which it is named.
 */
function nameByOrder(texts: ReadonlyMap<string, string>, main: string): BundledModule[] {
  const names = new Map<string, string>();
  const add = (name: string) => {
    if (names.has(name) || !texts.has(name)) return;
    names.set(name, name === main ? "main.js" : `part${names.size}.js`);
    for (const other of partsNamed(texts.get(name)!, EARLY_IMPORT_REGEXP)) add(other);
  };
  add(main);
  for (const name of names.keys()) partsNamed(texts.get(name)!, PART_NAME_REGEXP).forEach(add);
  return [...names].map(([name, newName]) => ({
    name: newName,
    text: texts.get(name)!.replaceAll(
      PART_NAME_REGEXP,
      (whole, other) => names.has(other) ? `"./${names.get(other)}"` : whole,
    ),
  }));
}

function partsNamed(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name!);
}

/** Writes the modules that stand in for others, and returns the import map that puts them there. */
async function writeStage(graph: ModuleGraph, stage: string) {
  const imports: Record<string, string> = { ...await readProjectImports() };
  const commander = Object.values(graph.npmPackages).find(({ name }) => name === "commander");
  if (commander !== undefined) {
    // An import map reaches into an npm package only where it lies outside of Deno's own cache.
    await copyFolder(commander.localPath, `${stage}/commander`);
    imports["commander"] = "./commander/index.js";
  }
  for (const [specifier, file] of Object.entries(REPLACED_MODULES)) {
    imports[specifier] = import.meta.resolve(`./replacements/${file}`);
  }
  const used = graph.modules.filter((module) => module.kind === "node");
  for (const specifier of [...COMMANDER_MODULES, ...used.map((module) => module.specifier)]) {
    if (specifier in imports || CHEAP_MODULES.includes(specifier)) continue;
    const path = `lazy/${specifier.replace(/[:/]/g, "_")}.js`;
    await Deno.writeTextFile(
      `${stage}/${path}`,
      renderLazyModule(specifier, await import(specifier)),
    );
    imports[specifier] = `./${path}`;
  }
  return { imports };
}

async function readProjectImports(): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  return JSON.parse(text).imports;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    if (entry.isDirectory) await copyFolder(`${from}/${entry.name}`, `${to}/${entry.name}`);
    else await Deno.copyFile(`${from}/${entry.name}`, `${to}/${entry.name}`);
  }
}

/**
 * Packages in CommonJS ask for the runtime's modules when they are run. The bundler lets them do so
 * through `node:module`, which every start would then load.
 */
function withLateRequire(program: string): string {
  return program.replace(
    /^import \{ createRequire as (\w+) \} from "node:module";\nvar (\w+) = \1\(import\.meta\.url\);$/m,
    (_, _create, require) =>
      `var ${require} = (name) => globalThis.process.getBuiltinModule(name);`,
  );
}

/** Takes out where modules lay when they were bundled: it differs from machine to machine. */
function withoutPlaces(program: string, stageName: string): string {
  return program
    .replaceAll(/^\/\/ \S.*\.(?:js|mjs|cjs|ts|json)$\n/gm, "") // a comment before each module
    .replaceAll(
      // The names of modules that are loaded late.
      new RegExp(`^( {2}")[^"\\n]*/(?:${stageName}|npm/[^/"\\n]+)/([^"\\n]+"\\(.*\\) \\{)$`, "gm"),
      "$1$2",
    );
}

async function runDeno(args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (!success) {
    const reason = new TextDecoder().decode(stderr);
    throw new Error(
      `Cannot build: "deno ${args[0]}" failed for ${relative(".", args.at(-1) ?? "")}\n${reason}`,
    );
  }
  return new TextDecoder().decode(stdout);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
