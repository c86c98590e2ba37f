import { readBlobs } from "../git/cat_file.ts";
import { renderDuration, renderSize } from "../jobs/amounts.ts";
import type { Evidence, ScriptEvidence } from "../jobs/evidence.ts";
import { readKeys } from "./compare_runs.ts";
import { logsOf } from "./paths_of_run.ts";
import { readDeepFiles } from "./deep_files.ts";
import type { DeepFile } from "./deep_files.ts";
import type { Provenance } from "./provenance.ts";
import { findRunInputs, versionOf } from "./run_inputs.ts";
import type { EntryWithRun, RunInput } from "./run_inputs.ts";

/** One thing that is shown of two runs. */
export interface RunDifference {
  /** What it is: `command`, `input clean/obs.txt`, `Partition`. */
  readonly what: string;
  /** Of the first run; empty where it has none. */
  readonly before: string;
  /** Of the second one. */
  readonly after: string;
  /** Whether it is the same, as far as is known: what is known of one of them alone is no difference. */
  readonly isSame: boolean;
}

/**
 * Puts two runs beside each other: of command, folder, script and accounting all that is known; of inputs
 * and environment files what differs, or is known of one alone.
 */
export async function findDifferences(
  provenance: Provenance,
  one: EntryWithRun,
  other: EntryWithRun,
): Promise<RunDifference[]> {
  const rows: RunDifference[] = [];
  // What is not there was not collected.
  const add = (what: string, before: string | undefined, after: string | undefined) => {
    if (before === undefined && after === undefined) return;
    const isSame = before === undefined || after === undefined || before === after;
    rows.push({ what, before: before ?? "", after: after ?? "", isSame });
  };
  const [a, b] = [one.run.record, other.run.record];
  add("state", one.entry.state.toUpperCase(), other.entry.state.toUpperCase());
  add("command", a.cmd, b.cmd);
  if (a.pwd !== b.pwd) add("folder", a.pwd, b.pwd);
  const [inputs, otherInputs] = await findRunInputs(provenance, [one, other]);
  const script = compareScripts(a.evidence?.script, b.evidence?.script);
  if (script !== undefined) rows.push(script);
  const [read, otherRead] = [inputs!, otherInputs!].map((each) =>
    script === undefined ? each : each.filter(({ isScript }) => !isScript)
  );
  for (const row of await compareInputs(provenance, read!, otherRead!)) rows.push(row);
  const [digest, otherDigest] = [digestOf(a.evidence), digestOf(b.evidence)];
  // Where a list cannot be read, the files themselves say nothing.
  const isLost = [...inputs!, ...otherInputs!].some((input) =>
    input.oid === undefined && traitsOf(input) === UNKNOWN
  );
  if (isLost && digest !== otherDigest) add("digest of inputs", digest, otherDigest);
  for (const [name, before, after] of pairsOf(accountingOf(a.evidence), accountingOf(b.evidence))) {
    add(name, before, after);
    // What a job used is shown, but does not explain other results.
    if (COSTS.has(name)) rows.push({ ...rows.pop()!, isSame: true });
  }
  const [environment, otherEnvironment] = await readEnvironments(provenance, [one, other]);
  if (environment === undefined || otherEnvironment === undefined) return rows;
  for (const [name, before, after] of pairsOf(environment, otherEnvironment)) {
    if (before === after || ALWAYS_DIFFERS.has(name)) continue;
    // Slurm prints all that a job has.
    rows.push({ what: name, before: before ?? "", after: after ?? "", isSame: false });
  }
  return rows;
}

/** Compares scripts as they were submitted, wherever they lie; `undefined` where that is not known of both. */
function compareScripts(
  one: ScriptEvidence | undefined,
  other: ScriptEvidence | undefined,
): RunDifference | undefined {
  // Texts of --wrap are beside each other in the commands.
  const isNamed = one?.path !== undefined || other?.path !== undefined;
  if (!isNamed || one?.blob === undefined || other?.blob === undefined) return undefined;
  const isSame = one.blob === other.blob;
  const [before, after] = [one.blob.slice(0, 10), other.blob.slice(0, 10)];
  if (one.path === other.path) return { what: `script ${one.path}`, before, after, isSame };
  const nameOf = ({ path = "--wrap" }: ScriptEvidence, blob: string) => `${path} ${blob}`;
  return { what: "script", before: nameOf(one, before), after: nameOf(other, after), isSame };
}

