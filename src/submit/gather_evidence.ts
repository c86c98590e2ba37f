import { isInside } from "../paths/root_paths.ts";
import { isAbsolute, join, normalize, relative } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { blobOid } from "../git/blob_oid.ts";
import type { CommitTree } from "../git/commit_tree.ts";
import type { IndexFile } from "../git/index_file.ts";
import type { JobRequest } from "../jobs/job.ts";
import { hasTraits } from "../jobs/noted_evidence.ts";
import type { GatheredEvidence, NewestEvidence, NotedScript } from "../jobs/noted_evidence.ts";
import type { Session } from "../session/session.ts";
import { filesBehind } from "../datalad/linked_paths.ts";
import { placeInHead } from "../datalad/links_in_head.ts";
import { traitsOf } from "../datalad/look_at_input.ts";
import { lookIfThere } from "../datalad/look_if_there.ts";
import { isVersionOfHead } from "../datalad/compare_with_head.ts";
import type { InputView } from "../datalad/compare_with_head.ts";
import { shellName } from "../shell/shell_name.ts";
import { InputGatherer } from "./gather_inputs.ts";
import type { PlannedScript } from "./planned_script.ts";
import { findSubmittedScript } from "./submitted_script.ts";

/** A job to be submitted, as far as its evidence goes: a plan, or a waiting row with its plan. */
export interface JobToProve {
  /** As the store keeps it. */
  readonly request: Pick<JobRequest, "pwd" | "altDir">;
  /** With all placeholders filled in. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly directory: string;
  /** What it reads, relative to the root. */
  readonly inputs: readonly string[];
  /** Those of them that are extra inputs. */
  readonly extra?: readonly string[];
}

/** A larger index, of more than some 16,000 files, is read only when jobs are finished: it takes a while. */
const LARGEST_INDEX = 2 * 1024 * 1024;
/** Longer lists are kept once for all jobs that have the same. */
const LONG_LIST = 100;
/** Slurm's own limit, max_script_size in slurm.conf(5), is 4 MB unless a site raises it. */
const LARGEST_SCRIPT = 64 * 1024 * 1024;

/** Where it is noted what submitted jobs were submitted with. */
export interface SubmittedEvidence {
  /** Of the newest job that is open, with the HEAD that it was compared with. */
  newest(): NewestEvidence | undefined;
}

/** A script as it was read. */
interface ReadScript {
  readonly noted: NotedScript;
  /** `undefined` where HEAD is known to have it. */
  readonly content?: Uint8Array | undefined;
  /** Why HEAD does not have it, or why that is not known; completes a sentence. */
  readonly reason: string;
}

/**
 * Sees what jobs are about to be submitted with: batch script and inputs, compared with HEAD. Starts no
 * process; the rows of a table share what they have in common.
 */
export class EvidenceGatherer implements Disposable {
  readonly #dataset: Dataset;
  readonly #session: Session;
  readonly #submitted: SubmittedEvidence | undefined;
  readonly #inputs: InputGatherer;
  #head: CommitTree | undefined;
  #index: IndexFile | undefined;
  readonly #scripts = new Map<string, ReadScript>();
  readonly #warned = new Set<string>();

  /**
   * Gathers for jobs of one dataset, on the HEAD that it was opened at.
   *
   * @param submitted where it is noted what the job before was submitted with: of many that are submitted one
   * after the other at one HEAD, that HEAD has script and inputs is then found out once.
   */
  constructor(dataset: Dataset, session: Session, submitted?: SubmittedEvidence) {
    this.#dataset = dataset;
    this.#session = session;
    this.#submitted = submitted;
    this.#inputs = new InputGatherer(dataset, () => this.#lookInto(), () => this.#before);
  }

  /** Closes the files that are open. */
  [Symbol.dispose](): void {
    this.#head?.[Symbol.dispose]();
  }

  /**
   * Gathers what is there now; warns once of each script that HEAD does not have.
   *
   * @param planned what will run in the place of the script that is there now.
   */
  async gather(job: JobToProve, planned?: PlannedScript): Promise<GatheredEvidence> {
    const script = planned === undefined ? await this.#script(job) : await this.#planned(planned);
    const inputs = await this.#inputs.gather(job);
    const list = inputs.length > LONG_LIST ? JSON.stringify(inputs) : undefined;
    return {
      noted: {
        version: this.#session.version,
        submission: {
          at: `${this.#session.now().toISOString().slice(0, 19)}Z`,
          head: this.#dataset.headOid,
        },
        script: script?.noted ?? null,
        inputs,
      },
      ...scriptToKeep(script),
      ...(list === undefined ? {} : { inputsName: await digestOf(list) }),
    };
  }

