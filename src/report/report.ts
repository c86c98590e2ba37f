/**
 * A report: what there is to be told of a dataset's jobs together.
 *
 * A *reported job* is a run that the history records, or a job of the store that it does not. A *step* is all
 * jobs of the same batch script, or of the same command. A *request* is what jobs of a step asked Slurm for;
 * what would have *sufficed* is the most that they used, and a fifth more. A *cause* is what failed jobs have
 * in common in how they ended. Everything that comes from records, commands and logs is as others wrote it:
 * only the page's `html.ts` makes it fit to be shown.
 *
 * @module
 */

import type { Phase } from "../jobs/job_state.ts";
import type { ReproductionEvidence } from "../jobs/evidence.ts";

/** A job as a report shows it; what is not known is absent, times are seconds since 1970. */
export interface ReportedJob {
  /** Slurm's job ID; absent for a row or submission that has none yet. */
  readonly jobId?: string;
  /** In Slurm's capitals, or where it stands in our books. */
  readonly state: string;
  /** What that means. */
  readonly phase: Phase;
  /** Whether the history has its record, or how far it is otherwise. */
  readonly stage: string;
  /** The commit with its record. */
  readonly commit?: string;
  /** When that was made. */
  readonly committedS?: number;
  /** The command as recorded. */
  readonly cmd: string;
  /** The batch script, or the beginning of a command without one. */
  readonly step: string;
  /** `code:signal`. */
  readonly exitCode?: string;
  /** When it was submitted. */
  readonly submitS?: number;
  /** When it began. */
  readonly startS?: number;
  /** When it ended. */
  readonly endS?: number;
  /** Seconds that it ran; of an array the sum over its tasks. */
  readonly elapsed?: number;
  /** Seconds of the longest task; of a plain job the same. */
  readonly longest?: number;
  /** Seconds of processor time. */
  readonly cpu?: number;
  /** How many were allocated; of an array for each task. */
  readonly cpus?: number;
  /** Seconds that were requested; of an array for each task. */
  readonly timeLimit?: number;
  /** Bytes, the most. */
  readonly maxRss?: number;
  /** Bytes that were requested. */
  readonly reqMem?: number;
  /** How many tasks an array has. */
  readonly tasks?: number;
  /** Earlier submissions that failed. */
  readonly attempts: readonly ReportedAttempt[];
  /** Its logs, relative to the dataset's root or `logFolder`, the likeliest first. */
  readonly logs: readonly string[];
  /** The folder that it ran in instead of the dataset. */
  readonly logFolder?: string;
}

/** An earlier submission of a job. */
export interface ReportedAttempt {
  /** Slurm's job ID. */
  readonly jobId: string;
  /** In Slurm's capitals. */
  readonly state: string;
  /** `code:signal`. */
  readonly exitCode?: string;
  /** Seconds. */
  readonly elapsed?: number;
}

/** The numbers that stand first. */
export interface Figures {
  /** How many jobs there are. */
  readonly jobs: number;
  /** By state, the most frequent first. */
  readonly states: readonly (readonly [string, number])[];
  /** Earlier submissions that failed. */
  readonly attempts: number;
  /** Tasks of arrays. */
  readonly tasks: number;
  /** Jobs that accounting was collected of: that many have a time and processors. */
  readonly accounted: number;
  /** Seconds of processor time that were used, and of how many jobs that is known. */
  readonly cpu?: Sum;
  /** Processors times seconds that were allocated. */
  readonly allocated?: Sum;
  /** Processors times the time limits. */
  readonly requested?: Sum;
  /** Allocated to jobs that failed, earlier attempts among them. */
  readonly failed?: Sum;
  /** Allocated and not used, of jobs of which both are known. */
  readonly idle?: Sum;
  /** Byte-seconds of memory that were requested and, by the peak, not needed. */
  readonly spareMemory?: Sum;
  /** Seconds from submission to start. */
  readonly waiting?: Spread;
  /** When the first was submitted. */
  readonly fromS?: number;
  /** When the last ended. */
  readonly toS?: number;
}

/** A sum over those jobs of which the amount is known. */
export interface Sum {
  /** The sum. */
  readonly total: number;
  /** How many jobs. */
  readonly count: number;
}

