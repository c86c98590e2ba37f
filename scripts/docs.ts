// Brings the generated parts of the documents up to date: help texts in README.md, error codes in
// docs/result_records.md. With --check it changes nothing and fails if they are not.
// usage: deno task docs [--check]
import { defineProgram } from "../src/cli/program.ts";
import { ERROR_CODES } from "../src/errors.ts";
import { say } from "./say.ts";

const isCheck = Deno.args.includes("--check");
const root = new URL("..", import.meta.url);
const program = defineProgram(() => Promise.resolve());

const outdated: string[] = [];
await update("README.md", /<!-- help (\w+) -->\n[\s\S]*?<!-- \/help -->/g, (name) => {
  const command = [program, ...program.commands].find((each) => each.name() === name);
  if (command === undefined) {
    throw new Error(`README.md asks for the help of "${name}": no such command`);
  }
  command.configureHelp({ ...command.configureHelp(), helpWidth: 100 });
  let text = "";
  command.configureOutput({ writeOut: (part) => text += part });
  command.outputHelp();
  const line = command === program ? "dlslurm --help" : `dlslurm ${name} --help`;
  return `<!-- help ${name} -->\n<details><summary><code>${line}</code></summary>\n\n` +
    `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n\n</details>\n<!-- /help -->`;
});
await update("docs/result_records.md", /<!-- (codes) -->\n[\s\S]*?<!-- \/codes -->/g, () => {
  const rows = Object.entries(ERROR_CODES).map(([code, reason]) => `- \`${code}\`: ${reason}\n`);
  return `<!-- codes -->\n\n${rows.join("")}\n<!-- /codes -->`;
});
if (outdated.length > 0) {
  await say(`not up to date: ${outdated.join(", ")}; run: deno task docs`);
  Deno.exit(1);
}

async function update(file: string, part: RegExp, render: (name: string) => string): Promise<void> {
  const path = new URL(file, root);
  const before = await Deno.readTextFile(path);
  const after = before.replaceAll(part, (_, name: string) => render(name));
  if (after === before) return;
  if (isCheck) outdated.push(file);
  else await Deno.writeTextFile(path, after);
}
