/**
 * Completion of command lines in shells.
 *
 * A *script* ties a shell to the program; it knows nothing of commands and options. At each tab it hands
 * over the words up to the cursor, and *candidates* come back: found by walking along the definitions that
 * also parse the command line, so that there is no second list of options.
 *
 * @module
 */
import type { CommandDefinition } from "../../commands/command_definition.ts";
import { visibleLine } from "../../process/visible_text.ts";
import type { ProcessEnvironment } from "../process_environment.ts";
import { findCandidates } from "./candidates.ts";

/** Answers a shell's script: prints a candidate a line, what it is behind a tab. */
export async function runCompleteWords(
  program: CommandDefinition,
  words: readonly string[],
  environment: ProcessEnvironment,
): Promise<void> {
  for (const found of await findCandidates(program, words, environment)) {
    if (typeof found === "string") environment.io.out(`${found}\n`);
    else {
      // A line break in a job's command would be a candidate of its own.
      const about = visibleLine(found.about.replace(/\s+/g, " ").slice(0, 80));
      environment.io.out(`${found.text}\t${about}\n`);
    }
  }
}
