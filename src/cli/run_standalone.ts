import type { CommandDefinition } from "../commands/command_definition.ts";
import { namesOf } from "./command_line.ts";
import { completionScript } from "./completion/scripts.ts";
import { ExitCode } from "./exit_code.ts";
import { resolveFolder } from "./global_options.ts";
import { findGuide, readGuide } from "./guides/guides.ts";
import type { ProcessEnvironment } from "./process_environment.ts";
import { isForwarded, runForwarded } from "./run_forwarded.ts";
import type { Standalone } from "./standalone_commands.ts";
import { PROGRAM_VERSION } from "./version.ts";

/** Runs a command that needs no dataset; gives its exit status. */
export async function runStandalone(
  asked: Standalone,
  program: CommandDefinition,
  environment: ProcessEnvironment,
): Promise<number> {
  if (asked.kind === "completion") {
    environment.io.out(completionScript(asked.shell));
    return ExitCode.Ok;
  }
  if (asked.kind === "man page") {
    const { renderManPage } = await import("./man_page.ts");
    environment.io.out(renderManPage(program, { version: PROGRAM_VERSION }));
    return ExitCode.Ok;
  }
  if (asked.kind === "forwarded") {
    const cwd = await resolveFolder(environment.cwd, asked.folders);
    // The programs that it starts are to stand there, too.
    if (cwd !== environment.cwd) Deno.chdir(cwd);
    return await runForwarded(asked.command, asked.words, { ...environment, cwd });
  }
  const { topic } = asked;
  if (isForwarded(topic)) return await runForwarded(topic, ["--help"], environment);
  const command = topic === undefined
    ? program
    : program.commands.find((each) => namesOf(each).includes(topic));
  const guide = topic === undefined ? undefined : findGuide(topic);
  if (command !== undefined) command.outputHelp();
  else if (guide !== undefined) environment.io.out(await readGuide(guide));
  // Whoever takes it for a command says what it may have been meant to be.
  else await program.parseAsync([topic!], { from: "user" });
  return ExitCode.Ok;
}
