import fitToWidth from "fast-string-truncated-width";
import type { Io } from "./io.ts";
import type { Progress } from "../session/session.ts";
import { visibleLine } from "../process/visible_text.ts";

/** Milliseconds that work may take before anything is shown: most runs are over by then. */
const DELAY_MS = 300;
const BAR_COLUMNS = 24;
/** Clears from the cursor to the end of the line. */
const CLEAR_REST = "\x1b[K";

/** What the display needs of the environment. */
interface DisplayEnvironment {
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
 * Only the outermost work has a bar; work within it is named behind that, with its count, and has the bar once
 * that has ended before it. The line is taken away before anything else is printed through a guarded stream, and comes back a moment later.
 */
export class ProgressDisplay implements Disposable {
  readonly #environment: DisplayEnvironment | undefined;
  readonly #tasks: Task[] = [];
  /** What is on the line now; empty when somebody else's text is. */
  #shown = "";
  #isAtLineStart = true;

  /** Shows nothing at all without a `environment`. */
  constructor(environment: DisplayEnvironment | undefined) {
    this.#environment = environment;
  }

  /** The same streams, with the line out of the way of what is written to a terminal. */
  guard(io: Io, terminal: { readonly out: boolean; readonly err: boolean }): Io {
    if (this.#environment === undefined) return io;
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
    const environment = this.#environment;
    if (environment === undefined) return NO_PROGRESS;
    const task = new Task(title, total, (ended) => {
      const at = this.#tasks.indexOf(ended);
      if (at >= 0) this.#tasks.splice(at, 1);
      if (at === 0) this.#showOutermost(environment);
    });
    this.#tasks.push(task);
    if (this.#tasks.length === 1) this.#showOutermost(environment);
    return task;
  }

  #showOutermost(environment: DisplayEnvironment): void {
    const [task] = this.#tasks;
    task?.showAfter(
      Math.max(0, DELAY_MS - task.seconds * 1000),
      (library) => this.#barOf(library, task, environment),
    );
  }

  /** Ends everything that is still going on. */
  [Symbol.dispose](): void {
    // The innermost first: none of them is to be shown any more.
    for (const task of this.#tasks.toReversed()) task[Symbol.dispose]();
    this.#hide();
  }

  #barOf(library: BarLibrary, task: Task, environment: DisplayEnvironment): Bar {
    return new library.SingleBar({
      format: (options: unknown, numbers: BarNumbers) =>
        this.#render(library, task, options, numbers),
      terminal: {
        isTTY: () => true,
        getWidth: () => environment.terminal.columns(),
        write: (line: string) => this.#draw(environment, line),
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
      ...this.#tasks.slice(1).map((inner) => renderInner(inner, library, options)),
      ...(this.#tasks.at(-1)?.text ? [this.#tasks.at(-1)!.text] : []),
    ];
    return `${this.#environment!.interrupted.aborted ? "stopping: " : ""}${parts.join(", ")}`;
  }

  #draw(environment: DisplayEnvironment, line: string): void {
    if (!this.#isAtLineStart) return; // somebody's line is not complete yet
    // The last column stays empty: some terminals begin a new line when it is filled.
    const limit = Math.max(1, environment.terminal.columns() - 1);
    const text = visibleLine(line);
    const fitting = text.slice(0, fitToWidth(text, { limit }).index);
    if (fitting === this.#shown) return;
    environment.io.err(`\r${fitting}${CLEAR_REST}`);
    this.#shown = fitting;
  }

  #hide(): void {
    if (this.#shown === "") return;
    this.#shown = "";
    this.#environment?.io.err(`\r${CLEAR_REST}`);
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

/** Work within other work: how much of it is done, and how long the rest will take at this rate. */
function renderInner(
  { title, total, done, seconds }: Task,
  library: BarLibrary,
  options: unknown,
): string {
  if (total === undefined) return title;
  // A program that tells of what it has done may tell of more than was asked.
  const known = Math.min(done, total);
  const left = known > 0 && known < total && seconds >= 1
    ? ` (${
      library.Format.TimeFormat(Math.round((total - known) * seconds / known), options, 1)
    } left)`
    : "";
  return `${title} ${known}/${total}${left}`;
}

function perSecond(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
}

const NO_PROGRESS: Progress = { advance() {}, say() {}, [Symbol.dispose]() {} };
