import fitToWidth from "fast-string-truncated-width";
import type { LiveArea } from "../commands/context.ts";
import { visibleLine } from "../process/visible_text.ts";
import type { View } from "../session/view.ts";
import type { Io } from "./io.ts";

/** What the display needs of the environment. */
interface LiveEnvironment {
  /** Its `err` goes to the terminal. */
  readonly io: Io;
  /** How large that is now. */
  readonly terminal: { columns(): number; rows(): number };
}

/**
 * The last lines of a terminal, drawn anew as what they show changes. They are taken away before anything
 * else is printed through a guarded stream.
 */
export class LiveDisplay implements LiveArea, Disposable {
  readonly #environment: LiveEnvironment;
  /** How many lines stand there now. */
  #lines = 0;

  /** Draws on standard error of `environment`. */
  constructor(environment: LiveEnvironment) {
    this.#environment = environment;
  }

  /** The same streams, with the lines out of the way of what is written to a terminal. */
  guard(io: Io, terminal: { readonly out: boolean; readonly err: boolean }): Io {
    const guarded = (write: (text: string) => void) => (text: string) => {
      if (text !== "") this.clear();
      write(text);
    };
    return {
      out: terminal.out ? guarded((text) => io.out(text)) : (text) => io.out(text),
      err: terminal.err ? guarded((text) => io.err(text)) : (text) => io.err(text),
    };
  }

  async draw(view: View, footer: string): Promise<void> {
    const { renderView } = await import("./view/render_view.ts");
    const { terminal, io } = this.#environment;
    // The last column stays empty: some terminals begin a new line when it is filled.
    const columns = Math.max(1, terminal.columns() - 1);
    const lines = renderView(view, columns).split("\n").slice(0, -1);
    // One for the footer, one for the cursor behind it.
    const most = Math.max(1, terminal.rows() - 2);
    const shown = lines.length <= most
      ? lines
      : [...lines.slice(0, most - 1), `… and ${lines.length - most + 1} more`];
    const text = [...shown, footer].map((line) => cut(visibleLine(line), columns));
    this.clear();
    io.err(`${text.join("\n")}\n`);
    this.#lines = text.length;
  }

  clear(): void {
    if (this.#lines === 0) return;
    // Up to the first of the lines, and all below it goes.
    this.#environment.io.err(`\x1b[${this.#lines}A\r\x1b[J`);
    this.#lines = 0;
  }

  /** Takes the lines away. */
  [Symbol.dispose](): void {
    this.clear();
  }
}

function cut(line: string, limit: number): string {
  return line.slice(0, fitToWidth(line, { limit }).index);
}
