import * as v from "valibot";

/**
 * What a record proves beside the command: what was submitted, on which inputs, and what it cost. It stands
 * under `dlslurm` in the run record, with these names in snake case. Times are UTC in ISO 8601, sizes bytes,
 * durations seconds, paths relative to the dataset's root. What was not collected is absent, never 0 and
 * never null.
 */
export interface Evidence {
  /** Version of dlslurm that submitted the job. */
  readonly version?: string;
  /** When and on which state of the dataset it was submitted. */
  readonly submission?: SubmissionEvidence;
  /** The batch script that sbatch read; absent where the command does not tell it. */
  readonly script?: ScriptEvidence;
  /** What stood behind each input when the job was submitted; of more than 100 a digest of that list. */
  readonly inputs?: readonly InputEvidence[] | InputsDigest;
  /** Inputs, and the script, that had changed by the time the job was finished. */
  readonly changedWhileOpen?: readonly string[];
  /** Whether others had committed what the job wrote before it was finished: its own commit need not have it. */
  readonly savedByOthers?: boolean;
  /** What the job was given and what it used; of an array as `AccountingEvidence` says. */
  readonly accounting?: AccountingEvidence;
  /** The tasks of an array; absent for a plain job and for a row that is one task. */
  readonly tasks?: TasksEvidence;
  /** Earlier submissions of the same job that failed, oldest first. */
  readonly attempts?: readonly AttemptEvidence[];
  /** How the outputs compare with those of the run that was repeated. */
  readonly reproduces?: ReproductionEvidence;
}

/** The submission of a job. */
export interface SubmissionEvidence {
  /** When it began, by the clock of the machine it was submitted on. */
  readonly at?: string;
  /** The commit at HEAD then; absent in a repository without one. */
  readonly head?: string;
  /** The name that other jobs know it by: `--label`. */
  readonly label?: string;
  /**
   * `accounting`, where sbatch's answer was lost: its job is the one that had the command, folder and time of
   * the submission there.
   */
  readonly foundBy?: string;
  /** The jobs that it waited for. */
  readonly after?: readonly PredecessorEvidence[];
}

/** A job that another one waited for. */
export interface PredecessorEvidence {
  /** Slurm's job ID. */
  readonly jobId: string;
  /** Its `--label`, if it had one. */
  readonly label?: string;
  /** As in sbatch's `--dependency`: `afterok`, `afterany`, `afternotok`, `aftercorr`, … */
  readonly type?: string;
  /** Slurm's name of the cluster that it is on; absent for that of the machine where it was submitted. */
  readonly cluster?: string;
}

/** The batch script of a job. */
export interface ScriptEvidence {
  /** Relative to the root; as the command names it where it lies outside; absent with `--wrap`. */
  readonly path?: string;
  /** `true` if it is not in the dataset; absent in records of older versions, too. */
  readonly outside?: boolean;
  /** Whether the script is the value of `--wrap`. */
  readonly wrap?: boolean;
  /** Git's object name of its content when it was submitted, as bytes, without filters. */
  readonly blob?: string;
  /** Whether that content stood in HEAD at that path; of `--wrap` it stands in the command. Absent if not known. */
  readonly saved?: boolean;
  /** Where the job's commit keeps the content, if it was not saved. */
  readonly kept?: string;
}

/** One file that a job was to read, as it was when the job was submitted; of a large folder that itself. */
export interface InputEvidence {
  /** Relative to the root. */
  readonly path: string;
  /** Key of git-annex, for a file in the annex. */
  readonly key?: string;
  /** Git's object name of the content, for a file that is not in the annex. */
  readonly blob?: string;
  /** Of a folder with more than 1,000 files: git's object name of it at HEAD, of a subdataset the commit. */
  readonly tree?: string;
  /** Bytes; for a file that differs from HEAD, and for a large one in git. */
  readonly size?: number;
  /** When it was last written; where `size` is. */
  readonly mtime?: string;
  /** Whether HEAD had another version of it. One that has neither key nor blob of HEAD is untracked. */
  readonly modified?: boolean;
  /** Whether nothing was there yet: another open job was to write it. The rest is then as at the end. */
  readonly missing?: boolean;
  /** Whether it is an extra input: no placeholder stands for it. */
  readonly extra?: boolean;
  /** The commit that had last written it, where it was asked. */
  readonly from?: string;
}

/** Stands for a list of inputs that is too long for a commit message. */
export interface InputsDigest {
  /** How many files. */
  readonly count: number;
  /** `sha256:` and the digest of the list's file. */
  readonly digest: string;
  /** The file that holds the list, one JSON object a line, relative to the root. */
  readonly list?: string;
  /** How many of them were modified. */
  readonly modified?: number;
}

