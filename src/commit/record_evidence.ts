import { dirname, join } from "node:path";
import { realPathOfExisting } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { removeIfPresent } from "../fs/if_present.ts";
import { removeEmptyFolders } from "../fs/remove_empty_folders.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { temporaryFolderOf } from "../fs/temporary_files.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import type {
  AttemptEvidence,
  Evidence,
  InputEvidence,
  InputsDigest,
  ScriptEvidence,
} from "../jobs/evidence.ts";
import { hadId } from "../jobs/earlier_ids.ts";
import { evidenceToJson } from "../jobs/evidence.ts";
import type { Job, SubmittedJob } from "../jobs/job.ts";
import type { NotedEvidence, NotedInput, NotedScript } from "../jobs/noted_evidence.ts";
import { parseDuration } from "../jobs/queue_entries.ts";
import { isWithin } from "../paths/root_paths.ts";
import { toUserError } from "../process/system_error.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import type { JobStore } from "../store/job_store.ts";
import { InputsNow } from "./changed_inputs.ts";
import { LeftBefore } from "./left_before.ts";

/** Where commits keep scripts that were in none, each under its name as a blob. */
export const SCRIPTS_FOLDER = ".datalad/slurm/scripts";
/** Where commits keep lists of inputs that are too long for a message, each under its digest. */
export const INPUTS_FOLDER = ".datalad/slurm/inputs";
/** A longer list of inputs goes into a file instead of the message. */
const MOST_INPUTS = 100;
/** At most so many names are given; the others are counted. */
const MOST_NAMED = 5;

/** What a record will say, and what has to be committed with it. */
export interface CompletedEvidence {
  /** For the record, without what accounting has. */
  readonly evidence: Evidence;
  /** Files that were written for it just now, relative to the root. */
  readonly files: readonly string[];
}

/** An input that another job has written before it was read, and whether it was changed after that. */
interface Awaited {
  readonly input: NotedInput;
  readonly isChanged: boolean;
}

/** Completes the evidence of jobs that are finished together. */
export class RecordEvidence implements Disposable {
  readonly #dataset: Dataset;
  readonly #store: JobStore;
  readonly #session: Session;
  readonly #now: InputsNow;
  readonly #written = new Set<string>();
  /** Those that did not exist before. */
  readonly #made = new Set<string>();
  /** Job IDs by the warning that is due about them. */
  readonly #changes = new Map<string, string[]>();

  /** Begins with jobs of one finish. */
  constructor(dataset: Dataset, store: JobStore, session: Session) {
    this.#dataset = dataset;
    this.#store = store;
    this.#session = session;
    this.#now = new InputsNow(dataset);
  }

  /** Closes the files that are open. */
  [Symbol.dispose](): void {
    this.#now[Symbol.dispose]();
  }

  /**
   * Looks at a job's script and inputs again, and writes what its commit will keep of them.
   *
   * A crash leaves files that no commit has; they are written again under the same names.
   */
  async complete(job: SubmittedJob): Promise<CompletedEvidence> {
    const files: string[] = [];
    const attempts = await this.#attempts(job, files);
    const noted = this.#store.evidence.find(job.jobKey);
    if (noted === undefined) return { evidence: attempts, files };
    const isHere = noted.isOfOtherClone !== true;
    const awaited = isHere ? await this.#awaited(job, noted) : new Map<string, Awaited>();
    const left = noted.inputs.filter(({ path }) => !awaited.has(path));
    const changed = isHere
      ? await this.#now.findChanged({ ...noted, inputs: left }, job.outputs)
      : { inputs: [], script: undefined };
    changed.inputs.push(...[...awaited].flatMap(([path, { isChanged }]) => isChanged ? path : []));
    this.#note(job, changed);
    const script = noted.script && await this.#script(noted.script, files);
    const inputs: InputEvidence[] = [];
    for (const input of noted.inputs) {
      const whole = isHere
        ? awaited.get(input.path)?.input ??
          await this.#now.complete(input, noted.submission, job.outputs)
        : input;
      inputs.push(withoutTraits(whole));
    }
    const names = [...new Set([...changed.inputs, ...changed.script ? [changed.script] : []])];
    return {
      evidence: {
        version: noted.version,
        submission: noted.submission,
        ...(script === null ? {} : { script }),
        ...(inputs.length === 0 ? {} : { inputs: await this.#listOf(inputs, files) }),
        ...(names.length === 0 ? {} : { changedWhileOpen: names.sort().slice(0, MOST_INPUTS) }),
        ...attempts,
      },
      files,
    };
  }

  /** The inputs that a job's predecessors have written before it read them. */
  async #awaited(job: SubmittedJob, noted: NotedEvidence): Promise<Map<string, Awaited>> {
    const found = new Map<string, Awaited>();
    const { at, head } = noted.submission;
    const jobs = this.#openBefore(job, at === undefined ? job.submittedAtMs : Date.parse(at));
    if (jobs.length === 0) return found;
    using left = new LeftBefore(this.#dataset, jobs);
    for (const input of noted.inputs) {
      if (!left.claims(input.path)) continue;
      const awaited = await this.#now.findAwaited(input, left, head);
      if (awaited === undefined) continue;
      const isOwn = job.outputs.some((claim) => isWithin(claim, input.path));
      found.set(input.path, isOwn ? { ...awaited, isChanged: false } : awaited);
    }
    return found;
  }

  /** A job's predecessors, and theirs, that were open when it was submitted: what others had left was noted then. */
  #openBefore({ after = [] }: SubmittedJob, submittedAtMs: number): Job[] {
    const open: Job[] = [];
    const seen = new Set<string>();
    const left = after.map(({ jobId }) => jobId);
    for (let jobId = left.pop(); jobId !== undefined; jobId = left.pop()) {
      if (seen.has(jobId)) continue;
      seen.add(jobId);
      const found = this.#withId(jobId)
        .filter(({ endedAtMs = Infinity }) => endedAtMs > submittedAtMs);
      open.push(...found);
      left.push(...found.flatMap(({ after: before = [] }) => before.map((each) => each.jobId)));
    }
    return open;
  }

  /** The job with an ID, or those that had it in an attempt that failed. */
  #withId(jobId: string): Job[] {
    const job = this.#store.findByJobId(jobId);
    if (job !== undefined) return [job];
    return this.#store.listing.withAnyId(jobId).filter((each) => hadId(each, jobId));
  }

