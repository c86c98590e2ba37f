import type { Io } from "./io.ts";
import { painted } from "./result_renderer.ts";
import type { ProcessEnvironment } from "./process_environment.ts";

/** Whether text for this stream may be coloured: a terminal that can, and nobody who minds. */
export function hasColours({ terminal, env }: ProcessEnvironment, stream: "out" | "err"): boolean {
  // https://no-color.org: any value but an empty one.
  return terminal[stream] && (env.get("NO_COLOR") ?? "") === "" && env.get("TERM") !== "dumb";
}

const WORDS = { error: "red", warning: "yellow", hint: "bold" } as const;

/** The same streams; on a terminal with colours, the word that a message begins with stands out. */
export function withColouredWords(environment: ProcessEnvironment): Io {
  if (!hasColours(environment, "err")) return environment.io;
  return {
    out: (text) => environment.io.out(text),
    err: (text) =>
      environment.io.err(
        text.replace(/^(error|warning|hint):/, (_, word: keyof typeof WORDS) =>
          painted(`${word}:`, "bold", WORDS[word])),
      ),
  };
}
