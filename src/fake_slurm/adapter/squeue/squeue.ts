import { orRefuse, SlurmRefusal } from "../../context.ts";
import { currentUser } from "../../manager/current_user.ts";
import { findState, isEnded, STATE_CODES } from "../../manager/job_state.ts";
import type { JobTable } from "../../manager/job_table.ts";
import type { SlurmVersion } from "../../manager/slurm_version.ts";
import { versionedTable } from "../getopt.ts";
import { isSelected, type JobSelection, parseSelection, splitIds } from "../job_id_list.ts";
import { type JobRecord, rawId } from "../job_records.ts";
import { controllerState, findKnownJobs, isChosen, isPossibleUser } from "../listing.ts";
import { defineProgram, type Program, type ProgramCall, usageOf } from "../program_call.ts";
import { findNamedField, LETTER_FIELDS, type QueueField } from "./squeue_fields.ts";
import { type LinePart, parseLetterFormat, parseNamedFormat, renderLine } from "../line_format.ts";

const OPTIONS = {
  program: "squeue",
  specs: versionedTable(
    `
  A/account: a/all r/array M/clusters: federation o/format: O/Format: h/noheader help hide
  !i/iterate: j/jobs:: !json !yaml l/long !L/licenses: local me n/name: noconvert w/nodelist: p/partition:
  P/priority q/qos: !R/reservation: sibling S/sort: start t/states: !s/steps:: u/user: usage v/verbose
  V/version
`,
    {
      "22.05": "!array-unique",
      "24.11": "!array-unique !expand-patterns !helpformat !helpstate !only-job-state",
    },
  ),
};

const DEFAULT_FORMAT = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
const START_FORMAT = "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R";
const LONG_FORMAT = "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R";

/** `squeue`: lists the jobs that have not ended, or with `--states` others too. */
export const runSqueue: Program = defineProgram(OPTIONS, (given) => {
  const { words, cluster } = given;
  const asked = new Map(given.asked);
  // `-j 5` and `-j5` both work: the argument is optional and may be the next word.
  if (asked.get("jobs") === "" && words.length > 0) asked.set("jobs", words.join(","));
  else if (words.length > 0) {
    throw new SlurmRefusal(
      `squeue: error: Unrecognized option: ${words[0]}\n${usageOf("squeue")}`,
    );
  }
  const call = { ...given, asked };
  const parts = readFormat(call);
  const rows = sortRecords(findRecords(call), call)
    .map((record) => renderLine(parts, (field) => field.value(record, call)));
  if (asked.has("noheader")) return rows.join("");
  return [
    asked.has("long") ? `${dateLine(new Date(call.nowMs))}\n` : "",
    asked.has("clusters") ? `CLUSTER: ${cluster.name}\n` : "",
    renderLine(parts, ({ header }) => header),
    ...rows,
  ].join("");
});

/** `Sun Nov 22 10:30:05 2026`, in local time. */
function dateLine(date: Date): string {
  return `${date.toDateString().slice(0, 10)} ${
    date.toTimeString().slice(0, 8)
  } ${date.getFullYear()}`;
}

function readFormat({ asked, context: { env, io } }: ProgramCall): LinePart<QueueField>[] {
  const complain = (name: string) =>
    io.err(`squeue: error: Invalid job format specification: ${name}\n`);
  const named = asked.get("Format") ??
    (asked.has("format") ? undefined : env.get("SQUEUE_FORMAT2"));
  if (named !== undefined && named !== "") return parseNamedFormat(named, findNamedField, complain);
  const letters = asked.get("format") ?? (asked.has("start") ? START_FORMAT : undefined) ??
    (asked.has("long") ? LONG_FORMAT : undefined) ??
    (env.get("SQUEUE_FORMAT") || DEFAULT_FORMAT);
  return parseLetterFormat(letters, LETTER_FIELDS, complain);
}

function findRecords(call: ProgramCall): JobRecord[] {
  const { asked } = call;
  const selections = readSelections(asked.get("jobs"));
  const only = selections?.length === 1 ? selections[0]!.jobId : undefined;
  const known = findKnownJobs(call, only);
  if (only !== undefined && known.length === 0) {
    throw new SlurmRefusal("slurm_load_jobs error: Invalid job id specified\n");
  }
  const wants = toFilter(call);
  const picked = known.filter((record) =>
    wants(record) && (selections?.some((one) => isPicked(record, one)) ?? true)
  );
  return asked.has("array") ? picked.flatMap((record) => spread(record, call.table)) : picked;
}

