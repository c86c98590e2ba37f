import { renderSlurmTime } from "../clock_text.ts";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { parseDependency } from "../dependency.ts";
import { cpusOf } from "../job_spec.ts";
import type { JobTable } from "../job_table.ts";
import { troublesFor } from "../scenario/job_trouble.ts";
import type { Cluster } from "../state_directory.ts";
import type { NewJob } from "../task.ts";

/**
 * Takes a job into the table, with what the scenario has in store for it, and gives its job ID. Call it
 * inside a transaction.
 *
 * @throws {SlurmRefusal} In sbatch's words, if there are too many, or it waits for one there is not.
 */
export function takeJob(job: NewJob, table: JobTable, cluster: Cluster): number {
  const { scenario } = cluster;
  if (cluster.version === "24.11") refuseUnknownDependency(job, table);
  refuseTooMany(job, table, scenario.limits.maxSubmitJobs);
  if (scenario.jobs.length === 0) return table.insert(job);
  const troubles = troublesFor(scenario, {
    name: job.name,
    jobId: table.nextJobId(),
    order: table.countUse("submission"),
  });
  return table.insert({ ...job, spec: { ...job.spec, troubles } });
}

/** 24.11 takes no `afterok` for a job that it does not know; 22.05 counts such a job as done well. */
function refuseUnknownDependency({ dependency }: NewJob, table: JobTable): void {
  if (dependency === null) return;
  for (const { type, jobId } of parseDependency(dependency).conditions) {
    if (type !== "afterok" || jobId === undefined || table.findByJobId(jobId).length > 0) continue;
    throw new SlurmRefusal("sbatch: error: Batch job submission failed: Job dependency problem\n");
  }
}

/** MaxSubmitJobs counts each task of an array. */
function refuseTooMany(job: NewJob, table: JobTable, limit: number | undefined): void {
  if (limit === undefined) return;
  const row = table.database.prepare(
    "SELECT count(*) AS n FROM tasks WHERE state IN ('PENDING', 'RUNNING')",
  ).get();
  if (Number(row?.["n"]) + (job.spec.array?.indices.length ?? 1) <= limit) return;
  throw new SlurmRefusal(
    "sbatch: error: AssocMaxSubmitJobLimit\n" +
      "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy " +
      "(job submit limit, user's size and/or time limits)\n",
  );
}

/** Says what `--test-only` says, in the name of `program`; gives its exit status. */
export function reportTest(
  program: "sbatch" | "srun",
  job: NewJob,
  table: JobTable,
  cluster: Cluster,
  { io }: FakeSlurmContext,
): number {
  const when = renderSlurmTime(job.beginMs ?? job.nowMs, undefined);
  io.err(
    `${program}: Job ${table.nextJobId()} to start at ${when} using ${
      cpusOf(job.spec)
    } processors ` +
      `on nodes ${cluster.node} in partition ${job.spec.partition}\n`,
  );
  return 0;
}
