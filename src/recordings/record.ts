import { basename, join, resolve } from "node:path";
import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { type AnsweredCall, CallChannel } from "./call_channel.ts";
import type { FixturesContext } from "./context.ts";
import { type Call, FORMAT_VERSION, PROGRAMS, type Recording } from "./format.ts";
import {
  commandEnvironment,
  findPrograms,
  makeTemporaryFolder,
  writePrograms,
} from "./programs.ts";
import { collectFiles } from "./recorded_files.ts";
import { findIdentity } from "./scrub/recorder_identity.ts";
import { type Scrubbed, scrubRecording } from "./scrub/scrub_recording.ts";
import { type AttachedResult, spawnAttached } from "./spawn_attached.ts";
import { requireFree, writeRecording } from "./write_recording.ts";

/** What `fixtures record` was asked. */
export interface RecordOptions {
  /** Where the recording goes. */
  readonly directory: string;
  /** What is run, program first. */
  readonly command: readonly string[];
  /** Names that are not replaced. */
  readonly keep: readonly string[];
  /** Names to replace beyond those that are recognised. */
  readonly scrub: readonly string[];
  /** Files and folders, small and text, that belong to the recording. */
  readonly files: readonly string[];
}

/** Sub-command of the programs that COMMAND finds. */
export const RECORD_CALL = "record-call";

/**
 * Runs COMMAND while each call of a Slurm program is noted, and writes the scrubbed recording when
 * COMMAND has ended: before that nothing of it is on the disk.
 *
 * @returns COMMAND's exit status; 1 if a call was lost.
 * @throws {UserError} `FAKE_SLURM` if there is no Slurm, or `directory` is not free; `DISK`, if what was
 * recorded could not be written, it says where else it is.
 */
export async function runRecord(options: RecordOptions, context: FixturesContext): Promise<number> {
  const directory = resolve(context.cwd, options.directory);
  await requireFree(directory);
  const programs = await findPrograms(context.env.get("PATH") ?? "");
  if (!programs.has("sbatch") && !programs.has("sacct")) {
    throw new UserError(
      "FAKE_SLURM",
      `Cannot record into "${options.directory}": there is no sbatch or sacct on PATH`,
      { hint: "load Slurm's environment (often: module load slurm); nothing was run" },
    );
  }
  const identity = await findIdentity(context);
  const slurm = await askVersion(programs, context);
  const startedMs = Date.now();
  const { calls, exitCode, lost } = await observe(options.command, programs, context);
  const { files, refused } = await collectFiles(options.files, context.cwd);
  const scrubbed = scrubRecording(
    { command: options.command, calls: toCalls(calls, startedMs), files },
    identity,
    options.keep,
    options.scrub,
  );
  const head = { slurm, startedMs, exitCode, kept: options.keep };
  const failure = await write(directory, scrubbed, head);
  report(options.directory, scrubbed, slurm, context);
  if (failure !== undefined) throw failure;
  for (const { path, reason } of refused) {
    context.io.err(`warning: "${path}" is not part of the recording: ${reason}\n`);
  }
  for (const { argv, stdout, stderr } of calls) {
    if (isText(stdout) && isText(stderr)) continue;
    context.io.err(
      `warning: the answer to "${argv.join(" ")}" is not all UTF-8: U+FFFD stands in\n`,
    );
  }
  if (lost > 0) {
    context.io.err(`error: the recording lacks ${lost} calls whose programs were killed\n`);
  }
  return exitCode === 0 && lost > 0 ? 1 : exitCode;
}

interface Observed {
  readonly calls: readonly AnsweredCall[];
  readonly exitCode: number;
  readonly lost: number;
}

