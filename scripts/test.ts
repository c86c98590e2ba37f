/**
 * Runs tests, and with --checks all that the gate asks for beside them; says at the end what failed and
 * what was skipped.
 *
 * usage: deno task test [PATH…] [--no-skip] [--jobs N]
 *        deno task ok [--jobs N]
 *
 * PATH       runs the tests of this file or folder alone, seen from the project's folder: tests/git;
 *            without any, all tests
 * --checks   runs the checks first: the gate, `deno task ok`, is the checks and all tests
 * --no-skip  a test that would be skipped fails, unless all that it lacks is the second Slurm
 * --jobs N   runs N test files at once (default: one more than there are processors, since some wait)
 *
 * The last line is `N passed, N failed`; each check counts as one. Exit status 1 if anything failed.
 * DLSLURM_TEST_NO_SKIP=1 lets whatever would be skipped fail, too. DLSLURM_TEST_CHROOT=DIR names a second
 * system with a Slurm of its own (scripts/start_slurm_chroot.sh); `none` says that there can be none.
 */
import { fileURLToPath } from "node:url";
import { say } from "./say.ts";
import { findFiles } from "./find_files.ts";
import { parseTestArguments, type TestOptions } from "./test/test_arguments.ts";
import { findTestFiles } from "./test/test_files.ts";
import { parseTestOutput, sumOf, type TestResult } from "./test/test_output.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

interface Check {
  readonly name: string;
  readonly args: readonly string[];
  /** Whether what it prints is of use where it finds nothing wrong. */
  readonly tells?: boolean;
}

const CHECKS: readonly Check[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  { name: "types", args: ["check", "main.ts", "src", "scripts", "tests"] },
  { name: "layers", args: ["run", "-A", "scripts/check_layers.ts"] },
  // Of all modules, not of a few doors: nothing is published, so that whoever reads about an export works
  // on the program, wherever it stands.
  { name: "documentation", args: ["doc", "--lint", ...await findFiles(PROJECT, "src", ".ts")] },
  { name: "generated pages", args: ["run", "-A", "scripts/docs.ts", "--check"] },
  { name: "mirrors", args: ["run", "-A", "scripts/check_mirrors.ts"], tells: true },
];

// One process per file: the files of one `deno test --parallel` would share their environment variables
// and working directory.
const TEST = ["test", "-A", "--no-check", "--sanitize-ops", "--sanitize-resources"];
/** After this long a test file is stopped and counts as failed. */
const FILE_LIMIT_MS = 15 * 60_000;

async function runAll(options: TestOptions): Promise<TestResult> {
  const results: TestResult[] = [];
  if (options.checks) { for (const check of CHECKS) results.push(await runCheck(check)); }
  results.push(await runTests(options));
  return sumOf(results);
}

async function runCheck({ name, args, tells = false }: Check): Promise<TestResult> {
  const { code, output } = await runDeno(args, {});
  if (code !== 0 || tells) await say(output.trimEnd());
  await say(`${name} ... ${code === 0 ? "ok" : "FAILED"}`);
  return code === 0
    ? { passed: 1, failed: 0, failures: [], skipped: [] }
    : { passed: 0, failed: 1, failures: [name], skipped: [] };
}

async function runTests({ paths, noSkip, jobs }: TestOptions): Promise<TestResult> {
  const waiting = await findTestFiles(PROJECT, paths);
  const results: TestResult[] = [];
  // A second Slurm is not expected of everyone.
  const chroot = Deno.env.get("DLSLURM_TEST_CHROOT") ?? "none";
  const env = noSkip ? { DLSLURM_TEST_NO_SKIP: "1", DLSLURM_TEST_CHROOT: chroot } : {};
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { code, output } = await runDeno([...TEST, file], env, FILE_LIMIT_MS);
      await say(output.trim());
      const result = parseTestOutput(output, code);
      const isUnexplained = result.failed > 0 && result.failures.length === 0;
      results.push(isUnexplained ? { ...result, failures: [file] } : result);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return sumOf(results);
}

async function runDeno(args: readonly string[], env: Record<string, string>, limitMs?: number) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: PROJECT,
    env: { ...env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    ...(limitMs === undefined ? {} : { signal: AbortSignal.timeout(limitMs) }),
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

if (import.meta.main) {
  const { passed, failed, failures, skipped } = await runAll(parseTestArguments(Deno.args));
  if (skipped.length > 0) {
    await say("\nSkipped, because something that they need is missing here:");
    for (const name of skipped) await say(`  ${name}`);
  }
  if (failures.length > 0) {
    await say("\nFailed:");
    for (const name of failures) await say(`  ${name}`);
  }
  await say(`\n${passed} passed, ${failed} failed`);
  Deno.exit(failed === 0 ? 0 : 1);
}
