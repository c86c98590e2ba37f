/**
 * Trouble on demand: what a *scenario* file may ask of the fake Slurm.
 *
 * A scenario names *rules*: for programs (what a call of them says and does), for jobs (how they end),
 * for accounting and for limits. docs/fake_slurm.md explains each key with an example.
 *
 * @module
 */
import * as v from "valibot";
import { UserError } from "../../errors.ts";
import { nearestWord } from "./nearest_word.ts";

/** The format that this program reads. */
export const SCENARIO_VERSION = 1;

/** The programs that a rule can be about. */
export const RULED_PROGRAMS = [
  ...["sbatch", "sacct", "scontrol", "squeue", "scancel", "sinfo", "srun"] as const,
];

/** The states that a job can be made to end in. */
export const END_STATES = [
  ...["BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"] as const,
  ...["OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT"] as const,
];

/** A scenario with every default filled in. */
export interface Scenario {
  /** {@linkcode SCENARIO_VERSION}. */
  readonly version: typeof SCENARIO_VERSION;
  /** For people; no program shows it. */
  readonly description?: string | undefined;
  /** Otherwise `fake`; once given, sbatch says it: `on cluster NAME`, or `ID;NAME`. */
  readonly clusterName?: string | undefined;
  /** What sacct knows. */
  readonly accounting: AccountingRule;
  /** What sbatch refuses. */
  readonly limits: SubmissionLimits;
  /** All that concern a call act together; of two that end it the first counts. */
  readonly programs: readonly ProgramRule[];
  /** All that concern a submission go with it. */
  readonly jobs: readonly JobRule[];
}

/** What befalls accounting. */
export interface AccountingRule {
  /** With `empty` sacct never has a row, with `disabled` it says so and fails. */
  readonly storage: "kept" | "empty" | "disabled";
  /** sacct shows what was the case so long ago. */
  readonly lagSeconds: number;
  /** Rows of jobs from before the IDs began anew. */
  readonly olderRows: readonly OlderRow[];
}

/** What a cluster takes; without a number the fake's own limit counts, or none. */
export interface SubmissionLimits {
  /** One past the highest task index, as in slurm.conf. */
  readonly maxArraySize?: number | undefined;
  /** Jobs and array tasks that may wait or run at once. */
  readonly maxSubmitJobs?: number | undefined;
}

/** What befalls the programs that a rule is about. */
export interface ProgramRule {
  /** One or several of {@linkcode RULED_PROGRAMS}. */
  readonly program: RuledProgram | readonly RuledProgram[];
  /** Only calls whose arguments, joined by blanks, contain this text. */
  readonly arguments?: string | undefined;
  /** So many calls pass first. */
  readonly skipCalls: number;
  /** So many calls after those are concerned; all when absent. */
  readonly calls?: number | undefined;
  /** Printed before anything else. */
  readonly banner?: { readonly stdout: string; readonly stderr: string } | undefined;
  /** The work, or the failure, comes so late; the delays of several rules add up. */
  readonly delaySeconds?: number | undefined;
  /** No work is done, and no answer comes. */
  readonly hang?: boolean | undefined;
  /** No work is done; printed in place of an answer. */
  readonly fail?: Failure | undefined;
  /** The program does its work, and then its answer is lost. */
  readonly afterWork?: LostAnswer | undefined;
  /** sbatch prints as with `--parsable` or without it, whatever it was asked. */
  readonly parsable?: "always" | "never" | undefined;
}

/** One of the programs that a rule can be about. */
export type RuledProgram = typeof RULED_PROGRAMS[number];

/** How a program fails without having done anything. */
export interface Failure {
  /** 0 to 255; 1 when not given. */
  readonly exitStatus: number;
  /** As it stands, with its line breaks. */
  readonly stdout: string;
  /** As it stands, with its line breaks. */
  readonly stderr: string;
}

