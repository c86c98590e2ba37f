import { readFileSync, rmSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../fs/write_file_atomic.ts";
import type { FakeSlurmContext } from "../context.ts";
import { NO_TROUBLE, parseScenario } from "./parse_scenario.ts";
import type { Scenario } from "./scenario.ts";

/** The variable that names a scenario file for this shell alone. */
const SCENARIO_VARIABLE = "DLSLURM_FAKE_SLURM_SCENARIO";

/**
 * The scenario that holds: that of the variable, else that of the state directory, else none.
 *
 * @throws {UserError} `FAKE_SLURM` if a file is named that is missing or no scenario.
 */
export function loadScenario(env: FakeSlurmContext["env"], directory: string): Scenario {
  const named = env.get(SCENARIO_VARIABLE);
  if (named !== undefined && named !== "") {
    if (isAbsolute(named)) return parseScenario(readNamed(named), named);
    throw new UserError(
      "FAKE_SLURM",
      `Cannot use ${SCENARIO_VARIABLE}="${named}": it is no absolute path, and jobs run elsewhere`,
      { hint: `export ${SCENARIO_VARIABLE}="$PWD/${named}"` },
    );
  }
  const kept = keptPath(directory);
  let text: string;
  try {
    text = readFileSync(kept, "utf8");
  } catch {
    return NO_TROUBLE;
  }
  return parseScenario(text, kept);
}

/**
 * Keeps a copy of the scenario `file` in the state directory; `undefined` removes the one that is there.
 *
 * @throws {UserError} `FAKE_SLURM` if it is missing or no scenario; the one that was there then stays.
 */
export async function keepScenario(directory: string, file: string | undefined): Promise<void> {
  if (file === undefined) return rmSync(keptPath(directory), { force: true });
  const text = readNamed(file);
  parseScenario(text, file);
  await writeFileAtomic(keptPath(directory), text);
}

function keptPath(directory: string): string {
  return join(directory, "scenario.json");
}

function readNamed(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError("FAKE_SLURM", `Cannot read the scenario "${file}": ${error}`, {
      hint: "name an existing file: dlslurm fake-slurm env --scenario FILE",
      cause: error,
    });
  }
}
