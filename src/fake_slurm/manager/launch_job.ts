import { dirname, join } from "node:path";
import { ifPresent, isFolderSync } from "../../fs/if_present.ts";
import { jobEnvironment } from "./job_environment.ts";
import { type JobPaths, openedPaths } from "./file_name_pattern.ts";
import type { JobTable } from "./job_table.ts";
import type { Task } from "./task.ts";
import { type DetachedProcess, spawnDetached } from "./spawn_detached.ts";
import type { Cluster } from "./state_directory.ts";

/** What Slurm reports as the signal of a job that it could not start. */
export const LAUNCH_FAILURE_SIGNAL = 53;

/** The shell opens the streams and steps aside; its own process number is the task's. */
const LAUNCHER = "SLURM_TASK_PID=$$; export SLURM_TASK_PID; in=$1; out=$2; err=$3; shift 3; " +
  'if [ "$out" = "$err" ]; then exec "$@" <"$in" >>"$out" 2>&1; fi; ' +
  'exec "$@" <"$in" >>"$out" 2>>"$err"';

/**
 * Starts the script of `task` with its environment, working directory and log files.
 *
 * Gives `undefined` if a log file cannot be opened, for example because its directory is missing:
 * the job then fails as in Slurm, without a trace in any file.
 */
export function launchJob(
  table: JobTable,
  task: Task,
  cluster: Cluster,
): DetachedProcess | undefined {
  const { script, env } = table.readContents(task.baseId);
  const paths = openedPaths(task, cluster.node);
  if (!openLogs(task, paths, cluster)) return undefined;
  const directory = spoolDirectory(cluster, task);
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const scriptPath = join(directory, "slurm_script");
  Deno.writeFileSync(scriptPath, script, { mode: 0o700 });
  const variables = jobEnvironment(task, env, cluster);
  const cwd = isFolderSync(task.spec.workDir) ? task.spec.workDir : "/tmp";
  if (cwd !== task.spec.workDir) {
    const where = `couldn't chdir to \`${task.spec.workDir}': No such file or directory`;
    append(paths.stderr, `slurmstepd: error: ${where}: going to /tmp instead\n`);
  }
  return spawnDetached(
    [
      ...["/bin/sh", "-c", LAUNCHER, "slurmstepd", paths.stdin, paths.stdout, paths.stderr],
      ...shellUnfriendly(variables),
      scriptPath,
      ...task.spec.args,
    ],
    { cwd, env: variables },
  );
}

/** Removes the copy of the script that ran. */
export function cleanSpool(cluster: Cluster, task: Task): void {
  ifPresent(() => Deno.removeSync(spoolDirectory(cluster, task), { recursive: true }));
}

/** Adds a line of Slurm's to the job's standard error, as slurmstepd does when it ends a job. */
export function noteInLog(task: Task, cluster: Cluster, text: string): void {
  const path = openedPaths(task, cluster.node).stderr;
  // A log that went away while the job ran is the job's own doing.
  if (isDevice(path) || ifPresent(() => Deno.statSync(path)) === undefined) return;
  append(path, `slurmstepd: error: *** ${text} ***\n`);
}

function append(path: string, text: string): void {
  Deno.writeTextFileSync(path, text, { append: true });
}

function spoolDirectory(cluster: Cluster, task: Task): string {
  const number = String(task.jobId ?? task.baseId).padStart(5, "0");
  return join(cluster.directory, "spool", `job${number}`);
}

/**
 * Creates or empties the log files; a requeued job appends only if asked to. 24.11 makes the folders
 * that are missing.
 */
function openLogs(task: Task, paths: JobPaths, { version }: Cluster): boolean {
  const isAppended = task.spec.openMode === "append";
  try {
    // A pipe would wait for who writes to it.
    if (!isDevice(paths.stdin) && Deno.statSync(paths.stdin).isFile) {
      Deno.openSync(paths.stdin).close();
    }
    for (const path of new Set([paths.stdout, paths.stderr])) {
      if (isDevice(path)) continue;
      if (version === "24.11") Deno.mkdirSync(dirname(path), { recursive: true });
      const how = isAppended ? { append: true } : { write: true, truncate: true };
      Deno.openSync(path, { ...how, create: true }).close();
    }
    return true;
  } catch {
    return false;
  }
}

/** Devices are left to the shell: the runtime does not let most of them be opened. */
function isDevice(path: string): boolean {
  return path.startsWith("/dev/") || path.startsWith("/proc/");
}

/**
 * Exported shell functions have names that /bin/sh drops from the environment (`BASH_FUNC_module%%`):
 * env(1) puts them back behind it.
 */
function shellUnfriendly(variables: Readonly<Record<string, string>>): string[] {
  const odd = Object.entries(variables).filter(([name]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  return odd.length === 0
    ? []
    : ["/usr/bin/env", ...odd.map(([name, value]) => `${name}=${value}`)];
}
