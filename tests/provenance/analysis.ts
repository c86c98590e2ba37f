import { EngineWorld } from "../engine/engine_world.ts";

/** What a job of an analysis is to read and to write. */
interface Step {
  readonly inputs?: readonly string[];
  readonly outputs: readonly string[];
  /** Files that it writes, with their content. */
  readonly files: Readonly<Record<string, string>>;
  /** Behind `sbatch`; `job.sh` unless said otherwise. */
  readonly command?: readonly string[];
}

/** Schedules a job, writes what it would have written, and finishes it. */
export async function runStep(
  world: EngineWorld,
  { inputs = [], outputs, files, command = ["job.sh"] }: Step,
): Promise<{ readonly jobId: string; readonly commit: string }> {
  const { stdout } = await world.must(
    "schedule",
    ...inputs.flatMap((input) => ["-i", input]),
    ...outputs.flatMap((output) => ["-o", output]),
    "sbatch",
    ...command,
  );
  const jobId = /^Submitted batch job ([0-9]+)$/m.exec(stdout)![1]!;
  return { jobId, commit: await endStep(world, jobId, files) };
}

/** Writes what a job would have written, with a log, and finishes it. */
export async function endStep(
  world: EngineWorld,
  jobId: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    // A job writes a new file; a locked one it could not write to.
    await Deno.remove(`${world.root}/${path}`).catch(() => {});
    await world.write(path, text);
  }
  await world.write(`log-${jobId}`, `job ${jobId}\n`);
  await world.must("finish", jobId);
  return (await world.git("rev-parse", "HEAD")).trim();
}

/** Submits a recorded job again, writes what it would have written, and finishes it. */
export async function repeatStep(
  world: EngineWorld,
  revision: string,
  files: Readonly<Record<string, string>>,
): Promise<{ readonly jobId: string; readonly commit: string }> {
  const { stdout } = await world.must("reschedule", revision);
  const jobId = /^Submitted batch job ([0-9]+)$/m.exec(stdout)![1]!;
  return { jobId, commit: await endStep(world, jobId, files) };
}

/** A dataset in which raw data was cleaned by job 1, fitted by job 2 and drawn by job 3. */
export async function createAnalysis(): Promise<EngineWorld> {
  const world = await EngineWorld.create({ "raw/obs.txt": "3\n1\n2\n" });
  await world.slurm.setDescription("JobName=job\n   StdOut=@PWD@/log-@ID@\n");
  await runStep(world, {
    inputs: ["raw/*.txt"],
    outputs: ["clean"],
    files: { "clean/obs.txt": "1\n2\n3\n" },
  });
  await runStep(world, {
    inputs: ["clean"],
    outputs: ["fit"],
    files: { "fit/n.txt": "3\n", "fit/when.txt": "at 10:00\n" },
  });
  await runStep(world, {
    inputs: ["fit/n.txt", "clean/obs.txt"],
    outputs: ["fig.txt"],
    files: { "fig.txt": "3 of 3\n" },
  });
  return world;
}
