import { SlurmRefusal } from "../../context.ts";
import { ensureManager } from "../../manager/manager_lock.ts";
import { versionLine } from "../../manager/slurm_version.ts";
import { versionedTable } from "../getopt.ts";
import { defineProgram, type Program, type ProgramCall } from "../program_call.ts";
import { holdJobs, requeueJobs } from "./change_jobs.ts";
import { showConfig, showJobs } from "./scontrol_show.ts";
import { updateJobs } from "./update_jobs.ts";

const OPTIONS = {
  program: "scontrol",
  specs: versionedTable(
    `
  a/all !d/details future h/help hide local M/clusters: o/oneliner Q/quiet sibling !u/uid: usage
  v/verbose V/version
`,
    { "22.05": "", "24.11": "!json:: !yaml::" },
  ),
};

/** `scontrol`: shows and changes what slurmctld knows. */
export const runScontrol: Program = defineProgram(OPTIONS, (call) => {
  const { cluster, words: [keyword = "", ...rest] } = call;
  const known = findKeyword(keyword);
  if (known === "show") return show(rest, call);
  if (known === "ping") return `Slurmctld(primary) at ${cluster.node} is UP\n`;
  if (known === "version") return versionLine(cluster.version);
  change(known, rest, call);
  ensureManager(call.table, cluster, call.context);
  return "";
});

const KEYWORDS = "show ping version hold uhold release requeue requeuehold update".split(" ");

/** Keywords may be shortened as far as they differ from others. */
function findKeyword(word: string): string {
  const known = KEYWORDS.find((keyword) => keyword === word.toLowerCase()) ??
    (word.length < 2 ? undefined : KEYWORDS.find((keyword) => keyword.startsWith(word)));
  if (known !== undefined) return known;
  throw refuseToSupport(word);
}

function refuseToSupport(what: string): SlurmRefusal {
  return new SlurmRefusal(`scontrol: error: the fake Slurm does not support ${what}\n`);
}

function show(words: readonly string[], call: ProgramCall): string {
  const [entity = "", id, ...more] = words;
  if (entity === "") throw new SlurmRefusal("too few arguments for keyword:show\n");
  if (more.length > 0) throw new SlurmRefusal("too many arguments for keyword:show\n");
  const kind = entity.toLowerCase();
  if (kind === "job" || kind === "jobs") return showJobs(id, call);
  if (kind === "config") return showConfig(call);
  if (kind === "hostname" || kind === "hostnames") {
    const { env } = call.context;
    const list = id ?? env.get("SLURM_JOB_NODELIST") ?? env.get("SLURM_NODELIST") ?? "";
    if (list === "") throw new SlurmRefusal("scontrol: error: host list is empty\n", 0);
    return expandHosts(list).map((host) => `${host}\n`).join("");
  }
  throw refuseToSupport(`show ${entity}`);
}

function change(keyword: string, words: readonly string[], call: ProgramCall): void {
  const { table, cluster } = call;
  if (words.length === 0) {
    const what = keyword === "update" ? "update keyword" : `keyword:${keyword}`;
    throw new SlurmRefusal(`too few arguments for ${what}\n`);
  }
  if (keyword === "update") return updateJobs(table, words);
  for (const id of words.flatMap((word) => word.split(/,(?![^[]*\])/))) {
    if (keyword === "hold" || keyword === "uhold") holdJobs(table, id, true);
    else if (keyword === "release") holdJobs(table, id, false);
    else requeueJobs(table, id, keyword === "requeuehold", cluster.requeueDelayMs);
  }
}

/**
 * The names behind a host list: `n[01-03,7],login`, `r[1-2]n[1-4]`. A width that is given by leading
 * zeros stays. Of several brackets the last counts fastest and the one before it slowest, as in Slurm.
 */
function expandHosts(list: string): string[] {
  return list.split(/,(?![^[]*\])/).flatMap((word) => {
    const match = BRACKETS.exec(word);
    if (match === null) return [word];
    const [, before = "", ranges = "", after = ""] = match;
    const numbers = expandRanges(ranges);
    return expandBefore(before).flatMap((start) => numbers.map((at) => `${start}${at}${after}`));
  });
}

/** The last brackets of a word, and what stands before and behind them. */
const BRACKETS = /^(.*)\[([\d,-]+)\](.*)$/;

function expandBefore(word: string): string[] {
  const match = BRACKETS.exec(word);
  if (match === null) return [word];
  const [, before = "", ranges = "", after = ""] = match;
  return expandRanges(ranges).flatMap((at) => expandBefore(`${before}${at}${after}`));
}

function expandRanges(ranges: string): string[] {
  return ranges.split(",").flatMap((range) => {
    const [first = "", last = first] = range.split("-");
    const numbers: string[] = [];
    for (let at = Number(first); at <= Number(last); at++) {
      numbers.push(String(at).padStart(first.length, "0"));
    }
    return numbers;
  });
}
