import * as v from "valibot";

/** What is measured, in the order of the report. */
export const OPERATIONS = [
  "start-up",
  "schedule",
  "bulk schedule",
  "retry",
  "bare sacct",
  "list",
  "finish",
] as const;
/** One of {@linkcode OPERATIONS}. */
export type Operation = typeof OPERATIONS[number];

const SampleSchema = v.object({
  /** What was run. */
  operation: v.picklist(OPERATIONS),
  /** What answered: a real Slurm, the embedded one, or scripts that run nothing; empty: none needed. */
  slurm: v.picklist(["real", "fake", "scripted", ""]),
  /** Open jobs of the dataset at that moment, rounded to the number that was asked for. */
  jobs: v.number(),
  /** Files in the repository before the first job. */
  files: v.number(),
  /** Name of the tool. */
  tool: v.string(),
  /** Samples of the same round were taken one right after the other: they form a pair. */
  round: v.number(),
  /** Wall clock of the whole command. */
  seconds: v.number(),
  /** Jobs that the command dealt with; 1 where its time does not depend on them. */
  units: v.number(),
  /** Wall clock of a bare `sbatch` in the same round; 0 where none belongs to it. */
  sbatchSeconds: v.number(),
  /** High-water mark of the program's resident memory, MB of 10^6 bytes; `null`: not looked at. */
  peakMb: v.nullable(v.number()),
  /** Processes that it started, and those started from them; `null`: not counted. */
  processes: v.nullable(v.number()),
});

const HeadSchema = v.object({
  /** Version of this format. */
  version: v.literal(1),
  /** What was measured on, line by line, for a person. */
  environment: v.array(v.tuple([v.string(), v.string()])),
  /** The arguments that repeat the measurement. */
  command: v.string(),
});

/** One run of a command. */
export type Sample = v.InferOutput<typeof SampleSchema>;
/** All that one run of the benchmark found. */
export interface Report extends v.InferOutput<typeof HeadSchema> {
  /** All runs, in the order in which they were made. */
  readonly samples: readonly Sample[];
}

/**
 * Reads what {@linkcode renderReport} wrote.
 *
 * @throws {v.ValiError} If it has another form.
 */
export function parseReport(text: string): Report {
  const [head, ...lines] = text.trimEnd().split("\n");
  const parse = <T>(schema: v.GenericSchema<unknown, T>, line: string | undefined) =>
    v.parse(v.pipe(v.string(), v.parseJson(), schema), line);
  return { ...parse(HeadSchema, head), samples: lines.map((line) => parse(SampleSchema, line)) };
}

/** JSON lines: what was measured on, then one run a line, so that two reports can be compared. */
export function renderReport({ samples, ...head }: Report): string {
  return [head, ...samples].map((part) => `${JSON.stringify(part)}\n`).join("");
}

/** Seconds a job: for schedule those beyond bare `sbatch`, otherwise those of the whole command. */
export function secondsPerJob(sample: Sample): number {
  return sample.operation === "schedule"
    ? sample.seconds - sample.sbatchSeconds
    : sample.seconds / sample.units;
}
