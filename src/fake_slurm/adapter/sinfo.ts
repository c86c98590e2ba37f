import { SlurmRefusal } from "../context.ts";
import { usedCpus } from "../manager/schedule.ts";
import type { Cluster } from "../manager/state_directory.ts";
import { versionedTable } from "./getopt.ts";
import { parseLetterFormat, renderLine } from "./line_format.ts";
import { defineProgram, type Program } from "./program_call.ts";

const OPTIONS = {
  program: "sinfo",
  specs: versionedTable(
    `
  a/all M/clusters: !d/dead e/exact federation o/format: !O/Format: h/noheader help hide !i/iterate:
  !l/long local !n/nodes: N/Node p/partition: r/responding !R/list-reasons s/summarize S/sort: t/states:
  !T/reservation !json !yaml usage v/verbose V/version
`,
    { "22.05": "", "24.11": "!F/future !helpformat !helpstate" },
  ),
};

/** One partition: it has the one node. */
interface Row {
  readonly partition: string;
  readonly cluster: Cluster;
  readonly used: number;
}

/** A partition's name is one longer where it is the default. */
const nameOf = ({ partition, cluster }: Row) =>
  partition === cluster.partitions[0] ? `${partition}*` : partition;

/** Full state and its short form. */
function stateOf({ used, cluster: { cpus } }: Row): [string, string] {
  if (used === 0) return ["idle", "idle"];
  return used < cpus ? ["mixed", "mix"] : ["allocated", "alloc"];
}

const FIELDS: Readonly<Record<string, readonly [header: string, value: (row: Row) => string]>> = {
  a: ["AVAIL", () => "up"],
  C: ["CPUS(A/I/O/T)", ({ used, cluster: { cpus } }) => `${used}/${cpus - used}/0/${cpus}`],
  c: ["CPUS", ({ cluster }) => String(cluster.cpus)],
  D: ["NODES", () => "1"],
  F: ["NODES(A/I/O/T)", ({ used }) => used === 0 ? "0/1/0/1" : "1/0/0/1"],
  l: ["TIMELIMIT", () => "infinite"],
  N: ["NODELIST", ({ cluster }) => cluster.node],
  P: ["PARTITION", nameOf],
  R: ["PARTITION", ({ partition }) => partition],
  T: ["STATE", (row) => stateOf(row)[0]],
  t: ["STATE", (row) => stateOf(row)[1]],
};

/** `sinfo`: shows the partitions and the one node. */
export const runSinfo: Program = defineProgram(OPTIONS, (call) => {
  const { asked, words, table, cluster, context: { env, io } } = call;
  if (words.length > 0) {
    throw new SlurmRefusal(`sinfo: error: Unrecognized option: ${words[0]}\n`);
  }
  const used = usedCpus(table, cluster.cpus);
  const wanted = asked.get("partition")?.split(",") ?? cluster.partitions;
  const states = asked.get("states")?.toLowerCase().split(",") ?? ["all"];
  const rows = cluster.partitions.filter((partition) => wanted.includes(partition))
    .map((partition) => ({ partition, cluster, used }))
    .filter((row) =>
      states.some((word) => word === "all" || (word !== "" && stateOf(row)[0].startsWith(word)))
    );
  // As wide as the longest value.
  const name = Math.max(9, ...rows.map((row) => nameOf(row).length));
  const format = asked.get("format") ??
    (asked.has("summarize") ? `%${name}P %.5a %.10l %.16F %N` : undefined) ??
    (asked.has("Node") ? `%${Math.max(9, cluster.node.length)}N %.6D %.9P %6t` : undefined) ??
    (env.get("SINFO_FORMAT") || `%${name}P %.5a %.10l %.6D %.6t %N`);
  const parts = parseLetterFormat(
    format.replaceAll("%#", "%"),
    FIELDS,
    (letter) => io.err(`Invalid node format specification: ${letter}\n`),
  );
  const lines = rows.map((row) => renderLine(parts, ([, valueOf]) => valueOf(row)));
  if (!asked.has("noheader")) lines.unshift(renderLine(parts, ([header]) => header));
  return lines.join("");
});
