import type { FixturesContext } from "./context.ts";
import type { Recording } from "./format.ts";
import { findNearest, findSame } from "./match_calls.ts";
import { moveTimes } from "./move_times.ts";
import { readRecording } from "./read_recording.ts";
import { layOutFiles } from "./recorded_files.ts";
import { ReplayPlaces } from "./replay_places.ts";
import { ReplayState } from "./replay_state.ts";

/**
 * Answers one call of a Slurm program from the recording.
 *
 * @param folder the replay's.
 * @param argv the call, by the program's bare name.
 * @returns the recorded exit status; 1 for a call that was not recorded, with the whole of it on
 * standard error.
 */
export async function runAnsweredCall(
  folder: string,
  argv: readonly string[],
  context: FixturesContext,
): Promise<number> {
  const state = new ReplayState(folder);
  const settings = await state.settings();
  const recording = await readRecording(settings.directory);
  const places = new ReplayPlaces(settings, recording.manifest.recorder);
  const asRecorded = argv.map((word) => places.toRecorded(word));
  const call = await state.take(recording.calls, asRecorded);
  if (call === undefined) {
    const reason = explainMissing(recording, asRecorded);
    await state.note("unanswered", { argv, reason });
    context.io.err(renderMissing(argv, reason));
    return 1;
  }
  const shiftS = settings.movesTimes ? shiftFor(recording, await state.firstCallMs()) : 0;
  const asHere = (text: string) => places.toHere(moveTimes(text, shiftS));
  // Before the answer: who has read "Submitted" may look for the files.
  if (call.argv[0] === "sbatch" && call.exitCode === 0 && await state.claimFiles()) {
    const files = recording.files.map(({ path, text }) => ({ path, text: asHere(text) }));
    for (const path of await layOutFiles(files, settings.work[0]!)) {
      await state.note("blocked", path);
    }
  }
  context.io.out(asHere(call.stdout));
  context.io.err(asHere(call.stderr));
  return call.exitCode;
}

/** A call that has no answer, in words for the person who made it. */
export function renderMissing(argv: readonly string[], reason: string): string {
  return `dlslurm fixtures replay: not recorded: ${JSON.stringify(argv)}\n  ${reason}\n`;
}

function explainMissing({ calls }: Recording, argv: readonly string[]): string {
  const same = findSame(calls, argv);
  if (same.length > 0) {
    const times = same.length === 1 ? "once" : `${same.length} times`;
    return `it was recorded ${times} (${same.at(-1)!.folder} is the last) and is made once more: ` +
      "what submits or cancels is not answered twice by the same answer";
  }
  const nearest = findNearest(calls, argv);
  return nearest === undefined
    ? "the recording has no call at all"
    : `nearest recorded: ${JSON.stringify(nearest.argv)} (${nearest.folder})`;
}

/**
 * By how many seconds times in answers are moved: that the recording's first call was made when the replay's
 * was. It is one number for all calls: by its submission time a job is told from another one that has its ID.
 */
function shiftFor({ manifest, calls }: Recording, firstCallMs: number): number {
  const recordedMs = Date.parse(manifest.recordedAt) + (calls[0]?.atMs ?? 0);
  return Math.ceil((firstCallMs - recordedMs) / 1000);
}
