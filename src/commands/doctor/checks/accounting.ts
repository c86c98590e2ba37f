import { parseSlurmTime } from "../../../slurm/query_sacct.ts";
import { numberOfSetting } from "../../../slurm/controller_config.ts";
import type { SiteAnswers } from "../ask_site.ts";
import type { Finding } from "../finding.ts";

const CHECK = "accounting";

/** Whether accounting is on, how far it is behind, and what it keeps. */
export function checkAccounting(answers: SiteAnswers): Finding[] {
  const { config, sacct } = answers;
  const storage = config?.values.get("AccountingStorageType");
  const isOff = storage === "accounting_storage/none" ||
    /accounting storage is disabled/i.test(sacct?.failure?.detail ?? "") ||
    // Newer releases print `(null)`: a whole answer without a type.
    (storage === undefined && config?.values.has("AccountingStorageEnforce") === true);
  if (isOff) return [accountingIsOff(answers)];
  if (sacct === undefined || sacct.failure !== undefined) return []; // said of the command
  const findings = [...checkDelay(answers), ...checkKept(answers)];
  if (findings.length > 0) return findings;
  return [{ check: CHECK, verdict: "ok", message: "accounting is on and up to date" }];
}

function accountingIsOff({ config }: SiteAnswers): Finding {
  const age = config === undefined ? undefined : numberOfSetting(config, "MinJobAge");
  return {
    ...{ check: CHECK, verdict: "problem", message: "accounting is off" },
    consequence: `Slurm forgets a job ${age === undefined ? "soon" : `${age} s`} after its end: ` +
      "if finish does not ask before, nobody knows how the job ended, and its state is UNKNOWN",
    hint: "run dlslurm finish often (cron), or ask your site for accounting (slurmdbd)",
  };
}

/**
 * Jobs that sacct -S leaves out, known or not: what never could begin, sacct(1), and tasks of an array that
 * have no ID of their own yet.
 */
const NOT_LISTED: ReadonlySet<string> = new Set(["PENDING", "CANCELLED", "REVOKED"]);

/** What the controller knows for less time need not be in accounting yet. */
const USUAL_DELAY_S = 60;

function checkDelay({ config, squeue, sacct, askedAtS }: SiteAnswers): Finding[] {
  if (squeue === undefined || squeue.failure !== undefined) return [];
  const accounted = new Set(sacct!.stdout.split("\n").map((line) => line.split("|", 1)[0]!));
  // Times by the controller's clock, so that ours does not matter.
  const nowS = config?.atS ?? askedAtS;
  const late = squeue.stdout.split("\n").flatMap((line) => {
    const [id = "", state = "", submit = ""] = line.split("|").map((cell) => cell.trim());
    const submitS = parseSlurmTime(submit);
    if (!/^[0-9]+$/.test(id) || NOT_LISTED.has(state) || submitS === null) return [];
    return accounted.has(id) ? [] : [{ id, seconds: nowS - submitS }];
  }).filter(({ seconds }) => seconds > USUAL_DELAY_S).sort((a, b) => b.seconds - a.seconds);
  const [oldest] = late;
  if (oldest === undefined) return [];
  const age = (config === undefined ? undefined : numberOfSetting(config, "MinJobAge")) ?? 300;
  const isTooLate = oldest.seconds > age;
  return [{
    ...{ check: CHECK, verdict: isTooLate ? "problem" : "note" },
    message:
      `accounting is behind: job ${oldest.id} was submitted ${Math.round(oldest.seconds)} s ` +
      `ago, and sacct does not know it`,
    consequence: isTooLate
      ? `squeue forgets jobs ${age} s after their end: in between they are UNKNOWN, and finish leaves them`
      : "until sacct knows a job, its state comes from squeue",
    ...(isTooLate
      ? { hint: "run dlslurm finish again once sacct shows the job; report it to your site" }
      : {}),
  }];
}

function checkKept({ config, sacct }: SiteAnswers): Finding[] {
  const findings: Finding[] = [];
  const enforced = (config?.values.get("AccountingStorageEnforce") ?? "").split(",");
  if (enforced.includes("nojobs")) {
    findings.push({
      ...{ check: CHECK, verdict: "problem", message: "accounting keeps no jobs (nojobs)" },
      consequence: "how a job ended is known from squeue only, soon after its end",
      hint: "run dlslurm finish often (cron)",
    });
  }
  const hasNoSteps = enforced.includes("nosteps");
  const gathers = config?.values.get("JobAcctGatherType");
  if (hasNoSteps || (gathers !== undefined && /\/none$/.test(gathers))) {
    findings.push({
      ...{ check: CHECK, verdict: "note" },
      message: hasNoSteps
        ? "accounting keeps no steps (nosteps)"
        : `what jobs use is not measured (JobAcctGatherType = ${gathers})`,
      consequence: "records say nothing of the memory and CPU time that jobs used",
    });
  }
  const version = config?.values.get("SLURM_VERSION");
  if (version !== undefined && version < "21.08") {
    findings.push({
      ...{ check: CHECK, verdict: "note" },
      message: `accounting of Slurm ${version} keeps no command lines (SubmitLine)`,
      consequence: "for a submission whose answer was lost, you have to say which job it is",
      hint: "dlslurm recover lists such submissions",
    });
  } else if (version !== undefined && isWithoutSubmitLines(sacct!.stdout)) {
    findings.push({
      ...{ check: CHECK, verdict: "note", message: "your jobs have no SubmitLine in accounting" },
      consequence: "for a submission whose answer was lost, you have to say which job it is",
      hint: "dlslurm recover lists such submissions",
    });
  }
  return findings;
}

/** Whether there are jobs and none of them has a command line. */
function isWithoutSubmitLines(stdout: string): boolean {
  const rows = stdout.split("\n").filter((line) => /^[0-9]+\|/.test(line));
  return rows.length > 0 && rows.every((line) => /^[0-9]+\|[^|]*\|\s*$/.test(line));
}
