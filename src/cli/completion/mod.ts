/**
 * Completion of command lines in shells.
 *
 * A *script* ties a shell to the program; it knows nothing of commands and options. At each tab it hands
 * over the words up to the cursor, and *candidates* come back: found by walking along the definitions that
 * also parse the command line, so that there is no second list of options.
 *
 * @module
 */
import type { CommandDefinition } from "../definitions/command_definition.ts";
import type { World } from "../world.ts";
import { findCandidates } from "./candidates.ts";

/** Answers a shell's script: prints a candidate a line, what it is behind a tab. */
export async function runCompleteWords(
  program: CommandDefinition,
  words: readonly string[],
  world: World,
): Promise<void> {
  for (const found of await findCandidates(program, words, world)) {
    if (typeof found === "string") world.io.out(`${found}\n`);
    // A line break in a job's command would be a candidate of its own.
    else world.io.out(`${found.text}\t${found.about.replace(/\s+/g, " ").slice(0, 80)}\n`);
  }
}
