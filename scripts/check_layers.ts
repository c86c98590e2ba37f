/**
 * Checks that the modules of the program import only downwards, and never in a circle.
 *
 * usage: deno run -A scripts/check_layers.ts [PROJECT]
 *
 * PROJECT is the folder that main.ts lies in, by default this project. The rules are in
 * scripts/layers/rules.ts. Prints one line per violation; exit status 1 if there are any.
 */
import { fileURLToPath } from "node:url";
import { findViolations } from "./layers/find_violations.ts";
import { readModuleGraph } from "./layers/module_graph.ts";
import { say } from "./say.ts";

if (import.meta.main) {
  const project = await Deno.realPath(
    Deno.args[0] ?? fileURLToPath(new URL("..", import.meta.url)),
  );
  const violations = findViolations(await readModuleGraph(`${project}/main.ts`, project));
  for (const violation of violations) await say(violation);
  Deno.exit(violations.length === 0 ? 0 : 1);
}
