import type { Dataset } from "../../datalad/dataset.ts";
import { evidenceToJson } from "../../jobs/evidence.ts";
import type { DescribedInput, RelatedRun } from "../../provenance/describe_run.ts";
import { ofDataset } from "../../session/result_record.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import type { ShownJob } from "./shown_job.ts";
import { withoutAbsent } from "../../jobs/without_absent.ts";

/** A job as a result record, with everything that is known; docs/result_records.md. */
export function recordOfShown(dataset: Dataset, shown: ShownJob): ResultRecord {
  const { description, accounting } = shown;
  const { record, run, script } = description;
  const fields = {
    slurmJobId: shown.jobId,
    slurmState: shown.state,
    stage: shown.stage,
    commit: run?.commit.oid,
    committedAt: run && new Date(run.commit.committedS * 1000).toISOString(),
    text: run?.parsed.text || undefined,
    cmd: record.cmd,
    pwd: record.pwd,
    tableLine: record.row?.line,
    altDir: record.altDir ?? undefined,
    submittedAt: shown.submittedAt,
    elapsed: shown.elapsed,
    timeLimit: shown.timeLimit,
    exitCode: accounting.exitCode,
    explanation: shown.explanation,
    inputs: description.inputs.map(({ path }) => path),
    outputs: shown.claims,
    script: script && { path: script.path, ...sourceOf(script) },
    sources: description.inputs.map((input) => ({ path: input.path, ...sourceOf(input) })),
    files: description.outputs.map(({ isHidden, isUnchanged, ...file }) => ({
      ...file,
      ...(isHidden === true ? { missing: true } : {}),
      ...(isUnchanged === true ? { unchanged: true } : {}),
    })),
    logs: shown.logs,
    logEnd: shown.logEnd?.text,
    accounting: Object.keys(accounting).length === 0
      ? undefined
      : evidenceToJson({ accounting })["accounting"],
    evidence: record.evidence && evidenceToJson(record.evidence),
    repeats: description.originals.map(relatedRun),
    repetitions: description.repetitions.map(relatedRun),
  };
  return {
    ...ofDataset(dataset, "slurm-show", "ok"),
    refds: dataset.root,
    message: shown.state,
    ...withoutAbsent(fields),
  };
}

function sourceOf({ oid, evidence, isExtra, origin, today }: DescribedInput) {
  return {
    ...withoutAbsent({ blob: oid, key: evidence?.key }),
    ...(evidence?.modified === true ? { modified: true } : {}),
    ...(evidence?.missing === true ? { missing: true } : {}),
    ...(isExtra === true ? { extra: true } : {}),
    ...(today === "unknown" ? {} : { today }),
    ...(origin.kind === "job"
      ? {
        commit: origin.entry.commit.oid,
        "slurm_job_id": origin.entry.jobId,
        ...(origin.changedBy === undefined ? {} : { "changed_by": origin.changedBy.oid }),
      }
      : origin.kind === "commit"
      ? {
        commit: origin.oid,
        subject: origin.subject,
        ...(origin.cmd === undefined ? {} : { cmd: origin.cmd }),
      }
      : {}),
  };
}

function relatedRun({ commit, jobId, reproduces }: RelatedRun) {
  return withoutAbsent({
    commit,
    "slurm_job_id": jobId,
    reproduces: reproduces && evidenceToJson({ reproduces })["reproduces"],
  });
}
