import { relative } from "node:path";

/** Modules by their path in the project, each with the paths that it imports. */
export type ModuleGraph = ReadonlyMap<string, readonly string[]>;

interface DenoInfo {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string; readonly error?: string };
      readonly type?: { readonly specifier?: string; readonly error?: string };
    }[];
  }[];
}

/**
 * Reads which module imports which, from `entry` on: type-only and dynamic imports count too, what is
 * not a file of the project (npm, runtime) does not.
 *
 * @throws {Error} If a module is missing or cannot be parsed.
 */
export async function readModuleGraph(entry: string, project: string): Promise<ModuleGraph> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: project,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Cannot read imports: ${new TextDecoder().decode(stderr)}`);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as DenoInfo;
  const graph = new Map<string, readonly string[]>();
  for (const { specifier, error, dependencies } of modules) {
    if (error !== undefined) throw new Error(`Cannot read imports: ${error}`);
    if (!specifier.startsWith("file:")) continue;
    const imported = new Set<string>();
    for (const { code, type } of dependencies ?? []) {
      for (const target of [code?.specifier, type?.specifier]) {
        if (target?.startsWith("file:")) imported.add(pathIn(project, target));
      }
    }
    graph.set(pathIn(project, specifier), [...imported].sort());
  }
  return graph;
}

function pathIn(project: string, specifier: string): string {
  return relative(project, decodeURIComponent(new URL(specifier).pathname));
}
