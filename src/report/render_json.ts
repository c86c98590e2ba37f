import { withJsonNames } from "../jobs/evidence.ts";
import type { Report } from "./report.ts";

/** The report for scripts: what the page is made of, with names in snake case, as docs/report.md has them. */
export function renderJson(report: Report): string {
  const { figures, ...rest } = report;
  const states = Object.fromEntries(figures.states);
  const json = withJsonNames({ ...rest, figures: { ...figures, states: undefined } }) as {
    figures: Record<string, unknown>;
  };
  // Names of states are Slurm's, not ours.
  json.figures["states"] = states;
  return `${JSON.stringify(json, null, 1)}\n`;
}
