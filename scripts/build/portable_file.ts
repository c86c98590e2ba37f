/**
 * The one file: start script, loader, program and compressed runtime, one after the other.
 *
 * Each part but the last is padded with line ends to whole blocks, so that the start script can cut
 * the parts out with `dd` and `tail`. The same parts always give the same bytes.
 *
 * @module
 */

import { type Target, TARGETS } from "./targets.ts";

/** Size of the blocks that the parts are padded to. */
export const BLOCK_SIZE = 16_384;

/** What the one file is made of. */
interface PortableParts {
  /** Text of `start.sh`, with its `@NAMES@` still in it. */
  readonly startScript: string;
  /** The module that the runtime starts with; fits into one block with `@PARTS@` filled in. */
  readonly loader: string;
  /** The parts of the program as the loader runs them, each with the name by which it is loaded. */
  readonly program: readonly { readonly name: string; readonly text: string }[];
  readonly runtime: Runtime;
  /** Version of the program. */
  readonly version: string;
}

/** The runtime that executes the program. */
export interface Runtime {
  readonly version: string;
  /** What it runs on. */
  readonly target: Target;
  /** Size of the unpacked runtime in bytes. */
  readonly size: number;
  /** SHA-256 of the unpacked runtime, in hexadecimal. */
  readonly sha256: string;
  /** The runtime, compressed with gzip. */
  readonly compressed: Uint8Array;
}

/** Variables that would change what the runtime does, beside those that the start script sets. */
const STEERING_VARIABLES = [
  "HOME", // the runtime reads .npmrc there, and fails when it cannot
  "DENO_DIR",
  "DENO_NO_UPDATE_CHECK",
  "DENO_NO_PACKAGE_JSON",
  "DENO_V8_FLAGS",
  "DENO_LOG",
  "DENO_CONDITIONS",
  "DENO_COMPAT",
  "DENO_COVERAGE_DIR",
  "DENO_TRACE_PERMISSIONS",
  "DENO_AUDIT_PERMISSIONS",
  "DENO_PERMISSION_BROKER_PATH",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "OTEL_DENO",
  "NODE_OPTIONS",
  "NODE_V8_COVERAGE",
  "NODE_DEBUG",
  "NODE_CHANNEL_FD",
];

/**
 * New objects get 4 MB twice, not 16, and from the start, since with less one `schedule` tidies up three times,
 * for 4 ms. Old ones are collected once they have grown by a fifth, not doubled, and all at once: whatever is
 * collected by and by grows on meanwhile. At its peak `list` of 10,000 jobs takes 101 instead of 159 MB,
 * `finish` of 10,000 jobs 177 instead of 228 MB for the last of the four alone, in the same time.
 */
const V8_SETTINGS = [
  "--min-semi-space-size=4",
  "--max-semi-space-size=4",
  "--heap-growing-percent=20",
  "--no-incremental-marking",
];
/** The same as the runtime takes them. */
export const V8_FLAGS = `--v8-flags=${V8_SETTINGS.join(",")}`;

/**
 * Where addresses are limited: the runtime wants 48 GB of them, to cut out of them 16 GB that lie where
 * it can use them. With less it takes 32 GB four times, at random: every second time they lie well, so
 * that one start of sixteen fails. These seeds let the first time be a good one. What is random for
 * JavaScript's `Math.random` is the same at each start then; nothing of ours asks it.
 */
const LIMITED_SEEDS = [4, 6, 10];

/** From here on, in kB, addresses are as good as unlimited. */
const AMPLE_ADDRESSES_KB = 56_000_000;

/** What is said to be needed: starting takes 33,900,000 kB, and a large dataset takes some more. */
const NEEDED_ADDRESSES_KB = 35_000_000;

/**
 * Follows for `export` and `report`, which make a document of all jobs at once: what lives on is copied and
 * looked at less often. With 10,000 jobs it takes a fifth off their processor time, for some 70 MB.
 */
const ROOM = ",--min-semi-space-size=16,--max-semi-space-size=32,--heap-growing-percent=0";

