import { outcomeOf, renderReproduction } from "../../jobs/output_comparison.ts";
import type { Repeat, Report } from "../report.ts";
import { count, counted } from "./amounts.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { linkTo } from "./job_table.ts";

/** More repetitions are counted; those that came out differently stand first. */
const MOST_REPEATS = 60;

/** How repetitions can come out, in the order in which they are shown. */
const VERDICTS = { different: "≠ differs", unknown: "? not compared", same: "✓ the same" } as const;

type Verdict = keyof typeof VERDICTS;

/** What was repeated, what differs first. */
export function renderRepeats(report: Report): Html {
  const { repeats } = report;
  if (repeats.length === 0) {
    return html`
      <p
        class="none">Nothing was repeated. <code>dlslurm reschedule</code> submits a recorded job again.</p>
    `;
  }
  const groups = Map.groupBy(repeats, verdictOf);
  const order = Object.keys(VERDICTS) as Verdict[];
  const sorted = order.flatMap((verdict) => groups.get(verdict) ?? []);
  const amount = (verdict: Verdict) => groups.get(verdict)?.length ?? 0;
  const summary = [
    amount("same") > 0 ? `${count(amount("same"))} came out the same` : "",
    amount("different") > 0 ? `${count(amount("different"))} did not` : "",
    amount("unknown") > 0 ? `of ${count(amount("unknown"))} it is not known` : "",
  ].filter((part) => part !== "").join(", ");
  const rows = sorted.slice(0, MOST_REPEATS).map((repeat) => rowOf(repeat, report));
  const more = repeats.length - rows.length;
  const header = html`
    <tr>
      <th scope="col"
        class="n">Job<th scope="col" class="n">repeats<th scope="col">of commit<th scope="col">verdict<th scope="col">outputs<th scope="col">Batch script</tr>
  `;
  return html`
    <p>${counted(
      repeats.length,
      "job",
    )} repeated another one: ${summary}.</p><div class="wide-table">
      <table>
        <thead>${header}</thead>
        <tbody>${rows}</tbody>
      </table>
    </div>${more > 0 ? html`<p class="hint">and ${count(more)} more</p>` : undefined}
  `;
}

function verdictOf({ reproduces }: Repeat): Verdict {
  return reproduces === undefined ? "unknown" : outcomeOf(reproduces);
}

function rowOf(repeat: Repeat, { jobs, commitUrl }: Report): Html {
  const { job, original, originalJobId, reproduces } = repeat;
  const { jobId, step } = jobs[job]!;
  const verdict = verdictOf(repeat);
  return html`
    <tr>
      <td
        class="n"><a href="#j${job}">${jobId}</a><td class="n">${originalJobId}<td>${linkTo(
          original,
          commitUrl,
        )}<td${verdict === "different"
          ? html`
            class="bad"
          `
          : undefined}>${VERDICTS[verdict]}<td>${reproduces === undefined
          ? ""
          : renderReproduction(reproduces)}<td>${step}
  `;
}
