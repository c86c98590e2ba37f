import { join } from "node:path";
import type { DatasetKind } from "../support/datasets.ts";
import { EngineWorld } from "./engine_world.ts";

/** A world in which each job logs to the same file of the dataset. */
export async function createWithLog(name: string, kind?: DatasetKind): Promise<EngineWorld> {
  const world = await EngineWorld.create({}, kind);
  const log = join(world.root, name);
  await world.slurm.setDescription(
    `JobName=my\n   UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A\n   Requeue=1 Restarts=0 BatchFlag=1\n` +
      `   WorkDir=${world.root}\n   StdErr=${log}\n   StdIn=/dev/null\n   StdOut=${log}\n`,
  );
  return world;
}

/** Schedules a job that is in this state once it has written its output; gives its ID. */
export async function runJob(world: EngineWorld, output: string, state: string): Promise<string> {
  const jobId = await world.schedule(output);
  await world.write(`${output}/result.txt`, `${output}\n`);
  await world.slurm.setRows(jobId, `${jobId}|${state}`);
  return jobId;
}
