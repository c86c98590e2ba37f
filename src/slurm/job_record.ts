/** One record of `scontrol show job`: its keys in the order printed. */
export type JobRecord = ReadonlyMap<string, string>;

/**
 * The keys that lines of a record begin with, in the order in which every scontrol from 20.11 to 26.05
 * prints those that a job has (slurm_sprint_job_info() in SchedMD/slurm). A key that is not among them may
 * stand anywhere.
 */
const LINES = [
  ...["JobId", "SLUID", "HetJobIdSet", "UserId", "Priority", "JobState", "Requeue"],
  ...[
    "DerivedExitCode",
    "RunTime",
    "SubmitTime",
    "AccrueTime",
    "ResizeTime",
    "StartTime",
    "CronJob",
  ],
  ...["CrontabSpec", "PreemptEligibleTime", "SuspendTime", "Partition", "ReqNodeList", "NodeList"],
  ...["BatchFeatures", "BatchHost", "StepMgrEnabled", "FedOrigin", "NumNodes", "TRES", "ReqTRES"],
  ...[
    "AllocTRES",
    "Socks/Node",
    "JOB_GRES",
    "MinCPUsNode",
    "Features",
    "ClusterFeatures",
    "Prefer",
  ],
  ...["Reservation", "OverSubscribe", "Command", "SubmitLine", "WorkDir", "AdminComment"],
  ...["SystemComment", "Comment", "Extra", "StdErr", "StdIn", "StdOut", "SegmentSize", "Switches"],
  ...["BurstBuffer", "BurstBufferState", "Power", "GresEnforceBind", "OOMKillStep", "CpusPerTres"],
  ...["MemPerTres", "TresBind", "TresFreq", "TresPerJob", "TresPerNode", "TresPerSocket"],
  ...["TresPerTask", "MailUser", "NtasksPerTRES", "Container", "SELinuxContext", "ResvPorts"],
];
const RANKS: ReadonlyMap<string, number> = new Map(LINES.map((key, rank) => [key, rank]));

/** Lines that end in free text, which is printed as it is: with line breaks, blanks, "=" and keys in it. */
const FREE_TEXT = new Set([
  ...["JobId", "Command", "SubmitLine", "AdminComment", "SystemComment", "Comment", "Extra"],
  ...["BurstBuffer", "MailUser", "Container"],
]);
/** Whose value is all that follows on the line; JobName and Dependency stand behind other pairs. */
const REST_OF_LINE = new Set([
  ...["AdminComment", "BurstBuffer", "Command", "Comment", "Container", "Dependency", "Extra"],
  ...["ExtraNodeRequired", "JobName", "MailUser", "StdErr", "StdIn", "StdOut", "SubmitLine"],
  ...["SystemComment", "WorkDir"],
]);
const MAY_END_A_LINE = new Set(["JobName", "Dependency"]);
/** A path may end in a blank; behind other texts some versions print one. */
const PATHS = new Set(["StdErr", "StdIn", "StdOut", "WorkDir"]);
const LINE_REGEXP = /^ {3}([A-Z][A-Za-z0-9/:_-]*)=/;
const NEXT_KEY_REGEXP = / (?=[A-Z][A-Za-z0-9/:_-]*=)/;

/** Worse than any number of lines that are rightly taken for keys. */
const SWALLOWED = 1_000;
/** More lines that look like keys no record has: of hostile text only both ends are looked at. */
const MOST_CANDIDATES = 1_000;

/**
 * Reads one record of `scontrol show job`, which begins with `JobId=`. A line is a key's only where Slurm
 * can have put it: whatever a name, a comment or a command line holds, it is read as their text.
 */
export function parseJobRecord(text: string): JobRecord {
  const lines = text.split("\n");
  const starts = [...findKeyLines(lines), lines.length];
  const record = new Map<string, string>();
  for (let at = 0; at + 1 < starts.length; at++) {
    // Free text may span lines; what follows another line is of a key that is new to us, or nothing.
    const own = lines.slice(starts[at]!, starts[at + 1]!);
    const isFree = FREE_TEXT.has(keyOf(own[0]!, starts[at]!) ?? "");
    const parts = isFree ? [own.join("\n")] : partsOf(own);
    for (const part of parts) {
      for (const [key, value] of pairsOf(part.replace(/^ {3}/, ""))) {
        if (!record.has(key)) record.set(key, PATHS.has(key) ? value : value.trimEnd());
      }
    }
  }
  return record;
}

