import { lookBesideAltDir } from "../claims/look_beside_alt_dir.ts";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { statIfPresent } from "../fs/if_present.ts";
import type { FilesBefore } from "../jobs/files_before.ts";
import type { GatheredEvidence } from "../jobs/noted_evidence.ts";
import type { Session } from "../session/session.ts";
import { shellName } from "../shell/shell_name.ts";
import type { Adoption, CarriedJob, JobToAdopt } from "../store/adopt_jobs.ts";
import type { Registration } from "../store/handovers.ts";
import { JobStore } from "../store/job_store.ts";
import { isSameDataset, markOfDataset } from "./dataset_mark.ts";
import { badHandover } from "./handover_file.ts";
import type { HandedJob, HandoverFile } from "./handover_file.ts";

/** How jobs are to be adopted. */
export interface AdoptHandoverOptions {
  /** The jobs. */
  readonly file: HandoverFile;
  /** What it is called in messages. */
  readonly name: string;
  /** Where what they write arrives, absolute; absent: the folders that they write to are seen from here. */
  readonly altDir: string | undefined;
  /** `false` to share places with open jobs. */
  readonly checksOutputs: boolean;
}

/** What became of one job of a handover file. */
export interface HandedAdoption {
  /** As the file has it. */
  readonly job: HandedJob;
  /** In the store of this clone; or why the first clone does not give it. */
  readonly outcome: Adoption | { readonly kind: "gone" } | {
    readonly kind: "adopted elsewhere";
    readonly by: string;
  };
}

/** What came of a handover file. */
export interface AdoptedHandover {
  /** All of the file, in its order. */
  readonly jobs: readonly HandedAdoption[];
  /** Why the first clone could not be told; absent: it was. */
  readonly untold?: string;
}

/**
 * Takes the jobs of a handover file. The first clone is told before this one has them: a crash between both leaves
 * them promised to this one, and the same call takes them.
 *
 * @throws {UserError} `BAD_HANDOVER` if it is of another dataset, `BAD_ALT_DIR` if what a job writes cannot be seen.
 */
export async function adoptHandover(
  dataset: Dataset,
  store: JobStore,
  options: AdoptHandoverOptions,
  session: Session,
): Promise<AdoptedHandover> {
  const { file } = options;
  if (!isSameDataset(file.dataset, await markOfDataset(dataset))) {
    throw badHandover(options.name, `"${dataset.root}" is another dataset`);
  }
  const known = store.adopted.list();
  const fresh = file.jobs.filter(({ token }) => !known.has(markOf(token)));
  const toAdopt = new Map<HandedJob, JobToAdopt>();
  for (const job of fresh) toAdopt.set(job, await toAdoptable(dataset, job, options));
  const first = await openFirst(file, session);
  const firstStore = first instanceof JobStore ? first : undefined;
  try {
    const answers = firstStore?.handovers.register(
      fresh.map(({ token }) => token),
      dataset.commonDir,
    );
    const isOurs = ({ token }: HandedJob) => (answers?.get(token) ?? "registered") === "registered";
    const ours = fresh.filter(isOurs);
    const adoptions = ours.length === 0
      ? []
      : store.adopted.add(ours.map((job) => toAdopt.get(job)!), options.checksOutputs);
    const refused = ours.filter((_, at) => isRefusal(adoptions[at]!));
    firstStore?.handovers.unregister(refused.map(({ token }) => token), dataset.commonDir);
    const outcomes = new Map(ours.map((job, at) => [job, adoptions[at]!]));
    const jobs = file.jobs.map((job): HandedAdoption => {
      if (!toAdopt.has(job)) return { job, outcome: { kind: "known" } };
      return { job, outcome: outcomes.get(job) ?? refusalOf(answers!.get(job.token)!) };
    });
    return firstStore === undefined ? { jobs, untold: first as string } : { jobs };
  } finally {
    firstStore?.[Symbol.dispose]();
  }
}

function markOf(token: string): string {
  return `handover:${token}`;
}

