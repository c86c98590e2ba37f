import { freemem, loadavg, totalmem } from "node:os";
import { renderSlurmTime } from "../clock_text.ts";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { JobTable } from "../job_table.ts";
import { ensureManager } from "../manager_lock.ts";
import { usedCpus } from "../schedule.ts";
import { SLURM_VERSIONS, versionLine } from "../slurm_version.ts";
import type { Cluster } from "../state_directory.ts";
import { refuseOtherClusters } from "./clusters.ts";
import { getopt, refuseUnsupported, versionedTable } from "./getopt.ts";
import { megabytes, nodeState } from "./scontrol_show.ts";
import { fit } from "./text_table.ts";

const SPECS = versionedTable(
  `
  a/all M/clusters: d/dead e/exact federation o/format: O/Format: h/noheader help hide i/iterate:
  l/long local n/nodes: N/Node p/partition: r/responding R/list-reasons s/summarize S/sort: t/states:
  T/reservation json yaml usage v/verbose V/version
`,
  { "22.05": "", "24.11": "F/future helpformat helpstate" },
);

/** The names of `--Format` and their letters. */
const NAMED_FIELDS: Readonly<Record<string, string>> = {
  ...{ allocnodes: "S", available: "a", cluster: "V", cores: "Y", cpus: "c", cpusload: "O" },
  ...{ cpusstate: "C", defaulttime: "L", disk: "d", features: "f", features_act: "b" },
  ...{ freemem: "e", gres: "G", groups: "g", maxcpuspernode: "B", memory: "m", nodeai: "A" },
  ...{ nodeaiot: "F", nodeaddr: "o", nodehost: "n", nodelist: "N", nodes: "D", oversubscribe: "h" },
  ...{ partition: "P", partitionname: "R", preemptmode: "M", priorityjobfactor: "I" },
  ...{ prioritytier: "p", reason: "E", root: "r", share: "h", size: "s", sockets: "X" },
  ...{ socketcorethread: "z", statecompact: "t", statelong: "T", threads: "Z", time: "l" },
  ...{ timestamp: "H", user: "u", userlong: "U", version: "v", weight: "w" },
};

const UNSUPPORTED_OPTIONS = [
  ...["future", "helpformat", "helpstate", "iterate", "json", "reservation", "yaml"],
];

const FORMATS = {
  default: "%#P %.5a %.10l %.6D %.6t %N",
  summarize: "%#P %.5a %.10l %.16F %N",
  long: "%#P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %N",
  newerLong: "%#P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %.11i %N",
  node: "%#9N %.6D %.9P %6t",
  longNode: "%#9N %.6D %.9P %.11T %4c %.8z %.6m %.8d %.6w %.8f %20E",
  reasons: "%20E %9u %19H %N",
} as const;

interface Line {
  readonly partition: string;
  readonly cluster: Cluster;
  readonly used: number;
  /** Its node was not asked for. */
  readonly isEmpty: boolean;
}

type Field = readonly [header: string, value: (line: Line) => string];

const SHORT_STATES: Readonly<Record<string, string>> = {
  IDLE: "idle",
  MIXED: "mix",
  ALLOCATED: "alloc",
};

const state = ({ used, cluster }: Line) => nodeState(used, cluster.cpus);

const FIELDS: Readonly<Record<string, Field>> = {
  a: ["AVAIL", () => "up"],
  A: ["NODES(A/I)", (line) => state(line) === "IDLE" ? "0/1" : "1/0"],
  B: ["MAX_CPUS_PER_NODE", () => "UNLIMITED"],
  b: ["ACTIVE_FEATURES", () => "(null)"],
  C: ["CPUS(A/I/O/T)", ({ used, cluster: { cpus } }) => `${used}/${cpus - used}/0/${cpus}`],
  c: ["CPUS", ({ cluster }) => String(cluster.cpus)],
  D: ["NODES", ({ isEmpty }) => isEmpty ? "0" : "1"],
  d: ["TMP_DISK", () => "0"],
  E: ["REASON", () => "none"],
  e: ["FREE_MEM", () => String(megabytes(freemem()))],
  F: ["NODES(A/I/O/T)", (line) => state(line) === "IDLE" ? "0/1/0/1" : "1/0/0/1"],
  f: ["AVAIL_FEATURES", () => "(null)"],
  G: ["GRES", () => "(null)"],
  g: ["GROUPS", () => "all"],
  H: ["TIMESTAMP", () => "Unknown"],
  h: ["OVERSUBSCRIBE", () => "NO"],
  I: ["PRIO_JOB_FACTOR", () => "1"],
  i: ["RESERVATION", () => ""],
  L: ["DEFAULTTIME", () => "n/a"],
  l: ["TIMELIMIT", () => "infinite"],
  M: ["PREEMPT_MODE", () => "OFF"],
  m: ["MEMORY", () => String(megabytes(totalmem()))],
  N: ["NODELIST", ({ cluster, isEmpty }) => isEmpty ? "" : cluster.node],
  n: ["HOSTNAMES", ({ cluster }) => cluster.node],
  O: ["CPU_LOAD", () => loadavg()[0]!.toFixed(2)],
  o: ["NODE_ADDR", ({ cluster }) => cluster.node],
  P: [
    "PARTITION",
    ({ partition, cluster }) => partition === cluster.partitions[0] ? `${partition}*` : partition,
  ],
  p: ["PRIO_TIER", () => "1"],
  R: ["PARTITION", ({ partition }) => partition],
  r: ["ROOT", () => "no"],
  S: ["ALLOCNODES", () => "all"],
  s: ["JOB_SIZE", () => "1-infinite"],
  T: ["STATE", (line) => line.isEmpty ? "n/a" : state(line).toLowerCase()],
  t: ["STATE", (line) => line.isEmpty ? "n/a" : SHORT_STATES[state(line)] ?? ""],
  U: ["USER", () => "Unknown"],
  u: ["USER", () => "Unknown"],
  V: ["CLUSTER", () => "N/A"],
  v: ["VERSION", ({ cluster }) => SLURM_VERSIONS[cluster.version]],
  w: ["WEIGHT", () => "1"],
  X: ["SOCKETS", ({ cluster }) => String(cluster.cpus)],
  Y: ["CORES", () => "1"],
  Z: ["THREADS", () => "1"],
  z: ["S:C:T", ({ cluster }) => `${cluster.cpus}:1:1`],
};

