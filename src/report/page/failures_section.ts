import type { Cause, Report } from "../report.ts";
import { coreUnit, count, counted, shortNumber } from "./amounts.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { stateText } from "./job_table.ts";

/** More job IDs of a cause are counted. */
const MOST_IDS = 16;
/** More causes are counted. */
const MOST_CAUSES = 20;

/** Failures by cause, with the ends of some logs. */
export function renderFailures({ causes, figures }: Report): Html {
  if (causes.length === 0) return html`<p>✓ No job failed.</p>`;
  const { unit, seconds } = coreUnit(figures.allocated?.total ?? 0);
  const shown = causes.slice(0, MOST_CAUSES);
  return html`${shown.map((cause) => renderCause(cause, unit, seconds))}${
    causes.length > shown.length
      ? html`<p class="hint">and ${
        counted(causes.length - shown.length, "cause")
      } of single jobs</p>`
      : undefined
  }`;
}

function renderCause(
  { cause, signs, failures, lost, logs }: Cause,
  unit: string,
  seconds: number,
): Html {
  const ids = failures.slice(0, MOST_IDS).map(({ jobId = "?", job, isAttempt }, at) =>
    html`${at === 0 ? "" : ", "}<a href="#j${job}">${jobId}</a>${isAttempt ? " (attempt)" : ""}`
  );
  const more = failures.length - MOST_IDS;
  return html`
    <h3>${cause} · ${counted(failures.length, "job")}</h3><p
      class="hint">${signs.map(stateText).join(", ")}${lost === undefined
        ? ""
        : `; ${shortNumber(lost.total / seconds)} ${unit} lost`}. Jobs ${ids}${more > 0
        ? ` and ${count(more)} more`
        : ""}</p>${logs.length === 0
        ? html`<p class="none hint">Their logs are not here.</p>`
        : logs.map(({ jobId, path, text }, at) =>
          html`
            <details${at === 0
              ? html`
                open
              `
              : undefined}>
              <summary>the end of ${path}${jobId === undefined ? "" : `, job ${jobId}`}</summary>
              <pre>${text}</pre>
              </details>
          `
        )}
  `;
}