/**
 * The lines that begin with keys of Slurm's: the longest run of them in Slurm's order that leaves no line
 * unexplained, where free text explains any. Hostile text cannot be part of a longer one: whatever it
 * imitates comes once more, and in its place.
 */
function findKeyLines(lines: readonly string[]): number[] {
  const candidates = candidatesOf(lines);
  const best: { score: number; previous: number }[] = [];
  for (const [at, candidate] of candidates.entries()) {
    best[at] = { score: at === 0 ? 1 : -Infinity, previous: -1 };
    for (let before = 0; before < at; before++) {
      const other = candidates[before]!;
      if (other.rank >= candidate.rank) continue;
      const score = best[before]!.score + 1 - costBetween(other, candidate);
      if (score > best[at]!.score) best[at] = { score, previous: before };
    }
  }
  const texts = lines.filter((text, line) => isText(text, keyOf(text, line))).length;
  const end = { key: "", rank: Infinity, line: lines.length, texts };
  let last = 0;
  let most = -Infinity;
  for (const [at, candidate] of candidates.entries()) {
    const score = best[at]!.score - costBetween(candidate, end);
    if (score >= most) [last, most] = [at, score];
  }
  const found: number[] = [];
  for (let at = last; at >= 0; at = best[at]!.previous) found.unshift(candidates[at]!.line);
  return found;
}

/** A line that may be one of Slurm's keys. */
interface Candidate {
  readonly key: string;
  readonly rank: number;
  readonly line: number;
  /** How many lines before it can only be text. */
  readonly texts: number;
}

function candidatesOf(lines: readonly string[]): Candidate[] {
  const candidates: Candidate[] = [];
  let texts = 0;
  for (const [line, text] of lines.entries()) {
    const key = keyOf(text, line);
    const rank = key === undefined ? undefined : RANKS.get(key);
    if (rank !== undefined) candidates.push({ key: key!, rank, line, texts });
    if (isText(text, key)) texts++;
  }
  if (candidates.length <= MOST_CANDIDATES) return candidates;
  const half = MOST_CANDIDATES / 2;
  return [...candidates.slice(0, half), ...candidates.slice(-half)];
}

function keyOf(text: string, line: number): string | undefined {
  return line === 0 ? "JobId" : LINE_REGEXP.exec(text)?.[1];
}

/** Whether a line, unless free text holds it, is none that Slurm prints: neither blank nor a new key. */
function isText(text: string, key: string | undefined): boolean {
  return text.trim() !== "" && (key === undefined || RANKS.has(key));
}

/** What it costs that the lines between two keys belong to the first. */
function costBetween(from: Candidate, to: Candidate): number {
  return FREE_TEXT.has(from.key) ? 0 : (to.texts - from.texts - 1) * SWALLOWED;
}

/** What follows a key's line without being free text: further lines of the value, or keys new to us. */
function partsOf(own: readonly string[]): string[] {
  const parts: string[] = [];
  for (const line of own) {
    if (parts.length === 0 || LINE_REGEXP.test(line)) parts.push(line);
    else if (line.trim() !== "") parts.push(`${parts.pop()}\n${line}`);
  }
  return parts;
}

function* pairsOf(line: string): Generator<[string, string]> {
  let rest = line;
  while (rest !== "") {
    const equals = rest.indexOf("=");
    if (equals < 0) return;
    const key = rest.slice(0, equals);
    const next = NEXT_KEY_REGEXP.exec(rest.slice(equals));
    if (REST_OF_LINE.has(key) && (rest === line || MAY_END_A_LINE.has(key)) || next === null) {
      yield [key, rest.slice(equals + 1)];
      return;
    }
    const end = equals + next.index;
    yield [key, rest.slice(equals + 1, end)];
    rest = rest.slice(end + 1);
  }
}