  /**
   * Looks at the script once more, just before sbatch reads it.
   *
   * @returns evidence with the script as it is now; `undefined` if it has not changed.
   */
  async lookAgain(
    job: JobToProve,
    gathered: GatheredEvidence,
  ): Promise<GatheredEvidence | undefined> {
    const { script } = gathered.noted;
    if (script?.wrap === true) return undefined;
    const info = script?.file && lookIfThere(() => Deno.statSync(script.file!));
    if (info && script.traits && hasTraits(traitsOf(info), script.traits)) return undefined;
    const read = await this.#script(job);
    // The script may have been copied to an alternative folder meanwhile.
    if (read === undefined && script === null) return undefined;
    return {
      ...gathered,
      noted: { ...gathered.noted, script: read?.noted ?? null },
      ...scriptToKeep(read),
    };
  }

  /**
   * Requires that HEAD has the batch script of a job.
   *
   * @throws {UserError} `SCRIPT_NOT_SAVED`; nothing was submitted.
   */
  async requireSaved(job: JobToProve): Promise<void> {
    const { pwd } = job.request;
    // It may still have to be copied to an alternative folder.
    const script = await this.#script(job, false) ??
      await this.#script({ ...job, directory: join(this.#dataset.root, pwd) }, false);
    if (script?.noted.saved === true) return;
    const name = script?.noted.path;
    throw new UserError(
      "SCRIPT_NOT_SAVED",
      name === undefined
        ? `Cannot tell which batch script "${job.command}" submits, or whether it is saved`
        : `Cannot submit the batch script "${name}": ${script!.reason}`,
      {
        unchanged: "No job was submitted",
        hint: name === undefined
          ? "name the script as sbatch's own word, or leave --require-saved out"
          : `git add ${
            filesBehind(this.#dataset.root, name).map(shellName).join(" ")
          } && git commit, or datalad save; then run the same command again`,
      },
    );
  }