/** So many kB have to be left after a start. */
const SPARE_ADDRESSES_KB = 500_000;

/** No network, no configuration of the folder it is started in, nothing asked and nothing fetched. */
const RUN_OPTIONS = [
  "--quiet",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--no-prompt",
  "--no-check",
  "--cached-only",
  "--no-code-cache",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  "--allow-run",
];

/** Threads of the runtime beside one for each processor up to four, and one child process. */
const LEAST_THREADS = 5;

/** So many files has the runtime to open, or its start is what it calls a bug in it. */
const LEAST_FILES = 20;

/** Puts the parts together. */
export async function assemblePortableFile(parts: PortableParts): Promise<Uint8Array> {
  const { runtime } = parts;
  const texts = parts.program.map(({ text }) => new TextEncoder().encode(text));
  const program = padToBlocks(concatenate(texts));
  const loader = padToOneBlock(
    "the loader",
    fillIn(parts.loader, { PARTS: renderPlaces(parts.program.map(({ name }) => name), texts) }),
  );
  const runtimeOffset = 2 * BLOCK_SIZE + program.length;
  const fileSize = runtimeOffset + runtime.compressed.length;
  const startScript = fillIn(parts.startScript, {
    VERSION: parts.version,
    TARGET: runtime.target.triple,
    CPU: runtime.target.cpu,
    CPU_WORDS: runtime.target.words,
    CPUS: TARGETS.map(({ cpu }) => cpu).join(" "),
    LOADER: runtime.target.loader,
    RUNTIME_VERSION: runtime.version,
    RUNTIME_ID: runtime.sha256.slice(0, 16),
    RUNTIME_SIZE: String(runtime.size),
    PROGRAM_ID: (await sha256Of(concatenate([loader, program]))).slice(0, 16),
    PROGRAM_SIZE: String(program.length),
    BLOCK: String(BLOCK_SIZE),
    PROGRAM_BLOCKS: String(program.length / BLOCK_SIZE),
    RUNTIME_OFFSET: String(runtimeOffset + 1), // tail counts from 1
    FILE_SIZE: String(fileSize),
    NEED_MB: String(Math.ceil((runtime.size + program.length) / 10_000_000) * 10),
    BOOT_NAMES: STEERING_VARIABLES.join(" "),
    RUN_OPTIONS: [...RUN_OPTIONS, V8_FLAGS].join(" "), // a seed may follow
    ROOM,
    SEEDS: LIMITED_SEEDS.join(" "),
    AMPLE_KB: String(AMPLE_ADDRESSES_KB),
    NEEDED_KB: String(NEEDED_ADDRESSES_KB),
    SPARE_KB: String(SPARE_ADDRESSES_KB),
    THREADS: String(LEAST_THREADS),
    FILES: String(LEAST_FILES),
  });
  const head = padToOneBlock("the start script", startScript);
  return concatenate([head, loader, program, runtime.compressed]);
}

/** SHA-256 of `bytes` in hexadecimal. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.toHex();
}

/** For each part its offset in the program and its length, in bytes. */
function renderPlaces(names: readonly string[], texts: readonly Uint8Array[]): string {
  const places: Record<string, [number, number]> = {};
  let offset = 0;
  for (const [index, name] of names.entries()) {
    places[`./${name}`] = [offset, texts[index]!.length];
    offset += texts[index]!.length;
  }
  return JSON.stringify(places);
}

function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/@([A-Z_]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new RangeError(`Cannot fill in the template: "@${name}@" has no value`);
    }
    return value;
  });
}

function padToBlocks(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil(bytes.length / BLOCK_SIZE) * BLOCK_SIZE);
  padded.fill("\n".charCodeAt(0));
  padded.set(bytes);
  return padded;
}

function padToOneBlock(what: string, text: string): Uint8Array<ArrayBuffer> {
  const padded = padToBlocks(new TextEncoder().encode(text));
  if (padded.length !== BLOCK_SIZE) {
    throw new RangeError(
      `Cannot assemble the file: ${what} takes ${text.length} bytes, a block has ${BLOCK_SIZE}`,
    );
  }
  return padded;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
