import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import { JobTable } from "../job_table.ts";
import { ensureManager } from "../manager_lock.ts";
import { versionLine } from "../slurm_version.ts";
import type { Cluster } from "../state_directory.ts";
import { holdJobs, requeueJobs } from "./change_jobs.ts";
import { refuseOtherClusters } from "./clusters.ts";
import { getopt, refuseUnsupported, versionedTable } from "./getopt.ts";
import { collapseHosts, expandHosts } from "./host_list.ts";
import { showConfig, showJobs, showNodes, showPartitions, showSteps } from "./scontrol_show.ts";
import { updateJobs } from "./update_jobs.ts";
import { writeBatchScript } from "./write_script.ts";

const SPECS = versionedTable(
  `
  a/all d/details future h/help hide local M/clusters: o/oneliner Q/quiet sibling u/uid: usage
  v/verbose V/version
`,
  { "22.05": "", "24.11": "json:: yaml::" },
);

/** Runs `scontrol ARGS…`: shows and changes what slurmctld knows. */
export function runScontrol(
  args: readonly string[],
  cluster: Cluster,
  context: FakeSlurmContext,
): number {
  const { options, words } = getopt(args, { program: "scontrol", specs: SPECS[cluster.version] });
  const asked = new Map(options.map(({ name, value }) => [name, value]));
  const { io } = context;
  if (asked.has("version")) {
    io.out(versionLine(cluster.version));
    return 0;
  }
  refuseUnsupported("scontrol", asked, ["json", "uid", "yaml"]);
  refuseOtherClusters("scontrol", asked.get("clusters"), cluster);
  const [keyword = "", ...rest] = words;
  using table = new JobTable(cluster.directory);
  ensureManager(table, cluster, context);
  const known = findKeyword(keyword);
  switch (known) {
    case "show":
      io.out(show(rest, asked, table, cluster, context));
      return 0;
    case "ping":
      io.out(`Slurmctld(primary) at ${cluster.node} is UP\n`);
      return 0;
    case "version":
      io.out(versionLine(cluster.version));
      return 0;
    case "write":
      io.out(writeBatchScript(rest, table, context));
      return 0;
    case "completing":
      return 0;
    case undefined:
      if (UNSUPPORTED_KEYWORDS.includes(keyword.toLowerCase())) {
        throw new SlurmRefusal(`scontrol: error: the fake Slurm does not support ${keyword}\n`);
      }
      throw new SlurmRefusal(`invalid keyword: ${keyword}\n`);
    default:
      change(known, rest, table, cluster);
      ensureManager(table, cluster, context);
      return 0;
  }
}

const KEYWORDS = [
  ...["show", "ping", "version", "hold", "uhold", "release", "requeue", "requeuehold", "update"],
  ...["write", "completing"],
];

/** Keywords of Slurm's for jobs that the fake cannot follow. */
const UNSUPPORTED_KEYWORDS = [
  ...["listjobs", "listpids", "liststeps", "notify", "pidinfo", "reboot", "reconfigure", "resume"],
  ...["suspend", "token", "top", "wait_job"],
];

function findKeyword(word: string): string | undefined {
  const exact = KEYWORDS.find((keyword) => keyword === word.toLowerCase());
  // Keywords may be shortened as far as they differ from others.
  return exact ?? (word.length < 2 ? undefined : KEYWORDS.find((one) => one.startsWith(word)));
}

function show(
  words: readonly string[],
  asked: ReadonlyMap<string, string>,
  table: JobTable,
  cluster: Cluster,
  { env }: FakeSlurmContext,
): string {
  // `show job=5` is the same as `show job 5`.
  const [entity = "", id, ...more] = words.flatMap((word, at) =>
    at === 0 && word.includes("=") ? [word.split("=")[0]!, word.slice(word.indexOf("=") + 1)] : word
  );
  if (entity === "") throw new SlurmRefusal("too few arguments for keyword:show\n");
  if (more.length > 0) throw new SlurmRefusal("too many arguments for keyword:show\n");
  const nowMs = Date.now();
  const setting = {
    table,
    cluster,
    nowMs,
    timeFormat: env.get("SLURM_TIME_FORMAT"),
    oneLine: asked.has("oneliner"),
    details: asked.has("details"),
  };
  switch (entity.toLowerCase()) {
    case "job":
    case "jobs":
      return showJobs(id, setting);
    case "step":
    case "steps":
      return showSteps(id, setting);
    case "config":
      return showConfig(table, cluster, nowMs);
    case "partition":
    case "partitions":
      return showPartitions(id, cluster, asked.has("oneliner"));
    case "node":
    case "nodes":
      return showNodes(id, table, cluster, asked.has("oneliner"));
    case "hostname":
    case "hostnames": {
      const list = id ?? env.get("SLURM_JOB_NODELIST") ?? env.get("SLURM_NODELIST") ?? "";
      if (list === "") throw new SlurmRefusal("scontrol: error: host list is empty\n", 0);
      return expandHosts(list).map((host) => `${host}\n`).join("");
    }
    case "hostlist":
      return `${collapseHosts((id ?? "").split(","))}\n`;
    case "hostlistsorted":
      return `${collapseHosts((id ?? "").split(",").sort())}\n`;
    case "licenses":
      return "No licenses configured in Slurm.\n";
    case "reservation":
    case "reservations":
      if (id !== undefined) throw new SlurmRefusal(`Reservation ${id} not found\n`);
      return "No reservations in the system\n";
    case "daemons":
      return "slurmctld slurmd\n";
    default:
      throw new SlurmRefusal(`invalid entity:${entity} for keyword:show \n`);
  }
}

function change(
  keyword: string,
  words: readonly string[],
  table: JobTable,
  cluster: Cluster,
): void {
  if (words.length === 0) {
    throw new SlurmRefusal(
      `${
        keyword === "update"
          ? "too few arguments for update keyword"
          : `too few arguments for keyword:${keyword}`
      }\n`,
    );
  }
  if (keyword === "update") return updateJobs(table, cluster, words);
  for (const id of words.flatMap((word) => word.split(/,(?![^[]*\])/))) {
    if (keyword === "hold" || keyword === "uhold") holdJobs(table, id, true);
    else if (keyword === "release") holdJobs(table, id, false);
    else requeueJobs(table, id, keyword === "requeuehold", cluster.requeueDelayMs);
  }
}
