import { join } from "node:path";
import { sizeOfKey } from "../annex/annex_key.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { pointerIn } from "../datalad/look_at_input.ts";
import { lookIfThere } from "../datalad/look_if_there.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import { blobOid } from "../git/blob_oid.ts";
import { readSizes } from "../git/cat_file.ts";
import { LINK_MODE } from "../git/changes.ts";
import { compareWithWorkTree } from "../git/compare_paths.ts";
import { isReachable } from "../git/path_bytes.ts";
import type { Evidence, InputEvidence, ReproductionEvidence } from "../jobs/evidence.ts";
import type { NotedEvidence } from "../jobs/noted_evidence.ts";
import type { Job } from "../jobs/job.ts";
import { reproductionOf } from "../jobs/output_comparison.ts";
import { isWithin } from "../paths/root_paths.ts";
import { compareRuns, readKeys } from "./compare_runs.ts";
import { claimsOf, logsOf } from "./paths_of_run.ts";
import { readDeepTrees } from "./deep_files.ts";
import type { DeepFile } from "./deep_files.ts";
import type { Target } from "./target.ts";
import { findRepetitions } from "./find_repetitions.ts";
import { traceInputs } from "./lineage.ts";
import type { TracedInput } from "./lineage.ts";
import { readCutCommits } from "../git/shallow.ts";
import type { Provenance } from "./provenance.ts";
import type { RecordedRun } from "./recorded_runs.ts";
import type { HistoryEntry } from "./run_history.ts";
import type { EntryWithRun } from "./run_inputs.ts";
import { findWrittenFiles } from "./written_files.ts";

/** Whether a file is today what it was for a run. */
export type Today = "same" | "changed" | "gone" | "unknown";

/** Something that a run read. */
export interface DescribedInput extends TracedInput {
  /** Compared with HEAD and the work tree. */
  readonly today: Today;
}

/** A file that a run wrote. */
export interface DescribedOutput {
  /** Relative to the dataset's root. */
  readonly path: string;
  /** Bytes; absent where unknown. */
  readonly size?: number;
  /** `true` for a subdataset that is not here as the run left it: what of it is an output cannot be told. */
  readonly isHidden?: true;
  /**
   * `true` for a file that neither its commit nor those of the runs that it repeats have changed: it was written the
   * same again, or not at all.
   */
  readonly isUnchanged?: true;
}

/** A run that stands in relation to another one. */
export interface RelatedRun {
  /** Its commit; it may be in no history any more. */
  readonly commit: string;
  /** Slurm's job ID, if the commit is there. */
  readonly jobId?: string;
  /** How the repetition of the two came out. */
  readonly reproduces?: ReproductionEvidence;
}

/** Everything that history and store know about a job. */
export interface RunDescription {
  /** The record; of a job without one what the store holds. */
  readonly record: RunRecord;
  /** With the record's commit, if it has one. */
  readonly run?: RecordedRun;
  /** Inputs, without the batch script. */
  readonly inputs: readonly DescribedInput[];
  /** The batch script, if it is in the dataset. */
  readonly script?: DescribedInput;
  /** What it wrote, logs left out; of an open job nothing. */
  readonly outputs: readonly DescribedOutput[];
  /** Whether it is unknown what it wrote, since a shallow clone ends at its commit. */
  readonly isCut: boolean;
  /** The runs that this one repeats, the newest first. */
  readonly originals: readonly RelatedRun[];
  /** The runs that repeat this one, the newest first. */
  readonly repetitions: readonly RelatedRun[];
}

/**
 * Gathers what is known about a job.
 *
 * @throws {UserError} `BAD_RECORD` if its record cannot be read.
 */
export async function describeRun(
  { provenance, entry, job, noted }: Target,
): Promise<RunDescription> {
  const { history, dataset } = provenance.top;
  const run = entry === undefined ? undefined : await history.read(entry);
  const record = run?.record ?? recordOfJob(job!, noted);
  const subject: EntryWithRun = run !== undefined
    ? { entry: entry!, run }
    : pseudoRun(dataset, record);
  const [traced] = await traceInputs(provenance, [subject]);
  const described = await compareWithToday(provenance, traced!, record);
  const script = described.find(({ isScript }) => isScript);
  const cut = await readCutCommits(dataset);
  const isCut = entry !== undefined && cut.has(entry.commit.oid);
  const repetitions = entry === undefined ? [] : await findRepetitions(history, entry);
  const chain = await history.chainOf(subject.run);
  return {
    record,
    ...(run === undefined ? {} : { run }),
    inputs: described.filter((input) => !input.isScript),
    ...(script === undefined ? {} : { script }),
    outputs: run === undefined ? [] : await findOutputs(provenance, run, chain, isCut),
    isCut,
    originals: originalsOf(record, chain),
    repetitions: run === undefined ? [] : await judge(provenance, run, repetitions),
  };
}

