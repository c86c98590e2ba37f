import { parseMessage, renderMessage } from "../../src/datalad/run_record.ts";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import type { AccountingEvidence, Extremes } from "../../src/jobs/evidence.ts";

/** Seconds that a second becomes. */
const FACTOR = 600;
/** When the first job is said to be submitted. */
const BEGIN = Date.parse("2026-11-09T07:40:00Z");

/** Milliseconds without a job that are left of a pause, in which dlslurm was at work. */
const PAUSE = 700;

/** Shares of what was allocated and requested that jobs of a script use. */
const SHARES: Readonly<Record<string, { readonly cpu: number; readonly memory: number }>> = {
  "code/clean.sh": { cpu: 0.9, memory: 0.24 },
  "code/fit.sh": { cpu: 0.68, memory: 0.5 },
  "code/sample.sh": { cpu: 0.93, memory: 0.6 },
  "code/compare.sh": { cpu: 0.5, memory: 0.17 },
  "code/figures.sh": { cpu: 0.8, memory: 0.31 },
};

/** Writes the history anew: times stretched, processor time and memory made up, all else as it was. */
export async function stretchTimes(dataset: string): Promise<void> {
  const git = async (args: readonly string[], stdin = "", env: Record<string, string> = {}) => {
    const process = new Deno.Command("git", {
      ...{ args: [...args], cwd: dataset, env, stdin: "piped", stdout: "piped", stderr: "inherit" },
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
    const { success, stdout } = await process.output();
    if (!success) throw new Error(`git ${args.join(" ")} failed`);
    return new TextDecoder().decode(stdout);
  };
  const messages = await git(["log", "--format=%B%x00"]);
  const pauses = findPauses(messages);
  const commits = (await git(["rev-list", "--reverse", "HEAD"])).trim().split("\n");
  const renamed = new Map<string, string>();
  let originMs: number | undefined;
  let last = "";
  for (const commit of commits) {
    const message = await git(["log", "-1", "--format=%B", commit]);
    const committedMs = 1000 * Number(await git(["log", "-1", "--format=%ct", commit]));
    originMs ??= committedMs;
    const clock = (ms: number) => BEGIN + Math.max(0, pauses(ms) - pauses(originMs!)) * FACTOR;
    const parsed = parseMessage(message);
    let text = message;
    if (parsed !== undefined && !("sidecarId" in parsed.record)) {
      const paragraphs = parsed.text === "" ? [] : [parsed.text];
      text = renderMessage(stretched(parsed.record, clock), {
        groupState: parsed.state,
        paragraphs,
      });
    }
    for (const [before, after] of renamed) text = text.replaceAll(before, after);
    const parent = last === "" ? [] : ["-p", last];
    const date = `${Math.floor(clock(committedMs) / 1000)} +0000`;
    const env = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    last = (await git(["commit-tree", `${commit}^{tree}`, ...parent, "-F", "-"], text, env)).trim();
    renamed.set(commit, last);
  }
  await git(["reset", "-q", "--hard", last]);
}

/** Takes out of a time what was no job's: those pauses are as long as this machine is slow. */
function findPauses(messages: string): (ms: number) => number {
  const timesOf = (name: string) =>
    [...messages.matchAll(new RegExp(`"${name}": "([^"]+)"`, "g"))].map(([, at]) =>
      Date.parse(at!)
    );
  const starts = timesOf("start");
  const ends = timesOf("end");
  const spans = starts.map((start, at) => [start, ends[at]!] as const).sort(([a], [b]) => a - b);
  const pauses: (readonly [from: number, to: number])[] = [];
  let busyUntil = spans[0]?.[0] ?? 0;
  pauses.push([0, busyUntil]);
  for (const [start, end] of spans) {
    if (start > busyUntil) pauses.push([busyUntil, start]);
    busyUntil = Math.max(busyUntil, end);
  }
  return (ms) =>
    pauses.reduce((time, [from, to]) => {
      const cut = Math.max(0, Math.min(ms, to) - from - PAUSE);
      return time - cut;
    }, ms);
}

function stretched(record: RunRecord, clock: (ms: number) => number): RunRecord {
  const { evidence } = record;
  if (evidence?.accounting === undefined) return record;
  const random = randomFrom(Number(record.slurmJobId.replace("_", "")));
  const step = evidence.script?.path ?? "";
  const accounting = withCost(evidence.accounting, step, { clock, random });
  const { tasks, attempts } = evidence;
  const times = (seconds: Extremes = {}) =>
    Object.fromEntries(
      Object.entries(seconds).map(([name, value]) => [name, value * FACTOR + 120]),
    );
  const at = evidence.submission?.at;
  return {
    ...record,
    evidence: {
      ...evidence,
      ...(at === undefined
        ? {}
        : { submission: { ...evidence.submission, at: timeOf(at, clock) } }),
      accounting,
      ...(tasks === undefined ? {} : { tasks: { ...tasks, elapsed: times(tasks.elapsed) } }),
      ...(attempts === undefined ? {} : {
        attempts: attempts.map((attempt) => ({
          ...attempt,
          ...(attempt.elapsed === undefined ? {} : { elapsed: attempt.elapsed * FACTOR }),
        })),
      }),
    },
  };
}

function withCost(
  accounting: AccountingEvidence,
  step: string,
  { clock, random }: { readonly clock: (ms: number) => number; readonly random: () => number },
): AccountingEvidence {
  const { submit, start, end, elapsed = 0, cpus = 1, reqMem, state, timeLimit } = accounting;
  const share = SHARES[step] ?? { cpu: 0.7, memory: 0.4 };
  const isPlain = start !== undefined && end !== undefined;
  const span = isPlain ? (Date.parse(end) - Date.parse(start)) / 1000 : elapsed;
  const isArray = span !== elapsed;
  // Slurm's clock counts whole seconds: what is lost by that is made up.
  const rest = state === "TIMEOUT" ? 0 : Math.floor(random() * 420);
  const long = isArray ? elapsed * FACTOR : Math.min(timeLimit ?? Infinity, span * FACTOR + rest);
  const startMs = start === undefined ? undefined : clock(Date.parse(start));
  return {
    ...accounting,
    ...(submit === undefined ? {} : { submit: timeOf(submit, clock) }),
    ...(startMs === undefined ? {} : { start: iso(startMs) }),
    ...(startMs === undefined
      ? {}
      : { end: iso(startMs + 1000 * (isArray ? span * FACTOR : long)) }),
    elapsed: long,
    cpu: Math.floor(long * cpus * Math.min(0.99, share.cpu * (0.85 + 0.3 * random()))),
    ...(reqMem === undefined ? {} : {
      maxRss: Math.floor(
        state === "OUT_OF_MEMORY" ? reqMem : reqMem * share.memory * (0.6 + 0.8 * random()),
      ),
    }),
  };
}

function timeOf(text: string, clock: (ms: number) => number): string {
  return iso(clock(Date.parse(text)));
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The same numbers at each run. */
function randomFrom(seed: number): () => number {
  let state = (seed * 2_654_435_761) % 2_147_483_647 || 1;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}
