import fitToWidth from "fast-string-truncated-width";
import type { Io, Progress } from "../commands/context.ts";

/** Milliseconds that work may take before anything is shown: most runs are over by then. */
const DELAY_MS = 300;
const BAR_COLUMNS = 24;
/** Clears from the cursor to the end of the line. */
const CLEAR_REST = "\x1b[K";

/** What the display needs of the world. */
export interface DisplayWorld {
  /** Its `err` goes to the terminal. */
  readonly io: Io;
  /** How wide that is now. */
  readonly terminal: { columns(): number };
  /** Once aborted, the line says that the work is stopping. */
  readonly interrupted: AbortSignal;
}

/** What cli-progress offers of which we make use. */
interface Bar {
  start(total: number, value: number): void;
  update(value: number): void;
  stop(): void;
}

interface BarLibrary {
  readonly SingleBar: new (options: Record<string, unknown>) => Bar;
  readonly Format: {
    BarFormat(share: number, options: unknown): string;
    TimeFormat(seconds: number, options: unknown, roundTo: number): string;
  };
}

interface BarNumbers {
  readonly progress: number;
  readonly eta: unknown;
}

/**
 * The line on a terminal's last row that tells how long work goes on.
 *
 * Only the outermost work has a count and a bar; work within it is named behind them. The line is taken
 * away before anything else is printed through a guarded stream, and comes back a moment later.
 */
export class ProgressDisplay implements Disposable {
  readonly #world: DisplayWorld | undefined;
  readonly #tasks: Task[] = [];
  /** What is on the line now; empty when somebody else's text is. */
  #shown = "";
  #isAtLineStart = true;

  /** Shows nothing at all without a `world`. */
  constructor(world: DisplayWorld | undefined) {
    this.#world = world;
  }

  /** The same streams, with the line out of the way of what is written to a terminal. */
  guard(io: Io, terminal: { readonly out: boolean; readonly err: boolean }): Io {
    if (this.#world === undefined) return io;
    const guarded = (write: (text: string) => void) => (text: string) => {
      this.#hide();
      write(text);
      if (text !== "") this.#isAtLineStart = text.endsWith("\n");
    };
    return {
      out: terminal.out ? guarded((text) => io.out(text)) : (text) => io.out(text),
      err: terminal.err ? guarded((text) => io.err(text)) : (text) => io.err(text),
    };
  }

  /** Begins work; {@linkcode CommandContext.progress}. */
  begin(title: string, total?: number): Progress {
    const world = this.#world;
    if (world === undefined) return NO_PROGRESS;
    const task = new Task(title, total, (ended) => {
      const at = this.#tasks.indexOf(ended);
      if (at >= 0) this.#tasks.splice(at, 1);
    });
    this.#tasks.push(task);
    if (this.#tasks.length === 1) {
      task.showAfter(DELAY_MS, (library) => this.#barOf(library, task, world));
    }
    return task;
  }

  /** Ends everything that is still going on. */
  [Symbol.dispose](): void {
    for (const task of [...this.#tasks]) task[Symbol.dispose]();
    this.#hide();
  }

  #barOf(library: BarLibrary, task: Task, world: DisplayWorld): Bar {
    return new library.SingleBar({
      format: (options: unknown, numbers: BarNumbers) =>
        this.#render(library, task, options, numbers),
      terminal: {
        isTTY: () => true,
        getWidth: () => world.terminal.columns(),
        write: (line: string) => this.#draw(world, line),
        clearLine: () => this.#hide(),
        clearRight: () => {},
        cursorTo: () => {},
        cursorSave: () => {},
        cursorRestore: () => {},
      },
      linewrap: true,
      clearOnComplete: true,
      // Other lines may have taken its place since it was drawn last.
      forceRedraw: true,
      barsize: BAR_COLUMNS,
    });
  }

  #render(library: BarLibrary, task: Task, options: unknown, numbers: BarNumbers): string {
    const { title, total, done, seconds } = task;
    const left = Number(numbers.eta);
    const parts = [
      ...(total === undefined ? [title] : [
        `${title} [${library.Format.BarFormat(numbers.progress, options)}] ${done}/${total}`,
        ...(done > 0 && seconds >= 1 ? [`${perSecond(done / seconds)}/s`] : []),
        ...(done > 0 && done < total && Number.isFinite(left)
          ? [`${library.Format.TimeFormat(left, options, 1)} left`]
          : []),
      ]),
      ...(total === undefined && seconds >= 1 ? [`${Math.floor(seconds)}s`] : []),
      ...this.#tasks.slice(1).map((inner) => inner.title),
      ...(this.#tasks.at(-1)?.text ? [this.#tasks.at(-1)!.text] : []),
    ];
    return `${this.#world!.interrupted.aborted ? "stopping: " : ""}${parts.join(", ")}`;
  }

  #draw(world: DisplayWorld, line: string): void {
    if (!this.#isAtLineStart) return; // somebody's line is not complete yet
    // The last column stays empty: some terminals begin a new line when it is filled.
    const limit = Math.max(1, world.terminal.columns() - 1);
    // deno-lint-ignore no-control-regex -- a path may hold line breaks and worse
    const text = line.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
    const fitting = text.slice(0, fitToWidth(text, { limit }).index);
    if (fitting === this.#shown) return;
    world.io.err(`\r${fitting}${CLEAR_REST}`);
    this.#shown = fitting;
  }

  #hide(): void {
    if (this.#shown === "") return;
    this.#shown = "";
    this.#world?.io.err(`\r${CLEAR_REST}`);
  }
}

class Task implements Progress {
  readonly title: string;
  readonly total: number | undefined;
  readonly #startedAtMs = performance.now();
  readonly #onEnd: (task: Task) => void;
  done = 0;
  text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #bar: Bar | undefined;
  #hasEnded = false;

  constructor(title: string, total: number | undefined, onEnd: (task: Task) => void) {
    this.title = title;
    this.total = total;
    this.#onEnd = onEnd;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }

  showAfter(delayMs: number, makeBar: (library: BarLibrary) => Bar): void {
    this.#timer = setTimeout(async () => {
      const { default: library } = await import("cli-progress");
      if (this.#hasEnded) return;
      this.#bar = makeBar(library);
      this.#bar.start(this.total ?? 0, this.done);
    }, delayMs);
  }

  advance(count = 1): void {
    this.done += count;
    this.#bar?.update(this.done);
  }

  say(text: string): void {
    this.text = text;
  }

  [Symbol.dispose](): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#bar?.stop();
    this.#onEnd(this);
  }
}

function perSecond(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
}

const NO_PROGRESS: Progress = { advance() {}, say() {}, [Symbol.dispose]() {} };
