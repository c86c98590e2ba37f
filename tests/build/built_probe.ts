import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { build } from "../../scripts/build.ts";
import type { ProbeReport } from "./probe.ts";

/** A folder with the built probe in it, alone, and an empty home and temporary folder beside it. */
export interface Place {
  readonly root: string;
  /** The built file. */
  readonly file: string;
  readonly home: string;
  readonly tmp: string;
}

/** How the built file is started. */
export interface StartOptions {
  readonly argv?: readonly string[];
  readonly cwd?: string;
  /** Variables on top of HOME, TMPDIR and PATH; `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What a start came to. */
interface StartResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Standard tools, and no deno, node or npm. */
export const PLAIN_PATH = "/usr/bin:/bin";

let built: Promise<string> | undefined;

/** Runs `test` in a {@linkcode Place} of its own and clears it away. */
export async function inPlace(test: (place: Place) => Promise<void>): Promise<void> {
  built ??= buildProbe();
  const root = await Deno.makeTempDir({ prefix: "dlslurm built " });
  const place = { root, file: `${root}/bin/dlslurm`, home: `${root}/home`, tmp: `${root}/tmp` };
  try {
    for (const name of ["bin", "home", "tmp"]) await Deno.mkdir(`${root}/${name}`);
    await Deno.copyFile(await built, place.file);
    await test(place);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function buildProbe(): Promise<string> {
  const output = fileURLToPath(new URL("../../dist/.build/probe/dlslurm", import.meta.url));
  return await build({ entry: fileURLToPath(new URL("./probe.ts", import.meta.url)), output });
}

/** Starts the built file as a user would and waits for its end. */
export async function start(place: Place, options: StartOptions = {}): Promise<StartResult> {
  const [program = place.file, ...args] = options.argv ?? [];
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: options.cwd ?? place.root,
    clearEnv: true,
    env: environment(place, options.env ?? {}),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The environment of a start: HOME, TMPDIR, PATH and `changes`. */
export function environment(
  place: Place,
  changes: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const all = { HOME: place.home, TMPDIR: place.tmp, PATH: PLAIN_PATH, ...changes };
  return Object.fromEntries(
    Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

/** Starts the built file, requires success and nothing on standard error, and reads its report. */
export async function startWell(place: Place, options: StartOptions = {}): Promise<ProbeReport> {
  const { code, stdout, stderr } = await start(place, options);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  return JSON.parse(stdout);
}

/** All files and folders below `folder`, as sorted relative paths. */
export async function listTree(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    paths.push(entry.name);
    if (!entry.isDirectory) continue;
    for (const path of await listTree(`${folder}/${entry.name}`)) {
      paths.push(`${entry.name}/${path}`);
    }
  }
  return paths.sort();
}
