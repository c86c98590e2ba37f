import type { CommandDefinition } from "../../src/commands/command_definition.ts";
import { defineProgram } from "../../src/cli/program.ts";

/** How wide the pages show help. */
const WIDTH = 100;

/**
 * Renders a section for the program and each of its commands, with the help that it shows.
 *
 * @param main path of main.ts.
 */
export async function renderCommandHelp(main: string): Promise<string> {
  const program = await defineProgram(() => Promise.resolve());
  const sections = [section("dlslurm", "dlslurm --help", helpOf(program))];
  for (const command of program.commands) {
    // A command without a description is read where it is done, and shows its help itself.
    const text = command.description() === ""
      ? await askProgram(main, command.name())
      : helpOf(command);
    const title = `dlslurm ${command.name()}`;
    sections.push(section(title, `${title} --help`, text));
  }
  return sections.join("\n\n");
}

function section(title: string, line: string, text: string): string {
  return `## ${title}\n\n\`\`\`console\n$ ${line}\n${text.trimEnd()}\n\`\`\``;
}

function helpOf(command: CommandDefinition): string {
  command.configureHelp({ ...command.configureHelp(), helpWidth: WIDTH });
  let text = "";
  command.configureOutput({ writeOut: (part) => text += part });
  command.outputHelp();
  return text;
}

async function askProgram(main: string, name: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", main, name, "--help"],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`Cannot show the help of ${name}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
