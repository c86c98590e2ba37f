import { renderSlurmTime } from "../clock_text.ts";
import { type FakeSlurmContext, SlurmRefusal, VERSION_LINE } from "../context.ts";
import { JobTable } from "../job_table.ts";
import { ensureManager } from "../manager_lock.ts";
import type { Cluster } from "../state_directory.ts";
import { getopt, optionTable } from "./getopt.ts";
import { nodeState, usedCpus } from "./scontrol_show.ts";
import { fit } from "./text_table.ts";

const SPECS = optionTable(`
  a/all M/clusters: d/dead e/exact federation o/format: O/Format: h/noheader help hide i/iterate:
  l/long local n/nodes: N/Node p/partition: r/responding R/list-reasons s/summarize S/sort: t/states:
  T/reservation usage v/verbose V/version
`);

const FORMATS = {
  default: "%#P %.5a %.10l %.6D %.6t %N",
  summarize: "%#P %.5a %.10l %.16F  %N",
  long: "%#P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %N",
  node: "%#N %.6D %#P %6t",
  reasons: "%20E %12u %19H %N",
} as const;

interface Line {
  readonly partition: string;
  readonly cluster: Cluster;
  readonly used: number;
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
  C: ["CPUS(A/I/O/T)", ({ used, cluster: { cpus } }) => `${used}/${cpus - used}/0/${cpus}`],
  c: ["CPUS", ({ cluster }) => String(cluster.cpus)],
  D: ["NODES", () => "1"],
  E: ["REASON", () => "none"],
  F: ["NODES(A/I/O/T)", (line) => state(line) === "IDLE" ? "0/1/0/1" : "1/0/0/1"],
  f: ["AVAIL_FEATURES", () => "(null)"],
  G: ["GRES", () => "(null)"],
  g: ["GROUPS", () => "all"],
  H: ["TIMESTAMP", () => "Unknown"],
  h: ["OVERSUBS", () => "NO"],
  l: ["TIMELIMIT", () => "infinite"],
  N: ["NODELIST", ({ cluster }) => cluster.node],
  n: ["HOSTNAMES", ({ cluster }) => cluster.node],
  P: [
    "PARTITION",
    ({ partition, cluster }) => partition === cluster.partitions[0] ? `${partition}*` : partition,
  ],
  R: ["PARTITION", ({ partition }) => partition],
  r: ["ROOT", () => "no"],
  s: ["JOB_SIZE", () => "1-infinite"],
  T: ["STATE", (line) => state(line).toLowerCase()],
  t: ["STATE", (line) => SHORT_STATES[state(line)] ?? ""],
  u: ["USER", () => "Unknown"],
};

/** Runs `sinfo ARGS…`: shows the partitions and the one node. */
export function runSinfo(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): number {
  const { options, words } = getopt(args, { program: "sinfo", specs: SPECS });
  const { io, env } = context;
  const asked = new Map(options.map(({ name, value }) => [name, value]));
  if (words.length > 0) {
    throw new SlurmRefusal(`sinfo: error: Unrecognized option: ${words[0]}\n`);
  }
  if (asked.has("version")) {
    io.out(VERSION_LINE);
    return 0;
  }
  using table = new JobTable(cluster.directory);
  ensureManager(table, cluster, context);
  const used = usedCpus(table, cluster);
  const wanted = asked.get("partition")?.split(",");
  const lines = asked.has("list-reasons") ? [] : cluster.partitions
    .filter((partition) => wanted?.includes(partition) ?? true)
    .map((partition) => ({ partition, cluster, used }));
  if (asked.has("long")) {
    io.out(`${renderSlurmTime(Date.now(), "%a %b %d %H:%M:%S %Y")}\n`);
  }
  io.out(render(chooseFormat(asked, env.get("SINFO_FORMAT")), lines, !asked.has("noheader")));
  return 0;
}

function chooseFormat(asked: ReadonlyMap<string, string>, preset: string | undefined): string {
  const given = asked.get("format");
  if (given !== undefined) return given;
  if (asked.has("list-reasons")) return FORMATS.reasons;
  if (asked.has("summarize")) return FORMATS.summarize;
  if (asked.has("long")) return FORMATS.long;
  if (asked.has("Node")) return FORMATS.node;
  return preset || FORMATS.default;
}

function render(format: string, lines: readonly Line[], hasHeader: boolean): string {
  const fill = (line: Line | undefined) =>
    format.replace(/%(#?)(\.?)(\d*)([A-Za-z])/g, (whole, dynamic, dot, width, letter) => {
      const field = FIELDS[letter];
      if (field === undefined) return whole;
      const text = line === undefined ? field[0] : field[1](line);
      const size = dynamic === "#" ? widest(field, lines) : Number(width);
      return size === 0 ? text : fit(text, dot === "." ? size : -size);
    }) + "\n";
  return (hasHeader ? fill(undefined) : "") + lines.map(fill).join("");
}

/** `#` makes a column as wide as its longest value. */
function widest(field: Field, lines: readonly Line[]): number {
  return Math.max(field[0].length, ...lines.map((line) => field[1](line).length));
}
