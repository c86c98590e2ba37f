import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { quote, wrapProgram } from "../support/wrapped_programs.ts";
import type { Sandbox } from "../support/sandbox.ts";

/** A job that this Slurm has taken. */
export interface TakenJob {
  readonly jobId: string;
  /** The last word of the sbatch call. */
  readonly label: string;
  /** How many tasks; 0 for a plain job. */
  readonly tasks: number;
}

/**
 * Slurm's commands as shell scripts that take jobs and run nothing. A job is taken in one step (a link),
 * so that however sbatch is killed it is known whether it had been.
 */
export class CountedSlurm {
  readonly #folder: string;
  /** A file for each job or task that failed. */
  readonly #failed: string;
  /** A link for each finishing job: the name of the job. */
  readonly #finishers: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#failed = `${folder} failed`;
    this.#finishers = `${folder} finishers`;
  }

  static async install(sandbox: Sandbox): Promise<CountedSlurm> {
    const folder = join(sandbox.root, "slurm");
    for (const each of [folder, `${folder} failed`, `${folder} finishers`]) await Deno.mkdir(each);
    for (const [name, script] of Object.entries(SCRIPTS)) {
      await wrapProgram(sandbox, name, `D=${quote(folder)}\n${script}`);
    }
    return new CountedSlurm(folder);
  }

  /** Lets a job, or a task `ID_INDEX`, have failed. */
  async fail(jobId: string): Promise<void> {
    await Deno.writeTextFile(join(this.#failed, jobId), "");
  }

  /** The jobs and tasks that failed. */
  async failed(): Promise<Set<string>> {
    const ids = new Set<string>();
    for await (const { name } of Deno.readDir(this.#failed)) ids.add(name);
    return ids;
  }

  /** The words by which finishing jobs are told from others, oldest first. */
  async finishers(): Promise<string[]> {
    const tokens: [number, string][] = [];
    for await (const { name } of Deno.readDir(this.#finishers)) {
      const job = await Deno.readLink(join(this.#finishers, name));
      tokens.push([Number(name), job.replace("dlslurm-finish-", "")]);
    }
    return tokens.sort(([a], [b]) => a - b).map(([, token]) => token);
  }

  /** In the order of their IDs. */
  async taken(): Promise<TakenJob[]> {
    const jobs: TakenJob[] = [];
    for await (const { name } of Deno.readDir(this.#folder)) {
      const [tasks, label] = (await Deno.readLink(join(this.#folder, name))).split("|");
      jobs.push({ jobId: name, label: label!, tasks: Number(tasks) });
    }
    return jobs.sort((a, b) => Number(a.jobId) - Number(b.jobId));
  }
}

const SCRIPTS = {
  // It takes its time, so that kills hit dlslurm while it waits.
  sbatch: `tasks=0
for word; do case $word in --array=0-*) last=\${word#--array=0-}; tasks=$((last + 1)) ;; esac; done
name=
for word; do case $word in --job-name=dlslurm-finish-*) name=\${word#--job-name=} ;; esac; done
sleep 0.1
n=1
if test -n "$name"; then
  n=1001
  while ! ln -s "$name" "$D finishers/$n" 2>/dev/null; do n=$((n + 1)); done
  echo $n; exit 0
fi
while ! ln -s "$tasks|$word|$PWD" "$D/$n" 2>/dev/null; do n=$((n + 1)); done
echo "Submitted batch job $n"`,
  sacct: `for last; do :; done
now=$(date -u +%Y-%m-%dT%H:%M:%S)
row() {
  state=COMPLETED; code=0:0
  if test -e "$D failed/$1"; then state=FAILED; code=3:0; fi
  printf '%s|%s|%s|%s|%s|%s|00:00:01||n1|job\\n' "$1" "$2" "$state" "$now" "$now" "$code"
}
all() {
  for id in $(echo "$last" | tr , ' '); do
    test -L "$D/$id" || continue
    job=$(readlink "$D/$id"); tasks=\${job%%|*}
    if test "$tasks" = 0; then row "$id" "$id"
    else t=0; while test $t -lt $tasks; do row "\${id}_$t" "$id$t"; t=$((t + 1)); done; fi
  done
}
all | "${fileURLToPath(new URL("sacct_fields.awk", import.meta.url))}" -v args="$*"`,
  scontrol: `describe() {
  job=$(readlink "$D/$1"); tasks=\${job%%|*}; folder=\${job##*|}
  if test "$tasks" = 0; then array=; log=$folder/slurm-$1.out
  else array=" ArrayJobId=$1 ArrayTaskId=0-$((tasks - 1))"; log=$folder/slurm-$1_4294967294.out; fi
  printf 'JobId=%s%s JobName=job\\n   WorkDir=%s\\n   StdErr=%s\\n   StdIn=/dev/null\\n   StdOut=%s\\n\\n' \\
    "$1" "$array" "$folder" "$log" "$log"
}
for id; do :; done
case "$*" in
*"show config") echo "MaxArraySize            = 1001"; exit 0 ;;
*"show job") for job in "$D"/*; do describe "\${job##*/}"; done; exit 0 ;;
esac
test -L "$D/$id" || { echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
describe "$id"`,
  squeue: "exit 0",
  scancel: "exit 0",
} as const;
