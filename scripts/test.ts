/**
 * Runs tests, and with --checks all that the gate asks for beside them; says at the end what failed and
 * what was skipped.
 *
 * Whole programs that tests start are the built file, as it is shipped: the runtime's rights are its own
 * ones. DLSLURM_TEST_PROGRAM=FILE names another one. (`deno test tests/…` by hand starts the sources.)
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
 * Up to three files that fail run once more at the end, alone; what passes then is told as unsteady.
 *
 * The last line is `N passed, N failed`; each check counts as one. Exit status 1 if anything failed.
 * DLSLURM_TEST_NO_SKIP=1 lets whatever would be skipped fail, too. DLSLURM_TEST_CHROOT=DIR names a second
 * system with a Slurm of its own (scripts/start_slurm_chroot.sh); `none` says that there can be none.
 * DLSLURM_TEST_PASSED=FILE keeps the list of the checks and tests that passed; those that stand there are
 * not run again. It holds for the sources that it was made with.
 */
import { fileURLToPath } from "node:url";
import { build } from "./build.ts";
import { say } from "./say.ts";
import { findFiles } from "./find_files.ts";
import { parseTestArguments, type TestOptions } from "./test/test_arguments.ts";
import { findTestFiles } from "./test/test_files.ts";
import { filterFor, openPassedFiles, type PassedFiles } from "./test/passed_files.ts";
import { type FilesResult, runFiles } from "./test/run_files.ts";
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

async function runAll(options: TestOptions): Promise<FilesResult> {
  const passed = await openPassedFiles(Deno.env.get("DLSLURM_TEST_PASSED") ?? "");
  const results: TestResult[] = [];
  for (const check of options.checks ? CHECKS : []) {
    if (passed.leftOf(check.name) !== undefined) continue;
    const result = await runCheck(check);
    await passed.note(check.name, result);
    results.push(result);
  }
  const { result, unsteady } = await runTests(options, passed);
  return { result: sumOf([...results, result]), unsteady };
}

async function runCheck({ name, args, tells = false }: Check): Promise<TestResult> {
  const { code, output } = await runDeno(args, {});
  if (code !== 0 || tells) await say(output.trimEnd());
  await say(`${name} ... ${code === 0 ? "ok" : "FAILED"}`);
  return code === 0
    ? { passed: 1, failed: 0, failures: [], skipped: [] }
    : { passed: 0, failed: 1, failures: [name], skipped: [] };
}

/**
 * What tests start as `dlslurm`, built anew, the folder that it unpacks to, as large as Deno itself, and one for
 * what tests copy.
 */
async function makeProgram(): Promise<Record<string, string>> {
  const given = Deno.env.get("DLSLURM_TEST_PROGRAM") ?? "";
  const folder = `${PROJECT}dist/.build/tests`;
  const templates = await templatesIn(folder);
  return {
    DLSLURM_TEST_PROGRAM: given === "" ? await build({ output: `${folder}/dlslurm` }) : given,
    DLSLURM_TEST_CACHE: `${folder}/cache`,
    DLSLURM_TEST_TEMPLATES: templates,
  };
}

/** Those of the run that this one is a test of, if it is one; else none from before: the program may have changed. */
async function templatesIn(folder: string): Promise<string> {
  const given = Deno.env.get("DLSLURM_TEST_TEMPLATES") ?? "";
  if (given !== "") return given;
  const templates = `${folder}/templates`;
  await Deno.remove(templates, { recursive: true }).catch(() => undefined);
  await Deno.mkdir(templates, { recursive: true });
  return templates;
}

async function runTests(
  { paths, noSkip, jobs }: TestOptions,
  passed: PassedFiles,
): Promise<FilesResult> {
  // A second Slurm is not expected of everyone.
  const chroot = Deno.env.get("DLSLURM_TEST_CHROOT") ?? "none";
  const env = {
    ...await makeProgram(),
    // Tests that run tests run all that they name.
    DLSLURM_TEST_PASSED: "",
    ...(noSkip ? { DLSLURM_TEST_NO_SKIP: "1", DLSLURM_TEST_CHROOT: chroot } : {}),
  };
  const files = await findTestFiles(PROJECT, paths);
  const toRun = files.filter((file) => passed.leftOf(file)?.length !== 0);
  const parts = toRun.filter((file) => passed.leftOf(file) !== undefined);
  const whole = files.length - toRun.length;
  if (whole + parts.length > 0) {
    await say(
      `Not run again: ${whole} test files, which have passed before, and of ${parts.length} what has`,
    );
  }
  return await runFiles(toRun, jobs, async (file) => {
    const left = passed.leftOf(file);
    const { code, output } = await runDeno([...TEST, ...filterFor(left), file], env, FILE_LIMIT_MS);
    await say(output.trim());
    const result = withoutLost(parseTestOutput(output, code), file, left);
    await passed.note(file, result);
    const isUnexplained = result.failed > 0 && result.failures.length === 0;
    return isUnexplained ? { ...result, failures: [file] } : result;
  });
}

/** Tests that were skipped before and are now neither run nor skipped have failed. */
function withoutLost(result: TestResult, file: string, left: readonly string[] = []): TestResult {
  const { passed, failed, failures, skipped } = result;
  if (failed > 0 || passed + skipped.length >= left.length) return result;
  return { ...result, failed: 1, failures: [...failures, `${file}: not all that was skipped`] };
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
  const { result, unsteady } = await runAll(parseTestArguments(Deno.args));
  const { passed, failed, failures, skipped } = result;
  if (skipped.length > 0) {
    await say("\nSkipped, because something that they need is missing here:");
    for (const name of skipped) await say(`  ${name}`);
  }
  if (unsteady.length > 0) {
    await say("\nUnsteady, failed beside others and passed alone: to be mended all the same:");
    for (const name of unsteady) await say(`  ${name}`);
  }
  if (failures.length > 0) {
    await say("\nFailed:");
    for (const name of failures) await say(`  ${name}`);
  }
  await say(`\n${passed} passed, ${failed} failed`);
  Deno.exit(failed === 0 ? 0 : 1);
}