/** A listing shows an array's rest also for one index of it. */
function isPicked(record: JobRecord, selection: JobSelection): boolean {
  if (record.rest === null || selection.indices === undefined) {
    return isSelected(record.task, selection);
  }
  return record.task.baseId === selection.jobId &&
    selection.indices.some((index) => record.rest!.includes(index));
}

/** `--array`: one line for each task of a rest. */
function spread(record: JobRecord, table: JobTable): JobRecord[] {
  if (record.rest === null) return [record];
  const { baseId, state } = record.task;
  return table.find("base_id = ? AND job_id IS NULL AND state = ?", baseId, state)
    .map((task) => ({ task, rest: null }));
}

function readSelections(text: string | undefined): JobSelection[] | undefined {
  if (text === undefined || text === "") return undefined;
  return splitIds(text).map((word) => {
    const refusal = new SlurmRefusal(`squeue: error: Invalid job id: ${word}\n`);
    return orRefuse(refusal, () => parseSelection(word));
  });
}

function toFilter(call: ProgramCall): (record: JobRecord) => boolean {
  const { asked, cluster, nowMs, context: { env, io } } = call;
  const states = readStates(asked.get("states") ?? env.get("SQUEUE_STATES"), cluster.version);
  const list = (name: string, variable?: string) =>
    (asked.get(name) ?? (variable && env.get(variable)))?.split(",");
  const chosen = {
    name: list("name", "SQUEUE_NAMES"),
    partition: list("partition", "SQUEUE_PARTITION"),
    account: list("account", "SQUEUE_ACCOUNT"),
    qos: list("qos", "SQUEUE_QOS"),
    node: list("nodelist"),
    user: asked.has("me") ? [currentUser().username] : list("user", "SQUEUE_USERS"),
  };
  const unknown = chosen.node?.find((name) => name !== cluster.node);
  if (unknown !== undefined) {
    throw new SlurmRefusal(`squeue: error: Invalid node name ${unknown}\n`);
  }
  for (const user of chosen.user ?? []) {
    if (!isPossibleUser(user)) io.err(`squeue: error: Invalid user: ${user}\n\n`);
  }
  return ({ task }) => {
    const state = controllerState(task, nowMs);
    return (!asked.has("start") || state === "PENDING") &&
      (states?.includes(state) ?? !isEnded(state)) && isChosen(task, chosen, cluster);
  };
}

function readStates(text: string | undefined, version: SlurmVersion): string[] | undefined {
  if (text === undefined || text === "") return undefined;
  if (text.toLowerCase() === "all") return Object.keys(STATE_CODES);
  return text.split(",").map((word) => {
    const state = findState(word);
    if (state !== undefined) return state;
    const names = Object.keys(STATE_CODES).join(",");
    throw new SlurmRefusal(
      `squeue: error: Invalid job state specified: ${word}\n` +
        `squeue: error: Valid job states include: ${
          version === "24.11" ? names.toLowerCase() : names
        }\n\n`,
    );
  });
}

function sortRecords(records: JobRecord[], call: ProgramCall): JobRecord[] {
  const { asked, context: { env } } = call;
  // squeue(1): by partition, then short state, then falling priority.
  const byDefault = env.get("SQUEUE_SORT") || (asked.has("start") ? "S" : "P,t,-Q");
  const keys = (asked.get("sort") || byDefault).split(",");
  const valueOf = (record: JobRecord, letter: string): number | string => {
    if (letter === "i" || letter === "A") return rawId(record);
    const text = LETTER_FIELDS[letter]?.value(record, call) ?? "";
    return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  };
  return records.sort((a, b) => {
    for (const key of keys) {
      const letter = key.replace(/^[+-]/, "");
      const [left, right] = [valueOf(a, letter), valueOf(b, letter)];
      if (left === right) continue;
      return (left < right ? -1 : 1) * (key.startsWith("-") ? -1 : 1);
    }
    return a.task.baseId - b.task.baseId;
  });
}
