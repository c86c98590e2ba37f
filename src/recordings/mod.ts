/**
 * Recordings of what a real Slurm answered, made and played back.
 *
 * A *recording* is a folder of *calls*, each with its arguments, exit status and output as text;
 * docs/recordings.md describes the format. *Record* lets the real programs answer and notes it,
 * *scrubbed*: names of persons, machines and places are replaced by *stand-ins* before anything is
 * written. *Replay* answers from a recording, without a Slurm.
 *
 * @module
 */
import { UserError } from "../errors.ts";
import { runAnsweredCall } from "./answer_call.ts";
import { parseFixturesArguments } from "./arguments.ts";
import { runCheck } from "./check.ts";
import type { FixturesContext } from "./context.ts";
import { RECORD_CALL, runRecord } from "./record.ts";
import { runRecordedCall } from "./record_call.ts";
import { ANSWER_CALL, runReplay } from "./replay.ts";

export type { FixturesContext } from "./context.ts";

const USAGE = {
  record: "dlslurm fixtures record DIR [--keep NAME]… [--scrub NAME]… [--file PATH]… -- COMMAND…",
  replay: "dlslurm fixtures replay DIR [--partial] [--times moved|recorded] -- COMMAND…",
  check: "dlslurm fixtures check DIR",
};

const HELP = `Usage: ${USAGE.record}
       ${USAGE.replay}
       ${USAGE.check}

record   runs COMMAND, lets the real Slurm answer, and writes every call with its answer to DIR;
         names of persons, machines and places are replaced before anything is written
  --keep NAME    leave this name as it is
  --scrub NAME   replace this name, too
  --file PATH    add what the jobs wrote: a small text file, or those in a folder
replay   runs COMMAND and answers its Slurm commands from DIR
  --partial      it is no mistake if not every recorded call is made
  --times HOW    moved: dates in answers fit the time of the replay (default); recorded: as they were
check    says whether DIR is complete, valid, and free of names

Exit status: that of COMMAND; 1 if a recording is not as it should be, or a replay parted from it;
2 wrong usage.
`;

/**
 * Runs `dlslurm fixtures ARGS…` and gives the exit status.
 *
 * @throws {UserError} `USAGE`; `FAKE_SLURM` if a recording or Slurm is not as it should be; `DISK`.
 */
export async function runFixtures(
  args: readonly string[],
  context: FixturesContext,
): Promise<number> {
  const [name = "", ...rest] = args;
  if (rest.includes("--help") && !rest.slice(0, rest.indexOf("--help")).includes("--")) {
    context.io.out(HELP);
    return 0;
  }
  switch (name) {
    case "record":
      return await record(rest, context);
    case "replay":
      return await replay(rest, context);
    case "check": {
      const { directory } = parseFixturesArguments(rest, {
        usage: USAGE.check,
        values: [],
        switches: [],
        needsCommand: false,
      });
      return await runCheck(directory, context);
    }
    // The programs that COMMAND finds on PATH.
    case RECORD_CALL:
      return await runRecordedCall(rest[0]!, rest[1]!, rest.slice(3), context);
    case ANSWER_CALL:
      return await runAnsweredCall(rest[0]!, rest.slice(2), context);
    case "-h":
    case "--help":
      context.io.out(HELP);
      return 0;
    default:
      throw new UserError(
        "USAGE",
        `Cannot use fixtures: ${name === "" ? "no command was named" : `there is no "${name}"`}`,
        { hint: "one of: record, replay, check; dlslurm fixtures --help" },
      );
  }
}

async function record(args: readonly string[], context: FixturesContext): Promise<number> {
  const { directory, command, options } = parseFixturesArguments(args, {
    usage: USAGE.record,
    values: ["--keep", "--scrub", "--file"],
    switches: [],
    needsCommand: true,
  });
  return await runRecord({
    directory,
    command,
    keep: options.get("--keep") ?? [],
    scrub: options.get("--scrub") ?? [],
    files: options.get("--file") ?? [],
  }, context);
}

async function replay(args: readonly string[], context: FixturesContext): Promise<number> {
  const { directory, command, options } = parseFixturesArguments(args, {
    usage: USAGE.replay,
    values: ["--times"],
    switches: ["--partial"],
    needsCommand: true,
  });
  const times = options.get("--times")?.at(-1) ?? "moved";
  if (times !== "moved" && times !== "recorded") {
    throw new UserError("USAGE", `Cannot replay with --times "${times}": it is moved or recorded`, {
      hint: USAGE.replay,
    });
  }
  return await runReplay({
    directory,
    command,
    isPartial: options.has("--partial"),
    movesTimes: times === "moved",
  }, context);
}
