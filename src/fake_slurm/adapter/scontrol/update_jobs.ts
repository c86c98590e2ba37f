import { orRefuse, SlurmRefusal } from "../../context.ts";
import { parseSlurmTime, parseTimeLimit } from "../../manager/clock_text.ts";
import type { JobTable } from "../../manager/job_table.ts";
import type { Task, TaskChange } from "../../manager/task.ts";
import { requireTasks } from "./change_jobs.ts";

/** Applies `scontrol update jobid=ID KEY=VALUE…`. */
export function updateJobs(table: JobTable, words: readonly string[]): void {
  const odd = words.find((word) => !word.includes("="));
  if (odd !== undefined) throw new SlurmRefusal(`Invalid input: ${odd}\nRequest aborted\n`);
  const subject = words.find((word) => /^job(id)?=/i.test(word));
  if (subject === undefined) {
    throw new SlurmRefusal(
      "No valid entity in update command\n" +
        'Input line must include "NodeName", "PartitionName", "Reservation", "JobId", or ' +
        '"SlurmctldDebug"\n',
    );
  }
  const changes = words.filter((word) => word !== subject);
  if (changes.length === 0) throw new SlurmRefusal("No changes specified\n");
  table.transaction(() => {
    for (const id of subject.slice(subject.indexOf("=") + 1).split(/,(?![^[]*\])/)) {
      const tasks = requireTasks(table, id);
      for (const change of changes) {
        for (const task of tasks) table.update(task.row, readChange(change, task));
      }
    }
  });
}

function readChange(word: string, task: Task): TaskChange {
  const [, key = "", sign = "", value = ""] = /^(\w+)([+-]?)=(.*)$/s.exec(word) ?? [];
  if (/^timelimit$/i.test(key)) return { timeLimit: readTimeLimit(sign + value, task) };
  if (/^starttime$/i.test(key)) {
    const beginMs = parseSlurmTime(value, Date.now(), true);
    return { beginMs, eligibleMs: beginMs, ...(task.hold === "" ? { reason: "BeginTime" } : {}) };
  }
  throw new SlurmRefusal(
    `Update of this parameter is not supported: ${word}\nRequest aborted\n`,
  );
}

/** `+10` and `-10` are minutes more or less. */
function readTimeLimit(value: string, { timeLimit }: Task): Task["timeLimit"] {
  const [, sign = "", text = ""] = /^([+-]?)(.*)$/.exec(value) ?? [];
  const refusal = new SlurmRefusal("scontrol: error: Invalid TimeLimit value\n");
  const minutes = orRefuse(refusal, () => parseTimeLimit(text));
  if (sign === "" || minutes === null || timeLimit === null) return sign === "" ? minutes : null;
  return Math.max(1, timeLimit + (sign === "+" ? minutes : -minutes));
}