/** The runs that a record names, the newest first, by what they are called now. */
function originalsOf(
  { chain, evidence }: RunRecord,
  entries: readonly (HistoryEntry | undefined)[],
): RelatedRun[] {
  return chain.map((then, at) => {
    const entry = entries[at];
    const reproduces = at === chain.length - 1 ? evidence?.reproduces : undefined;
    return {
      commit: entry?.commit.oid ?? then,
      ...(entry === undefined ? {} : { jobId: entry.jobId }),
      ...(reproduces?.commit === then ? { reproduces } : {}),
    };
  }).reverse();
}

/** What the store holds of a job, in the form of a record. */
function recordOfJob(job: Job, noted: NotedEvidence | undefined): RunRecord {
  const { chain, cmd, dsid, extraInputs, inputs, outputs, pwd, altDir, cluster, row } = job;
  return {
    ...{ chain, cmd, dsid, extraInputs, inputs, outputs, pwd, altDir, cluster, row },
    slurmJobId: job.jobId ?? "0",
    slurmOutputs: [],
    subdataset: null,
    ...(noted === undefined ? {} : { evidence: evidenceOf(noted) }),
  };
}

/** What was noted, without what is for this machine alone. */
function evidenceOf({ version, submission, script, inputs }: NotedEvidence): Evidence {
  const withoutTraits = <T extends object>(noted: T) =>
    Object.fromEntries(
      Object.entries(noted).filter(([name]) => name !== "traits" && name !== "file"),
    ) as Omit<T, "traits" | "file">;
  return {
    version,
    submission,
    ...(script === null ? {} : { script: withoutTraits(script) }),
    ...(inputs.length === 0 ? {} : { inputs: inputs.map(withoutTraits) as InputEvidence[] }),
  };
}

/** An open job reads what is at HEAD. */
function pseudoRun({ headOid }: Dataset, record: RunRecord): EntryWithRun {
  const commit = {
    oid: headOid,
    author: { name: "", email: "" },
    committedS: 0,
    authoredS: 0,
    parents: [],
    message: "",
  };
  return {
    entry: { commit, jobId: record.slurmJobId, state: "", position: -1 },
    run: { commit, parsed: { state: "", text: "", record }, record },
  };
}

async function compareWithToday(
  provenance: Provenance,
  inputs: readonly TracedInput[],
  record: RunRecord,
): Promise<DescribedInput[]> {
  if (inputs.length === 0) return [];
  const { dataset } = provenance.top;
  const paths = inputs.map(({ path }) => path);
  const { files: head = new Map<string, DeepFile>(), unread = new Map<string, string>() } =
    (await readDeepTrees(provenance, ["HEAD"], paths)).get("HEAD") ?? {};
  const own = inputs.filter(({ place }) => place === ".").map(({ path }) => path);
  const unsaved = new Set(
    own.length === 0
      ? []
      : (await compareWithWorkTree(dataset.git, own)).map((difference) => difference.path),
  );
  const doubtful = inputs.flatMap((input) => {
    const now = head.get(input.path);
    if (now === undefined || now.oid === input.oid) return [];
    const oids = [input.oid, input.committed?.oid].filter((oid) => oid !== undefined);
    // It may have been locked then, and be unlocked now.
    const mode = input.mode ?? LINK_MODE;
    return [now, ...oids.map((oid): DeepFile => ({ ...now, mode, oid }))];
  });
  const keys = await readKeys(provenance, doubtful);
  const keyByOid = new Map([...keys].map(([file, key]) => [file.oid, key]));
  return await Promise.all(inputs.map(async (input) => {
    const isHidden = [...unread.keys()].some((subdataset) => isWithin(subdataset, input.path));
    if (isHidden) return { ...input, today: "unknown" };
    const now = head.get(input.path);
    // The content of an annexed file need not be here.
    const then = input.committed?.path === input.pathInPlace ? input.committed.oid : undefined;
    const isCommitted = then !== undefined && now !== undefined &&
      (then === now.oid || keyByOid.has(then) && keyByOid.get(then) === keyByOid.get(now.oid));
    if (isCommitted && !unsaved.has(input.path)) return { ...input, today: "same" };
    const blob = input.isScript
      ? record.evidence?.script?.blob
      : head.has(input.path) || input.place !== "."
      ? undefined
      : input.evidence?.blob; // it may be there all the same, in no commit
    const today = blob !== undefined && isReachable(input.path)
      ? await compareBytes(dataset, input.path, blob)
      : todayOf(input, head.get(input.path), unsaved, keyByOid);
    // What is there in its place is another version, whatever is in it.
    const isOther = today === "unknown" && then !== undefined && now !== undefined;
    return { ...input, today: isOther ? "changed" : today };
  }));
}

