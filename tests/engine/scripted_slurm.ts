import { join } from "node:path";
import { quote, wrapProgram } from "../support/wrapped_programs.ts";
import type { Sandbox } from "../support/sandbox.ts";

/**
 * Slurm's commands as shell scripts that answer at once and run nothing: the test writes what a job
 * would have written, and says what became of it. Job IDs count from 1.
 */
export class ScriptedSlurm {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Puts the scripts first on the sandbox's PATH. */
  static async install(sandbox: Sandbox): Promise<ScriptedSlurm> {
    const folder = join(sandbox.root, "scripted slurm");
    await Deno.mkdir(folder);
    const slurm = new ScriptedSlurm(folder);
    for (const [name, script] of Object.entries(SCRIPTS)) {
      await wrapProgram(sandbox, name, `D=${quote(folder)}\n${script}`);
    }
    return slurm;
  }

  /** What sacct shows of a job, or of its tasks: lines `ID|STATE`. COMPLETED unless said otherwise. */
  async setRows(jobId: string, ...rows: readonly string[]): Promise<void> {
    await Deno.writeTextFile(
      join(this.#folder, `${jobId}.rows`),
      rows.map((r) => `${r}\n`).join(""),
    );
  }

  /** When sacct says that all jobs ended, milliseconds since 1970; `Unknown` unless said. */
  async setEnd(atMs: number): Promise<void> {
    const time = new Date(atMs).toISOString().slice(0, 19);
    await Deno.writeTextFile(join(this.#folder, "end"), `${time}\n`);
  }

  /** What scontrol shows of jobs in place of one plain record; `JobId=` stands before it. */
  async setDescription(text: string): Promise<void> {
    await Deno.writeTextFile(join(this.#folder, "description"), text);
  }

  /** IDs of all jobs that were submitted. */
  async submitted(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { name } of Deno.readDir(this.#folder)) {
      if (name.endsWith(".job")) ids.push(name.slice(0, -".job".length));
    }
    return ids.sort((a, b) => Number(a) - Number(b));
  }
}

const SCRIPTS = {
  // Making a folder is the one step that only one of several submissions can do.
  sbatch: `n=1
while ! mkdir "$D/$n.job" 2>/dev/null; do n=$((n + 1)); done
pwd >"$D/$n.folder"
echo "Submitted batch job $n"`,
  sacct: `for last; do :; done
end=Unknown
if test -e "$D/end"; then read -r end <"$D/end"; fi
for id in $(echo "$last" | tr , ' '); do
  test -d "$D/$id.job" || continue
  if test -e "$D/$id.rows"; then
    while IFS='|' read -r row state; do
      echo "$row|$id|$state|Unknown|$end|0:0|00:00:01||n1|job"
    done <"$D/$id.rows"
  else
    echo "$id|$id|COMPLETED|Unknown|$end|0:0|00:00:01||n1|job"
  fi
done`,
  scontrol: `describe() {
  folder=$(cat "$D/$1.folder")
  if test -e "$D/description"; then
    printf 'JobId=%s %s\\n' "$1" "$(sed "s|@ID@|$1|g; s|@PWD@|$folder|g" "$D/description")"
  else
    printf 'JobId=%s JobName=job\\n   WorkDir=%s\\n   StdErr=%s/slurm-%s.out\\n   StdOut=%s/slurm-%s.out\\n' \\
      "$1" "$folder" "$folder" "$1" "$folder" "$1"
  fi
}
for id; do :; done
case "$*" in
*"show config") echo "MaxArraySize            = 1001"; exit 0 ;;
*"show job")
  for job in "$D"/*.job; do id=\${job##*/}; describe "\${id%.job}"; echo; done
  exit 0 ;;
esac
test -d "$D/$id.job" || { echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
describe "$id"`,
  squeue: "exit 0",
  scancel: "exit 0",
} as const;
