/**
 * Brings the generated parts of the documents up to date: the help texts in docs/commands.md, the error
 * codes in docs/result_records.md, the picture of the rooms in docs/architecture.md.
 *
 * usage: deno task docs [--check]
 *
 * Such a part stands between `<!-- NAME -->` and `<!-- /NAME -->`. With --check nothing is changed, and
 * the exit status is 1 if something is out of date.
 */
import { fileURLToPath } from "node:url";
import { ERROR_CODES } from "../src/errors.ts";
import { renderCommandHelp } from "./docs/command_help.ts";
import { drawRooms, findRooms } from "./docs/draw_rooms.ts";
import { readModuleGraph } from "./layers/module_graph.ts";
import { say } from "./say.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

interface GeneratedPart {
  readonly file: string;
  /** Of its markers. */
  readonly name: string;
  /** Makes it anew; `former` is what stands there. */
  readonly render: (former: string) => string | Promise<string>;
}

const PARTS: readonly GeneratedPart[] = [
  {
    file: "docs/commands.md",
    name: "commands",
    render: () => renderCommandHelp(`${PROJECT}main.ts`),
  },
  { file: "docs/result_records.md", name: "codes", render: renderCodes },
  { file: "docs/architecture.md", name: "rooms", render: renderRooms },
];

function renderCodes(): string {
  const lines = Object.entries(ERROR_CODES).map(([code, reason]) => `- \`${code}\`: ${reason}`);
  return lines.join("\n");
}

async function renderRooms(former: string): Promise<string> {
  const graph = await readModuleGraph(`${PROJECT}main.ts`, PROJECT);
  const linesOf = new Map<string, number>();
  for (const path of graph.keys()) {
    const text = await Deno.readTextFile(`${PROJECT}${path}`);
    linesOf.set(path, text.split("\n").length - 1);
  }
  return drawRooms(findRooms(graph, linesOf), former);
}

/** Makes a part anew and says whether it was out of date. */
async function update({ file, name, render }: GeneratedPart, isCheck: boolean): Promise<boolean> {
  const path = `${PROJECT}${file}`;
  const before = await Deno.readTextFile(path);
  const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Cannot find the part "${name}" in ${file}`);
  const former = before.slice(from + start.length, to);
  const text = `\n${await render(former)}\n`;
  if (text === former) return false;
  if (!isCheck) {
    await Deno.writeTextFile(
      path,
      before.slice(0, from + start.length) + text + before.slice(to),
    );
  }
  return true;
}

if (import.meta.main) {
  const isCheck = Deno.args.includes("--check");
  const outdated: string[] = [];
  for (const part of PARTS) if (await update(part, isCheck)) outdated.push(part.file);
  if (isCheck && outdated.length > 0) {
    await say(`not up to date: ${outdated.join(", ")}; run: deno task docs`);
    Deno.exit(1);
  }
}
