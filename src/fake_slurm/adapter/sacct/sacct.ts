import { orRefuse, SlurmRefusal } from "../../context.ts";
import { parseSlurmTime } from "../../manager/clock_text.ts";
import { findState, isEnded, type JobState } from "../../manager/job_state.ts";
import type { Cluster } from "../../manager/state_directory.ts";
import type { Task } from "../../manager/task.ts";
import { versionedTable } from "../getopt.ts";
import { findCandidates, isRecordSelected, type JobSelection } from "../job_id_list.ts";
import { parseSelection, splitIds } from "../job_id_list.ts";
import { hasRun, toRecords } from "../job_records.ts";
import { isChosen, isPossibleUser } from "../listing.ts";
import {
  type AskedOptions,
  defineProgram,
  type Program,
  type ProgramCall,
} from "../program_call.ts";
import { accountingView } from "./accounting_view.ts";
import { DEFAULT_FORMAT } from "./sacct_fields.ts";
import { fitWithPlus, parseFormat, type SacctField } from "./sacct_fields.ts";
import { type SacctRow, sacctValue } from "./sacct_values.ts";

const OPTIONS = {
  program: "sacct",
  specs: versionedTable(
    `
  a/allusers A/accounts: b/brief !B/batch-script !c/completion C/cluster: !constraints: delimiter:
  D/duplicates E/endtime: !env-vars !e/helpformat !f/file: !F/flags: federation !g/gid: !group: h/help
  !i/nnodes: !I/ncpus: j/jobs: !k/timelimit-min: !K/timelimit-max: !l/long L/allclusters local
  M/clusters: n/noheader N/nodelist: name: noconvert o/format: p/parsable P/parsable2 q/qos:
  r/partition: !R/reason: s/state: S/starttime: !T/truncate units: u/user: uid: !U/helpunits usage
  v/verbose V/version !W/wckeys: whole-hetjob:: !x/associations: X/allocations
`,
    { "22.05": "", "24.11": "!array !expand-patterns !helpreason !helpstate" },
  ),
  isAccounting: true,
};

/** `sacct`: lists jobs from accounting, which forgets nothing. */
export const runSacct: Program = defineProgram(OPTIONS, (call) => {
  const { asked, words, cluster, context: { env } } = call;
  if (words.length > 0) {
    const unknown = words.map((word) => `sacct: error:  ${word}\n`).join("");
    throw new SlurmRefusal(`sacct: error: Unknown arguments:\n${unknown}`);
  }
  const format = asked.get("format") ?? (asked.has("brief") ? "jobid,state,exitcode" : undefined) ??
    (env.get("SACCT_FORMAT") || DEFAULT_FORMAT);
  const fields = parseFormat(format, cluster.version);
  if (cluster.scenario.accounting.storage === "disabled") {
    throw new SlurmRefusal("Slurm accounting storage is disabled\n");
  }
  return render(findRows(call), fields, call);
});

function findRows(call: ProgramCall): SacctRow[] {
  const { asked, table, cluster, nowMs } = call;
  const selections = asked.has("jobs")
    ? splitIds(asked.get("jobs")!).map(readSelection)
    : undefined;
  const isWanted = toFilter(call);
  if (isElsewhere(asked, cluster)) return [];
  const found = selections === undefined ? table.find("1") : findCandidates(table, selections);
  const showsAll = asked.has("duplicates");
  const tasks = accountingView(found, cluster, nowMs)
    .filter((task) => (showsAll || !task.superseded) && isWanted(task));
  return toRecords(tasks).flatMap((record) => {
    const matching = selections?.filter((selection) => isRecordSelected(record, selection));
    if (matching?.length === 0) return [];
    const own = { record, isBatch: false };
    if (!hasRun(record.task) || asked.has("allocations")) return [own];
    const batch = { record, isBatch: true };
    // Only where nothing but steps of it is asked for the job's own row is left out.
    if (matching?.every(({ step }) => step !== undefined) !== true) return [own, batch];
    return matching.some(({ step }) => step === "batch") ? [batch] : [];
  });
}

function readSelection(text: string): JobSelection {
  const refusal = new SlurmRefusal(`sacct: fatal: Bad job/step specified: ${text}\n`);
  return orRefuse(refusal, () => parseSelection(text));
}

