import { inTransaction } from "../../store/open_store.ts";
import { renderSlurmTime } from "../clock_text.ts";
import {
  type FakeSlurmContext,
  SlurmRefusal,
  STOPPED_STATUS,
  waitUnlessStopped,
} from "../context.ts";
import { isEnded } from "../job_state.ts";
import { cpusOf } from "../job_spec.ts";
import { JobTable } from "../job_table.ts";
import type { NewJob } from "../task.ts";
import { ensureManager } from "../manager_lock.ts";
import { versionLine } from "../slurm_version.ts";
import { troublesFor } from "../scenario/job_trouble.ts";
import type { Cluster } from "../state_directory.ts";
import { refuseOtherClusters } from "./clusters.ts";
import {
  mergeOptions,
  optionsFromDirectives,
  optionsFromEnvironment,
  readSbatchArguments,
  SBATCH_USAGE,
  UNSUPPORTED_OPTIONS,
} from "./sbatch_options.ts";
import { refuseUnsupported } from "./getopt.ts";
import { toNewJob } from "./sbatch_request.ts";
import { readBatchScript, wrapScript } from "./sbatch_script.ts";
import type { AskedOptions } from "./sbatch_values.ts";

/** How often `--wait` looks, in milliseconds. */
const WAIT_POLL_MS = 50;

/** Runs `sbatch ARGS…`: takes a job and sees to it that it will run. */
export async function runSbatch(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): Promise<number> {
  const { options, words } = readSbatchArguments(args, cluster.version);
  const own = mergeOptions(options);
  if (own.has("version")) return print(context, versionLine(cluster.version));
  if (own.has("help") || own.has("usage")) return print(context, SBATCH_USAGE);
  const [file, ...scriptArgs] = words;
  const command = own.get("wrap");
  if (command !== undefined && file !== undefined) {
    throw new SlurmRefusal(
      "sbatch: error: Script arguments not permitted with --wrap option\n",
    );
  }
  const script = command === undefined
    ? readBatchScript(file, context.cwd, context.env.get("PATH") ?? "")
    : wrapScript(command);
  const directives = command === undefined
    ? optionsFromDirectives(script.text, cluster.version)
    : [];
  const asked = mergeOptions(directives, optionsFromEnvironment(context.env), options);
  refuseUnsupported("sbatch", asked, UNSUPPORTED_OPTIONS);
  refuseOtherClusters("sbatch", asked.get("clusters"), cluster);
  const submitLine = ["sbatch", ...args].join(" ");
  const job = toNewJob({ asked, script, args: scriptArgs, submitLine }, cluster, context);
  using table = new JobTable(cluster.directory);
  if (asked.has("test-only")) return reportTest(job, table, cluster, context);
  const jobId = inTransaction(table.database, () => submit(job, table, cluster));
  ensureManager(table, cluster, context);
  announce(jobId, asked, cluster, context);
  return asked.has("wait") ? await waitForEnd(table, jobId, context) : 0;
}

function print(context: FakeSlurmContext, text: string): number {
  context.io.out(text);
  return 0;
}

/** Call it inside a transaction. */
function submit(job: NewJob, table: JobTable, cluster: Cluster): number {
  const { scenario } = cluster;
  refuseTooMany(job, table, scenario.limits.maxSubmitJobs);
  if (scenario.jobs.length === 0) return table.insert(job);
  const troubles = troublesFor(scenario, {
    name: job.name,
    jobId: table.nextJobId(),
    order: table.countUse("submission"),
  });
  return table.insert({ ...job, spec: { ...job.spec, troubles } });
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

function reportTest(
  job: NewJob,
  table: JobTable,
  cluster: Cluster,
  { io }: FakeSlurmContext,
): number {
  const when = renderSlurmTime(job.beginMs ?? job.nowMs, undefined);
  io.err(
    `sbatch: Job ${table.nextJobId()} to start at ${when} using ${cpusOf(job.spec)} processors ` +
      `on nodes ${cluster.node} in partition ${job.spec.partition}\n`,
  );
  return 0;
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
