/** One step of long work; ended by its disposal. */
export interface Step extends Disposable {
  /** Counts `count` more as done; one when absent. */
  advance(count?: number): void;
}

/**
 * Begins a step; `title` says what is being done, as `hashing contents`, `total` how much there is to do,
 * if that is known.
 */
export type BeginStep = (title: string, total?: number) => Step;

const LINE_END = "\n".charCodeAt(0);

/** Takes what a program prints, for a program that prints a line for each thing it has done. */
export function countLines(step: Step): (piece: Uint8Array) => void {
  return (piece) => {
    let count = 0;
    for (const byte of piece) if (byte === LINE_END) count++;
    if (count > 0) step.advance(count);
  };
}
