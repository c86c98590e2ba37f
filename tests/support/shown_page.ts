import type { Sandbox } from "./sandbox.ts";
import { quote, wrapDlslurm } from "./wrapped_programs.ts";

/** A command of a page's example, with the output that the page shows. */
interface ShownCommand {
  /** Shell text; may have several lines. */
  readonly line: string;
  /** Without blanks at its end. */
  readonly output: string;
  /** Whether jobs that the command submitted are to have ended before the next one is typed. */
  readonly waits: boolean;
}

/** Where a page's reader is at home. */
const SHOWN_HOME = "/home/me";
/** Longer than any job of an example; then the example is wrong. */
const LONGEST_WAIT_SECONDS = 60;

/**
 * A page of the documentation whose examples can be typed.
 *
 * `<!-- example -->` stands before a block of commands, each after `$ `, with what they print;
 * `<!-- example running -->` if jobs still run when the next command is typed; `<!-- file NAME -->`
 * before a file that the reader is to write, relative to the folder that the page works in at that
 * point. `<!-- setup … -->` holds shell lines that the page takes for granted, `<!-- meanwhile … -->`
 * those that wait for what a reader would see after a while.
 */
export class ShownPage {
  readonly #file: URL;
  readonly #text: string;

  private constructor(file: URL, text: string) {
    this.#file = file;
    this.#text = text;
  }

  static async read(file: URL): Promise<ShownPage> {
    return new ShownPage(file, await Deno.readTextFile(file));
  }

  /** The commands in order; the files that are to be written are commands that write them. */
  commands(): ShownCommand[] {
    return [...this.#text.matchAll(BLOCK_REGEXP)].flatMap((block) => commandsOf(block));
  }

  /** Types the commands into one shell of `sandbox` and gives what each printed, both streams. */
  async type(sandbox: Sandbox): Promise<string[]> {
    await wrapDlslurm(sandbox);
    const script = this.commands().map(({ line, waits }) =>
      `${line}\n${waits ? WAIT : ""}\nprintf '\\001'`
    );
    const text = ["exec 2>&1", 'cd "$HOME"', ...script].join("\n");
    const { stdout } = await sandbox.run(["bash", "-c", text]);
    return stdout.split("\x01").slice(0, -1)
      .map((printed) => printed.replaceAll(sandbox.home, SHOWN_HOME).trimEnd());
  }

  /** Replaces what the page shows by what was printed. */
  async update(printed: readonly string[]): Promise<void> {
    let at = 0;
    const text = this.#text.replace(BLOCK_REGEXP, (block, ...groups) => {
      const commands = commandsOf([block, ...groups]);
      const outputs = printed.slice(at, at += commands.length);
      if (!block.startsWith("<!-- example")) return block;
      const shown = commands.map(({ line }, index) =>
        `$ ${line.replaceAll("\n", "\n> ")}\n${outputs[index] === "" ? "" : `${outputs[index]}\n`}`
      );
      return `${block.slice(0, block.indexOf("\n"))}\n\n\`\`\`console\n${shown.join("")}\`\`\`\n`;
    });
    await Deno.writeTextFile(this.#file, text);
  }
}

/** What differs from run to run, made the same: object names, times of day and of years, seconds. */
export function withoutAccidents(output: string): string {
  return output
    .replaceAll(/\b[0-9a-f]{7,40}\b/g, (oid) => /\d/.test(oid) ? "OID" : oid)
    .replaceAll(/\b\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+Z)?)?)?/g, "DATE")
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, "HH:MM:SS")
    .replaceAll(/\b\d+ ?(s|seconds?)\b( ago)?/g, "SECONDS")
    .replaceAll(/ +/g, " ");
}

const BLOCK_REGEXP =
  /<!-- (?:example( running)?|file (\S+)) -->\s*```\w*\n([\s\S]*?)```\n|<!-- (?:setup|meanwhile)\n([\s\S]*?)-->\n/g;

/** Until nothing waits or runs; job steps end a moment after their commands. */
const WAIT = `for _ in $(seq ${LONGEST_WAIT_SECONDS * 5}); do
  [ -n "$(squeue -h -t PD,R,CG 2>/dev/null)" ] || break
  sleep 0.2
done`;

function commandsOf(block: readonly (string | undefined)[]): ShownCommand[] {
  const [, running, file, text = "", hidden] = block;
  if (hidden !== undefined) {
    return [{ line: hidden, output: "", waits: SUBMITS_REGEXP.test(hidden) }];
  }
  if (file !== undefined) {
    const line = `cat > ${quote(file)} <<'END OF THE FILE'\n${text}END OF THE FILE`;
    return [{ line, output: "", waits: false }];
  }
  return text.split(/^\$ /m).slice(1).map((part) => {
    const lines = part.split("\n");
    const more = lines.slice(1).findIndex((line) => !line.startsWith("> "));
    const typed = [lines[0]!, ...lines.slice(1, 1 + more).map((line) => line.slice(2))];
    const line = typed.join("\n");
    return {
      line,
      output: lines.slice(1 + more).join("\n").trimEnd(),
      waits: running === undefined && SUBMITS_REGEXP.test(line),
    };
  });
}

/** Commands after which one waits for a job. */
const SUBMITS_REGEXP = /sbatch|reschedule|scancel/;
