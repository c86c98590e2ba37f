import { join } from "node:path";
import { quote } from "./wrapped_programs.ts";
import type { Outcome, Sandbox, StartOptions } from "./sandbox.ts";

/** A program that runs on a terminal of its own; both its streams go there. */
interface OnTerminal {
  /** Everything that reached the terminal so far, control sequences included. */
  written(): Promise<string>;
  /** Sends a signal to the program. */
  interrupt(): Promise<void>;
  /** Its end; `stdout` holds both streams. */
  readonly ended: Promise<Outcome>;
}

/** Starts a program on a terminal that is `columns` wide, by util-linux's script(1). */
export function startOnTerminal(
  sandbox: Sandbox,
  argv: readonly string[],
  { columns = 80, ...options }: StartOptions & { readonly columns?: number } = {},
): OnTerminal {
  const transcript = join(sandbox.root, `terminal ${crypto.randomUUID()}`);
  const pidFile = `${transcript}.pid`;
  const line = `stty cols ${columns}; echo $$ >${quote(pidFile)}; exec ${
    argv.map(quote).join(" ")
  }`;
  const running = sandbox.start(
    ["script", "--quiet", "--return", "--flush", "--command", line, transcript],
    { ...options, env: { SHELL: "/bin/sh", TERM: "xterm", ...options.env } },
  );
  return {
    written: () => Deno.readTextFile(transcript).catch(() => ""),
    interrupt: async () => Deno.kill(Number(await Deno.readTextFile(pidFile)), "SIGINT"),
    ended: running.ended,
  };
}

/** What is left to be read on a terminal's screen after `written`: carriage returns and clearing done. */
export function screenOf(written: string): string {
  return written.split("\n").map((line) => {
    let shown: string[] = [];
    let column = 0;
    // deno-lint-ignore no-control-regex -- the sequences of a terminal
    for (const [piece] of line.matchAll(/\x1b\[[0-9;?]*[A-Za-z]|[^]/gu)) {
      if (piece === "\r") column = 0;
      else if (piece === "\x1b[K") shown = shown.slice(0, column);
      else if (!piece.startsWith("\x1b")) shown[column++] = piece;
    }
    return shown.join("");
  }).join("\n");
}
