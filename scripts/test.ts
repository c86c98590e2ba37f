/**
 * Runs every check and test and says at the end what failed and what was skipped.
 *
 * usage: deno task test [--docs] [--only FOLDER] [--jobs N]
 *
 * --docs         also checks that everything exported is documented
 * --only FOLDER  runs the tests in tests/FOLDER alone; what they need must be there
 * --jobs N       runs N test files at once (default 2)
 *
 * The last line is `N passed, N failed`; each check counts as one. Exit status 1 if anything failed.
 * With DLSLURM_TEST_NO_SKIP=1 a test that would be skipped fails. DLSLURM_TEST_CHROOT=DIR names a second
 * system with a Slurm of its own (scripts/start_slurm_chroot.sh); `none` says that there can be none.
 */
import { say } from "./say.ts";
import { parseTestOutput, sumOf, type TestResult } from "./test/test_output.ts";

const PROJECT = new URL("..", import.meta.url).pathname;
const SOURCES = ["main.ts", "src", "scripts", "tests"];

interface Check {
  readonly name: string;
  readonly args: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  { name: "types", args: ["check", ...SOURCES] },
  { name: "layers", args: ["run", "-A", "scripts/check_layers.ts"] },
];

// One process per file: the files of one `deno test --parallel` would share their environment variables
// and working directory.
const TEST = ["test", "-A", "--no-check", "--sanitize-ops", "--sanitize-resources"];
/** After this long a test file is stopped and counts as failed. */
const FILE_LIMIT_MS = 15 * 60_000;

interface Options {
  readonly docs: boolean;
  readonly only: string | undefined;
  readonly jobs: number;
}

async function runAll(options: Options): Promise<TestResult> {
  const results: TestResult[] = [];
  if (options.only === undefined) {
    const checks = options.docs ? [...CHECKS, await docsCheck()] : CHECKS;
    for (const check of checks) results.push(await runCheck(check));
    results.push(await runTests("tests", {}, options.jobs));
  } else {
    // A second Slurm is not expected of everyone.
    const chroot = Deno.env.get("DLSLURM_TEST_CHROOT") ?? "none";
    const env = { DLSLURM_TEST_NO_SKIP: "1", DLSLURM_TEST_CHROOT: chroot };
    results.push(await runTests(`tests/${options.only}`, env, options.jobs));
  }
  return sumOf(results);
}

async function runCheck({ name, args }: Check): Promise<TestResult> {
  const { code, output } = await runDeno(args, {});
  if (code === 0) {
    await say(`${name} ... ok`);
    return { passed: 1, failed: 0, failures: [], skipped: [] };
  }
  await say(`${output.trimEnd()}\n${name} ... FAILED`);
  return { passed: 0, failed: 1, failures: [name], skipped: [] };
}

async function runTests(
  folder: string,
  env: Record<string, string>,
  jobs: number,
): Promise<TestResult> {
  const waiting = (await findSources(folder)).filter((path) => path.endsWith("_test.ts")).sort();
  if (waiting.length === 0) throw new Error(`Cannot run the tests: "${folder}" has none`);
  const results: TestResult[] = [];
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

async function docsCheck(): Promise<Check> {
  const files = await findSources("src");
  return { name: "documentation", args: ["doc", "--lint", ...files.sort()] };
}

async function findSources(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(`${PROJECT}${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await findSources(path));
    else if (path.endsWith(".ts")) files.push(path);
  }
  return files;
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

function parseArguments(args: readonly string[]): Options {
  let docs = false;
  let only: string | undefined;
  let jobs = 2;
  for (let index = 0; index < args.length; index++) {
    if (args[index] === "--docs") docs = true;
    else if (args[index] === "--only" && args[index + 1] !== undefined) only = args[++index];
    else if (args[index] === "--jobs" && /^[1-9]\d?$/.test(args[index + 1] ?? "")) {
      jobs = Number(args[++index]);
    } else throw new Error(`Cannot run the tests: unknown argument "${args[index]}"`);
  }
  return { docs, only, jobs };
}

if (import.meta.main) {
  const { passed, failed, failures, skipped } = await runAll(parseArguments(Deno.args));
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
