import * as v from "valibot";

/** The version of the format that this program writes, and the only one that it reads. */
export const FORMAT_VERSION = 1;

/** The programs that are recorded and replayed. */
export const PROGRAMS = ["sbatch", "sacct", "scontrol", "squeue", "scancel", "sinfo", "srun"];

/** The file in a recording's folder that lists what belongs to it. */
export const MANIFEST = "recording.json";

/** The folder in a recording's folder that holds the files its jobs wrote. */
export const FILES_FOLDER = "files";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const FolderName = v.pipe(v.string(), v.regex(/^[0-9]{4,}-[a-z]+$/, "not NNNN-program"));
/** Below the folder of the recording, and nowhere else. */
const RelativePath = v.pipe(
  v.string(),
  v.check(
    (path) => path !== "" && path.split("/").every((part) => !["", ".", ".."].includes(part)),
    "not a path below the recording",
  ),
);

/** What stands in {@linkcode MANIFEST}. */
export const ManifestSchema = v.strictObject({
  format: v.literal(FORMAT_VERSION),
  /** Slurm's version: `22.05.8`. */
  slurm: v.string(),
  /** When the recording began. */
  recordedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** The command that asked Slurm, scrubbed. */
  command: v.pipe(v.array(v.string()), v.minLength(1)),
  exitCode: Count,
  /** What stands for the person, machine and places of the recording. */
  recorder: v.strictObject({
    user: v.string(),
    host: v.string(),
    home: v.string(),
    work: v.string(),
  }),
  /** Names that were left as they are, because the person who recorded said so. */
  kept: v.array(v.string()),
  calls: v.array(v.strictObject({
    folder: FolderName,
    /** When the call began, in milliseconds after `recordedAt`. */
    atMs: Count,
    /** Bytes of the answer: a truncated file is recognised by it. */
    stdout: Count,
    stderr: Count,
  })),
  /** What the jobs wrote, below the folder `files`. */
  files: v.array(v.strictObject({ path: RelativePath, bytes: Count })),
});

/** The list of what belongs to a recording. */
export type Manifest = v.InferOutput<typeof ManifestSchema>;

/** What stands in `argv.json`. */
export const ArgvSchema = v.pipe(v.array(v.string()), v.minLength(1));

/** One call of a Slurm program with the answer that it got. */
export interface Call {
  /** Name of its folder: `0003-sacct`. */
  readonly folder: string;
  /** Program first, by its bare name. */
  readonly argv: readonly string[];
  /** Milliseconds after the recording began. */
  readonly atMs: number;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A small text file that a recorded job wrote. */
export interface RecordedFile {
  /** Relative to the work directory. */
  readonly path: string;
  readonly text: string;
}

/** A whole recording in memory. */
export interface Recording {
  readonly manifest: Manifest;
  readonly calls: readonly Call[];
  readonly files: readonly RecordedFile[];
}
