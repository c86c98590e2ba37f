import { QUERY_CASES } from "./query_cases.ts";
import { RUN_CASES } from "./run_cases.ts";
import { SHOW_JOB_CASES } from "./show_job_cases.ts";
import { SUBMIT_CASES } from "./submit_cases.ts";
import type { ConformanceCase } from "./world.ts";

/** The whole suite. */
export const CASES: readonly ConformanceCase[] = [
  ...SUBMIT_CASES,
  ...RUN_CASES,
  ...QUERY_CASES,
  ...SHOW_JOB_CASES,
];
