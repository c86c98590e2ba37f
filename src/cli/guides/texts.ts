/** The guides themselves, as part of the program: an air-gapped user has nothing else. */
import airGapped from "../../../docs/guides/air_gapped.md" with { type: "text" };
import altDir from "../../../docs/guides/alt_dir.md" with { type: "text" };
import arrays from "../../../docs/guides/arrays.md" with { type: "text" };
import campaigns from "../../../docs/guides/campaigns.md" with { type: "text" };
import chains from "../../../docs/guides/chains.md" with { type: "text" };
import containers from "../../../docs/guides/containers.md" with { type: "text" };
import crashSafety from "../../../docs/crash_safety.md" with { type: "text" };
import doctor from "../../../docs/guides/doctor.md" with { type: "text" };
import evidence from "../../../docs/guides/evidence.md" with { type: "text" };
import fakeSlurm from "../../../docs/fake_slurm.md" with { type: "text" };
import failedJobs from "../../../docs/guides/failed_jobs.md" with { type: "text" };
import firstJob from "../../../docs/guides/first_job.md" with { type: "text" };
import handover from "../../../docs/handover.md" with { type: "text" };
import inputsAndOutputs from "../../../docs/guides/inputs_and_outputs.md" with { type: "text" };
import record from "../../../docs/record.md" with { type: "text" };
import recordings from "../../../docs/recordings.md" with { type: "text" };
import resultRecords from "../../../docs/result_records.md" with { type: "text" };
import sharing from "../../../docs/guides/sharing.md" with { type: "text" };
import report from "../../../docs/guides/report.md" with { type: "text" };
import storeAndRecovery from "../../../docs/guides/store_and_recovery.md" with { type: "text" };
import subdatasets from "../../../docs/guides/subdatasets.md" with { type: "text" };
import switching from "../../../docs/guides/switching.md" with { type: "text" };
import unattended from "../../../docs/guides/unattended.md" with { type: "text" };

/** Each in Markdown, by its name. */
export const GUIDE_TEXTS = {
  "air-gapped": airGapped,
  "alt-dir": altDir,
  "arrays": arrays,
  "campaigns": campaigns,
  "chains": chains,
  "containers": containers,
  "crash-safety": crashSafety,
  "doctor": doctor,
  "evidence": evidence,
  "failed-jobs": failedJobs,
  "fake-slurm": fakeSlurm,
  "first-job": firstJob,
  "handover": handover,
  "inputs-and-outputs": inputsAndOutputs,
  "record": record,
  "recordings": recordings,
  "result-records": resultRecords,
  "sharing": sharing,
  "report": report,
  "store-and-recovery": storeAndRecovery,
  "subdatasets": subdatasets,
  "switching": switching,
  "unattended": unattended,
} as const;
