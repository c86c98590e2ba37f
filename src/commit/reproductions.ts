import { GITLINK_MODE } from "../git/submodules.ts";
import type { ReproductionEvidence } from "../jobs/evidence.ts";
import { outcomeOf, renderReproduction } from "../jobs/output_comparison.ts";
import type { JudgeRepetitions } from "../jobs/output_comparison.ts";
import type { JobToCommit } from "./build_datasets.ts";
import type { StagedDataset } from "./stage_datasets.ts";

/** The verdicts on repeated jobs, and the jobs with those verdicts in their messages. */
export interface Judged {
  /** In the order given. */
  readonly jobs: readonly JobToCommit[];
  /** By the keys of the jobs; absent for first runs, and where nothing can be compared. */
  readonly reproductions: ReadonlyMap<number, ReproductionEvidence>;
}

/** Compares the jobs that repeat others with those, once all their outputs are staged. */
export async function judgeStaged(
  jobs: readonly JobToCommit[],
  parts: readonly StagedDataset[],
  judge: JudgeRepetitions | undefined,
): Promise<Judged> {
  const repetitions = jobs.flatMap(({ key, chain = [], claims, slurmOutputs }) => {
    if (chain.length === 0) return [];
    const changes = parts.flatMap((part) =>
      (part.changes.get(key) ?? []).filter(({ mode }) => mode !== GITLINK_MODE)
        .map((change) => ({ ...change, place: part.path }))
    );
    return [{ key, chain, claims, slurmOutputs, changes }];
  });
  if (repetitions.length === 0 || judge === undefined) return { jobs, reproductions: new Map() };
  const reproductions = await judge(repetitions);
  return {
    reproductions,
    jobs: jobs.map((job) => {
      const reproduces = reproductions.get(job.key);
      if (reproduces === undefined) return job;
      const messageIn: JobToCommit["messageIn"] = (path, known) =>
        job.messageIn(path, { ...known, reproduces });
      return { ...job, messageIn };
    }),
  };
}

/** A paragraph like this is ours, not the user's: reschedule leaves it out. */
export function sentenceOf(reproduces: ReproductionEvidence): string {
  const original = `job ${reproduces.jobId} (${reproduces.commit.slice(0, 10)})`;
  return `${STARTS[outcomeOf(reproduces)]} ${original}: ${renderReproduction(reproduces)}`;
}

const STARTS = {
  same: "Outputs as in",
  different: "Outputs other than in",
  unknown: "Outputs, not all of them compared, beside those of",
};
