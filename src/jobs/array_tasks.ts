/**
 * Reads the expression of array task IDs that Slurm prints and `sbatch --array` takes:
 * `0-3`, `1-7:2`, `1,5,9-11%4` (sbatch(1), --array). The limit behind `%` is not part of the set.
 *
 * @returns the task IDs in ascending order, without duplicates.
 * @throws {SyntaxError} If it is no such expression, or a truncated one (`0-9,11,...`).
 */
export function parseArrayTasks(expression: string): number[] {
  const list = expression.replace(/%[0-9]+$/, "");
  const tasks = new Set<number>();
  for (const part of list.split(",")) {
    const match = /^([0-9]+)(?:-([0-9]+)(?::([0-9]+))?)?$/.exec(part);
    if (match === null) {
      throw new SyntaxError(`Cannot read array task IDs "${expression}": "${part}" is no range`);
    }
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    const step = match[3] === undefined ? 1 : Number(match[3]);
    if (last < first || step < 1) {
      throw new SyntaxError(`Cannot read array task IDs "${expression}": "${part}" is empty`);
    }
    for (let task = first; task <= last; task += step) tasks.add(task);
  }
  return [...tasks].sort((a, b) => a - b);
}
