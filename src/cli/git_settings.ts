import type { Runner } from "../process/runner.ts";

/**
 * The same runner, with Git settings that every git gets as `git -c NAME=VALUE`. No other program sees
 * them: what `sbatch` hands on to a job stays as the user has it.
 */
export function withGitSettings(runner: Runner, settings: readonly string[]): Runner {
  if (settings.length === 0) return runner;
  const options = settings.flatMap((setting) => ["-c", setting]);
  return {
    run: ([program, ...args], given) =>
      program === "git"
        ? runner.run([program, ...options, ...args], given)
        : runner.run([program, ...args], given),
  };
}
