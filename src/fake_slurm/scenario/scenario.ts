/**
 * Trouble on demand: what a *scenario* file may ask of the fake Slurm.
 *
 * A scenario names *rules*: for programs (what a call of them says and does), for jobs (how they end),
 * for accounting and for limits. docs/fake_slurm.md explains each key with an example.
 *
 * @module
 */
/** The format that this program reads. */
export const SCENARIO_VERSION = 1;

/** The programs that a shell gets, and that a rule can be about. */
export const RULED_PROGRAMS = [
  ...["sbatch", "sacct", "scontrol", "squeue", "scancel", "sinfo", "srun"] as const,
];

/** The states that a job can be made to end in. */
export const END_STATES = [
  ...["BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"] as const,
  ...["OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT"] as const,
];

/** A scenario with every default filled in. */
export interface Scenario {
  /** {@linkcode SCENARIO_VERSION}. */
  readonly version: typeof SCENARIO_VERSION;
  /** For people; no program shows it. */
  readonly description?: string | undefined;
  /** Otherwise `fake`; once given, sbatch says it: `on cluster NAME`, or `ID;NAME`. */
  readonly clusterName?: string | undefined;
  /** What sacct knows. */
  readonly accounting: AccountingRule;
  /** What sbatch refuses. */
  readonly limits: SubmissionLimits;
  /** All that concern a call act together; of two that end it the first counts. */
  readonly programs: readonly ProgramRule[];
  /** All that concern a submission go with it. */
  readonly jobs: readonly JobRule[];
}

/** The scenario in which nothing goes wrong. */
export const NO_TROUBLE: Scenario = {
  version: SCENARIO_VERSION,
  accounting: { storage: "kept", lagSeconds: 0, olderRows: [] },
  limits: {},
  programs: [],
  jobs: [],
};

/** What befalls accounting. */
export interface AccountingRule {
  /** With `empty` sacct never has a row, with `disabled` it says so and fails. */
  readonly storage: "kept" | "empty" | "disabled";
  /** sacct shows what was the case so long ago. */
  readonly lagSeconds: number;
  /** Rows of jobs from before the IDs began anew. */
  readonly olderRows: readonly OlderRow[];
}

/** What a cluster takes; without a number the fake's own limit counts, or none. */
export interface SubmissionLimits {
  /** One past the highest task index, as in slurm.conf. */
  readonly maxArraySize?: number | undefined;
  /** Jobs and array tasks that may wait or run at once. */
  readonly maxSubmitJobs?: number | undefined;
}

/** What befalls the programs that a rule is about. */
export interface ProgramRule {
  /** One or several of {@linkcode RULED_PROGRAMS}. */
  readonly program: RuledProgram | readonly RuledProgram[];
  /** Only calls whose arguments, joined by blanks, contain this text. */
  readonly arguments?: string | undefined;
  /** So many calls pass first. */
  readonly skipCalls: number;
  /** So many calls after those are concerned; all when absent. */
  readonly calls?: number | undefined;
  /** Printed before anything else. */
  readonly banner?: { readonly stdout: string; readonly stderr: string } | undefined;
  /** The work, or the failure, comes so late; the delays of several rules add up. */
  readonly delaySeconds?: number | undefined;
  /** No work is done, and no answer comes. */
  readonly hang?: boolean | undefined;
  /** No work is done; printed in place of an answer. */
  readonly fail?: Failure | undefined;
  /** The program does its work, and then its answer is lost. */
  readonly afterWork?: LostAnswer | undefined;
  /** sbatch prints as with `--parsable` or without it, whatever it was asked. */
  readonly parsable?: "always" | "never" | undefined;
}

/** One of the programs that a rule can be about. */
export type RuledProgram = typeof RULED_PROGRAMS[number];

/** How a program fails without having done anything. */
export interface Failure {
  /** 0 to 255; 1 when not given. */
  readonly exitStatus: number;
  /** As it stands, with its line breaks. */
  readonly stdout: string;
  /** As it stands, with its line breaks. */
  readonly stderr: string;
}

/** How a program ends that has done its work. */
export interface LostAnswer {
  /** 0 to 255; 1 when not given. */
  readonly exitStatus: number;
  /** As it stands, with its line breaks. */
  readonly stderr: string;
  /** No end comes: it waits until it is stopped, and says nothing more. */
  readonly hang: boolean;
  /** The answer is printed all the same. */
  readonly keepsOutput: boolean;
}

/** The part of a {@linkcode JobRule} that a job takes with it. */
export interface JobTrouble {
  /** What it ends in; as it likes when absent. */
  readonly state?: EndState | undefined;
  /** Ended so long after its start; without it the script runs to its own end. */
  readonly afterSeconds?: number | undefined;
  /** Concerns only so many runs of the job; when absent one with `requeue`, otherwise all. */
  readonly runs?: number | undefined;
  /** It goes back to the queue after that end, and the run stays in accounting. */
  readonly requeue: boolean;
  /** Earliest start of the next run, counted from the end of this one. */
  readonly requeueAfterSeconds: number;
  /** squeue and scontrol show it as COMPLETING for so long after its end. */
  readonly completingSeconds?: number | undefined;
  /** sacct forgets it so long after its end. */
  readonly purgedAfterSeconds?: number | undefined;
  /** Concerns only this task of an array. */
  readonly taskIndex?: number | undefined;
}

/** One of the states that a job can be made to end in. */
export type EndState = typeof END_STATES[number];

/** What befalls the jobs that a rule is about: all of them, unless it names a name, ID or order. */
export interface JobRule extends JobTrouble {
  /** Job name at submission. */
  readonly name?: string | undefined;
  /** An array's own: of its tasks `taskIndex` names one. */
  readonly jobId?: number | undefined;
  /** The so-manieth submission since the scenario was set, from 1. */
  readonly order?: number | undefined;
}

/** A row of accounting that is older than the fake. */
export interface OlderRow {
  /** May be one that the fake gives out, too: then only `sacct --duplicates` shows this row. */
  readonly jobId: number;
  /** Counted from now, at each look anew. */
  readonly submittedSecondsAgo: number;
  /** `COMPLETED` when not given. */
  readonly state: EndState;
  /** 0 when not given. */
  readonly exitCode: number;
  /** `older` when not given. */
  readonly name: string;
}
