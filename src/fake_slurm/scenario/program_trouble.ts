import { type FakeSlurmContext, STOPPED_STATUS, waitUnlessStopped } from "../context.ts";
import type { ProgramRule, Scenario } from "./scenario.ts";

/** Longest time that a timer can be set to, in milliseconds. */
const FOR_EVER_MS = 2 ** 31 - 1;

/** One call of one of Slurm's programs. */
export interface Call {
  /** Bare name: `sbatch`. */
  readonly program: string;
  /** As the user gave them, without the program's name. */
  readonly args: readonly string[];
  /** Does the program's work with what the rules left of the arguments and the streams. */
  run(args: readonly string[], context: FakeSlurmContext): Promise<number>;
}

/** What holds for a call. */
export interface Trouble {
  /** What is to go wrong. */
  readonly scenario: Scenario;
  /** Counts one more use of each rule, given by a text of its own, and gives their numbers. */
  countUses(rules: readonly string[]): number[];
}

/**
 * Runs a call as a scenario wants it: with banners, late, failing, hanging, or with its
 * answer lost. All rules that concern the call act together; of two that end it the first counts.
 */
export async function runThroughTrouble(
  call: Call,
  trouble: Trouble,
  context: FakeSlurmContext,
): Promise<number> {
  const rules = findRules(call, trouble);
  const { io } = context;
  for (const { banner } of rules) {
    io.out(banner?.stdout ?? "");
    io.err(banner?.stderr ?? "");
  }
  const before = rules.find(({ hang, fail }) => hang === true || fail !== undefined);
  const delayMs = rules.reduce((sum, { delaySeconds }) => sum + (delaySeconds ?? 0) * 1000, 0);
  const waitMs = before?.hang === true ? FOR_EVER_MS : delayMs;
  if (waitMs > 0 && !await waitUnlessStopped(waitMs, context)) return STOPPED_STATUS;
  if (before?.fail !== undefined) {
    io.out(before.fail.stdout);
    io.err(before.fail.stderr);
    return before.fail.exitStatus;
  }
  const after = rules.find(({ afterWork }) => afterWork !== undefined)?.afterWork;
  const args = withParsable(call, rules);
  if (after === undefined) return await call.run(args, context);
  await call.run(args, after.keepsOutput ? context : { ...context, io: SILENCE });
  if (after.hang && !await waitUnlessStopped(FOR_EVER_MS, context)) return STOPPED_STATUS;
  io.err(after.stderr);
  return after.exitStatus;
}

const SILENCE: FakeSlurmContext["io"] = { out: () => undefined, err: () => undefined };

/** The rules for this call; those that count calls count it. */
function findRules(call: Call, { scenario, countUses }: Trouble): ProgramRule[] {
  const line = call.args.join(" ");
  const matching = [...scenario.programs.entries()].filter(([, rule]) =>
    [rule.program].flat().some((name) => name === call.program) &&
    (rule.arguments === undefined || line.includes(rule.arguments))
  );
  const counted = matching.filter(([, rule]) => isCounted(rule));
  // By its text: another rule at the same place begins anew.
  const keys = counted.map(([at, rule]) => `${at} ${JSON.stringify(rule)}`);
  const uses = keys.length === 0 ? [] : countUses(keys);
  return matching.map(([, rule]) => rule).filter((rule) => {
    const at = counted.findIndex(([, one]) => one === rule);
    const use = (uses[at] ?? 1) - rule.skipCalls;
    return at === -1 || (use > 0 && use <= (rule.calls ?? Infinity));
  });
}

function isCounted(rule: ProgramRule): boolean {
  return rule.skipCalls > 0 || rule.calls !== undefined;
}

/** A site's wrapper may force or drop `--parsable` whatever the user says. */
function withParsable({ program, args }: Call, rules: readonly ProgramRule[]): readonly string[] {
  const wanted = rules.find(({ parsable }) => parsable !== undefined)?.parsable;
  if (program !== "sbatch" || wanted === undefined) return args;
  const others = args.filter((word) => word !== "--parsable");
  return wanted === "always" ? ["--parsable", ...others] : others;
}
