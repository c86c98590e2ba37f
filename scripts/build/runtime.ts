import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { type Runtime, sha256Of } from "./portable_file.ts";
import { requireTarget, RUNTIME_VERSION, type Target } from "./targets.ts";

/**
 * Reads and compresses the runtime that executes this very script.
 *
 * Compressing takes seconds, so the result is kept in `cacheFolder` under the runtime's hash.
 */
export async function readRuntime(cacheFolder: string): Promise<Runtime> {
  const bytes = await Deno.readFile(Deno.execPath());
  return await describe(bytes, {
    version: Deno.version.deno,
    target: requireTarget(Deno.build.target),
    cacheFolder,
  });
}

/**
 * Takes the runtime for `target` out of its npm package, which is kept in `cacheFolder` and must have the
 * integrity that is pinned. The same package gives the same bytes, on whichever machine.
 *
 * @throws {Error} If npm does not bring the package, or brings another one than was pinned.
 */
export async function fetchRuntime(target: Target, cacheFolder: string): Promise<Runtime> {
  if (Deno.version.deno !== RUNTIME_VERSION) {
    throw new Error(
      `Cannot build for "${target.triple}": this is Deno ${Deno.version.deno}, and the runtimes of ` +
        `${RUNTIME_VERSION} are pinned\nhint: npx -y deno@${RUNTIME_VERSION} task build`,
    );
  }
  const tarball = await requirePackage(target, cacheFolder);
  const bytes = await run("tar", ["-xzOf", tarball, "package/deno"], dirname(tarball));
  return await describe(bytes, { version: RUNTIME_VERSION, target, cacheFolder });
}

/** Path of the package's tarball, whose integrity was compared with what is pinned. */
async function requirePackage(target: Target, cacheFolder: string): Promise<string> {
  const name = `${target.packageName.replace("@", "").replace("/", "-")}-${RUNTIME_VERSION}.tgz`;
  const kept = `${cacheFolder}/${name}`;
  if (await hasIntegrity(kept, target.integrity)) return kept;
  const fetched = `${cacheFolder}/npm-${crypto.randomUUID()}`;
  await Deno.mkdir(fetched, { recursive: true });
  try {
    const source = `${target.packageName}@${RUNTIME_VERSION}`;
    await run("npm", ["pack", "--loglevel=error", "--ignore-scripts", source], fetched);
    if (!await hasIntegrity(`${fetched}/${name}`, target.integrity)) {
      throw new Error(
        `Cannot build for "${target.triple}": what npm brings as ${source} is not what was pinned: ` +
          target.integrity,
      );
    }
    await Deno.rename(`${fetched}/${name}`, kept);
  } finally {
    await Deno.remove(fetched, { recursive: true });
  }
  return kept;
}

async function hasIntegrity(path: string, integrity: string): Promise<boolean> {
  try {
    const digest = await crypto.subtle.digest("SHA-512", await Deno.readFile(path));
    return `sha512-${new Uint8Array(digest).toBase64()}` === integrity;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What the program prints, whole. */
async function run(
  program: string,
  args: string[],
  cwd: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { success, stdout, stderr } = await start(program, args, cwd);
  if (success) return stdout;
  const reason = new TextDecoder().decode(stderr);
  throw new Error(`Cannot get the runtime: "${[program, ...args].join(" ")}" failed\n${reason}`);
}

async function start(program: string, args: string[], cwd: string) {
  try {
    return await new Deno.Command(program, { args, cwd, stdin: "null" }).output();
  } catch (cause) {
    throw new Error(`Cannot get the runtime: "${program}" cannot be started`, { cause });
  }
}

interface Origin {
  readonly version: string;
  readonly target: Target;
  readonly cacheFolder: string;
}

async function describe(
  bytes: Uint8Array<ArrayBuffer>,
  { version, target, cacheFolder }: Origin,
): Promise<Runtime> {
  // The loader stands in the first pages: a runtime for another C library or processor names another.
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 16_384));
  if (!head.includes(`\0${target.loader}\0`)) {
    throw new Error(
      `Cannot build for "${target.triple}": its runtime does not ask for ${target.loader}`,
    );
  }
  const sha256 = await sha256Of(bytes);
  return {
    version,
    target,
    size: bytes.length,
    sha256,
    compressed: await compressOnce(bytes, `${cacheFolder}/runtime-${sha256.slice(0, 16)}.gz`),
  };
}

async function compressOnce(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  // zlib writes neither name nor time into the header: the same input gives the same bytes.
  const compressed = gzipSync(bytes, { level: 9 });
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.tmp-${crypto.randomUUID()}`;
  await Deno.writeFile(temporary, compressed);
  await Deno.rename(temporary, path);
  return compressed;
}