/** Runs `sinfo ARGS…`: shows the partitions and the one node. */
export function runSinfo(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): number {
  const { options, words } = getopt(args, { program: "sinfo", specs: SPECS[cluster.version] });
  const { io } = context;
  const asked = new Map(options.map(({ name, value }) => [name, value]));
  if (words.length > 0) {
    throw new SlurmRefusal(`sinfo: error: Unrecognized option: ${words[0]}\n`);
  }
  if (asked.has("version")) {
    io.out(versionLine(cluster.version));
    return 0;
  }
  refuseUnsupported("sinfo", asked, UNSUPPORTED_OPTIONS);
  refuseOtherClusters("sinfo", asked.get("clusters"), cluster);
  using table = new JobTable(cluster.directory);
  ensureManager(table, cluster, context);
  const lines = asked.has("list-reasons")
    ? []
    : findLines(asked, usedCpus(table, cluster.cpus), cluster);
  if (asked.has("long")) {
    io.out(`${renderSlurmTime(Date.now(), "%a %b %d %H:%M:%S %Y")}\n`);
  }
  const format = chooseFormat(asked, context, cluster);
  for (const [, letter = ""] of format.matchAll(/%#?\.?\d*([A-Za-z])/g)) {
    if (!isKnown(letter, cluster)) io.err(`Invalid node format specification: ${letter}\n`);
  }
  io.out(render(format, lines, !asked.has("noheader"), cluster));
  return 0;
}

/** One line a partition; like Slurm's, one stays there empty whose node is not among those asked for. */
function findLines(
  asked: ReadonlyMap<string, string>,
  used: number,
  cluster: Cluster,
): Line[] {
  const wanted = asked.get("partition")?.split(",");
  const nodes = asked.get("nodes")?.split(",");
  const states = asked.get("states")?.toUpperCase().split(",");
  const now = nodeState(used, cluster.cpus);
  const isEmpty = (nodes !== undefined && !nodes.includes(cluster.node)) || asked.has("dead");
  const hasState = states?.some((word) => word !== "" && (now.startsWith(word) || word === "ALL"));
  return cluster.partitions
    .filter((partition) => wanted?.includes(partition) ?? true)
    .filter(() => hasState ?? true)
    .map((partition) => ({ partition, cluster, used, isEmpty }));
}

function isKnown(letter: string, { version }: Cluster): boolean {
  return FIELDS[letter] !== undefined && (letter !== "i" || version === "24.11");
}

function chooseFormat(
  asked: ReadonlyMap<string, string>,
  { env, io }: FakeSlurmContext,
  { version }: Cluster,
): string {
  const named = asked.get("Format");
  if (named !== undefined) return toLetters(named, io.err);
  const given = asked.get("format");
  if (given !== undefined) return given;
  if (asked.has("list-reasons")) return FORMATS.reasons;
  if (asked.has("summarize")) return FORMATS.summarize;
  const isLong = asked.has("long");
  if (asked.has("Node")) return isLong ? FORMATS.longNode : FORMATS.node;
  if (isLong) return version === "24.11" ? FORMATS.newerLong : FORMATS.long;
  return env.get("SINFO_FORMAT") || FORMATS.default;
}

/** Writes `--Format` as `--format`: `name[:[.]width]`, twenty wide and without blanks between. */
function toLetters(format: string, complain: (text: string) => void): string {
  return format.split(",").map((word) => {
    const [, name = "", layout = "20"] = /^([^:]*)(?::(.*))?$/.exec(word) ?? [];
    const letter = NAMED_FIELDS[name.trim().toLowerCase()];
    if (letter !== undefined) return `%${layout}${letter}`;
    complain(`sinfo: error: Invalid job format specification: ${name}\n`);
    return "";
  }).join("");
}

function render(
  format: string,
  lines: readonly Line[],
  hasHeader: boolean,
  cluster: Cluster,
): string {
  const fill = (line: Line | undefined) =>
    format.replace(/%(#?)(\.?)(\d*)([A-Za-z])/g, (whole, dynamic, dot, width, letter) => {
      const field = FIELDS[letter];
      if (field === undefined || !isKnown(letter, cluster)) return whole;
      const text = line === undefined ? field[0] : field[1](line);
      const size = dynamic === "#" ? widest(field, lines, Number(width)) : Number(width);
      return size === 0 ? text : fit(text, dot === "." ? size : -size);
    }) + "\n";
  return (hasHeader ? fill(undefined) : "") + lines.map(fill).join("");
}

/** `#` makes a column as wide as its longest value, or wider. */
function widest(field: Field, lines: readonly Line[], least: number): number {
  return Math.max(least, field[0].length, ...lines.map((line) => field[1](line).length));
}
