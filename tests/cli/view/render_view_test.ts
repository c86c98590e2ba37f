import assert from "node:assert/strict";
import { renderView } from "../../../src/cli/view/render_view.ts";

Deno.test("renderView() shows text as it is, and fits tables only to a terminal", () => {
  const rows = [["JobID", "Command"], ["1", `sbatch ${"x".repeat(100)}`]];
  const fit = { droppable: [], telling: ["Command"] };

  assert.equal(renderView({ text: "\x1bx\n" }, 5), "\x1bx\n");
  assert.match(renderView({ rows, fit }, undefined), /x{100}\n$/);
  for (const line of renderView({ rows, fit }, 30).split("\n")) assert(line.length <= 30, line);
});
