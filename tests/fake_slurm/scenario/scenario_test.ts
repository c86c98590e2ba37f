import assert from "node:assert/strict";
import { parseScenario } from "../../../src/fake_slurm/scenario/parse_scenario.ts";
import { NO_TROUBLE, SCENARIO_VERSION } from "../../../src/fake_slurm/scenario/scenario.ts";

Deno.test("NO_TROUBLE is what a scenario says that says nothing", () => {
  const text = JSON.stringify({ version: SCENARIO_VERSION });

  assert.deepEqual(parseScenario(text, "a file"), NO_TROUBLE);
});
