import { join } from "node:path";
import type { Call, Recording } from "../../src/recordings/format.ts";
import { findSame } from "../../src/recordings/match_calls.ts";
import { readRecording } from "../../src/recordings/read_recording.ts";
import type { Runner, RunResult } from "../../src/process/runner.ts";
import { SLURM_FIXTURES } from "../support/slurm_fixtures.ts";

/** The folder of one recorded case. */
export function caseFolder(version: string, name: string): string {
  return join(SLURM_FIXTURES, version, "recordings", name);
}

/** The names of all cases of a version, sorted. */
export function caseNames(version: string): string[] {
  return [...Deno.readDirSync(join(SLURM_FIXTURES, version, "recordings"))].map(({ name }) => name)
    .sort();
}

/** Answers from a recording, each answer once, in order; any call that is not in it throws. */
export class RecordedRunner implements Runner {
  readonly recording: Recording;
  readonly #left: Call[];

  private constructor(recording: Recording) {
    this.recording = recording;
    this.#left = [...recording.calls];
  }

  /** Opens a recorded case. */
  static async open(version: string, name: string): Promise<RecordedRunner> {
    return new RecordedRunner(await readRecording(caseFolder(version, name)));
  }

  /** The job IDs that the case was given, in order. */
  get jobIds(): string[] {
    return this.recording.calls.filter(({ argv, exitCode }) =>
      argv[0] === "sbatch" && exitCode === 0
    )
      .map(({ stdout }) => /(\d+)\s*$/.exec(stdout)![1]!);
  }

  run(argv: readonly [string, ...string[]]): Promise<RunResult> {
    const [call] = findSame(this.#left, argv);
    if (call === undefined) throw new Error(`Not recorded (any more): ${JSON.stringify(argv)}`);
    this.#left.splice(this.#left.indexOf(call), 1);
    return Promise.resolve({
      code: call.exitCode,
      signal: null,
      stdout: new TextEncoder().encode(call.stdout),
      stderr: call.stderr,
    });
  }
}
