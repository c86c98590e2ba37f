import { UserError } from "../errors.ts";
import { EntriesByJob } from "../jobs/entries_by_job.ts";
import type { QueueEntry } from "../jobs/queue_entries.ts";
import { textOf } from "../process/runner.ts";
import { parseJobRecord } from "./job_record.ts";
import type { JobRecord } from "./job_record.ts";
import { querySqueue } from "./query_squeue.ts";
import { requireAnswer, runSlurm, slurmFailed } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";

const SEPARATOR = "\n\nJobId=";
/** The jobs of which the answer about all jobs shows more than there can be are asked for by themselves. */
const MOST_SINGLE_CALLS = 8;
/** Of an answer that is none so many characters are kept, to be shown. */
const MOST_SHOWN = 2_000;

/**
 * Asks `scontrol show job` for one job: one record, for an array one per task that it knows.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if scontrol is missing, fails, hangs, prints something else or does not
 * know the job.
 */
export async function showJob(
  client: SlurmClient,
  jobId: string,
  cluster: string | null,
): Promise<JobRecord[]> {
  const onCluster = cluster === null ? [] : ["-M", cluster];
  const result = await runSlurm(client, ["scontrol", ...onCluster, "show", "job", jobId]);
  if (result.code !== 0) throw slurmFailed("scontrol", result);
  const stdout = textOf(result.stdout);
  const records = parseShowJob(stdout);
  requireAnswer("scontrol", { stdout, stderr: result.stderr }, records.length > 0);
  return records;
}

/**
 * Asks `scontrol show job` once for all jobs that slurmctld knows, and keeps the records of some: it takes
 * one job ID or none. Jobs that it has forgotten are absent. The comment of somebody else's job can hold a
 * whole record of ours: one that is not certainly Slurm's own is asked for by itself, where no text of
 * others stands, or, of many, left out.
 *
 * @param jobIds IDs as sbatch printed them, of arrays those of the array.
 * @param mayBeForgotten whether slurmctld may have forgotten jobs: then a record proves nothing until squeue
 * shows the job.
 * @returns records by those IDs.
 * @throws {UserError} `SLURM_UNAVAILABLE` if scontrol is missing, fails, hangs or prints something else, or squeue
 * where it is needed.
 */
export async function showJobs(
  client: SlurmClient,
  jobIds: ReadonlySet<string>,
  cluster: string | null,
  mayBeForgotten = false,
): Promise<Map<string, JobRecord[]>> {
  const texts = new Map<string, string[]>();
  let beginning = "";
  let isRead = false;
  const mentions = new Map<string, number>();
  const decoder = new TextDecoder();
  const splitter = new RecordSplitter((text) => {
    const submittedId = headOf(text)?.submittedId;
    isRead ||= submittedId !== undefined;
    // Other people's jobs may be tens of thousands: only ours are kept.
    if (submittedId === undefined || !jobIds.has(submittedId)) return;
    texts.getOrInsert(submittedId, []).push(text);
  }, ({ submittedId }) => {
    if (jobIds.has(submittedId)) mentions.set(submittedId, (mentions.get(submittedId) ?? 0) + 1);
  });
  const onCluster = cluster === null ? [] : ["-M", cluster];
  const result = await runSlurm(
    client,
    ["scontrol", ...onCluster, "show", "job"],
    (piece) => {
      const text = decoder.decode(piece, { stream: true });
      if (beginning.length < MOST_SHOWN) beginning += text.slice(0, MOST_SHOWN);
      splitter.add(text);
    },
  );
  if (result.code !== 0) throw slurmFailed("scontrol", result);
  splitter.end();
  isRead ||= beginning.trim() === "No jobs in the system";
  requireAnswer("scontrol", { stdout: beginning, stderr: result.stderr }, isRead);
  const isSound = ([jobId, own]: readonly [string, readonly string[]]) =>
    own.length === mentions.get(jobId) && areOfOneJob(own);
  const needsProof = (own: readonly string[]) => own.length > 1 || mayBeForgotten;
  const isToBeProven = [...texts].some((each) => isSound(each) && needsProof(each[1]));
  // Only after scontrol: what squeue still shows is among what scontrol has printed.
  const queue = new EntriesByJob(isToBeProven ? await querySqueue(client, cluster) : []);
  const found = new Map<string, JobRecord[]>();
  let calls = 0;
  for (const [jobId, own] of texts) {
    const isCertain = isSound([jobId, own]) && (!needsProof(own) || areShown(own, queue.of(jobId)));
    const records = isCertain
      ? own.map(parseJobRecord)
      : ++calls <= MOST_SINGLE_CALLS
      ? await showIfKnown(client, jobId, cluster)
      : [];
    if (records.length > 0) found.set(jobId, records);
  }
  return found;
}

/** Whether records can be those of one job: of several each is another part of it. */
function areOfOneJob(texts: readonly string[]): boolean {
  const heads = texts.map((text) => headOf(text)!);
  return new Set(heads.map(({ jobIdRaw }) => jobIdRaw)).size === heads.length &&
    (heads.length === 1 || heads.every(({ isPart }) => isPart));
}

/** Whether squeue, which prints no free text, shows the same jobs, tasks and components. */
function areShown(texts: readonly string[], queue: readonly QueueEntry[]): boolean {
  return texts.map((text) => headOf(text)!).every(({ submittedId, jobIdRaw, printedId }) =>
    // Pending tasks share the array's own number, and leave it one by one.
    queue.some((entry) =>
      entry.jobIdRaw === jobIdRaw && (entry.jobId === printedId || jobIdRaw === submittedId)
    )
  );
}

