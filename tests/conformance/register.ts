import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";
import { TestSlurm } from "../support/slurm.ts";
import { QUERY_CASES } from "./query_cases.ts";
import { RUN_CASES } from "./run_cases.ts";
import { SHOW_JOB_CASES } from "./show_job_cases.ts";
import { SUBMIT_CASES } from "./submit_cases.ts";

const CASES = [...SUBMIT_CASES, ...RUN_CASES, ...QUERY_CASES, ...SHOW_JOB_CASES];

/** Registers the whole suite for one kind of Slurm. */
export function testConformance(kind: "fake" | "real"): void {
  for (const { name, fake, run } of CASES) {
    testIfAvailable(kind === "real" ? ["slurm"] : [], `${name} (${kind} Slurm)`, async () => {
      await using sandbox = await Sandbox.create();
      await using slurm = kind === "fake"
        ? await TestSlurm.startFake(sandbox, fake)
        : TestSlurm.useReal(sandbox);
      await run({ sandbox, slurm });
    });
  }
}