function isRefusal({ kind }: Adoption): boolean {
  return kind !== "adopted" && kind !== "known";
}

function refusalOf(answer: Registration): HandedAdoption["outcome"] {
  return typeof answer === "string"
    ? { kind: "gone" }
    : { kind: "adopted elsewhere", by: answer.adoptedBy };
}

/** @returns why it cannot be reached, if it cannot. */
async function openFirst({ from }: HandoverFile, session: Session): Promise<JobStore | string> {
  try {
    const first = await openDataset(session.runner, from.root, undefined);
    if (first.commonDir !== from.commonDir) return `"${from.root}" is another repository here`;
    const store = JobStore.openIn(first);
    try {
      // Who may only look at it cannot tell it anything.
      store.exclusively(() => undefined);
      return store;
    } catch (error) {
      store[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (error.code === "STORE_BUSY") throw error;
    return error.problem;
  }
}

async function toAdoptable(
  dataset: Dataset,
  job: HandedJob,
  options: AdoptHandoverOptions,
): Promise<JobToAdopt> {
  const ranIn = options.altDir ?? job.ranIn;
  const isHere = ranIn === dataset.root;
  if (!isHere) await requireSeen(job, ranIn);
  const { cmd, pwd, dsid, message, chain, inputs, extraInputs, outputs, label, after, row } = job;
  return {
    ...{ jobId: job.jobId, cluster: job.cluster, submittedAtMs: job.submittedAtMs },
    details: job.details,
    mark: markOf(job.token),
    request: {
      ...{ cmd, pwd, dsid, message, chain, inputs, extraInputs, outputs, label, after, row },
      altDir: isHere ? null : ranIn,
      rescheduledJobId: job.rescheduledJobId,
      worktree: dataset.worktree,
      taskOutputs: job.taskOutputs,
    },
    carried: carriedBy(
      options.file,
      job,
      await filesBefore(dataset, job, isHere ? null : ranIn, options),
    ),
  };
}

function carriedBy(file: HandoverFile, job: HandedJob, before: FilesBefore): CarriedJob {
  const evidence = job.evidence.map((noted): GatheredEvidence | null => {
    if (noted === null) return null;
    const oid = noted.script?.blob;
    const content = oid === undefined ? undefined : file.contents[oid];
    return {
      noted: { ...noted, isOfOtherClone: true },
      script: content === undefined ? null : { oid: oid!, content: Uint8Array.fromBase64(content) },
    };
  });
  const { submitter, acceptedAtMs, reusedFromS, attempts, sbatchOptions, rowIdentity, arrayTask } =
    job;
  return {
    ...{ submitter, acceptedAtMs, reusedFromS, attempts, sbatchOptions, rowIdentity, arrayTask },
    ...{ before, evidence },
  };
}

async function filesBefore(
  dataset: Dataset,
  job: HandedJob,
  altDir: string | null,
  options: AdoptHandoverOptions,
): Promise<FilesBefore> {
  const nothing = { present: null, room: new Map<string, string>() };
  if (altDir === null) return { ...nothing, altDir: null };
  const { inDataset, headOid } = await lookBesideAltDir(dataset, altDir, job.outputs);
  // Elsewhere they have other inodes: what lies there is what was brought there.
  const inAltDir = options.altDir === undefined ? job.filesBefore ?? [] : [];
  return { ...nothing, altDir: { headOid, inDataset, inAltDir } };
}

async function requireSeen({ jobId }: HandedJob, ranIn: string): Promise<void> {
  if ((await statIfPresent(ranIn))?.isDirectory === true) return;
  throw new UserError(
    "BAD_ALT_DIR",
    `Cannot adopt job ${jobId}: it writes to "${ranIn}", which is no folder that is seen from here`,
    {
      unchanged: "No job was adopted",
      hint: `adopt where ${shellName(ranIn)} is mounted, or name the folder that its files are ` +
        "brought to: --alt-dir FOLDER",
    },
  );
}
