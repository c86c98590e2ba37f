import { inTransaction } from "../../store/open_store.ts";
import {
  type FakeSlurmContext,
  SlurmRefusal,
  STOPPED_STATUS,
  waitUnlessStopped,
} from "../context.ts";
import { isEnded } from "../job_state.ts";
import { JobTable } from "../job_table.ts";
import { ensureManager } from "../manager_lock.ts";
import { versionLine } from "../slurm_version.ts";
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
import { reportTest, takeJob } from "./take_job.ts";

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
  if (asked.has("test-only")) return reportTest("sbatch", job, table, cluster, context);
  const jobId = inTransaction(table.database, () => takeJob(job, table, cluster));
  ensureManager(table, cluster, context);
  announce(jobId, asked, cluster, context);
  return asked.has("wait") ? await waitForEnd(table, jobId, context) : 0;
}

function print(context: FakeSlurmContext, text: string): number {
  context.io.out(text);
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
