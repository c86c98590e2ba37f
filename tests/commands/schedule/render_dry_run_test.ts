import assert from "node:assert/strict";
import { recordOfPlan, renderDryRun } from "../../../src/commands/schedule/render_dry_run.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import type { SubmissionPlan } from "../../../src/submit/plan_submission.ts";
import { jobRequest } from "../../support/jobs.ts";

function plan(changes: Partial<SubmissionPlan> = {}): SubmissionPlan {
  return {
    request: jobRequest({ pwd: "sub", cmd: "sbatch job.sh {inputs}", outputs: ["sub/out", "top"] }),
    command: "sbatch job.sh it\\'s",
    directory: "/r/sub",
    inputs: ["sub/it's", "sub"],
    transfers: 2,
    toUnlock: [],
    ...changes,
  };
}

Deno.test("renderDryRun() shows paths as datalad run does, from where the command runs", () => {
  assert.equal(
    renderDryRun(plan(), "basic", "/r"),
    [
      "Dry run information",
      " location: /r/sub",
      " expanded inputs:",
      `  ["it's", '.']`,
      " expanded outputs:",
      "  ['out', '../top']",
      " command:",
      "  sbatch job.sh {inputs}",
      " expanded command:",
      "  sbatch job.sh it\\'s",
      "",
    ].join("\n"),
  );
});

Deno.test("renderDryRun() shows extra inputs apart", () => {
  const shown = renderDryRun(
    plan({ inputs: ["sub/a", "env/b.sif"], extra: ["env/b.sif"] }),
    "basic",
    "/r",
  );

  assert.match(
    shown,
    /^ expanded inputs:\n {2}\['a'\]\n expanded extra inputs:\n {2}\['\.\.\/env\/b\.sif'\]$/m,
  );
});

Deno.test("renderDryRun() leaves out what there is not", () => {
  const shown = renderDryRun(
    plan({ inputs: [], command: "sbatch job.sh {inputs}" }),
    "basic",
    "/r",
  );

  assert.doesNotMatch(shown, /expanded inputs|expanded command/);
});

Deno.test("renderDryRun() shows the command alone, for a shell", () => {
  assert.equal(renderDryRun(plan(), "command", "/r"), "sbatch job.sh it\\'s\n");
});

Deno.test("recordOfPlan() is no result of a submission", () => {
  const { request, ...rest } = plan();
  const record = recordOfPlan({ root: "/r" } as Dataset, { ...request, altDir: "/scratch" }, rest);

  assert.equal(record.action, "slurm-schedule [dry-run]");
  assert.deepEqual([record.altDir, record.inputs, record.outputs], [
    ...["/scratch", ["sub/it's", "sub"], ["sub/out", "top"]],
  ]);
  assert(!("slurmJobId" in record) && !("tableLine" in record) && !("extraInputs" in record));
  const extra = ["sub"];
  assert.deepEqual(
    recordOfPlan({ root: "/r" } as Dataset, request, { ...rest, extra }).extraInputs,
    extra,
  );
});
