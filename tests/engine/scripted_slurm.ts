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
      await wrapProgram(sandbox, name, `D=${quote(folder)}\n${LOST_CLUSTER}\n${script}`);
    }
    return slurm;
  }

  /** What sacct shows of a job, or of its tasks: lines `ID|STATE`, or `ID|STATE|NODES`. COMPLETED unless said otherwise. */
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

  /** Has no program reach this cluster. */
  async loseCluster(name: string): Promise<void> {
    await Deno.writeTextFile(join(this.#folder, "lost"), `${name}\n`);
  }

  /** Undoes {@linkcode loseCluster}. */
  async findCluster(): Promise<void> {
    await Deno.remove(join(this.#folder, "lost"));
  }

  /** Fields that sacct does not know. */
  async refuseFields(...fields: readonly string[]): Promise<void> {
    await Deno.writeTextFile(join(this.#folder, "refused"), `${fields.join(" ")}\n`);
  }

  /** Has accounting forget the steps of all jobs. */
  async forgetSteps(): Promise<void> {
    await Deno.writeTextFile(join(this.#folder, "without steps"), "");
  }

  /** What scontrol shows of jobs in place of one plain record; `JobId=` stands before it. */
  async setDescription(text: string): Promise<void> {
    await Deno.writeTextFile(join(this.#folder, "description"), text);
  }

  /** What sbatch was given for a job, with blanks between the words. */
  async argsOf(jobId: string): Promise<string> {
    return (await Deno.readTextFile(join(this.#folder, `${jobId}.args`))).trimEnd();
  }

  /** The words that sbatch was given when it submitted a job. */
  async wordsOf(jobId: string): Promise<string[]> {
    const text = await Deno.readTextFile(join(this.#folder, `${jobId}.words`));
    return text.split("\n").slice(0, -1);
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

const LOST_CLUSTER = `if [ -e "$D/lost" ]; then
  read -r LOST < "$D/lost"
  case " $* " in *" -M $LOST "*)
    echo "\${0##*/}: error: No cluster '$LOST' known by database." >&2
    exit 1;;
  esac
fi`;

const SCRIPTS = {
  // Making a folder is the one step that only one of several submissions can do; as many as are there are taken.
  sbatch: `n=$(set -- "$D"/*.job; echo $#)
while ! mkdir "$D/$n.job" 2>/dev/null; do n=$((n + 1)); done
pwd >"$D/$n.folder"
printf '%s\\n' "$*" >"$D/$n.args"
printf '%s\\n' "$@" >"$D/$n.words"
echo "Submitted batch job $n"`,
  // Asked for memory it prints the fields of the call, steps included; else those that statuses are read from.
  sacct: `for last; do :; done
end=Unknown
if test -e "$D/end"; then read -r end <"$D/end"; fi
case "$*" in
*MaxRSS*) kind=accounting ;;
*) kind=status ;;
esac
if test $kind = accounting && test -e "$D/refused"; then
  for field in $(cat "$D/refused"); do
    case "$*" in
    *"$field"*) echo "sacct: error: Invalid field requested: \\"$field\\"" >&2; exit 1 ;;
    esac
  done
fi
print() {
  if test $kind = status; then
    echo "$1|$id|$2|Unknown|$end|0:0|00:00:01||\${3:-n1}|job"
    return
  fi
  exit=0:0
  test "$2" = COMPLETED || exit=1:0
  times="Unknown|2026-11-01T00:00:00|2026-11-01T00:01:30"
  tail="8G|60|1|4|n1|debug|mini|billing=4,cpu=4,mem=8G,node=1"
  more=
  case "$format" in *,Restarts) more="|2" ;; esac
  echo "$1|$id|$2|$times|$exit|90|01:02.500||$tail$more"
  test -e "$D/without steps" && return
  echo "$1.batch|$id.batch|$2|$times|$exit|90|00:02.500|2048K|||1|4|n1||mini|cpu=4$more"
  echo "$1.0|$id.0|$2|$times|$exit|88|01:00.000|1.5M|||1|4|n1||mini|cpu=4$more"
}
format=
for word; do
  case "$word" in --format=*) format=\${word#--format=} ;; esac
done
for id in $(echo "$last" | tr , ' '); do
  test -d "$D/$id.job" || continue
  if test -e "$D/$id.rows"; then
    while IFS='|' read -r row state nodes; do
      print "$row" "$state" "$nodes"
    done <"$D/$id.rows"
  else
    print "$id" COMPLETED
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
