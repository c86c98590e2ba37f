import { join, resolve } from "node:path";
import { renderMissing } from "./answer_call.ts";
import type { FixturesContext } from "./context.ts";
import { PROGRAMS, type Recording } from "./format.ts";
import { commandEnvironment, makeTemporaryFolder, writePrograms } from "./programs.ts";
import { readRecording } from "./read_recording.ts";
import { spawnCommand } from "./record.ts";
import { ReplayState, type Unanswered } from "./replay_state.ts";
import { findIdentity } from "./scrub/recorder_identity.ts";

/** What `fixtures replay` was asked. */
export interface ReplayOptions {
  /** Where the recording is. */
  readonly directory: string;
  /** What is run, program first. */
  readonly command: readonly string[];
  /** Whether recorded calls may stay unmade. */
  readonly isPartial: boolean;
  /** Whether times in answers are moved to the time of the replay. */
  readonly movesTimes: boolean;
}

/** Sub-command of the programs that COMMAND finds. */
export const ANSWER_CALL = "answer-call";

/**
 * Runs COMMAND with Slurm's programs answered from a recording.
 *
 * @returns COMMAND's exit status; 1 instead of 0 if a call was not recorded, a recorded one was not
 * made (unless partial), or a recorded file could not be laid out.
 * @throws {UserError} `FAKE_SLURM` if the recording cannot be read; `DISK` if TMPDIR cannot be written.
 */
export async function runReplay(options: ReplayOptions, context: FixturesContext): Promise<number> {
  const directory = resolve(context.cwd, options.directory);
  const recording = await readRecording(directory);
  const identity = await findIdentity(context);
  const { folder, prepared: state } = await makeTemporaryFolder("dlslurm-replay-", context, start);
  try {
    const env = commandEnvironment("replay", join(folder, "bin"), context);
    const { code } = await spawnCommand(options.command, env);
    const isFaithful = await report(recording, state, options.isPartial, context);
    return code === 0 && !isFaithful ? 1 : code;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }

  async function start(folder: string): Promise<ReplayState> {
    const state = new ReplayState(folder);
    await state.start({
      directory,
      work: [...identity.work],
      home: identity.home,
      user: identity.user,
      host: identity.host,
      movesTimes: options.movesTimes,
    });
    const args = PROGRAMS.map((program) => [program, [ANSWER_CALL, folder]] as const);
    await writePrograms(join(folder, "bin"), new Map(args), context);
    return state;
  }
}

/** Says where the replay and the recording parted; `false` if they did. */
async function report(
  { calls }: Recording,
  state: ReplayState,
  isPartial: boolean,
  { io }: FixturesContext,
): Promise<boolean> {
  const unanswered = await state.notes("unanswered") as Unanswered[];
  const blocked = await state.notes("blocked");
  const taken = await state.taken();
  const unmade = calls.filter(({ folder }) => !taken.has(folder));
  // Said once more: COMMAND may have hidden what its Slurm commands wrote.
  for (const { argv, reason } of unanswered) io.err(renderMissing(argv, reason));
  for (const path of blocked) {
    io.err(`dlslurm fixtures replay: "${path}" was not laid out: something else is there\n`);
  }
  if (!isPartial && unmade.length > 0) {
    io.err(`dlslurm fixtures replay: ${unmade.length} of ${calls.length} calls were never made:\n`);
    for (const { folder, argv } of unmade) io.err(`  ${folder}: ${JSON.stringify(argv)}\n`);
    io.err("hint: --partial, if that is meant so\n");
  }
  return unanswered.length === 0 && blocked.length === 0 && (isPartial || unmade.length === 0);
}
