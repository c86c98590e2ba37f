import { dirname } from "node:path";
import { settingOf } from "../../../slurm/named_commands.ts";
import type { SlurmCall } from "../ask_site.ts";
import { problemOf } from "../finding.ts";
import type { Finding } from "../finding.ts";
import type { FoundProgram } from "../find_programs.ts";
import { withoutAbsent } from "../../../jobs/without_absent.ts";

/** What dlslurm calls; sbatch is called by the user's own command. */
export const SLURM_PROGRAMS: readonly string[] = ["sbatch", "sacct", "squeue", "scontrol"];

/** What a missing program means. */
const MISSING: Readonly<Record<string, string>> = {
  sbatch: "nothing can be submitted",
  sacct: "finish asks squeue only, which forgets a job soon after its end",
  squeue: "jobs that accounting does not know yet have the state UNKNOWN",
  scontrol: "where jobs write their logs is not known, so that finish may leave these out",
};

const LOAD = "load Slurm's environment (often: module load slurm)";

/** Which file each of Slurm's commands is, and whether that is a script of the site or of the user. */
export function checkCommands(programs: readonly FoundProgram[]): Finding[] {
  const check = "slurm-commands";
  const named = programs.filter(({ command }) => command !== undefined);
  const own = programs.filter(({ command }) => command === undefined);
  const found = own.filter(({ path }) => path !== undefined);
  const missing = own.filter(({ path }) => path === undefined);
  if (found.length === 0 && named.length === 0) {
    return [{
      ...{ check, verdict: "problem", hint: LOAD },
      message: `${namesOf(missing)} are not on PATH`,
      consequence: "there is no Slurm here that jobs could be submitted to",
    }];
  }
  const findings: Finding[] = [
    ...named.map(judgeNamed),
    ...missing.map(({ name }): Finding => ({
      ...{ check, verdict: "problem", hint: LOAD },
      message: `${name} is not on PATH`,
      consequence: MISSING[name] ?? "dlslurm cannot ask it",
    })),
  ];
  const scripts = found.filter(({ isScript }) => isScript);
  if (scripts.length > 0) {
    findings.push({
      ...{ check, verdict: "note" },
      message: `wrapper scripts come before Slurm's own commands on PATH: ${pathsOf(scripts)}`,
      consequence:
        "what they print and how they end is what dlslurm sees: a line before the answer is passed over, " +
        "an exit status of their own is not",
    });
  }
  const folders = new Set(found.map(({ path }) => dirname(path!)));
  if (folders.size > 1) {
    findings.push({
      ...{ check, verdict: "note" },
      message: `Slurm's commands are in ${folders.size} different folders: ${pathsOf(found)}`,
      consequence: "they may belong to two Slurms, of which one does not know the other's jobs",
      hint: "see that all are of one: sbatch --version, sacct --version",
    });
  }
  if (findings.length > named.length || found.length === 0) return findings;
  const are = found.length === 1 ? "is" : "are";
  const message = `${namesOf(found)} ${are} in ${[...folders][0]}`;
  return [...findings, { check, verdict: "ok", message }];
}

/** A command that the user's settings name: which one answers. */
function judgeNamed({ name, path, command }: FoundProgram): Finding {
  const check = "slurm-commands";
  const setting = settingOf(name);
  if (path === undefined) {
    return {
      ...{ check, verdict: "problem" },
      message: `"${command}", which ${setting} names, is not there`,
      consequence: MISSING[name] ?? "dlslurm cannot ask it",
      hint: `git config --show-origin ${setting}`,
    };
  }
  return { check, verdict: "ok", message: `for ${name} "${command}" is asked (${setting})` };
}

/** Answers that take longer make each command of dlslurm slow. */
const SLOW_MS = 10_000;

/** Whether each command answers, and soon enough. */
export function checkAnswers(calls: readonly SlurmCall[]): Finding[] {
  const check = "slurm-answers";
  const findings = calls.flatMap(({ program, tookMs, failure }): Finding[] => {
    if (failure !== undefined) {
      return [{
        ...problemOf(check, failure, MISSING[program] ?? "dlslurm cannot ask it"),
        ...withoutAbsent({ detail: failure.detail }),
      }];
    }
    if (tookMs < SLOW_MS) return [];
    return [{
      ...{ check, verdict: "note" },
      message: `${program} took ${Math.round(tookMs / 1000)} s to answer`,
      consequence:
        "list and finish wait as long for each call; up to 500 jobs are asked for in one",
      hint: "git config dlslurm.slurm.timeout SECONDS says how long is waited (120)",
    }];
  });
  if (findings.length > 0 || calls.length === 0) return findings;
  const names = calls.map(({ program }) => program);
  return [{ check, verdict: "ok", message: `${listOf(names)} answered` }];
}

function namesOf(programs: readonly FoundProgram[]): string {
  return listOf(programs.map(({ name }) => name));
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function pathsOf(programs: readonly FoundProgram[]): string {
  return programs.map(({ path }) => path).join(", ");
}
