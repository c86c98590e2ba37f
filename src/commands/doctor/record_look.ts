import { resolve } from "node:path";
import * as v from "valibot";
import { UserError } from "../../errors.ts";
import { statIfPresent } from "../../fs/if_present.ts";
import type { GitConfig } from "../../git/git_config.ts";
import { textOf } from "../../process/runner.ts";
import { readNamedCommands } from "../../slurm/named_commands.ts";
import type { CommandContext } from "../context.ts";
import type { DoctorOptions } from "./definition.ts";
import type { Finding, Verdict } from "./finding.ts";

const VERDICTS: readonly Verdict[] = ["ok", "note", "problem"];

/** As docs/result_records.md has it. */
const Result = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    action: v.literal("slurm-doctor"),
    check: v.string(),
    finding: v.picklist(VERDICTS),
    message: v.string(),
    consequence: v.exactOptional(v.string()),
    hint: v.exactOptional(v.string()),
    detail: v.exactOptional(v.string()),
  }),
);

/** What is looked at, and where the recording goes. */
export interface RecordedLook extends DoctorOptions {
  /** As typed. */
  readonly record: string;
  /** Settings that may name other commands. */
  readonly config: GitConfig;
}

/**
 * Has another process of this program look around, and the calls of Slurm's commands recorded meanwhile,
 * scrubbed: `fixtures record FOLDER -- doctor`. Which names were replaced is shown, and written nowhere.
 *
 * @returns what that process found, and where the recording is.
 * @throws {UserError} `USAGE` if Slurm is asked by commands that cannot be recorded; `FAKE_SLURM` if nothing
 * could be recorded.
 */
export async function recordLook(
  { record: folder, config, dataset, submit, words }: RecordedLook,
  context: CommandContext,
): Promise<Finding[]> {
  requireRecordable(config);
  const { code, stdout, stderr } = await context.runner.run([
    ...startOf(context.programCommand),
    ...["fixtures", "record", folder, "--"],
    ...[...context.selfCommand, "-f", "json", "doctor"],
    ...(dataset === undefined ? [] : ["-d", dataset]),
    ...(submit === true ? ["--submit"] : []),
    ...(words.length === 0 ? [] : ["--", ...words]),
  ], { cwd: context.cwd, signal: context.interrupted });
  const text = textOf(stdout);
  const findings = text.split("\n").flatMap((line): Finding[] => {
    const parsed = v.safeParse(Result, line);
    if (!parsed.success) return [];
    const { action: _action, finding: verdict, ...found } = parsed.output;
    return [{ ...found, verdict }];
  });
  const isThere = await statIfPresent(resolve(context.cwd, folder, "recording.json")) !== undefined;
  if (!isThere || findings.length === 0) {
    throw new UserError("FAKE_SLURM", `Cannot record into "${folder}": it ended with ${code}`, {
      detail: `${text}${stderr}`,
    });
  }
  if (!context.isForPrograms) context.relay({ stdout: "", stderr });
  return [...findings, {
    ...{ check: "recording", verdict: "ok" },
    message: `what Slurm answered is recorded in ${folder}, with names replaced`,
    consequence: "look through it before you hand it on: what free text says, only you know",
    hint: `dlslurm fixtures replay ${folder} -- dlslurm doctor`,
    // It has the real names.
    ...(context.isForPrograms ? { detail: stderr } : {}),
  }];
}

function startOf(command: readonly string[]): [string, ...string[]] {
  const [program = "dlslurm", ...words] = command;
  return [program, ...words];
}

/** Only programs on PATH are recorded. */
function requireRecordable(config: GitConfig): void {
  const [named] = [...readNamedCommands(config)];
  if (named === undefined) return;
  const [program, { text }] = named;
  throw new UserError(
    "USAGE",
    `Cannot record what Slurm answers: for ${program} "${text}" is asked, and only Slurm's own commands on ` +
      "PATH are recorded",
    { hint: "dlslurm doctor --record FOLDER on the machine where they are" },
  );
}