/** How amounts are spread. */
export interface Spread {
  /** How many there are. */
  readonly count: number;
  /** Half are not larger. */
  readonly median: number;
  /** Nine of ten are not larger. */
  readonly most: number;
  /** The largest. */
  readonly max: number;
  /** All of them. */
  readonly total: number;
}

/** Jobs of one step that asked for the same. */
export interface Request {
  /** What they run. */
  readonly step: string;
  /** Places in the list of jobs. */
  readonly jobs: readonly number[];
  /** Seconds; absent for no limit. */
  readonly timeLimit?: number;
  /** Bytes. */
  readonly reqMem?: number;
  /** Processors of a job or task. */
  readonly cpus?: number;
  /** The most of them used so many seconds. */
  readonly longest?: number;
  /** The most of them held so many bytes. */
  readonly maxRss?: number;
  /** Seconds that would have sufficed; absent where a job was stopped by its limit. */
  readonly enoughTime?: number;
  /** Bytes that would have sufficed; absent where a job ran out of memory. */
  readonly enoughMemory?: number;
}

/** Failed jobs that ended in the same way. */
export interface Cause {
  /** In words. */
  readonly cause: string;
  /** States and exit codes that it stands for. */
  readonly signs: readonly string[];
  /** The jobs and attempts. */
  readonly failures: readonly Failure[];
  /** Processors times seconds that were lost. */
  readonly lost?: Sum;
  /** The ends of some of their logs. */
  readonly logs: readonly LogEnd[];
}

/** A job that failed, or an earlier submission of one. */
export interface Failure {
  /** Slurm's job ID. */
  readonly jobId?: string;
  /** Its place in the list of jobs. */
  readonly job: number;
  /** Whether it is an earlier submission. */
  readonly isAttempt: boolean;
}

/** The end of a log. */
export interface LogEnd {
  /** Whose it is. */
  readonly jobId?: string;
  /** Relative to the dataset's root where it lies in it. */
  readonly path: string;
  /** Its last lines. */
  readonly text: string;
}

/** A run that repeats another one. */
export interface Repeat {
  /** Its place in the list of jobs. */
  readonly job: number;
  /** The commit that it repeats. */
  readonly original: string;
  /** Slurm's job ID of that, if it is in the history. */
  readonly originalJobId?: string;
  /** How its outputs stand to those of the original; absent if nobody has compared. */
  readonly reproduces?: ReproductionEvidence;
}

/** Who reads what whose jobs wrote. */
export interface StepGraph {
  /** Steps, or single jobs where there are few; sources first. */
  readonly nodes: readonly StepNode[];
  /** From what was read to who read it. */
  readonly edges: readonly StepEdge[];
  /** Whether each node is one job. */
  readonly isOfJobs: boolean;
  /** Steps that are not shown, since there are too many. */
  readonly hidden: number;
}

/** A node of the graph. */
export interface StepNode {
  /** Files that no job wrote, or jobs. */
  readonly kind: "source" | "jobs";
  /** What it is called. */
  readonly name: string;
  /** Places in the list of jobs; of a source none. */
  readonly jobs: readonly number[];
  /** What they wrote, or the files: the first of them. */
  readonly paths: readonly string[];
  /** How many paths there are. */
  readonly pathCount: number;
}

/** An edge of the graph, by places in its nodes. */
export interface StepEdge {
  /** Who wrote. */
  readonly from: number;
  /** Who read. */
  readonly to: number;
  /** How many jobs read from how many: pairs. */
  readonly count: number;
}

/** All that a report tells. */
export interface Report {
  /** What the dataset's folder is called. */
  readonly title: string;
  /** Which commits it is of, in words. */
  readonly range: string;
  /** HEAD. */
  readonly head: string;
  /** When it was made, seconds since 1970. */
  readonly madeS: number;
  /** Version of dlslurm that made it. */
  readonly version: string;
  /** Where a commit can be looked at, `{commit}` in it; absent if that is not known. */
  readonly commitUrl?: string;
  /** Newest first. */
  readonly jobs: readonly ReportedJob[];
  /** The numbers. */
  readonly figures: Figures;
  /** Where most was allocated first. */
  readonly requests: readonly Request[];
  /** The most frequent first. */
  readonly causes: readonly Cause[];
  /** Who reads from whom. */
  readonly graph: StepGraph;
  /** The newest first. */
  readonly repeats: readonly Repeat[];
  /** What could not be read or asked, in words. */
  readonly notes: readonly string[];
}
