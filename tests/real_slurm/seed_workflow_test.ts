import { CHAIN_CASES } from "../support/seed/chain_cases.ts";
import { CONFLICT_CASES } from "../support/seed/conflict_cases.ts";
import { EXPORT_CASES } from "../support/seed/export_cases.ts";
import { FAILED_CASES } from "../support/seed/failed_cases.ts";
import { FINISH_CASES } from "../support/seed/finish_cases.ts";
import { OLD_NAME_CASES } from "../support/seed/old_name_cases.ts";
import { OWN_FILES_CASES } from "../support/seed/own_files_cases.ts";
import { REPORT_CASES } from "../support/seed/report_cases.ts";
import { RESCHEDULE_CASES } from "../support/seed/reschedule_cases.ts";
import { testSeedCases } from "../support/seed/workflow.ts";

const CASES = [
  ...FINISH_CASES,
  ...OWN_FILES_CASES,
  ...EXPORT_CASES,
  ...REPORT_CASES,
  ...FAILED_CASES,
  ...RESCHEDULE_CASES,
  ...CHAIN_CASES,
  ...CONFLICT_CASES,
  ...OLD_NAME_CASES,
];
testSeedCases(CASES, "plain git", "chroot");
for (const kind of ["plain git", "text2git"] as const) testSeedCases(CASES, kind, "real");
