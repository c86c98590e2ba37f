import { isAbsolute, join } from "node:path";
import { UserError } from "../../errors.ts";
import { readTextIfPresent, removeIfPresent } from "../../fs/if_present.ts";
import { writeFileAtomic } from "../../fs/write_file_atomic.ts";
import type { FakeSlurmContext } from "../context.ts";
import { NO_TROUBLE } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

/** The variable that names a scenario file for this shell alone. */
const SCENARIO_VARIABLE = "DLSLURM_FAKE_SLURM_SCENARIO";

/**
 * The scenario that holds: that of the variable, else that of the state directory, else none.
 *
 * @throws {UserError} `FAKE_SLURM` if a file is named that is missing or no scenario.
 */
export async function loadScenario(
  env: FakeSlurmContext["env"],
  directory: string,
): Promise<Scenario> {
  const named = env.get(SCENARIO_VARIABLE);
  if (named !== undefined && named !== "") {
    if (isAbsolute(named)) return await parse(readNamed(named), named);
    throw new UserError(
      "FAKE_SLURM",
      `Cannot use ${SCENARIO_VARIABLE}="${named}": it is no absolute path, and jobs run elsewhere`,
      { hint: `export ${SCENARIO_VARIABLE}="$PWD/${named}"` },
    );
  }
  const kept = keptPath(directory);
  const text = await readTextIfPresent(kept);
  return text === undefined ? NO_TROUBLE : await parse(text, kept);
}

/**
 * Keeps a copy of the scenario `file` in the state directory; `undefined` removes the one that is there.
 *
 * @throws {UserError} `FAKE_SLURM` if it is missing or no scenario; the one that was there then stays.
 */
export async function keepScenario(directory: string, file: string | undefined): Promise<void> {
  if (file === undefined) return await removeIfPresent(keptPath(directory));
  const text = readNamed(file);
  await parse(text, file);
  await writeFileAtomic(keptPath(directory), text);
}

/** Most have none: what it takes to read one is loaded where there is one. */
async function parse(text: string, origin: string): Promise<Scenario> {
  const { parseScenario } = await import("./parse_scenario.ts");
  return parseScenario(text, origin);
}

function keptPath(directory: string): string {
  return join(directory, "scenario.json");
}

function readNamed(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    throw new UserError("FAKE_SLURM", `Cannot read the scenario "${file}": ${error}`, {
      hint: "name an existing file: dlslurm fake-slurm env --scenario FILE",
      cause: error,
    });
  }
}