async function observe(
  command: readonly string[],
  programs: ReadonlyMap<string, string>,
  context: FixturesContext,
): Promise<Observed> {
  const { folder, prepared: channel } = await makeTemporaryFolder(
    "dlslurm-record-",
    context,
    async (folder) => {
      const args = [...programs]
        .map(([name, path]) => [name, [RECORD_CALL, folder, path]] as const);
      await writePrograms(join(folder, "bin"), new Map(args), context);
      return await CallChannel.create(folder, context.runner);
    },
  );
  try {
    const calls: AnsweredCall[] = [];
    const received = channel.receiveAll((call) => calls.push(call));
    let exitCode: number;
    try {
      const env = commandEnvironment("record", join(folder, "bin"), context);
      exitCode = (await spawnCommand(command, env)).code;
    } finally {
      await channel.close(received);
    }
    return { calls, exitCode, lost: await received };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Runs COMMAND on this terminal.
 *
 * @throws {UserError} `USAGE` if there is no such program.
 */
export async function spawnCommand(
  command: readonly string[],
  env: Record<string, string>,
): Promise<AttachedResult> {
  try {
    return await spawnAttached(command, { env, keepsOutput: false });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      throw new UserError("USAGE", `Cannot run "${command[0]}": there is no such program`, {
        hint: "put a program and its arguments after --, as in: -- sh script.sh",
        cause: error,
      });
    }
    throw error;
  }
}

async function askVersion(
  programs: ReadonlyMap<string, string>,
  { runner }: FixturesContext,
): Promise<string> {
  const program = programs.get("sbatch") ?? programs.get("sacct")!;
  const { stdout } = await runner.run([program, "--version"]);
  // "slurm 24.11.5", Debian's "slurm-wlm 22.05.8"
  return /\S+\s*$/.exec(new TextDecoder().decode(stdout).trim())?.[0] ?? "unknown";
}

function toCalls(answered: readonly AnsweredCall[], startedMs: number): Call[] {
  return answered.map((call, index) => ({
    folder: `${String(index + 1).padStart(4, "0")}-${call.argv[0]}`,
    argv: call.argv,
    atMs: Math.max(0, call.startedMs - startedMs),
    exitCode: call.code,
    stdout: decode(call.stdout),
    stderr: decode(call.stderr),
  }));
}

/** What is not UTF-8 becomes U+FFFD: a recording is text. */
function decode(base64: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.fromBase64(base64));
}

function isText(base64: string): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(base64));
    return true;
  } catch {
    return false;
  }
}

async function write(
  directory: string,
  { command, calls, files, recorder }: Scrubbed,
  head: { slurm: string; startedMs: number; exitCode: number; kept: readonly string[] },
): Promise<UserError | undefined> {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  return await writeOrRescue(directory, {
    calls,
    files,
    manifest: {
      format: FORMAT_VERSION,
      slurm: head.slurm,
      recordedAt: new Date(head.startedMs).toISOString(),
      command: [...command],
      exitCode: head.exitCode,
      recorder,
      kept: [...head.kept],
      calls: calls.map(({ folder, atMs, stdout, stderr }) => ({
        folder,
        atMs,
        stdout: bytes(stdout),
        stderr: bytes(stderr),
      })),
      files: files.map(({ path, text }) => ({ path, bytes: bytes(text) })),
    },
  });
}

/** What took a cluster hours is not lost for want of room in one place: gives why it is in another. */
async function writeOrRescue(
  directory: string,
  recording: Recording,
): Promise<UserError | undefined> {
  try {
    await writeRecording(directory, recording);
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    let refuge: string;
    try {
      refuge = join(await Deno.makeTempDir({ prefix: "dlslurm-recording-" }), basename(directory));
      await writeRecording(refuge, recording);
    } catch {
      throw error; // the place that was asked for is the one to mend
    }
    return new UserError(error.code, `${error.message}. It was written to "${refuge}" instead`, {
      // Without -T it would go into an empty folder that is there.
      hint: `mv -T ${quote(refuge)} ${quote(directory)}`,
      cause: error,
    });
  }
}

/** Shows what was replaced, on standard error and nowhere else: it holds the real names. */
function report(
  directory: string,
  { calls, files, replaced, left }: Scrubbed,
  slurm: string,
  { io }: FixturesContext,
): void {
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  const withFiles = files.length === 0 ? "" : ` and ${count(files.length, "file")}`;
  io.err(
    `\nRecorded ${count(calls.length, "call")}${withFiles} of Slurm ${slurm} for "${directory}".\n`,
  );
  if (calls.length === 0) {
    io.err(`warning: COMMAND called none of ${PROGRAMS.join(", ")} by way of PATH\n`);
  }
  if (replaced.length > 0) {
    io.err("Replaced; look it through before you give the recording away:\n");
    const width = Math.max(...replaced.map(({ name }) => name.length));
    for (const { kind, name, standIn, count: times } of replaced) {
      const digits = kind === "host" && name.endsWith("#");
      const shown = digits ? `${name.slice(0, -1)}…` : name;
      io.err(
        `  ${kind.padEnd(8)} ${shown.padEnd(width)}  ->  ${standIn}${digits ? "…" : ""} ` +
          `(${count(times, "time")})\n`,
      );
    }
  }
  for (const { kind, name } of left) {
    io.err(`  ${kind.padEnd(8)} ${name}  stays: it is one of Slurm's own words\n`);
  }
  io.err("What it misses: --scrub NAME replaces more, --keep NAME less.\n");
}
