import { type OptionSpec, versionedTable } from "./getopt.ts";
import type { SlurmVersion } from "../slurm_version.ts";

/** srun's options, srun(1). */
export const SRUN_OPTIONS: Readonly<Record<SlurmVersion, readonly OptionSpec[]>> = versionedTable(
  `
  A/account: acctg-freq: bb: bbf: bcast:: bcast-exclude: b/begin: c/cpus-per-task: comment:
  compress:: container: cpu-bind: cpu-freq: d/dependency: deadline: delay-boot: D/chdir: export:
  e/error: epilog: E/preserve-env gres: gres-flags: hint: H/hold i/input: I/immediate:: jobid: J/job-name:
  k/no-kill K/kill-on-bad-exit:: l/label L/licenses: M/clusters: m/distribution: mail-type:
  mail-user: mcs-label: mem-bind: mpi: multi-prog n/ntasks: nice:: ntasks-per-node: N/nodes: o/output:
  open-mode: O/overcommit overlap het-group: p/partition: power: priority: prolog: profile: propagate:: pty::
  quit-on-interrupt q/qos: Q/quiet reboot r/relative: s/oversubscribe S/core-spec: send-libs::
  signal: slurmd-debug: spread-job switches: task-epilog: task-prolog: thread-spec: T/threads:
  test-only t/time: time-min: u/unbuffered use-min-nodes v/verbose W/wait: wckey: X/disable-status
  cluster-constraint: contiguous C/constraint: mem: mincpus: reservation: tmp: w/nodelist:
  x/exclude: Z/no-allocate exact exclusive:: mem-per-cpu: resv-ports:: sockets-per-node:
  cores-per-socket: threads-per-core: B/extra-node-info: ntasks-per-core: ntasks-per-socket:
  cpus-per-gpu: G/gpus: gpu-bind: gpu-freq: gpus-per-node: gpus-per-socket: gpus-per-task:
  mem-per-gpu: h/help usage V/version
`,
  { "22.05": "", "24.11": "container-id: oom-kill-step:: tres-bind: tres-per-task:" },
);

/** Options that change what runs or where its output goes, in ways that the fake has not. */
export const UNSUPPORTED_SRUN_OPTIONS = [
  ...["bcast", "bb", "bbf", "container", "container-id", "deadline", "epilog", "het-group"],
  ...["no-allocate", "prolog", "reboot", "relative", "task-epilog", "task-prolog"],
];

/** What `srun --usage` prints. */
export const SRUN_USAGE = `Usage: srun [-N nnodes] [-n ntasks] [-i in] [-o out] [-e err]
            [-c ncpus] [-r n] [-p partition] [--hold] [-t minutes]
            [-D path] [--immediate[=secs]] [--overcommit] [--overlap] [--no-kill]
            executable [args...]
`;
