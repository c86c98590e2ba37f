/** What `scripts/test.ts` is asked for. */
export interface TestOptions {
  /** Files and folders of tests, in the project. */
  readonly paths: readonly string[];
  /** Whether the checks are run before the tests. */
  readonly checks: boolean;
  /** Whether a test that would be skipped fails. */
  readonly noSkip: boolean;
  /** Test files that run at once. */
  readonly jobs: number;
}

/**
 * Reads the arguments of `scripts/test.ts`.
 *
 * @throws {SyntaxError} If there is an option that it does not have.
 */
export function parseTestArguments(args: readonly string[]): TestOptions {
  const paths: string[] = [];
  let checks = false;
  let noSkip = false;
  let jobs = navigator.hardwareConcurrency + 1;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === "--checks") checks = true;
    else if (arg === "--no-skip") noSkip = true;
    else if (arg === "--jobs" && /^[1-9]\d?$/.test(args[index + 1] ?? "")) {
      jobs = Number(args[++index]);
    } else if (arg.startsWith("-")) {
      throw new SyntaxError(`Cannot run the tests: unknown argument "${arg}"`);
    } else paths.push(arg);
  }
  return { paths: paths.length === 0 ? ["tests"] : paths, checks, noSkip, jobs };
}
