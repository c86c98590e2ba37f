import { join } from "node:path";
import { ifPresent, isThereSync } from "../../fs/if_present.ts";
import { identifyProcess, isAlive } from "./process_identity.ts";
import { SIGNAL_NUMBERS, signalProcess } from "./spawn_detached.ts";
import type { Cluster } from "./state_directory.ts";

/**
 * The folder in which the processes of a task's steps sign in before they become the user's programs: a
 * file `STEP.RANK` for each that runs, holding its process number, and `STEP` for each step there was. The
 * folder is there from the first step to the end of the task's run; without it nothing can start.
 */
function stepFolder(cluster: Cluster, taskRow: number): string {
  return join(cluster.directory, "steps", String(taskRow));
}

/** Begins a step of a task and gives its number, from 0 in each run of a job. */
export function openStep(cluster: Cluster, taskRow: number): number {
  const folder = stepFolder(cluster, taskRow);
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let number = 0;; number++) {
    try {
      Deno.openSync(join(folder, String(number)), { write: true, createNew: true }).close();
      return number;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** Where one process of a step signs in. */
export function signInPath(
  cluster: Cluster,
  taskRow: number,
  { number, rank }: { readonly number: number; readonly rank: number },
): string {
  return join(stepFolder(cluster, taskRow), `${number}.${rank}`);
}

/** Signals all processes that the steps of a task run, or those of one step. */
export function signalSteps(
  cluster: Cluster,
  taskRow: number,
  signal: number,
  step?: number,
): void {
  signalFolder(stepFolder(cluster, taskRow), signal, step);
}

/**
 * Ends what a task's steps left behind, for good: the folder goes first, so that a process that has not
 * signed in by then does not become the user's program.
 */
export function endSteps(cluster: Cluster, taskRow: number): void {
  const folder = stepFolder(cluster, taskRow);
  const closed = `${folder}.ended`;
  // One of an earlier end that was interrupted here.
  if (isThereSync(closed)) signalFolder(closed, SIGNAL_NUMBERS["KILL"]!);
  ifPresent(() => Deno.removeSync(closed, { recursive: true }));
  if (!isThereSync(folder)) return;
  Deno.renameSync(folder, closed);
  signalFolder(closed, SIGNAL_NUMBERS["KILL"]!);
  ifPresent(() => Deno.removeSync(closed, { recursive: true }));
}

function signalFolder(folder: string, signal: number, step?: number): void {
  let names: string[];
  try {
    names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return; // no step has begun
  }
  for (const name of names) {
    if (!name.includes(".") || (step !== undefined && !name.startsWith(`${step}.`))) continue;
    const path = join(folder, name);
    try {
      const pid = Number(Deno.readTextFileSync(path));
      // The number may have gone to another process since.
      const identity = identifyProcess(pid, Date.now() - Deno.statSync(path).mtime!.getTime());
      if (!(pid > 1) || !isAlive(identity)) continue;
      signalProcess(pid, signal, true);
    } catch {
      continue; // it ended while we looked
    }
  }
}
