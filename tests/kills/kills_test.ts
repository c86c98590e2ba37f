import { DLSLURM } from "../support/sandbox.ts";
import { DATASET_KINDS } from "../support/datasets.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { runCampaign } from "./campaign.ts";
import { Random } from "./random.ts";
import { nameOf, plansOf } from "./run.ts";

// A few of them at each run of the tests; `deno task kills` goes through all, a thousand times.
for (const [at, plan] of plansOf().entries()) {
  if (at % 7 !== 0) continue;
  testIfAvailable(
    DATASET_KINDS[plan.kind],
    `kills: ${nameOf(plan)} → nothing lost, doubled or left`,
    async () => {
      await runCampaign(plan, DLSLURM, new Random(at));
    },
  );
}