/**
 * From `sacct`, with the name of its field. Of an array, durations, `restarts` and CPU time are sums over its
 * tasks, `maxRss` the highest, `submit` and `start` the earliest, `end` the latest; what was requested
 * stands here where all tasks agree.
 */
export interface AccountingEvidence {
  /** `State`, without `by UID`; of an array as in the commit's subject. */
  readonly state?: string;
  /** `ExitCode`: `code:signal`; of an array the first that is not `0:0`. */
  readonly exitCode?: string;
  /** `Submit`; of a requeued job, of the last time. */
  readonly submit?: string;
  /** `Start`. */
  readonly start?: string;
  /** `End`. */
  readonly end?: string;
  /** `ElapsedRaw`: seconds, suspended time left out. */
  readonly elapsed?: number;
  /** `TotalCPU`: seconds of user and system time of all steps. */
  readonly cpu?: number;
  /** `MaxRSS`: bytes, the highest of any task of any step; only where the site gathers it. */
  readonly maxRss?: number;
  /** `ReqMem`: bytes for the whole allocation, by node or CPU where the site prints it so. */
  readonly reqMem?: number;
  /** `TimelimitRaw`: seconds; absent for `UNLIMITED` and `Partition_Limit`. */
  readonly timeLimit?: number;
  /** `AllocNodes`. */
  readonly nodes?: number;
  /** `AllocCPUS`. */
  readonly cpus?: number;
  /** `NodeList`, a host list; absent with `dlslurm.record.nodes=false`. */
  readonly nodeList?: string;
  /** `Partition` that it ran in. */
  readonly partition?: string;
  /** `Cluster`. */
  readonly cluster?: string;
  /** `Restarts`: how often it was requeued; only where sacct knows the field. */
  readonly restarts?: number;
  /** `AllocTRES`, as printed: `billing=4,cpu=4,mem=4G,node=1`. */
  readonly tres?: string;
}

/** Lowest and highest of a figure over the tasks of an array. */
export interface Extremes {
  /** The lowest. */
  readonly min?: number;
  /** The highest. */
  readonly max?: number;
}

/** The tasks of an array together. */
export interface TasksEvidence {
  /** How many there were. */
  readonly count: number;
  /** Seconds. */
  readonly elapsed?: Extremes;
  /** Seconds. */
  readonly cpu?: Extremes;
  /** Bytes; over the tasks that memory was gathered of. */
  readonly maxRss?: Extremes;
  /** Tasks whose state or exit code is another than that of most, by index; at most 100 of them. */
  readonly differing?: Readonly<Record<string, AccountingEvidence>>;
  /** How many differ, where not all of them are in `differing`. */
  readonly differingCount?: number;
}

/** A submission that failed before this one. */
export interface AttemptEvidence {
  /** Slurm's job ID. */
  readonly jobId: string;
  /** As in `accounting`. */
  readonly state?: string;
  /** As in `accounting`. */
  readonly exitCode?: string;
  /** Seconds. */
  readonly elapsed?: number;
  /** Options that the command was given for this attempt: `--time=1:00:00`. */
  readonly options?: readonly string[];
  /** The batch script that it ran, as {@linkcode Evidence.script}. */
  readonly script?: ScriptEvidence;
}

/** The comparison with the run that was repeated. */
export interface ReproductionEvidence {
  /** Commit of that run. */
  readonly commit: string;
  /** Its job ID. */
  readonly jobId?: string;
  /** How many outputs are the same, by key or object name. */
  readonly identical?: number;
  /** Outputs with other content; of each list at most 100 are named. */
  readonly differs?: readonly string[];
  /** Outputs of that run that this one did not write. */
  readonly missing?: readonly string[];
  /** Outputs that that run had not written. */
  readonly new?: readonly string[];
  /** Subdatasets whose outputs could not be compared: the commit of one of both runs was not here. */
  readonly unknown?: readonly string[];
  /** How many there are, where not all of them are in `differs`. */
  readonly differsCount?: number;
  /** How many there are, where not all of them are in `missing`. */
  readonly missingCount?: number;
  /** How many there are, where not all of them are in `new`. */
  readonly newCount?: number;
  /** How many there are, where not all of them are in `unknown`. */
  readonly unknownCount?: number;
}

const Text = v.string();
const Flag = v.boolean();
const Amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const Texts = listOf(Text);
const Range = fields({}, { min: Amount, max: Amount });

