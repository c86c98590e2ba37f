import assert from "node:assert/strict";
import { checkAccounting } from "../../../../src/commands/doctor/checks/accounting.ts";
import { UserError } from "../../../../src/errors.ts";
import { ago, answersOf, configOf, verdictsOf } from "../site.ts";

const call = (program: string, stdout: string) => ({ program, tookMs: 1, stdout });
const failing = (detail: string) => ({
  ...call("sacct", ""),
  failure: new UserError("SLURM_UNAVAILABLE", "Cannot ask Slurm", { detail }),
});

Deno.test("checkAccounting() on, and nothing to be compared → ok", () => {
  assert.deepEqual(verdictsOf(checkAccounting(answersOf())), ["ok accounting"]);
});

Deno.test("checkAccounting() off, by what scontrol or sacct say → problem, with MinJobAge", () => {
  const disabled = failing("Slurm accounting storage is disabled\n");
  for (
    const answers of [
      answersOf({ config: configOf({ AccountingStorageType: "accounting_storage/none" }) }),
      answersOf({ config: configOf({ AccountingStorageType: "(null)" }) }),
      answersOf({ sacct: disabled }),
    ]
  ) {
    const findings = checkAccounting(answers);
    assert.deepEqual(verdictsOf(findings), ["problem accounting"]);
    assert.match(findings[0]!.consequence!, /forgets a job 300 s after its end/);
  }
});

Deno.test("checkAccounting() a sacct that fails otherwise is said of the command", () => {
  assert.deepEqual(checkAccounting(answersOf({ sacct: failing("no connection") })), []);
});

Deno.test("checkAccounting() behind: a note, longer than MinJobAge a problem", () => {
  const after = (seconds: number, state = "COMPLETED", sacct = "") =>
    verdictsOf(checkAccounting(answersOf({
      squeue: call("squeue", `7 |${state} |${ago(seconds)} |\n`),
      sacct: call("sacct", sacct),
    })));

  assert.deepEqual(after(60), ["ok accounting"]);
  assert.deepEqual(after(61), ["note accounting"]);
  assert.deepEqual(after(301), ["problem accounting"]);
  assert.deepEqual(after(301, "COMPLETED", `7|${ago(301)}|sbatch x\n`), ["ok accounting"]);
  // sacct -S lists neither: that they are missing tells nothing.
  for (const state of ["PENDING", "CANCELLED"]) {
    assert.deepEqual(after(301, state), ["ok accounting"]);
  }
});

Deno.test("checkAccounting() what is not kept", () => {
  const found = (changes: Record<string, string>, sacct = "") =>
    checkAccounting(answersOf({ config: configOf(changes), sacct: call("sacct", sacct) }))
      .map(({ verdict, message }) => `${verdict}: ${message}`);

  assert.match(found({ AccountingStorageEnforce: "limits,nosteps" })[0]!, /^note: .*no steps/);
  assert.match(found({ AccountingStorageEnforce: "nojobs" })[0]!, /^problem: .*no jobs/);
  assert.match(found({ JobAcctGatherType: "jobacct_gather/none" })[0]!, /^note: .*not measured/);
  assert.match(found({ ["SLURM_VERSION"]: "20.11.9" })[0]!, /^note: .*SubmitLine/);
  assert.match(found({}, "7|2026-11-28T11:00:00|\n")[0]!, /^note: .*no SubmitLine/);
  assert.match(found({}, "7|2026-11-28T11:00:00|sbatch x\n")[0]!, /^ok: /);
});