function todayOf(
  input: TracedInput,
  now: DeepFile | undefined,
  unsaved: ReadonlySet<string>,
  keyByOid: ReadonlyMap<string, string>,
): Today {
  if (input.oid === undefined && input.evidence?.key === undefined) return "unknown";
  if (now === undefined) return "gone";
  if (unsaved.has(input.path)) return "changed";
  if (now.oid === input.oid) return "same";
  const key = input.evidence?.key ?? keyByOid.get(input.oid ?? "");
  return key !== undefined && key === keyByOid.get(now.oid) ? "same" : "changed";
}

async function compareBytes(
  { root, headOid }: Dataset,
  path: string,
  blob: string,
): Promise<Today> {
  try {
    const content = await Deno.readFile(join(root, path));
    // Of an unlocked annexed file that is not here.
    if (pointerIn(content) !== undefined) return "unknown";
    return await blobOid(content, headOid) === blob ? "same" : "changed";
  } catch (error) {
    const isLink = lookIfThere(() => Deno.lstatSync(join(root, path)))?.isSymlink === true;
    if (error instanceof Deno.errors.NotFound && !isLink) return "gone";
    return "unknown"; // a folder, or one that may not be read
  }
}

async function findOutputs(
  provenance: Provenance,
  { commit, record }: RecordedRun,
  earlier: readonly (HistoryEntry | undefined)[],
  isCut: boolean,
): Promise<DescribedOutput[]> {
  const claims = claimsOf(record);
  const logs = new Set(logsOf(record));
  const { dataset } = provenance.top;
  // A repetition that wrote the same again has changed nothing.
  const chain = [commit.oid, ...earlier.flatMap((entry) => entry?.commit.oid ?? [])];
  const written = isCut
    ? undefined
    : new Set([...(await findWrittenFiles(dataset, chain)).values()].flat());
  const tree = (await readDeepTrees(provenance, [commit.oid], claims)).get(commit.oid);
  const own = [...tree?.files.values() ?? []].filter(({ path }) =>
    !logs.has(path) && claims.some((claim) => isWithin(claim, path)) &&
    (written === undefined || written.has(path) || claims.includes(path))
  );
  const sizes = await sizesOf(provenance, own);
  const hidden = [...tree?.unread.keys() ?? []];
  return [
    ...own.map((file) => {
      const size = sizes.get(file);
      const isUnchanged = written?.has(file.path) === false &&
        record.evidence?.savedByOthers !== true;
      return {
        path: file.path,
        ...(size === undefined ? {} : { size }),
        ...(isUnchanged ? { isUnchanged } : {}),
      };
    }),
    ...hidden.map((path): DescribedOutput => ({ path, isHidden: true })),
  ];
}

/** Sizes of contents, of annexed files as their keys tell them. */
export async function sizesOf(
  provenance: Provenance,
  files: readonly DeepFile[],
): Promise<Map<DeepFile, number>> {
  const sizes = new Map<DeepFile, number>();
  const keys = provenance.top.dataset.hasAnnex || files.some(({ mode }) => mode === LINK_MODE)
    ? await readKeys(provenance, files)
    : new Map<DeepFile, string>();
  for (const [place, group] of Map.groupBy(files, (file) => file.place)) {
    const { git } = (await provenance.at(place)).dataset;
    const blobs = await readSizes(git, group.map(({ oid }) => oid));
    for (const file of group) {
      const key = keys.get(file);
      const size = key === undefined ? blobs.get(file.oid) : sizeOfKey(key);
      if (size !== undefined) sizes.set(file, size);
    }
  }
  return sizes;
}

async function judge(
  provenance: Provenance,
  original: RecordedRun,
  repetitions: readonly RecordedRun[],
): Promise<RelatedRun[]> {
  const compared = await compareRuns(
    provenance,
    repetitions.map((repetition) => ({ original, repetition })),
  );
  return repetitions.map(({ commit, record }, at) => ({
    commit: commit.oid,
    jobId: record.slurmJobId,
    reproduces: reproductionOf(
      new Map(compared[at]!.map(({ path, verdict }) => [path, verdict])),
      { commit: original.commit.oid, jobId: original.record.slurmJobId },
    ),
  }));
}
