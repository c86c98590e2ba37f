import type { OpenDataset } from "../../claims/open_dataset.ts";
import { finishCompleted } from "../../commit/finish_completed.ts";
import type { FinishRequest } from "../../commit/finish_completed.ts";
import { judgeRepetitions } from "../../provenance/judge_repetitions.ts";
import { askAccounting } from "../../slurm/ask_accounting.ts";
import type { LeasedOrder } from "./finish_options.ts";

/**
 * Commits jobs that have ended, as the options of finish say.
 *
 * @throws {UserError} As {@linkcode finishCompleted}.
 */
export async function commitEnded(
  { dataset, store, session }: OpenDataset,
  jobs: Pick<FinishRequest, "ended" | "others">,
  { options, beganMs }: LeasedOrder,
): Promise<void> {
  const { message, requireOutputs, allowNoOutputs } = options;
  // Outputs are looked at and staged while accounting makes up its answer.
  const accounting = askAccounting(dataset, jobs.ended, session);
  // Whoever waits for the answer hears what became of it.
  const isAnswered = accounting.then(() => {}, () => {});
  const request: FinishRequest = {
    ...{ ...jobs, message, requireOutputs, allowNoOutputs, accounting, beganMs },
    judge: (repeated) => judgeRepetitions(dataset, repeated, session.runner),
    shape: options.branches === true
      ? "branches"
      : options.octopus === true
      ? "octopus"
      : "sequence",
  };
  try {
    await finishCompleted(dataset, store, request, session);
  } finally {
    // Nothing goes on behind us.
    await isAnswered;
  }
}
