import { resolve } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";
import type { Session } from "../../session/session.ts";
import type { CommandContext } from "../context.ts";
import { noteDropped } from "./repeat_call.ts";
import type { PlannedRun, RepeatCall } from "./repeat_call.ts";
import { renderScript } from "./reschedule_script.ts";
import type { PlannedRun as RunOfScript } from "./reschedule_script.ts";

/** The commands of runs as a shell script, in which each waits for those that it follows. */
export async function scriptOf(
  dataset: Dataset,
  runs: readonly PlannedRun[],
  call: RepeatCall,
  session: Session,
): Promise<string> {
  const followed = new Set(
    runs.flatMap(({ chained }) => chained.follows).map((each) => each.chained),
  );
  const planned: RunOfScript[] = [];
  for (const [at, { chained, plan, place, commit }] of runs.entries()) {
    const standIn = `${FIRST_STAND_IN + BigInt(at)}`;
    call.note(chained, standIn);
    const following: ScriptCommand = await call.follow(chained, plan, place)
      .catch((error) => notFollowing(error, plan));
    const { command, dropped, warning } = following;
    noteDropped(chained.run, dropped, session);
    planned.push({
      commit,
      subject: chained.run.commit.message.split("\n")[0]!,
      plan: { ...plan, command },
      standIn,
      isFollowed: followed.has(chained),
      ...(warning === undefined ? {} : { warning }),
    });
  }
  return renderScript(dataset, planned);
}

/**
 * Writes a script to a file, `-` for standard output.
 *
 * @throws {UserError} `DISK`
 */
export async function writeScript(
  script: string,
  file: string,
  context: CommandContext,
): Promise<void> {
  if (file === "-") await context.show({ text: script });
  else await writeScriptFile(resolve(context.cwd, file), script);
}

interface ScriptCommand {
  readonly command: string;
  readonly dropped: readonly string[];
  readonly warning?: string;
}

/** No job has such an ID, and nothing else in a command is it by chance. */
const FIRST_STAND_IN = 907_318_264_501_000_000n;

/** A command that cannot be made to wait: whoever reads the script sees to that. */
function notFollowing(
  error: unknown,
  { command }: SubmissionPlan,
): ScriptCommand {
  if (!(error instanceof UserError) || error.code !== "BAD_DEPENDENCY") throw error;
  return { command, dropped: [], warning: error.problem };
}

async function writeScriptFile(path: string, script: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, script, { mode: 0o755 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError("DISK", `Cannot write the script: ${reason}`, {
      unchanged: "No job was submitted",
      hint: "name a file in a folder that is there, or - for standard output: --script jobs.sh",
      cause: error,
    });
  }
}
