import { renderSlurmTime } from "../../manager/clock_text.ts";
import { cpusOf } from "../../manager/job_spec.ts";
import {
  type FakeSlurmContext,
  SlurmRefusal,
  STOPPED_STATUS,
  waitUnlessStopped,
} from "../../context.ts";
import { isEnded } from "../../manager/job_state.ts";
import { JobTable } from "../../manager/job_table.ts";
import { ensureManager } from "../../manager/manager_lock.ts";
import type { Cluster } from "../../manager/state_directory.ts";
import {
  heterogeneous,
  mergeOptions,
  optionsFromDirectives,
  SBATCH_OPTIONS,
  SBATCH_VARIABLES,
} from "./sbatch_options.ts";
import { toNewJob } from "./sbatch_request.ts";
import { readBatchScript, wrapScript } from "./sbatch_script.ts";
import { answersItself, type AskedOptions, refuseOtherClusters } from "../program_call.ts";
import { getopt, optionsFromVariables } from "../getopt.ts";
import { submissionFailed } from "./sbatch_values.ts";
import { parseDependency } from "../../manager/dependency.ts";
import type { NewJob } from "../../manager/task.ts";
import { troublesFor } from "../../scenario/job_trouble.ts";

/** How often `--wait` looks, in milliseconds. */
const WAIT_POLL_MS = 50;

/** Runs `sbatch ARGS…`: takes a job and sees to it that it will run. */
export async function runSbatch(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): Promise<number> {
  const { options, words } = getopt(args, {
    program: "sbatch",
    specs: SBATCH_OPTIONS[cluster.version],
    stopAtFirstWord: true,
    refusalStatus: 255,
  });
  const own = mergeOptions(options);
  if (answersItself("sbatch", own, cluster, context)) return 0;
  const [file, ...scriptArgs] = words;
  if (file === ":") throw heterogeneous();
  const command = own.get("wrap");
  if (command !== undefined && file !== undefined) {
    throw new SlurmRefusal(
      "sbatch: error: Script arguments not permitted with --wrap option\n",
    );
  }
  const script = command === undefined
    ? readBatchScript(file, {
      cwd: context.cwd,
      chdir: own.get("chdir"),
      searchPath: context.env.get("PATH") ?? "",
    })
    : wrapScript(command);
  const directives = command === undefined
    ? optionsFromDirectives(script.text, cluster.version)
    : [];
  const asked = mergeOptions(
    directives,
    optionsFromVariables(SBATCH_VARIABLES, context.env),
    options,
  );
  refuseOtherClusters("sbatch", asked, cluster);
  const submitLine = ["sbatch", ...args].join(" ");
  const job = toNewJob({ asked, script, args: scriptArgs, submitLine }, cluster, context);
  using table = new JobTable(cluster.directory);
  if (asked.has("test-only")) {
    const when = renderSlurmTime(job.beginMs ?? job.nowMs);
    context.io.err(
      `sbatch: Job ${table.nextJobId()} to start at ${when} using ${cpusOf(job.spec)} processors ` +
        `on nodes ${cluster.node} in partition ${job.spec.partition}\n`,
    );
    return 0;
  }
  const jobId = table.transaction(() => takeJob(job, table, cluster));
  ensureManager(table, cluster, context);
  announce(jobId, asked, cluster, context);
  return asked.has("wait") ? await waitForEnd(table, jobId, context) : 0;
}

function announce(
  jobId: number,
  asked: AskedOptions,
  cluster: Cluster,
  { io }: FakeSlurmContext,
): void {
  const isNamed = asked.has("clusters") || cluster.scenario.clusterName !== undefined;
  if (asked.has("parsable")) io.out(`${jobId}${isNamed ? `;${cluster.name}` : ""}\n`);
  else if (!asked.has("quiet")) {
    io.out(`Submitted batch job ${jobId}${isNamed ? ` on cluster ${cluster.name}` : ""}\n`);
  }
}

/** The highest exit status of the job's tasks; 1 for one that did not end by itself. */
async function waitForEnd(
  table: JobTable,
  jobId: number,
  context: FakeSlurmContext,
): Promise<number> {
  for (;;) {
    const tasks = table.find("base_id = ? AND superseded = 0", jobId);
    if (tasks.every((task) => isEnded(task.state))) {
      return Math.max(0, ...tasks.map((task) => task.exitSignal !== 0 ? 1 : task.exitCode));
    }
    if (!await waitUnlessStopped(WAIT_POLL_MS, context)) return STOPPED_STATUS;
  }
}

/** Takes a job into the table, with what the scenario has in store for it, and gives its job ID. */
function takeJob(job: NewJob, table: JobTable, cluster: Cluster): number {
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
  for (const { type, jobId } of parseDependency(dependency)) {
    if (type !== "afterok" || jobId === undefined || table.findByJobId(jobId).length > 0) continue;
    throw submissionFailed("Job dependency problem");
  }
}

/** MaxSubmitJobs counts each task of an array. */
function refuseTooMany(job: NewJob, table: JobTable, limit: number | undefined): void {
  if (limit === undefined) return;
  const taken = table.count("state IN ('PENDING', 'RUNNING')");
  if (taken + (job.spec.array?.indices.length ?? 1) <= limit) return;
  throw new SlurmRefusal(
    "sbatch: error: AssocMaxSubmitJobLimit\n" +
      "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy " +
      "(job submit limit, user's size and/or time limits)\n",
  );
}