async function compareInputs(
  provenance: Provenance,
  before: readonly RunInput[],
  after: readonly RunInput[],
): Promise<RunDifference[]> {
  const one = new Map(before.map((input) => [input.path, input]));
  const other = new Map(after.map((input) => [input.path, input]));
  const paths = [...new Set([...one.keys(), ...other.keys()])].sort();
  const doubtful = paths.filter((path) => one.get(path)?.oid !== other.get(path)?.oid);
  const files = doubtful.flatMap((path) => [one.get(path), other.get(path)])
    .filter((input) => input?.oid !== undefined)
    .map((input): DeepFile => ({ ...input!, oid: versionOf(input!)!.oid, mode: "120000" }));
  const keys = new Map(
    [...await readKeys(provenance, files)].map(([file, key]) => [file.oid, key]),
  );
  const nameOf = (input: RunInput | undefined) =>
    input === undefined
      ? undefined
      : input.evidence?.key ?? keys.get(versionOf(input)?.oid ?? "") ??
        input.oid?.slice(0, 10) ?? traitsOf(input);
  const isScript = (path: string) => (one.get(path) ?? other.get(path))!.isScript;
  const [hasScript, otherHasScript] = [before, after].map((each) =>
    each.some(({ isScript }) => isScript)
  );
  const areScriptsKnown = hasScript && otherHasScript;
  const rows = paths.map((path) => {
    const [a, b] = [nameOf(one.get(path)), nameOf(other.get(path))];
    // Of a job that was submitted, there was one.
    const none = isScript(path) && !areScriptsKnown ? UNKNOWN : "none";
    const what = isScript(path) ? `script ${path}` : `input ${path}`;
    return { what, before: a ?? none, after: b ?? none, isSame: a === b };
  }).map((row) => ({ ...row, isKnown: row.before !== UNKNOWN && row.after !== UNKNOWN }));
  const scripts = rows.filter((_, at) => isScript(paths[at]!));
  // Of what is known of neither run nothing is said.
  const others = rows.filter(({ before, after }, at) =>
    !isScript(paths[at]!) && !(before === UNKNOWN && after === UNKNOWN)
  );
  const same = others.filter(({ isSame }) => isSame).length;
  const count = same === 0
    ? []
    : [{ what: "inputs", before: `${same} the same`, after: `${same} the same`, isSame: true }];
  const shown = [...scripts, ...others.filter(({ isSame }) => !isSame)]
    .map(({ isKnown, isSame, ...row }) => ({ ...row, isSame: isSame || !isKnown }));
  return [...shown, ...count];
}

const UNKNOWN = "unknown";

/** The digest of a long list of inputs. */
function digestOf(evidence: Evidence | undefined): string | undefined {
  const inputs = evidence?.inputs;
  return inputs !== undefined && "digest" in inputs ? inputs.digest : undefined;
}

/** What tells a version that has no name. */
function traitsOf({ evidence }: RunInput): string {
  const { size, mtime } = evidence ?? {};
  return size === undefined || mtime === undefined ? UNKNOWN : `${size} bytes, written ${mtime}`;
}

/** By the labels of the page that show makes. */
function accountingOf(evidence: Evidence | undefined): Map<string, string> {
  const { accounting } = evidence ?? {};
  if (accounting === undefined) return new Map();
  const { elapsed, timeLimit, cpu, maxRss, reqMem, nodes, cpus } = accounting;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["exit code", accounting.exitCode],
    ["elapsed", elapsed === undefined ? undefined : renderDuration(elapsed)],
    ["time limit", timeLimit === undefined ? undefined : renderDuration(timeLimit)],
    ["CPU time", cpu === undefined ? undefined : renderDuration(cpu)],
    ["memory", maxRss === undefined ? undefined : renderSize(maxRss)],
    ["requested", reqMem === undefined ? undefined : renderSize(reqMem)],
    ["nodes", nodes === undefined ? undefined : String(nodes)],
    ["CPUs", cpus === undefined ? undefined : String(cpus)],
    ["where", accounting.nodeList],
    ["partition", accounting.partition],
    ["cluster", accounting.cluster],
    ["TRES", accounting.tres],
  ];
  return new Map(rows.filter((row): row is [string, string] => row[1] !== undefined));
}

/** What differs from run to run. */
const COSTS = new Set(["elapsed", "CPU time", "memory", "where"]);

/**
 * Fields of an environment file that no two jobs share, that depend on when Slurm was asked, or that say with the place
 * of a clone or worktree what the record says without it.
 */
const ALWAYS_DIFFERS = new Set([
  ...["JobId", "ArrayJobId", "JobState", "Reason", "SubmitTime", "EligibleTime", "AccrueTime"],
  ...["StartTime", "EndTime", "LastSchedEval", "RunTime", "Deadline", "SuspendTime", "Priority"],
  ...["StdErr", "StdIn", "StdOut", "AllocNode:Sid", "BatchHost", "NodeList", "SecsPreSuspend"],
  ...["Restarts", "JobName", "ExitCode", "Scheduler", "TRES", "AllocTRES", "Command", "WorkDir"],
]);

/** The fields of environment files; `undefined` where there is none that can be read. */
async function readEnvironments(
  provenance: Provenance,
  runs: readonly EntryWithRun[],
): Promise<(ReadonlyMap<string, string> | undefined)[]> {
  const paths = runs.map(({ run }) =>
    logsOf(run.record).find((path) => /(^|\/)slurm-job-[^/]*\.env\.json$/.test(path))
  );
  const trees = await readDeepFiles(
    provenance,
    runs.map(({ entry }) => entry.commit.oid),
    paths.filter((path) => path !== undefined),
  );
  return await Promise.all(runs.map(async ({ entry }, at) => {
    const file = trees.get(entry.commit.oid)?.get(paths[at] ?? "");
    if (file === undefined) return undefined;
    const { git } = (await provenance.at(file.place)).dataset;
    return parseEnvironment((await readBlobs(git, [file.oid])).get(file.oid) ?? "");
  }));
}

function parseEnvironment(text: string): Map<string, string> | undefined {
  try {
    const fields: unknown = JSON.parse(text);
    if (typeof fields !== "object" || fields === null) return undefined;
    return new Map(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  } catch {
    return undefined; // annexed, or changed by hand
  }
}

function* pairsOf(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): Generator<[string, string | undefined, string | undefined]> {
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    yield [name, one.get(name), other.get(name)];
  }
}
