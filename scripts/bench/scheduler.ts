import { join } from "node:path";
import { writeOutputs } from "./dataset.ts";
import { answers, output } from "./measure.ts";
import type { Sample } from "./sample.ts";

/** What takes the jobs during a measurement. */
export interface Scheduler {
  readonly name: Exclude<Sample["slurm"], "">;
  /** Puts its programs on PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the scripts keep the folder of each job; `undefined`: jobs run, and write by themselves. */
  readonly stateFolder?: string;
}

/** Job name by which our own jobs are told from others in the queue. */
export const JOB_NAME = `bench${Deno.pid}`;

const POLL_MS = 300;

/** The Slurm on PATH; `undefined` if none answers. */
export async function findRealSlurm(): Promise<Scheduler | undefined> {
  if (!await answers(["scontrol", "ping"])) return undefined;
  return { name: "real", env: {} };
}

/** The Slurm that is part of `program`, with its state in `folder`. */
export async function startFakeSlurm(program: string, folder: string): Promise<Scheduler> {
  const directory = join(folder, "fake");
  await output([program, "fake-slurm", "env", "--dir", directory], { cwd: folder, env: {} });
  const env = { PATH: pathWith(join(directory, "bin")), DLSLURM_FAKE_SLURM_DIR: directory };
  return { name: "fake", env };
}

/**
 * Shell scripts that answer at once and run nothing, for numbers of jobs that the Slurm of one machine
 * would work on for hours. They take the time of a quick Slurm: a few ms.
 */
export async function writeScriptedSlurm(folder: string): Promise<Scheduler> {
  const state = join(folder, "scripted");
  const bin = join(state, "bin");
  await Deno.mkdir(bin, { recursive: true });
  await Deno.writeTextFile(join(state, "count"), "0\n");
  for (const [name, script] of Object.entries(SCRIPTS)) {
    const text = `#!/bin/sh\nD='${state}'\n${script}\n`;
    await Deno.writeTextFile(join(bin, name), text, { mode: 0o755 });
  }
  return { name: "scripted", env: { PATH: pathWith(bin) }, stateFolder: state };
}

/** Says of all jobs, from now on, whether they failed; where nothing runs them. */
export async function letJobsFail({ stateFolder }: Scheduler, failing: boolean): Promise<void> {
  const mark = join(stateFolder!, "failing");
  if (failing) await Deno.writeTextFile(mark, "");
  else await Deno.remove(mark);
}

/** The highest number of a job so far; where nothing runs them. */
export async function lastJobOf({ stateFolder }: Scheduler): Promise<number> {
  return Number(await Deno.readTextFile(join(stateFolder!, "count")));
}

/** Waits until none of our jobs is pending or running, and accounting knows. */
export async function waitForJobs(scheduler: Scheduler, cwd: string): Promise<void> {
  if (scheduler.stateFolder !== undefined) return;
  const place = { cwd, env: scheduler.env };
  await pollUntilEmpty(() => output(["squeue", "-h", "-n", JOB_NAME], place));
  if (scheduler.name !== "real") return;
  const unfinished = ["sacct", "-n", "-X", "-P", "-o", "State", "-s", "R,PD", "--name", JOB_NAME];
  await pollUntilEmpty(() => output(unfinished, place));
}

/** Lets our jobs run that were submitted with `sbatch --hold`. */
export async function releaseJobs(scheduler: Scheduler, cwd: string): Promise<void> {
  if (scheduler.stateFolder !== undefined) return;
  const place = { cwd, env: scheduler.env };
  const jobIds = (await output(["squeue", "-h", "-n", JOB_NAME, "-o", "%A"], place)).trim();
  for (const jobId of jobIds.split("\n")) {
    if (jobId !== "") await output(["scontrol", "release", jobId], place);
  }
}

/**
 * Writes the outputs of the jobs below `dataset` whose number is above `after`, where nothing ran them.
 *
 * @returns the highest number so far.
 */
export async function writeMissingOutputs(
  scheduler: Scheduler,
  dataset: string,
  after: number,
): Promise<number> {
  const { stateFolder } = scheduler;
  if (stateFolder === undefined) return after;
  const last = await lastJobOf(scheduler);
  for (let jobId = after + 1; jobId <= last; jobId++) {
    const [folder, log] = await Promise.all(
      ["folder", "log"].map(async (what) =>
        (await Deno.readTextFile(join(stateFolder, `${jobId}.${what}`))).trim()
      ),
    );
    if (folder!.startsWith(`${dataset}/`)) await writeOutputs(folder!, log!);
  }
  return last;
}

/** Takes what is still pending or running out of the queue, after a measurement that failed. */
export async function cancelJobs(scheduler: Scheduler, cwd: string): Promise<void> {
  if (scheduler.stateFolder !== undefined) return;
  await output(["scancel", `--name=${JOB_NAME}`], { cwd, env: scheduler.env });
}

async function pollUntilEmpty(ask: () => Promise<string>): Promise<void> {
  while ((await ask()).trim() !== "") await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function pathWith(folder: string): string {
  return `${folder}:${Deno.env.get("PATH") ?? "/usr/bin:/bin"}`;
}

// No program but flock and the shell: what they cost is measured as bare sbatch and taken off.
const SCRIPTS = {
  sbatch: `while [ $# -gt 0 ]; do
  case $1 in
    -o) log=$2; shift 2 ;;
    -*) shift 2 ;;
    *) break ;;
  esac
done
exec 9>>"$D/lock"
flock 9
read -r n <"$D/count"
n=$((n + 1))
echo "$n" >"$D/count"
echo "$PWD/\${log%%"%j"*}$n\${log#*"%j"}" >"$D/$n.log"
echo "$PWD/$2" >"$D/$n.folder"
echo "Submitted batch job $n"`,
  sacct: `for last; do :; done
state=COMPLETED
if [ -e "$D/failing" ]; then state=FAILED; fi
IFS=,
for id in $last; do
  echo "$id|$id|$state|Unknown|Unknown|0:0|00:00:01|1:00|n1|job"
done`,
  scontrol: `for id; do :; done
read -r log <"$D/$id.log"
echo "JobId=$id JobName=job
   JobState=COMPLETED Reason=None
   WorkDir=$PWD
   StdErr=$log
   StdOut=$log"`,
  squeue: "exit 0",
  scancel: "exit 0",
} as const;
