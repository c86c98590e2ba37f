import { numberOfSetting } from "../../../slurm/controller_config.ts";
import type { ControllerConfig } from "../../../slurm/controller_config.ts";
import type { Finding } from "../finding.ts";

/** Whether the controllers are up. */
export function checkController({ daemons }: ControllerConfig): Finding[] {
  const check = "slurm-controller";
  if (daemons.length === 0) return [];
  const down = daemons.filter(({ isUp }) => !isUp);
  const name = ({ role, host }: (typeof daemons)[number]) => `${role} on ${host}`;
  if (down.length === 0) {
    return [{ check, verdict: "ok", message: `slurmctld is up (${daemons.map(name).join(", ")})` }];
  }
  return [{
    ...{ check, verdict: down.length === daemons.length ? "problem" : "note" },
    message: `slurmctld is down (${down.map(name).join(", ")})`,
    consequence: down.length === daemons.length
      ? "nothing can be submitted, and only accounting reports jobs"
      : "Slurm works with the other one; answers may be slow",
    hint: "scontrol ping; report it to your site",
  }];
}

/** What is shorter is over before a finish that was begun by hand. */
const SHORT_MEMORY_S = 60;

/** How long the controller remembers a job that has ended, `MinJobAge`. */
export function checkMinJobAge(config: ControllerConfig): Finding[] {
  const check = "min-job-age";
  const age = numberOfSetting(config, "MinJobAge");
  if (age === undefined) return [];
  // slurm.conf(5): 0 keeps them for ever.
  if (age === 0 || age >= SHORT_MEMORY_S) {
    const message = age === 0
      ? "the controller forgets no job (MinJobAge = 0)"
      : `the controller remembers jobs for ${age} s after their end (MinJobAge)`;
    return [{ check, verdict: "ok", message }];
  }
  return [{
    ...{ check, verdict: "note" },
    message: `the controller forgets jobs ${age} s after their end (MinJobAge)`,
    consequence:
      "the state of a job that accounting does not know yet is UNKNOWN for a while; where it " +
      "writes its log has to be asked at once when it is submitted",
    hint: "run dlslurm finish again a little later",
  }];
}

/** Slurm's own default for MaxArraySize. */
const USUAL_ARRAY = 1001;

/** How large arrays may be, how many jobs there may be, and whether the user's own number is limited. */
export function checkLimits(config: ControllerConfig): Finding[] {
  const findings: Finding[] = [];
  const size = numberOfSetting(config, "MaxArraySize");
  if (size !== undefined && size < USUAL_ARRAY) {
    findings.push({
      ...{ check: "max-array-size", verdict: "note" },
      message: size < 2
        ? `arrays are switched off (MaxArraySize = ${size})`
        : `an array has ${size - 1} tasks at most (MaxArraySize = ${size})`,
      consequence: size < 2
        ? "schedule --from has to submit each row separately"
        : "schedule --from --array splits more rows into several arrays",
    });
  } else if (size !== undefined) {
    findings.push({
      ...{ check: "max-array-size", verdict: "ok" },
      message: `an array has up to ${size - 1} tasks (MaxArraySize = ${size})`,
    });
  }
  const enforced = (config.values.get("AccountingStorageEnforce") ?? "").split(",");
  const most = numberOfSetting(config, "MaxJobCount");
  const site = most === undefined ? "" : `; all users together ${most} (MaxJobCount)`;
  findings.push(
    enforced.includes("limits")
      ? {
        ...{ check: "submit-limits", verdict: "note" },
        message: `how many jobs you may have is limited (AccountingStorageEnforce)${site}`,
        consequence: "rows beyond the limit wait in the dataset and keep their outputs",
        hint: "dlslurm schedule --continue submits them once there is room",
      }
      : {
        ...{ check: "submit-limits", verdict: "ok" },
        message: `how many jobs you may have is not limited by accounting${site}`,
      },
  );
  return findings;
}