function isElsewhere(asked: AskedOptions, cluster: Cluster): boolean {
  const names = asked.get("clusters")?.split(",") ?? asked.get("cluster")?.split(",");
  return names !== undefined && !names.some((name) => name === cluster.name || name === "all");
}

/** Time window, states and the simple filters. */
function toFilter({ asked, cluster, nowMs }: ProgramCall): (task: Task) => boolean {
  const at = (text: string) => parseSlurmTime(text, nowMs);
  const states = asked.get("state")?.split(",").map(readState);
  const start = asked.get("starttime");
  const fromMs = start !== undefined ? at(start) : defaultStart(asked, nowMs);
  // A limit on a whole second includes what happened within it.
  const until = asked.get("endtime") ?? (states === undefined ? undefined : start);
  const untilMs = until !== undefined ? at(until) + 999 : nowMs + 1000;
  const list = (name: string) => asked.get(name)?.split(",");
  const chosen = {
    name: list("name"),
    partition: list("partition"),
    account: list("accounts"),
    qos: list("qos"),
    node: list("nodelist"),
    user: list("user") ?? list("uid"),
  };
  const unknown = chosen.user?.find((user) => !isPossibleUser(user));
  if (unknown !== undefined) throw new SlurmRefusal(`sacct: error: Invalid user id: ${unknown}\n`);
  const isNamed = asked.has("jobs");
  return (task) =>
    (states === undefined
      ? overlaps(task, { fromMs, untilMs, isNamed })
      : states.some((state) => wasIn(task, state, fromMs, untilMs))) &&
    isChosen(task, chosen, cluster);
}

/** sacct(1), "default time window": the epoch with `--jobs`, now with `--state`, else the last midnight. */
function defaultStart(asked: AskedOptions, nowMs: number): number {
  if (asked.has("jobs")) return 0;
  return asked.has("state") ? nowMs : new Date(nowMs).setHours(0, 0, 0, 0);
}

/** What accounting is asked for. */
interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Whether jobs are asked for by their IDs. */
  readonly isNamed: boolean;
}

function overlaps(task: Task, { fromMs, untilMs, isNamed }: Window): boolean {
  const begun = task.eligibleMs ?? task.submitMs;
  // A job that waits for its begin time is already in the list; cancelled before that, only if it is asked for by name.
  const isEarly = task.endMs === null || isNamed;
  const known = isEarly ? Math.min(begun, task.submitMs) : begun;
  return known <= untilMs && (task.endMs === null || task.endMs >= fromMs);
}

function wasIn(task: Task, state: JobState, fromMs: number, untilMs: number): boolean {
  const startMs = task.startMs ?? task.endMs ?? Infinity;
  if (state === "PENDING") return task.submitMs <= untilMs && startMs >= fromMs;
  if (state === "RUNNING") {
    return hasRun(task) && startMs <= untilMs && (task.endMs ?? Infinity) >= fromMs;
  }
  return task.state === state && isEnded(state) && task.endMs! >= fromMs && task.endMs! <= untilMs;
}

function readState(text: string): JobState {
  const state = findState(text.trim());
  if (state !== undefined) return state;
  throw new SlurmRefusal(`sacct: fatal: unrecognized job state value '${text}'\n`);
}

function render(
  rows: readonly SacctRow[],
  fields: readonly SacctField[],
  call: ProgramCall,
): string {
  const { asked } = call;
  const separator = asked.get("delimiter") ?? "|";
  const parsable2 = asked.has("parsable2");
  const isParsable = parsable2 || asked.has("parsable");
  const line = (values: readonly string[]) => {
    if (isParsable) return values.join(separator) + (parsable2 ? "\n" : `${separator}\n`);
    return values.map((value, at) => `${fitWithPlus(value, fields[at]!.width)} `).join("") + "\n";
  };
  const lines: string[] = [];
  if (!asked.has("noheader")) {
    lines.push(line(fields.map(({ header }) => header)));
    if (!isParsable) {
      lines.push(fields.map(({ width }) => `${"-".repeat(Math.abs(width))} `).join("") + "\n");
    }
  }
  const names = fields.map(({ header }) => header.toLowerCase());
  for (const row of rows) lines.push(line(names.map((name) => sacctValue(name, row, call))));
  return lines.join("");
}
