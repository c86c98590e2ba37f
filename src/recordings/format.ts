/** The version of the format that this program writes, and the only one that it reads. */
export const FORMAT_VERSION = 1;

/** The programs that are recorded and replayed. */
export const PROGRAMS = ["sbatch", "sacct", "scontrol", "squeue", "scancel", "sinfo", "srun"];

/** The file in a recording's folder that lists what belongs to it. */
export const MANIFEST = "recording.json";

/** The folder in a recording's folder that holds the files its jobs wrote. */
export const FILES_FOLDER = "files";

/** What stands in {@linkcode MANIFEST}: the list of what belongs to a recording. */
export interface Manifest {
  /** {@linkcode FORMAT_VERSION} */
  readonly format: number;
  /** Slurm's version: `22.05.8`. */
  readonly slurm: string;
  /** When the recording began. */
  readonly recordedAt: string;
  /** The command that asked Slurm, scrubbed. */
  readonly command: readonly string[];
  /** How the command ended. */
  readonly exitCode: number;
  /** What stands for the person, machine and places of the recording. */
  readonly recorder: Readonly<Record<"user" | "host" | "home" | "work", string>>;
  /** Names that were left as they are, because the person who recorded said so. */
  readonly kept: readonly string[];
  /** The calls in the order of their answers. */
  readonly calls: readonly ListedCall[];
  /** What the jobs wrote, below the folder `files`. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** What the manifest says of one call. */
export interface ListedCall {
  /** Name of its folder: `0003-sacct`. */
  readonly folder: string;
  /** When the call began, in milliseconds after `recordedAt`. */
  readonly atMs: number;
  /** Bytes of the answer: a truncated file is recognised by it. */
  readonly stdout: number;
  /** As `stdout`. */
  readonly stderr: number;
}

/** One call of a Slurm program with the answer that it got. */
export interface Call {
  /** Name of its folder: `0003-sacct`. */
  readonly folder: string;
  /** Program first, by its bare name. */
  readonly argv: readonly string[];
  /** Milliseconds after the recording began. */
  readonly atMs: number;
  /** How it ended. */
  readonly exitCode: number;
  /** What it printed, scrubbed. */
  readonly stdout: string;
  /** What it printed on standard error, scrubbed. */
  readonly stderr: string;
}

/** A small text file that a recorded job wrote. */
export interface RecordedFile {
  /** Relative to the work directory. */
  readonly path: string;
  /** What is in it, scrubbed. */
  readonly text: string;
}

/** A whole recording in memory. */
export interface Recording {
  /** What belongs to it. */
  readonly manifest: Manifest;
  /** In the order of their answers. */
  readonly calls: readonly Call[];
  /** In the order of the manifest. */
  readonly files: readonly RecordedFile[];
}