/** How a program ends that has done its work. */
export interface LostAnswer {
  /** 0 to 255; 1 when not given. */
  readonly exitStatus: number;
  /** As it stands, with its line breaks. */
  readonly stderr: string;
  /** No end comes: it waits until it is stopped, and says nothing more. */
  readonly hang: boolean;
  /** The answer is printed all the same. */
  readonly keepsOutput: boolean;
}

/** The part of a {@linkcode JobRule} that a job takes with it. */
export interface JobTrouble {
  /** What it ends in; as it likes when absent. */
  readonly state?: EndState | undefined;
  /** Ended so long after its start; without it the script runs to its own end. */
  readonly afterSeconds?: number | undefined;
  /** Concerns only so many runs of the job; when absent one with `requeue`, otherwise all. */
  readonly runs?: number | undefined;
  /** It goes back to the queue after that end, and the run stays in accounting. */
  readonly requeue: boolean;
  /** Earliest start of the next run, counted from the end of this one. */
  readonly requeueAfterSeconds: number;
  /** squeue and scontrol show it as COMPLETING for so long after its end. */
  readonly completingSeconds?: number | undefined;
  /** sacct forgets it so long after its end. */
  readonly purgedAfterSeconds?: number | undefined;
  /** Concerns only this task of an array. */
  readonly taskIndex?: number | undefined;
}

/** One of the states that a job can be made to end in. */
export type EndState = typeof END_STATES[number];

/** What befalls the jobs that a rule is about: all of them, unless it names a name, ID or order. */
export interface JobRule extends JobTrouble {
  /** Job name at submission. */
  readonly name?: string | undefined;
  /** An array's own: of its tasks `taskIndex` names one. */
  readonly jobId?: number | undefined;
  /** The so-manieth submission since the scenario was set, from 1. */
  readonly order?: number | undefined;
}

/** A row of accounting that is older than the fake. */
export interface OlderRow {
  /** May be one that the fake gives out, too: then only `sacct --duplicates` shows this row. */
  readonly jobId: number;
  /** Counted from now, at each look anew. */
  readonly submittedSecondsAgo: number;
  /** `COMPLETED` when not given. */
  readonly state: EndState;
  /** 0 when not given. */
  readonly exitCode: number;
  /** `older` when not given. */
  readonly name: string;
}

const seconds = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positiveCount = v.pipe(v.number(), v.integer(), v.minValue(1));
const exitStatus = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const program = v.picklist(RULED_PROGRAMS);

const FailureSchema = v.strictObject({
  exitStatus: v.optional(exitStatus, 1),
  stdout: v.optional(v.string(), ""),
  stderr: v.optional(v.string(), ""),
});

const ProgramRuleSchema: v.GenericSchema<unknown, ProgramRule> = v.strictObject({
  program: v.union([program, v.array(program)]),
  arguments: v.optional(v.string()),
  skipCalls: v.optional(count, 0),
  calls: v.optional(positiveCount),
  banner: v.optional(
    v.strictObject({ stdout: v.optional(v.string(), ""), stderr: v.optional(v.string(), "") }),
  ),
  delaySeconds: v.optional(seconds),
  hang: v.optional(v.boolean()),
  fail: v.optional(FailureSchema),
  afterWork: v.optional(v.strictObject({
    exitStatus: v.optional(exitStatus, 1),
    stderr: v.optional(v.string(), ""),
    hang: v.optional(v.boolean(), false),
    keepsOutput: v.optional(v.boolean(), false),
  })),
  parsable: v.optional(v.picklist(["always", "never"])),
});

const troubleEntries = {
  state: v.optional(v.picklist(END_STATES)),
  afterSeconds: v.optional(seconds),
  runs: v.optional(positiveCount),
  requeue: v.optional(v.boolean(), false),
  requeueAfterSeconds: v.optional(seconds, 0),
  completingSeconds: v.optional(seconds),
  purgedAfterSeconds: v.optional(seconds),
  taskIndex: v.optional(count),
};

const JobTroubleSchema: v.GenericSchema<unknown, JobTrouble> = v.strictObject(troubleEntries);

