import type { ModuleGraph } from "./module_graph.ts";
import { LAYER_RULES, layerOf } from "./rules.ts";

/** Says in one line each which import breaks which rule; nothing if all is well. */
export function findViolations(graph: ModuleGraph): string[] {
  const violations: string[] = [];
  for (const [from, imported] of graph) {
    const layer = layerOf(from);
    if (layer === undefined) {
      violations.push(
        `${from} belongs to no layer: scripts/layers/rules.ts does not name its folder`,
      );
      continue;
    }
    for (const to of imported) {
      if (!isAllowed(layer, to)) {
        violations.push(`${from} imports ${to}: ${sayRule(layer)}`);
      }
    }
  }
  for (const cycle of findCycles(graph)) {
    violations.push(`${cycle.join(" imports ")}: imports must not go round in a circle`);
  }
  return violations;
}

function isAllowed(layer: string, to: string): boolean {
  const rule = LAYER_RULES[layer];
  const target = layerOf(to);
  if (rule === undefined || target === undefined) return false;
  return target === layer || rule.mayImport.includes(target) ||
    (rule.mayImportFiles ?? []).includes(to);
}

function sayRule(layer: string): string {
  const rule = LAYER_RULES[layer];
  const allowed = [...rule?.mayImport ?? [], ...rule?.mayImportFiles ?? []];
  return `${layer} may import ${allowed.join(", ") || "nothing"} (${rule?.reason})`;
}

/** Finds circles of imports, each once, beginning and ending with its first module by name. */
function findCycles(graph: ModuleGraph): string[][] {
  const cycles = new Map<string, string[]>();
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (module: string): void => {
    const start = trail.indexOf(module);
    if (start !== -1) {
      const cycle = rotateToFirst(trail.slice(start));
      cycles.set(cycle.join("\n"), cycle);
      return;
    }
    if (done.has(module)) return;
    trail.push(module);
    for (const next of graph.get(module) ?? []) visit(next);
    trail.pop();
    done.add(module);
  };
  for (const module of graph.keys()) visit(module);
  return [...cycles.values()];
}

function rotateToFirst(cycle: readonly string[]): string[] {
  const first = cycle.indexOf([...cycle].sort()[0] ?? "");
  return [...cycle.slice(first), ...cycle.slice(0, first + 1)];
}
