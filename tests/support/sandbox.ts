import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { pollUntil } from "./polling.ts";

/** How a program is started in a {@linkcode Sandbox}. */
export interface StartOptions {
  /** Working directory; the sandbox's root when absent. */
  readonly cwd?: string;
  /** Variables on top of the sandbox's environment; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What the program reads on standard input; nothing when absent. */
  readonly stdin?: string | Uint8Array;
}

/** What a program that has ended said. */
export interface Outcome {
  readonly code: number;
  /** Its process number, for telling its own children in a log of calls. */
  readonly pid: number;
  readonly stdout: string;
  /** Standard output before decoding. */
  readonly stdoutBytes: Uint8Array;
  readonly stderr: string;
}

/** A program that still runs. */
export interface Running {
  readonly pid: number;
  /** Sends a signal; harmless if the program has ended. */
  kill(signal: Deno.Signal): void;
  readonly ended: Promise<Outcome>;
}

/** Milliseconds after which a program of a test counts as hanging. */
const LONGEST_RUN_MS = 300_000;
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

let denoDirectory: Promise<string> | undefined;

/**
 * A folder of its own for one test, with an environment that holds nothing of the user's: an empty HOME
 * but for an identity for git, a PATH that the test can put programs in front of, a time zone that is
 * not UTC. The folder's name has a blank in it. Everything goes when it is disposed of.
 */
export class Sandbox implements AsyncDisposable {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly home: string;
  /** Folder that is first on PATH; empty at the start. */
  readonly programs: string;
  /** The environment that every program gets; a test may change it. */
  readonly env: Record<string, string>;

  private constructor(root: string, env: Record<string, string>) {
    this.root = root;
    this.home = join(root, "home");
    this.programs = join(root, "programs");
    this.env = env;
  }

  /** Makes a sandbox; to be held with `await using`. */
  static async create(): Promise<Sandbox> {
    const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "dlslurm test " }));
    for (const name of ["home", "programs", "tmp"]) await Deno.mkdir(join(root, name));
    denoDirectory ??= findDenoDirectory();
    const cache = Deno.env.get("DLSLURM_TEST_CACHE");
    const sandbox = new Sandbox(root, {
      HOME: join(root, "home"),
      TMPDIR: join(root, "tmp"),
      PATH: `${join(root, "programs")}:${Deno.env.get("PATH") ?? "/usr/bin:/bin"}`,
      LANG: "C.UTF-8",
      TZ: "Asia/Kathmandu",
      USER: Deno.env.get("USER") ?? "root",
      GIT_CONFIG_NOSYSTEM: "1",
      // The program runs from its sources: its packages are where this process found them.
      DENO_DIR: await denoDirectory,
      NO_COLOR: "1",
      // The built file unpacks once for all tests, but for those that are about just that.
      ...(cache === undefined ? {} : { DLSLURM_CACHE_DIR: cache }),
    });
    await Deno.writeTextFile(
      join(sandbox.home, ".gitconfig"),
      "[user]\n\tname = Ada Tester\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n" +
        // Nothing here lives long enough to be tidied.
        "[maintenance]\n\tauto = false\n",
    );
    return sandbox;
  }

  /** Runs a program by argument vector and waits for its end; a non-zero exit status is a result. */
  async run(argv: readonly [string, ...string[]], options: StartOptions = {}): Promise<Outcome> {
    return await this.start(argv, options).ended;
  }

  /**
   * Runs a program that has to succeed.
   *
   * @returns its standard output without the final line end.
   */
  async require(argv: readonly [string, ...string[]], options: StartOptions = {}): Promise<string> {
    const outcome = await this.run(argv, options);
    if (outcome.code !== 0) {
      throw new Error(
        `"${argv.join(" ")}" ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`,
      );
    }
    return outcome.stdout.replace(/\n$/, "");
  }

  /** Runs `dlslurm ARGS…` as a whole program. */
  async dlslurm(args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
    return await this.run([...DLSLURM, ...args], options);
  }

  /** Starts a program and does not wait for its end. */
  start(argv: readonly [string, ...string[]], options: StartOptions = {}): Running {
    const [program, ...args] = argv;
    const env = { ...this.env, ...options.env };
    const child = new Deno.Command(this.#find(program, env["PATH"] ?? ""), {
      args,
      cwd: options.cwd ?? this.root,
      clearEnv: true,
      env: Object.fromEntries(
        Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
      ),
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const kill = (signal: Deno.Signal) => {
      try {
        child.kill(signal);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended
      }
    };
    return { pid: child.pid, kill, ended: collect(child, options.stdin, kill) };
  }

  /** Starts `dlslurm ARGS…` and does not wait for its end. */
  startDlslurm(args: readonly string[], options: StartOptions = {}): Running {
    return this.start([...DLSLURM, ...args], options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await pollUntil(`"${this.root}" is removed`, async () => {
      try {
        await Deno.remove(this.root, { recursive: true });
        return true;
      } catch (error) {
        // A job's last process, or the fake Slurm, may still write or remove files: look again.
        if (error instanceof Deno.errors.NotFound) return !await isThere(this.root);
        if (error instanceof Deno.errors.PermissionDenied) return await this.#makeRemovable();
        if (error instanceof Error && /not empty/.test(error.message)) return undefined;
        throw error;
      }
    });
  }

  /** git-annex makes its objects and their folders read-only, and a test what nobody may read. */
  async #makeRemovable(): Promise<undefined> {
    await new Deno.Command("chmod", { args: ["-R", "u+rwX", this.root], stderr: "null" }).output();
  }

  /** Programs are looked for on the sandbox's own PATH, not on that of the tests. */
  #find(program: string, path: string): string {
    if (program.includes("/")) return program;
    for (const folder of path.split(":")) {
      const candidate = join(folder, program);
      try {
        if (Deno.statSync(candidate).isFile) return candidate;
      } catch {
        continue;
      }
    }
    throw new Error(`Cannot start "${program}": it is not on PATH "${path}"`);
  }
}

/** Argument vector that starts the program: from its sources, or the file in DLSLURM_TEST_PROGRAM. */
export const DLSLURM: readonly [string, ...string[]] = dlslurmCommand();

function dlslurmCommand(): [string, ...string[]] {
  const built = Deno.env.get("DLSLURM_TEST_PROGRAM");
  if (built !== undefined && built !== "") return [built];
  const config = join(PROJECT, "deno.json");
  return [
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    "--no-check",
    "--config",
    config,
    join(PROJECT, "main.ts"),
  ];
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function findDenoDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

async function collect(
  child: Deno.ChildProcess,
  stdin: string | Uint8Array | undefined,
  kill: (signal: Deno.Signal) => void,
): Promise<Outcome> {
  let isTooLong = false;
  const timer = setTimeout(() => {
    isTooLong = true;
    kill("SIGKILL");
  }, LONGEST_RUN_MS);
  try {
    const [stdout, stderr, status] = await Promise.all([
      new Response(child.stdout).bytes(),
      new Response(child.stderr).text(),
      child.status,
      stdin === undefined ? undefined : feed(child.stdin, stdin),
    ]);
    const text = new TextDecoder().decode(stdout);
    if (isTooLong) throw new Error(`A program did not end:\n${text}${stderr}`);
    return { code: status.code, pid: child.pid, stdout: text, stdoutBytes: stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

async function feed(
  stream: WritableStream<Uint8Array>,
  input: string | Uint8Array,
): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch (error) {
    // It has ended without reading all of it: what it said tells why.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
