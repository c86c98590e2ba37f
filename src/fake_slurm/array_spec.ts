/** The tasks that `sbatch --array` asks for. */
export interface ArraySpec {
  /** Task indices, ascending, without duplicates. */
  readonly indices: readonly number[];
  /** How many tasks may run at once; `undefined` without a `%limit`. */
  readonly limit: number | undefined;
}

/** One past the highest task index when nothing else is said; `scontrol show config` tells it. */
export const MAX_ARRAY_SIZE = 10_001;

/**
 * Reads an array specification: `0-15`, `1,3,5`, `0-15:4`, each with an optional `%limit`, sbatch(1).
 *
 * @throws {SyntaxError} If it is none, or names an index of `maxArraySize` or above.
 */
export function parseArraySpec(text: string, maxArraySize = MAX_ARRAY_SIZE): ArraySpec {
  const match = /^\[?([0-9,:-]+)\]?(?:%(\d+))?$/.exec(text.replace(/%(\d+)\]$/, "]%$1"));
  if (match === null) throw invalid(text);
  const indices = new Set<number>();
  for (const part of match[1]!.split(",")) {
    const range = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part);
    if (range === null) throw invalid(text);
    const first = Number(range[1]);
    const last = range[2] === undefined ? first : Number(range[2]);
    const step = range[3] === undefined ? 1 : Number(range[3]);
    if (last < first || step < 1 || last >= maxArraySize) throw invalid(text);
    for (let index = first; index <= last; index += step) indices.add(index);
  }
  const limit = match[2] === undefined ? undefined : Number(match[2]);
  return {
    indices: [...indices].sort((a, b) => a - b),
    limit: limit === 0 ? undefined : limit,
  };
}

/** Writes indices as Slurm shows them: runs of consecutive ones as `3-7`, a regular step as `1-9:2`. */
export function renderIndices(indices: readonly number[]): string {
  const step = regularStep(indices);
  if (step > 1) return `${indices[0]}-${indices.at(-1)}:${step}`;
  const parts: string[] = [];
  for (let at = 0; at < indices.length;) {
    const first = indices[at]!;
    let last = first;
    while (indices[at + 1] === last + 1) {
      last++;
      at++;
    }
    at++;
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join(",");
}

/** The one distance between neighbours, or 0 if distances differ or there are fewer than three. */
function regularStep(indices: readonly number[]): number {
  if (indices.length < 3) return 0;
  const step = indices[1]! - indices[0]!;
  return indices.every((index, at) => at === 0 || index - indices[at - 1]! === step) ? step : 0;
}

function invalid(text: string): SyntaxError {
  return new SyntaxError(`Cannot read the array specification "${text}"`);
}
