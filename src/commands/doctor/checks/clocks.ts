import type { SiteAnswers } from "../ask_site.ts";
import type { Finding } from "../finding.ts";

/** Clocks that differ by so much do no harm. */
const USUAL_S = 30;
/** If they differ by more, Slurm's answers are taken for those about an older job with the same ID. */
const MOST_S = 600;
/** Time zones differ by multiples of this. */
const ZONE_STEP_S = 900;

/**
 * This machine's clock against the controller's, which scontrol prints in UTC since it is asked to: whatever
 * lies between question and answer is right.
 */
export function checkControllerClock({ config, askedAtS, answeredAtS }: SiteAnswers): Finding[] {
  const check = "controller-clock";
  if (config === undefined || config.atS === null) return [];
  // It prints whole seconds.
  const { atS } = config;
  const off = atS < Math.floor(askedAtS)
    ? atS - askedAtS
    : atS > answeredAtS
    ? atS - answeredAtS
    : 0;
  if (Math.abs(off) <= USUAL_S) {
    return [{
      check,
      verdict: "ok",
      message: "the clocks of this machine and the controller agree",
    }];
  }
  const zone = Math.round(off / ZONE_STEP_S) * ZONE_STEP_S;
  const direction = off > 0 ? "ahead of" : "behind";
  const message = `the controller's clock is ${
    Math.round(Math.abs(off))
  } s ${direction} this machine's`;
  if (zone !== 0 && Math.abs(off - zone) <= USUAL_S && Math.abs(zone) <= 14 * 3600) {
    return [{
      ...{ check, verdict: "note", message },
      consequence:
        "so much is a time zone: the commands seem to print other times than UTC, which they " +
        "are asked for (TZ). Where all jobs are off by the same, dlslurm allows for it",
      hint: "a wrapper of Slurm's commands has to hand the variable TZ on",
    }];
  }
  return [{
    ...{ check, verdict: Math.abs(off) > MOST_S ? "problem" : "note", message },
    consequence: Math.abs(off) > MOST_S
      ? "what Slurm says of your jobs is taken for older ones with the same ID: their state is UNKNOWN"
      : "ages are shown wrong; from 600 s on jobs are not recognised",
    hint: "have the clock set (timedatectl); report it to your site",
  }];
}
