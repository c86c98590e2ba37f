import { basename, resolve } from "node:path";
import { currentUser } from "../../manager/current_user.ts";
import { parseSlurmTime } from "../../manager/clock_text.ts";
import { type FakeSlurmContext, orRefuse, SlurmRefusal } from "../../context.ts";
import { parseDependency } from "../../manager/dependency.ts";
import { type JobArray, type JobSpec, parseArraySpec } from "../../manager/job_spec.ts";
import type { NewJob } from "../../manager/task.ts";
import type { Cluster } from "../../manager/state_directory.ts";
import type { BatchScript } from "./sbatch_script.ts";
import * as read from "./sbatch_values.ts";
import type { AskedOptions } from "../program_call.ts";

/** Everything a submission is made of. */
export interface Submission {
  /** From the script's directives, the environment and the command line, the last beating the first. */
  readonly asked: AskedOptions;
  /** Kept with the job: later changes of the file do not reach it. */
  readonly script: BatchScript;
  /** The script's own arguments. */
  readonly args: readonly string[];
  /** sbatch's command line. */
  readonly submitLine: string;
}

/**
 * Turns a submission into a job.
 *
 * @throws {SlurmRefusal} In sbatch's or slurmctld's words, if a value is not acceptable.
 */
export function toNewJob(
  submission: Submission,
  cluster: Cluster,
  context: FakeSlurmContext,
): NewJob {
  const { asked, script } = submission;
  // There are none: Slurm's words for one that does not exist.
  if (asked.has("reservation")) throw read.submissionFailed("Requested reservation is invalid");
  const nowMs = Date.now();
  const timeLimit = read.readTimeLimit(asked);
  const beginMs = read.readIf(asked, "begin", (text) => readBegin(text, nowMs));
  const spec = toSpec(submission, cluster, context);
  return {
    spec,
    name: asked.get("job-name") ?? defaultName(submission),
    script: script.bytes,
    env: context.env.toObject(),
    held: asked.has("hold") || asked.get("priority") === "0",
    dependency: read.readIf(asked, "dependency", readDependency),
    ...{ beginMs, timeLimit, nowMs },
  };
}

function defaultName({ asked, script }: Submission): string {
  if (asked.has("wrap")) return "wrap";
  return script.path === null ? "sbatch" : basename(script.path);
}

/** 24.11 shows the script alone, 22.05 its arguments as well. */
function shownCommand({ script, args }: Submission, { version }: Cluster): string | null {
  if (script.path === null) return null;
  return version === "24.11" ? script.path : [script.path, ...args].join(" ");
}

function toSpec(submission: Submission, cluster: Cluster, context: FakeSlurmContext): JobSpec {
  const { asked, args } = submission;
  const user = currentUser();
  const nodes = read.readNodes(asked);
  const tasksPerNode = read.readCount(asked, "ntasks-per-node");
  const tasks = read.readCount(asked, "ntasks");
  const leastNodes = Number(/^\d+/.exec(nodes ?? "1")?.[0]);
  return {
    command: shownCommand(submission, cluster),
    submitLine: submission.submitLine,
    args: [...args],
    workDir: resolve(context.cwd, asked.get("chdir") ?? "."),
    submitDir: context.cwd,
    stdin: asked.get("input") ?? "/dev/null",
    stdout: noneMeansDefault(asked.get("output")),
    stderr: noneMeansDefault(asked.get("error")),
    openMode: read.readOpenMode(asked),
    ...{ user: user.username, uid: user.uid, gid: user.gid, group: groupName(user.gid) },
    ...{ submitHost: cluster.node, sessionId: Deno.ppid },
    account: asked.get("account")?.toLowerCase() ?? user.username,
    partition: readPartition(asked, cluster),
    qos: asked.get("qos") ?? "normal",
    tasks: tasks ?? leastNodes * (tasksPerNode ?? 1),
    tasksGiven: tasks !== null,
    tasksPerNode,
    cpusPerTask: read.readCount(asked, "cpus-per-task"),
    nodes,
    memPerNode: read.readMemory(asked, "mem"),
    memPerCpu: read.readMemory(asked, "mem-per-cpu"),
    comment: asked.get("comment") ?? null,
    requeue: !asked.has("no-requeue"),
    killOnInvalidDependency: /^y/i.test(asked.get("kill-on-invalid-dep") ?? ""),
    warning: read.readWarning(asked),
    array: read.readIf(asked, "array", (text) => readArray(text, cluster.maxArraySize)),
    exportList: asked.get("export") ?? null,
    troubles: [],
  };
}

/** `none` asks for the default file, sbatch(1). */
function noneMeansDefault(pattern: string | undefined): string | null {
  return pattern === undefined || pattern.toLowerCase() === "none" ? null : pattern;
}

function readBegin(text: string, nowMs: number): number {
  try {
    return parseSlurmTime(text, nowMs, true);
  } catch (error) {
    if (!(error instanceof SlurmRefusal)) throw error;
    throw new SlurmRefusal(`${error.message}sbatch: error: Invalid --begin specification\n`, 255);
  }
}

function readArray(text: string, maxArraySize: number): JobArray {
  const refusal = read.submissionFailed("Invalid job array specification");
  return orRefuse(refusal, () => parseArraySpec(text, maxArraySize));
}

function readDependency(text: string): string | null {
  if (text === "") return null;
  orRefuse(read.submissionFailed("Job dependency problem"), () => parseDependency(text));
  return text;
}

function readPartition(asked: AskedOptions, cluster: Cluster): string {
  const text = asked.get("partition");
  if (text === undefined) return cluster.partitions[0]!;
  const isKnown = (name: string) => cluster.partitions.includes(name);
  if (!cluster.partitions.includes("*") && !text.split(",").every(isKnown)) {
    throw new SlurmRefusal(
      `sbatch: error: invalid partition specified: ${text}\n` +
        "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
    );
  }
  return text;
}

function groupName(gid: number): string {
  try {
    for (const line of Deno.readTextFileSync("/etc/group").split("\n")) {
      const [name, , id] = line.split(":");
      if (Number(id) === gid && name !== undefined && id !== undefined) return name;
    }
  } catch {
    // A system without the file names groups by number.
  }
  return String(gid);
}