  async #planned({ path, outside, blob, content }: PlannedScript): Promise<ReadScript> {
    const isOurs = outside !== true && !isAbsolute(path) && isInside(path);
    const saved = isOurs ? await this.#savedAt(path, blob, content) : false;
    return {
      noted: {
        path: typeof saved === "string" ? saved : path,
        ...(isOurs ? {} : { outside: true }),
        blob,
        ...(saved === undefined ? {} : { saved: saved !== false }),
      },
      content: typeof saved === "string" ? undefined : content,
      reason: "",
    };
  }

  async #script(job: JobToProve, warns = true): Promise<ReadScript | undefined> {
    const found = await findSubmittedScript(job.command, job.directory);
    if (found === undefined) return undefined;
    if ("wrap" in found) {
      const content = new TextEncoder().encode(found.wrap);
      // The command has it, and the record the command.
      const blob = await blobOid(content, this.#dataset.headOid);
      return { noted: { wrap: true, blob, saved: true }, reason: "" };
    }
    const info = lookIfThere(() => Deno.statSync(found.file));
    if (info === undefined || info.size > LARGEST_SCRIPT) return undefined;
    const traits = traitsOf(info);
    const known = this.#scripts.get(found.file);
    const isSame = known?.noted.traits !== undefined && hasTraits(traits, known.noted.traits);
    const read = isSame ? known : await this.#readScript(job, { ...found, info });
    if (read === undefined) return undefined;
    this.#scripts.set(found.file, read);
    if (warns) this.#warn(read);
    return read;
  }

  async #readScript(
    { request: { pwd, altDir }, directory }: JobToProve,
    { name, file, info }: {
      readonly name: string;
      readonly file: string;
      readonly info: Deno.FileInfo;
    },
  ): Promise<ReadScript | undefined> {
    const traits = traitsOf(info);
    const content = lookIfThere(() => Deno.readFileSync(file));
    if (content === undefined) return undefined;
    const blob = await blobOid(content, this.#dataset.headOid);
    // In an alternative folder it is a copy of what stands here.
    const isCopy = altDir !== null && !isAbsolute(name);
    const inDataset = isCopy
      ? normalize(join(pwd, relative(directory, file)))
      : relative(this.#dataset.root, file);
    const isOurs = isInside(inDataset);
    const saved = isOurs
      ? this.#wasSaved(inDataset, blob)
        ? inDataset
        : await this.#savedAt(inDataset, blob, content, isCopy ? undefined : info)
      : false;
    // As HEAD's own links lead there, it has this file for that name.
    const path = typeof saved === "string" ? saved : isOurs ? inDataset : name;
    return {
      noted: {
        path,
        ...(isOurs ? {} : { outside: true }),
        blob,
        ...(saved === undefined ? {} : { saved: saved !== false }),
        file,
        traits,
      },
      content: typeof saved === "string" ? undefined : content,
      reason: saved === undefined
        ? "it is unclear whether it is what HEAD has at this path"
        : !isOurs
        ? "it is not in the dataset"
        : saved === false && await this.#isInHead(path)
        ? "it differs from what HEAD has"
        : "it is in no commit",
    };
  }

  /** What is noted of the job before, if it was submitted at this HEAD. */
  get #before(): NewestEvidence | undefined {
    const newest = this.#submitted?.newest();
    return newest?.head === this.#dataset.headOid ? newest : undefined;
  }

  /** Whether it is noted that HEAD has this content at this path, from which no link of its own leads away. */
  #wasSaved(path: string, blob: string): boolean {
    const script = this.#before?.script;
    return script?.saved === true && script.path === path && script.blob === blob;
  }

  /** Opened when it is needed: it takes some ms to be able to read git's objects. */
  async #lookInto(): Promise<InputView> {
    const { CommitTree } = await import("../git/commit_tree.ts");
    const { IndexFile } = await import("../git/index_file.ts");
    const { root, commonDir, headOid, indexFile } = this.#dataset;
    return {
      ...{ root, headOid, head: this.#head ??= new CommitTree(root, commonDir, headOid) },
      index: this.#index ??= new IndexFile(indexFile, headOid, LARGEST_INDEX),
    };
  }

  async #isInHead(path: string): Promise<boolean> {
    const view = await this.#lookInto();
    const place = placeInHead(view, path);
    return place !== undefined && Boolean(view.head.find(place));
  }

  /**
   * Where HEAD has this content: at the path, or where its links lead from there.
   *
   * @param info of the file that the content was read from, if that is the one at the path.
   * @returns relative to the root; `false` if it has another or none there, `undefined` if that cannot be found out.
   */
  async #savedAt(
    path: string,
    blob: string,
    content: Uint8Array,
    info?: Deno.FileInfo,
  ): Promise<string | false | undefined> {
    const view = await this.#lookInto();
    const { head } = view;
    const place = placeInHead(view, path);
    if (place === undefined) return false;
    const entry = head.find(place) === undefined ? await this.#askGit(place) : head.find(place);
    if (!entry) return entry === null ? false : undefined;
    const looked = { size: content.length, content, blob, info };
    const isSaved = await isVersionOfHead(view, place, entry.oid, looked);
    return isSaved === true ? place : isSaved;
  }

  /** Asks git, where its files could not be read: a partial clone, or a format of tomorrow. */
  async #askGit(
    path: string,
  ): Promise<{ readonly mode: string; readonly oid: string } | null | undefined> {
    const { git, headOid } = this.#dataset;
    const result = await git.run(["ls-tree", "-z", headOid, "--", path]);
    if (result.code !== 0) return undefined;
    const line = new TextDecoder().decode(result.stdout);
    const [, mode, oid] = /^([0-7]+) \w+ ([0-9a-f]+)\t/.exec(line) ?? [];
    return mode === undefined ? null : { mode, oid: oid! };
  }

  #warn({ noted: { path, saved }, reason }: ReadScript): void {
    if (saved !== false || this.#warned.has(path!)) return;
    this.#warned.add(path!);
    this.#session.warn(
      `the batch script "${path}" is not saved: ${reason}; as it is now it will be kept with the job's ` +
        "commit",
    );
  }
}

/**
 * Requires that HEAD has the batch script of a job, as {@linkcode EvidenceGatherer.requireSaved} does.
 *
 * @throws {UserError} `SCRIPT_NOT_SAVED`; nothing was submitted.
 */
export async function requireSavedScript(
  dataset: Dataset,
  job: JobToProve,
  session: Session,
): Promise<void> {
  using gatherer = new EvidenceGatherer(dataset, session);
  await gatherer.requireSaved(job);
}

function scriptToKeep(script: ReadScript | undefined): Pick<GatheredEvidence, "script"> {
  return {
    script: script?.content === undefined
      ? null
      : { oid: script.noted.blob!, content: script.content },
  };
}

async function digestOf(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return new Uint8Array(digest).toHex();
}
