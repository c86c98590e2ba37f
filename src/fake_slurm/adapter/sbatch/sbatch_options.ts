import { SlurmRefusal } from "../../context.ts";
import type { SlurmVersion } from "../../manager/slurm_version.ts";
import { getopt, type GivenOption, type OptionSpec, versionedTable } from "../getopt.ts";

/** sbatch's options, sbatch(1). */
export const SBATCH_OPTIONS: Readonly<Record<SlurmVersion, readonly OptionSpec[]>> = versionedTable(
  `
  A/account: acctg-freq: a/array: batch: !bb: !bbf: b/begin: D/chdir: cluster-constraint: M/clusters:
  comment: C/constraint: !container: contiguous S/core-spec: cores-per-socket: cpu-freq:
  cpus-per-gpu: c/cpus-per-task: !deadline: delay-boot: d/dependency: m/distribution: e/error:
  x/exclude: exclusive:: export: !export-file: B/extra-node-info: get-user-env:: !gid: gpu-bind:
  gpu-freq: G/gpus: gpus-per-node: gpus-per-socket: gpus-per-task: gres: gres-flags: h/help hint:
  H/hold ignore-pbs i/input: J/job-name: kill-on-invalid-dep: L/licenses: mail-type: mail-user:
  mcs-label: mem: mem-bind: mem-per-cpu: mem-per-gpu: mincpus: network: nice:: k/no-kill::
  no-requeue !F/nodefile: w/nodelist: N/nodes: n/ntasks: ntasks-per-core: ntasks-per-gpu:
  ntasks-per-node: ntasks-per-socket: open-mode: o/output: O/overcommit s/oversubscribe parsable
  p/partition: power: prefer: priority: profile: propagate:: q/qos: Q/quiet !reboot requeue
  reservation: signal: sockets-per-node: spread-job switches: tasks-per-node: test-only
  thread-spec: threads-per-core: t/time: time-min: tmp: !uid: usage use-min-nodes v/verbose
  V/version W/wait wait-all-nodes: wckey: wrap:
`,
  {
    "22.05": "",
    "24.11": "!container-id: extra: oom-kill-step:: resv-ports:: tres-bind: tres-per-task:",
  },
);

/** Variables that stand for an option; they beat directives and yield to the command line. */
export const SBATCH_VARIABLES: Readonly<Record<string, string>> = {
  ...{ SBATCH_ACCOUNT: "account", SBATCH_ARRAY_INX: "array", SBATCH_CLUSTERS: "clusters" },
  ...{ SLURM_CLUSTERS: "clusters", SBATCH_CONSTRAINT: "constraint", SBATCH_ERROR: "error" },
  ...{ SBATCH_EXCLUSIVE: "exclusive", SBATCH_EXPORT: "export" },
  ...{ SBATCH_GET_USER_ENV: "get-user-env", SBATCH_GRES: "gres", SBATCH_INPUT: "input" },
  ...{ SBATCH_JOB_NAME: "job-name", SBATCH_MEM_PER_CPU: "mem-per-cpu" },
  ...{ SBATCH_MEM_PER_NODE: "mem", SBATCH_NO_REQUEUE: "no-requeue" },
  ...{ SBATCH_OPEN_MODE: "open-mode", SBATCH_OUTPUT: "output", SBATCH_PARTITION: "partition" },
  ...{ SBATCH_QOS: "qos", SBATCH_REQUEUE: "requeue", SBATCH_SIGNAL: "signal" },
  ...{ SBATCH_TIMELIMIT: "time", SBATCH_WAIT: "wait" },
};

/** Of each of these pairs the one given last counts. */
const OPPOSITES: Readonly<Record<string, string>> = {
  ...{ "requeue": "no-requeue", "no-requeue": "requeue" },
  ...{ "mem": "mem-per-cpu", "mem-per-cpu": "mem" },
};

/**
 * The options of a script's `#SBATCH` lines, which end at its first command.
 *
 * @throws {SlurmRefusal} If one is not acceptable, or begins a component of a heterogeneous job.
 */
export function optionsFromDirectives(
  script: string,
  version: SlurmVersion,
): readonly GivenOption[] {
  const args: string[] = [];
  for (const line of script.split("\n")) {
    if (/^#SBATCH(?=[\s-]|$)/.test(line)) {
      const words = splitDirective(line.slice("#SBATCH".length));
      if (words[0] === "hetjob" || words[0] === "packjob") throw heterogeneous();
      args.push(...words);
    } else if (!/^\s*(#|$)/.test(line)) break;
  }
  return getopt(args, { program: "sbatch", specs: SBATCH_OPTIONS[version], refusalStatus: 255 })
    .options;
}

/** What sbatch of the fake says of a job with components. */
export function heterogeneous(): SlurmRefusal {
  return new SlurmRefusal("sbatch: error: the fake Slurm does not support heterogeneous jobs\n");
}

/** Splits a directive into words: quotes group, a backslash protects, `#` begins a comment. */
export function splitDirective(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (quote !== "") {
      if (letter === quote) quote = "";
      else if (letter === "\\" && at + 1 < text.length) word += text[++at]!;
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= "";
    } else if (letter === "\\" && at + 1 < text.length) {
      word = (word ?? "") + text[++at]!;
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (letter === "#" && word === undefined) break;
    else word = (word ?? "") + letter;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Merges options, later ones beating earlier ones. */
export function mergeOptions(...lists: readonly (readonly GivenOption[])[]): Map<string, string> {
  const merged = new Map<string, string>();
  for (const { name, value } of lists.flat()) {
    const opposite = OPPOSITES[name];
    if (opposite !== undefined) merged.delete(opposite);
    merged.set(name === "tasks-per-node" ? "ntasks-per-node" : name, value);
  }
  return merged;
}