const JobRuleSchema: v.GenericSchema<unknown, JobRule> = v.strictObject({
  name: v.optional(v.string()),
  jobId: v.optional(positiveCount),
  order: v.optional(positiveCount),
  ...troubleEntries,
});

const OlderRowSchema: v.GenericSchema<unknown, OlderRow> = v.strictObject({
  jobId: positiveCount,
  submittedSecondsAgo: seconds,
  state: v.optional(v.picklist(END_STATES), "COMPLETED"),
  exitCode: v.optional(exitStatus, 0),
  name: v.optional(v.string(), "older"),
});

const ScenarioSchema: v.GenericSchema<unknown, Scenario> = v.strictObject({
  version: v.literal(SCENARIO_VERSION),
  description: v.optional(v.string()),
  clusterName: v.optional(v.pipe(v.string(), v.regex(/^[\w-]+$/))),
  accounting: v.optional(
    v.strictObject({
      storage: v.optional(v.picklist(["kept", "empty", "disabled"]), "kept"),
      lagSeconds: v.optional(seconds, 0),
      olderRows: v.optional(v.array(OlderRowSchema), []),
    }),
    {},
  ),
  limits: v.optional(
    v.strictObject({
      maxArraySize: v.optional(positiveCount),
      maxSubmitJobs: v.optional(positiveCount),
    }),
    {},
  ),
  programs: v.optional(v.array(ProgramRuleSchema), []),
  jobs: v.optional(v.array(JobRuleSchema), []),
});

/** The scenario in which nothing goes wrong. */
export const NO_TROUBLE: Scenario = v.parse(ScenarioSchema, { version: SCENARIO_VERSION });

/**
 * Reads what a job took with it.
 *
 * @throws {v.ValiError} If it is something else.
 */
export function readJobTrouble(value: unknown): JobTrouble {
  return v.parse(JobTroubleSchema, value);
}

/**
 * Reads a scenario.
 *
 * @param origin where the text is from, for messages.
 * @throws {UserError} `FAKE_SLURM` if it is no JSON, of another version, or has a key or value that is
 * not known; the message names which and where.
 */
export function parseScenario(text: string, origin: string): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(origin, `it is no JSON: ${(error as Error).message}`, error);
  }
  const version = typeof value === "object" && value !== null && "version" in value
    ? value.version
    : undefined;
  if (version !== SCENARIO_VERSION) {
    const given = version === undefined ? "none" : JSON.stringify(version);
    throw refuse(origin, `its version is ${given}, this program reads ${SCENARIO_VERSION}`);
  }
  const result = v.safeParse(ScenarioSchema, value);
  if (result.success) return result.output;
  throw refuse(origin, explain(result.issues[0]));
}

function explain(issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  const last = keys.at(-1);
  const where = keys.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`,
    "",
  );
  if (issue.type === "strict_object" && issue.expected === "never") {
    const valid = keysAt(ScenarioSchema, keys.slice(0, -1));
    return `it has an unknown key "${where}", the nearest valid one is "${
      nearestWord(String(last), valid)
    }"`;
  }
  if (issue.received === "undefined") return `it lacks "${where}"`;
  return `"${where}" is ${issue.received}, expected ${issue.expected ?? issue.message}`;
}

/** The keys that an object at `path` may have. */
function keysAt(schema: unknown, path: readonly (string | number)[]): string[] {
  const { entries, item, wrapped } = schema as {
    entries?: Record<string, unknown>;
    item?: unknown;
    wrapped?: unknown;
  };
  if (wrapped !== undefined) return keysAt(wrapped, path);
  const [key, ...rest] = path;
  if (item !== undefined) return keysAt(item, rest);
  if (entries === undefined) return [];
  return key === undefined ? Object.keys(entries) : keysAt(entries[key], rest);
}

function refuse(origin: string, reason: string, cause?: unknown): UserError {
  return new UserError("FAKE_SLURM", `Cannot use the scenario "${origin}": ${reason}`, {
    hint: "mend the file, or go on without: dlslurm fake-slurm env --no-scenario",
    cause,
  });
}
