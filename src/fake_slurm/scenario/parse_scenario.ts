import * as v from "valibot";
import { UserError } from "../../errors.ts";
import {
  END_STATES,
  type JobRule,
  type OlderRow,
  type ProgramRule,
  RULED_PROGRAMS,
  type Scenario,
  SCENARIO_VERSION,
} from "./scenario.ts";

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
  const where = keys.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`,
    "",
  );
  if (issue.type === "strict_object" && issue.expected === "never") {
    const valid = keysAt(ScenarioSchema, keys.slice(0, -1)).join(", ");
    return `it has an unknown key "${where}", those that there are: ${valid}`;
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
