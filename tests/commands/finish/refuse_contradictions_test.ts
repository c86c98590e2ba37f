import assert from "node:assert/strict";
import { refuseContradictions } from "../../../src/commands/finish/refuse_contradictions.ts";
import type { FinishOptions } from "../../../src/commands/finish/finish_options.ts";

const NONE = { jobIds: [], output: [] } satisfies FinishOptions;

const CASES: readonly { given: Partial<FinishOptions>; says: RegExp | null }[] = [
  { given: {}, says: null },
  { given: { each: true }, says: /--each without --wait/ },
  { given: { each: true, wait: true }, says: null },
  { given: { timeout: 0 }, says: /--timeout without --wait/ },
  { given: { output: ["more"] }, says: /without the ID of one job/ },
  { given: { output: ["more"], jobIds: ["1", "2"] }, says: /without the ID of one job/ },
  { given: { output: ["more"], jobIds: ["1"] }, says: null },
  { given: { requireOutputs: true, allowNoOutputs: true }, says: /both require outputs/ },
  { given: { jobIds: ["1"], closeUnknownJobs: true, commitUnknownJobs: true }, says: /both close/ },
  { given: { commitUnknownJobs: true }, says: /without their job IDs/ },
  { given: { jobIds: ["1"], commitUnknownJobs: true }, says: null },
  { given: { discard: true }, says: /without closing jobs/ },
  { given: { discard: true, closeFailedJobs: true }, says: null },
  { given: { discard: true, closeUnknownJobs: true, jobIds: ["1"] }, says: null },
];

for (const { given, says } of CASES) {
  Deno.test(`refuseContradictions() of ${JSON.stringify(given)}`, () => {
    const refuse = () => refuseContradictions({ ...NONE, ...given });

    if (says === null) refuse();
    else assert.throws(refuse, { code: "USAGE", message: says, hint: /^(dlslurm|say) / });
  });
}
