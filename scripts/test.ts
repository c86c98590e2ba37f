/**
 * Runs every check and test and says at the end what failed and what was skipped.
 *
 * usage: deno task test [--docs] [--only FOLDER]
 *
 * --docs         also checks that everything exported is documented
 * --only FOLDER  runs the tests in tests/FOLDER alone; what they need must be there
 *
 * The last line is `N passed, N failed`; each check counts as one. Exit status 1 if anything failed.
 * With DLSLURM_TEST_NO_SKIP=1 a test that would be skipped fails.
 */
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

// One file after the other: the files of one `deno test --parallel` share their environment variables
// and working directory, and the real Slurm.
const TEST = ["test", "-A", "--no-check", "--sanitize-ops", "--sanitize-resources"];

interface Options {
  readonly docs: boolean;
  readonly only: string | undefined;
}

async function runAll(options: Options): Promise<TestResult> {
  const results: TestResult[] = [];
  if (options.only === undefined) {
    const checks = options.docs ? [...CHECKS, await docsCheck()] : CHECKS;
    for (const check of checks) results.push(await runCheck(check));
    results.push(await runTests("tests", {}));
  } else {
    results.push(await runTests(`tests/${options.only}`, { DLSLURM_TEST_NO_SKIP: "1" }));
  }
  return sumOf(results);
}

async function runCheck({ name, args }: Check): Promise<TestResult> {
  const { code, output } = await runDeno(args, {}, false);
  if (code === 0) {
    await say(`${name} ... ok`);
    return { passed: 1, failed: 0, skipped: [] };
  }
  await say(`${output.trimEnd()}\n${name} ... FAILED`);
  return { passed: 0, failed: 1, skipped: [] };
}

async function runTests(folder: string, env: Record<string, string>): Promise<TestResult> {
  const { code, output } = await runDeno([...TEST, folder], env, true);
  return parseTestOutput(output, code);
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

async function runDeno(args: readonly string[], env: Record<string, string>, show: boolean) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: PROJECT,
    env: { ...env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [stdout, stderr, { code }] = await Promise.all([
    collect(child.stdout, show),
    collect(child.stderr, show),
    child.status,
  ]);
  return { code, output: stdout + stderr };
}

async function collect(stream: ReadableStream<Uint8Array>, show: boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) {
    text += decoder.decode(piece, { stream: true });
    if (show) await writeAll(piece);
  }
  return text;
}

async function say(line: string): Promise<void> {
  await writeAll(new TextEncoder().encode(`${line}\n`));
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
}

function parseArguments(args: readonly string[]): Options {
  let docs = false;
  let only: string | undefined;
  for (let index = 0; index < args.length; index++) {
    if (args[index] === "--docs") docs = true;
    else if (args[index] === "--only" && args[index + 1] !== undefined) only = args[++index];
    else throw new Error(`Cannot run the tests: unknown argument "${args[index]}"`);
  }
  return { docs, only };
}

if (import.meta.main) {
  const { passed, failed, skipped } = await runAll(parseArguments(Deno.args));
  if (skipped.length > 0) {
    await say(`\nSkipped, because something that they need is missing here:`);
    for (const name of skipped) await say(`  ${name}`);
  }
  await say(`\n${passed} passed, ${failed} failed`);
  Deno.exit(failed === 0 ? 0 : 1);
}
