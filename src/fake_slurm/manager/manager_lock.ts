import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../../errors.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "./process_identity.ts";
import type { FakeSlurmContext } from "../context.ts";
import { recordLoss } from "./end_job.ts";
import type { JobTable } from "./job_table.ts";
import { hasWork } from "./schedule.ts";
import { spawnDetached } from "./spawn_detached.ts";
import { endSteps } from "./step_processes.ts";
import { type Cluster, DIRECTORY_VARIABLE } from "./state_directory.ts";

/**
 * Makes this process the manager, unless another one lives.
 *
 * Taking, keeping and giving up the role are transactions on the job table itself: a submission either
 * comes before the manager's last look and is run by it, or after, and then sees that there is none.
 */
export function becomeManager(table: JobTable): boolean {
  return table.transaction(() => {
    if (hasLiveManager(table.database)) return false;
    const me = ownIdentity();
    table.database.prepare("INSERT OR REPLACE INTO manager VALUES (1, ?)").run(JSON.stringify(me));
    return true;
  });
}

/** Gives the role up if there is nothing left to do; `false` means: go on. */
export function retireManager(table: JobTable): boolean {
  return table.transaction(() => {
    if (hasWork(table)) return false;
    table.database.exec("DELETE FROM manager");
    return true;
  });
}

/**
 * Sees to it that what is left to do gets done: jobs whose process vanished together with their
 * manager become NODE_FAIL, and a manager is started if there is work and none lives. Harmless to
 * repeat.
 *
 * @throws {UserError} `FAKE_SLURM` if another machine works in the same directory.
 */
export function ensureManager(table: JobTable, cluster: Cluster, context: FakeSlurmContext): void {
  const isNeeded = table.transaction(() => {
    refuseOtherHost(table.database, cluster);
    if (hasLiveManager(table.database)) return false;
    markLostJobs(table, cluster);
    return hasWork(table);
  });
  if (!isNeeded) return;
  const env = { ...context.env.toObject(), [DIRECTORY_VARIABLE]: cluster.directory };
  spawnDetached([...context.selfCommand, "fake-slurm", "manager"], { cwd: "/", env }).release();
}

/** Marks running jobs whose process is gone; for use where no manager lives. */
export function markLostJobs(table: JobTable, cluster: Cluster): void {
  for (const task of table.find("state = 'RUNNING'")) {
    if (task.process !== null && isAlive(task.process)) continue;
    recordLoss(table, task, Date.now());
    endSteps(cluster, task.row);
  }
}

function currentManager(database: DatabaseSync): ProcessIdentity | undefined {
  const row = database.prepare("SELECT process FROM manager").get();
  return row === undefined ? undefined : JSON.parse(String(row["process"]));
}

function hasLiveManager(database: DatabaseSync): boolean {
  const manager = currentManager(database);
  // By whatever name: the machine may have been renamed meanwhile.
  return manager !== undefined && isAlive({ ...manager, host: ownIdentity().host });
}

function refuseOtherHost(database: DatabaseSync, cluster: Cluster): void {
  const manager = currentManager(database);
  if (manager === undefined || manager.host === ownIdentity().host) return;
  // Not by the time of the boot alone: the nodes of a cluster boot together, and a container has its own
  // processes. Only a machine that was renamed shows the manager's.
  if (hasLiveManager(database)) return;
  throw new UserError(
    "FAKE_SLURM",
    `Cannot use the fake Slurm in "${cluster.directory}": the machine "${manager.host}" works in it`,
    { hint: 'eval "$(dlslurm fake-slurm env --dir DIR)" with a directory for this machine alone' },
  );
}