  /** Says which jobs had inputs, or scripts, that were changed while they were open. */
  warnOfChanges(): void {
    for (const [text, jobIds] of this.#changes) {
      const whose = jobIds.length === 1
        ? `job ${jobIds[0]} was`
        : `jobs ${firstOf(jobIds, MOST_NAMED)} were`;
      this.#session.warn(`while ${whose} open, ${text}`);
    }
    this.#changes.clear();
  }

  /**
   * Takes back what was written for jobs which were not committed after all.
   *
   * @param committed the files of those that were.
   */
  async takeBack(committed: readonly string[]): Promise<void> {
    for (const path of committed) this.#made.delete(path);
    for (const path of this.#made) {
      await removeIfPresent(join(this.#dataset.root, path));
    }
    await removeEmptyFolders(this.#dataset.root, [...this.#made].map(dirname));
    this.#made.clear();
  }

  #note(
    { jobId }: SubmittedJob,
    { inputs, script }: { readonly inputs: readonly string[]; readonly script: string | undefined },
  ): void {
    const add = (text: string) => {
      this.#changes.getOrInsert(text, []).push(jobId);
    };
    if (script !== undefined) {
      add(
        `the batch script "${script}" was changed: what ran is what was submitted, as the record says`,
      );
    }
    if (inputs.length === 0) return;
    const were = inputs.length === 1 ? "an input was" : `${inputs.length} inputs were`;
    add(
      `${were} changed, and nobody knows which version was read: ${
        firstOf(inputs, MOST_NAMED)
      }; the ` +
        "record says what was there before",
    );
  }

  /** The submissions of a job that failed before the one that is committed. */
  async #attempts(
    { jobKey, attempts }: SubmittedJob,
    files: string[],
  ): Promise<Pick<Evidence, "attempts">> {
    if (attempts.length === 0) return {};
    const told: AttemptEvidence[] = [];
    for (const [at, { jobId, end, options }] of attempts.entries()) {
      const elapsed = parseDuration(end.elapsed);
      const noted = this.#store.evidence.findOfAttempt(jobKey, at)?.script;
      const script = noted ? await this.#script(noted, files) : undefined;
      told.push({
        jobId,
        ...(end.state === "" ? {} : { state: end.state }),
        ...(end.exitCode === "" ? {} : { exitCode: end.exitCode }),
        ...(elapsed === undefined ? {} : { elapsed }),
        ...(options.length === 0 ? {} : { options }),
        ...(script === undefined ? {} : { script }),
      });
    }
    return { attempts: told };
  }

  async #script(noted: NotedScript, files: string[]): Promise<ScriptEvidence> {
    const { file: _file, traits: _traits, ...script } = noted;
    if (script.saved === true || script.blob === undefined) return script;
    const content = this.#store.evidence.contentOf(script.blob);
    if (content === undefined) return script;
    const kept = `${SCRIPTS_FOLDER}/${script.blob}`;
    if (!await this.#write(kept, content)) return script;
    if (!files.includes(kept)) files.push(kept);
    return { ...script, kept };
  }

  async #listOf(
    inputs: readonly InputEvidence[],
    files: string[],
  ): Promise<readonly InputEvidence[] | InputsDigest> {
    if (inputs.length <= MOST_INPUTS) return inputs;
    const lines = inputs.map((input) =>
      `${JSON.stringify(evidenceToJson({ inputs: [input] })["inputs"])}`
    );
    const content = new TextEncoder().encode(
      lines.map((line) => `${line.slice(1, -1)}\n`).join(""),
    );
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
    const list = `${INPUTS_FOLDER}/${digest}.jsonl`;
    const isKept = await this.#write(list, content);
    if (isKept) files.push(list);
    const modified = inputs.filter((input) => input.modified === true).length;
    return {
      count: inputs.length,
      digest: `sha256:${digest}`,
      ...(isKept ? { list } : {}),
      ...(modified === 0 ? {} : { modified }),
    };
  }

  /** Returns whether the file is there now; a failure is warned of, and keeps no job from being committed. */
  async #write(path: string, content: Uint8Array): Promise<boolean> {
    if (this.#written.has(path)) return true;
    const { root, config } = this.#dataset;
    const file = join(root, path);
    try {
      // Through no link out of the dataset.
      if (!isWithin(root, await realPathOfExisting(file))) return false;
      if (!await isThere(file)) {
        // Colleagues, too, write theirs into this folder.
        const mode = SharedMode.of(config);
        mode.makeFolder(dirname(file));
        await writeFileAtomic(file, content, { mode, folder: temporaryFolderOf(this.#dataset) });
        this.#made.add(path);
      }
      this.#written.add(path);
      return true;
    } catch (error) {
      this.#session.warn(`"${path}" is not kept: ${toUserError(error).message}`);
      return false;
    }
  }
}

/** Its name tells its content. */
async function isThere(file: string): Promise<boolean> {
  try {
    return (await Deno.lstat(file)).size > 0;
  } catch {
    return false;
  }
}

function withoutTraits({ traits: _, ...input }: NotedInput): InputEvidence {
  return input;
}