/** As {@linkcode showJob}; none of a job that scontrol does not tell of: the others are not lost by that. */
async function showIfKnown(
  client: SlurmClient,
  jobId: string,
  cluster: string | null,
): Promise<JobRecord[]> {
  return await showJob(client, jobId, cluster).catch((error) => {
    if (!(error instanceof UserError)) throw error;
    return [];
  });
}

/**
 * Reads what `scontrol show job JOBID` prints: the records of one job. What looks like a record of another
 * job is text of this one.
 */
export function parseShowJob(stdout: string): JobRecord[] {
  const texts: string[] = [];
  const splitter = new RecordSplitter((text) => texts.push(text));
  splitter.add(stdout);
  splitter.end();
  const head = texts[0] === undefined ? undefined : headOf(texts[0]);
  if (head === undefined) return [];
  // The beginning of the first line is Slurm's own: a plain job has one record.
  if (!head.isPart) return [parseJobRecord(texts.join("\n\n"))];
  const own: string[] = [];
  for (const text of texts) {
    if (headOf(text)!.submittedId === head.submittedId) own.push(text);
    else own.push(`${own.pop()}\n\n${text}`);
  }
  return own.map(parseJobRecord);
}

/** What the first line of a record tells before the free text in it begins. */
interface RecordHead {
  /** As sbatch printed it: of a task the array's. */
  readonly submittedId: string;
  /** Its own number. */
  readonly jobIdRaw: string;
  /** As squeue prints it, but for tasks that are pending: `151_0-3`. */
  readonly printedId: string;
  /** Whether it is one of several records: of an array, or of a heterogeneous job. */
  readonly isPart: boolean;
}

const HEAD_REGEXP =
  /^JobId=([0-9]+) (?:ArrayJobId=([0-9]+) ArrayTaskId=(\S+) (?:ArrayTaskThrottle=[0-9]+ )?|HetJobId=([0-9]+) HetJobOffset=([0-9]+) )?JobName=/;

function headOf(text: string): RecordHead | undefined {
  const match = HEAD_REGEXP.exec(text);
  if (match === null) return undefined;
  const [, jobIdRaw, array, tasks, het, offset] = match;
  const submittedId = array ?? het ?? jobIdRaw!;
  const printedId = array !== undefined
    ? `${array}_${tasks}`
    : het !== undefined
    ? `${het}+${offset}`
    : submittedId;
  return { submittedId, jobIdRaw: jobIdRaw!, printedId, isPart: printedId !== submittedId };
}

/**
 * Takes the answer of `scontrol show job` apart, as it arrives. Records are separated by an empty line. Free
 * text in them may hold one, too, and behind it what begins like a record: it is told by what a record has
 * where it ends, and by what it cannot do without.
 */
class RecordSplitter {
  readonly #onRecord: (text: string) => void;
  readonly #onHead: (head: RecordHead) => void;
  #rest = "";
  /** The record that further parts may belong to. */
  #record: string | undefined;
  /** Whether any part has what every record of a real scontrol has. */
  #isReal = false;
  /** Parts that arrived before one that has it. */
  #held: string[] = [];
  /** Whether records end in a line of blanks, as they do from 21.08 on. */
  #hasEndLines = false;

  /** @param onHead told of all that begins like a record, also of what is taken for text of another one. */
  constructor(onRecord: (text: string) => void, onHead: (head: RecordHead) => void = () => {}) {
    this.#onRecord = onRecord;
    this.#onHead = onHead;
  }

  add(text: string): void {
    const parts = (this.#rest + text).split(SEPARATOR);
    this.#rest = parts.pop()!;
    for (const part of parts) this.#hold(part);
  }

  end(): void {
    this.#hold(this.#rest);
    for (const part of this.#held) this.#take(part);
    if (this.#record !== undefined) this.#onRecord(this.#record);
  }

  #hold(part: string): void {
    this.#held.push(part);
    this.#isReal ||= hasStates(part);
    if (!this.#isReal) return;
    for (const each of this.#held.splice(0)) this.#take(each);
  }

  #take(part: string): void {
    if (this.#record === undefined) {
      // A wrapper's banner may stand before the first one.
      const start = /^JobId=[0-9]+ /m.exec(part)?.index;
      if (start === undefined) return;
      this.#record = part.slice(start);
      const head = headOf(this.#record);
      if (head !== undefined) this.#onHead(head);
      return;
    }
    const text = `JobId=${part}`;
    const head = headOf(text.split("\n", 1)[0]!);
    if (head !== undefined) this.#onHead(head);
    if (head === undefined || !this.#endsBefore(this.#record, text)) {
      this.#record += `\n\n${text}`;
      return;
    }
    this.#onRecord(this.#record);
    this.#record = text;
  }

  /** Whether a record ends where what follows begins like one. */
  #endsBefore(record: string, next: string): boolean {
    if (!this.#isReal) return true;
    if (!hasStates(record) || !tellsLogs(record)) return false;
    const hasEndLine = record.endsWith("\n   ");
    this.#hasEndLines ||= hasEndLine;
    return this.#hasEndLines ? hasEndLine : hasStates(next);
  }
}

/** Behind the name of the job and before all other free text. */
function hasStates(text: string): boolean {
  return /\n {3}Requeue=[0-9]+ Restarts=/.test(text);
}

/** Whether a record tells where the job logs, if it is that of a batch job. */
function tellsLogs(text: string): boolean {
  return !/\n {3}Requeue=.* BatchFlag=1 /.test(text) ||
    /\n {3}StdErr=[\s\S]*\n {3}StdIn=[\s\S]*\n {3}StdOut=/.test(text);
}