const Input = fields({ path: Text }, {
  key: Text,
  blob: Text,
  tree: Text,
  size: Amount,
  mtime: Text,
  modified: Flag,
  missing: Flag,
  extra: Flag,
  from: Text,
});
const Digest = fields({ count: Amount, digest: Text }, { list: Text, modified: Amount });
const Accounting = fields({}, {
  state: Text,
  exitCode: Text,
  submit: Text,
  start: Text,
  end: Text,
  elapsed: Amount,
  cpu: Amount,
  maxRss: Amount,
  reqMem: Amount,
  timeLimit: Amount,
  nodes: Amount,
  cpus: Amount,
  nodeList: Text,
  partition: Text,
  cluster: Text,
  restarts: Amount,
  tres: Text,
});
const Script = fields({}, {
  path: Text,
  outside: Flag,
  wrap: Flag,
  blob: Text,
  saved: Flag,
  kept: Text,
});
const Form = fields({}, {
  version: Text,
  submission: fields({}, {
    at: Text,
    head: Text,
    label: Text,
    foundBy: Text,
    after: listOf(fields({ jobId: Text }, { label: Text, type: Text, cluster: Text })),
  }),
  script: Script,
  inputs: v.union([listOf(Input), Digest]),
  changedWhileOpen: Texts,
  savedByOthers: Flag,
  accounting: Accounting,
  tasks: fields({ count: Amount }, {
    elapsed: Range,
    cpu: Range,
    maxRss: Range,
    differing: byName(Accounting),
    differingCount: Amount,
  }),
  attempts: listOf(
    fields({ jobId: Text }, {
      state: Text,
      exitCode: Text,
      elapsed: Amount,
      options: Texts,
      script: Script,
    }),
  ),
  reproduces: fields({ commit: Text }, {
    jobId: Text,
    identical: Amount,
    differs: Texts,
    missing: Texts,
    new: Texts,
    unknown: Texts,
    differsCount: Amount,
    missingCount: Amount,
    newCount: Amount,
    unknownCount: Amount,
  }),
});

/**
 * Takes the evidence out of what stands under `dlslurm` in a record, whoever wrote it. Never throws: what it
 * does not understand, as of a newer form or changed by hand, is left out, field by field.
 */
export function parseEvidence(value: unknown): Evidence {
  const parsed = v.safeParse(Form, value);
  return parsed.success ? parsed.output as Evidence : {};
}

/** Renders evidence with the names that it has in a record. */
export function evidenceToJson(evidence: Evidence): Record<string, unknown> {
  return withJsonNames(evidence) as Record<string, unknown>;
}

/** Renders a part of evidence in the same way. */
export function withJsonNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withJsonNames);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [jsonName(name), withJsonNames(field)]),
  );
}

/** `maxRss` → `max_rss`; indices of tasks stay as they are. */
function jsonName(name: string): string {
  return /[A-Z]/.test(name)
    ? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    : name;
}

/** An object that must have the one kind of fields; of the others those are kept that are as they should be. */
function fields(needed: v.ObjectEntries, wanted: v.ObjectEntries) {
  const entries = [
    ...Object.entries(needed),
    ...Object.entries(wanted).map(([name, schema]) =>
      [name, v.fallback(v.optional(schema as v.GenericSchema), undefined)] as const
    ),
  ];
  // Not for each of 10,000 records anew.
  const names = entries.map(([name]) => [name, jsonName(name)] as const);
  return v.pipe(
    v.object(Object.fromEntries(entries.map(([name, schema]) => [jsonName(name), schema]))),
    v.transform((value: Record<string, unknown>) => {
      const found: Record<string, unknown> = {};
      for (const [name, inJson] of names) {
        const field = value[inJson];
        if (field !== undefined) found[name] = field;
      }
      return found;
    }),
  );
}

/** A list, without the items that are not as they should be. */
function listOf(item: v.GenericSchema) {
  return v.pipe(
    v.array(v.unknown()),
    v.transform((values) =>
      values.flatMap((value) => {
        const parsed = v.safeParse(item, value);
        return parsed.success ? [parsed.output] : [];
      })
    ),
  );
}

/** An object of such items, without those that are not as they should be. */
function byName(item: v.GenericSchema) {
  return v.pipe(
    v.record(v.string(), v.unknown()),
    v.transform((values) =>
      Object.fromEntries(
        Object.entries(values).flatMap(([name, value]) => {
          const parsed = v.safeParse(item, value);
          return parsed.success ? [[name, parsed.output] as const] : [];
        }),
      )
    ),
  );
}
