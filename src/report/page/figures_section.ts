import { phaseOf } from "../../jobs/job_state.ts";
import type { Figures, Sum } from "../report.ts";
import {
  coreUnit,
  count,
  counted,
  PHASE_SIGNS,
  roughDuration,
  share,
  shortNumber,
} from "./amounts.ts";
import { html } from "./html.ts";
import type { Content, Html } from "./html.ts";
import { stateText } from "./job_table.ts";

/** The numbers that stand first. */
export function renderFigures(figures: Figures): Html {
  return html`<dl class="figures">${jobFigure(figures)}${usedFigure(figures)}${
    wasteFigure(figures)
  }${waitFigure(figures)}</dl>`;
}

function jobFigure({ jobs, states, attempts, tasks }: Figures): Html {
  const lines = states.map(([state, amount]): Content => {
    const phase = state.startsWith("ARRAY FAILED") ? "failed" : phaseOf(state);
    return html`<li${
      phase === "failed"
        ? html`
          class="bad"
        `
        : undefined
    }><b>${count(amount)}</b><span>${PHASE_SIGNS[phase]} ${stateText(state)}</span></li>`;
  });
  return figure("Jobs", count(jobs), [
    ...lines,
    ...(attempts > 0
      ? [html`<li><b>${count(attempts)}</b><span>failed attempts before</span></li>`]
      : []),
    ...(tasks > 0 ? [html`<li><b>${count(tasks)}</b><span>array tasks in all</span></li>`] : []),
  ]);
}

function usedFigure({ cpu, allocated, requested, accounted, jobs }: Figures): Html {
  if (allocated === undefined) {
    return figure("Core hours", "–", [
      html`<li><span class="none">Slurm's accounting was not collected for these jobs</span></li>`,
    ]);
  }
  const { unit, seconds } = coreUnit(Math.max(allocated.total, requested?.total ?? 0));
  const of = (sum: Sum) => shortNumber(sum.total / seconds);
  return figure(
    cpu === undefined ? `${capital(unit)} allocated` : `${capital(unit)} used`,
    of(cpu ?? allocated),
    [
      ...(cpu === undefined ? [] : [
        line(share(cpu.total, allocated.total), "of what was allocated"),
        line(of(allocated), "allocated"),
      ]),
      ...(requested === undefined ? [] : [line(of(requested), "requested, by time limits")]),
      ...(accounted < jobs
        ? [
          html`<li><span class="none">known of ${count(accounted)} of ${
            counted(jobs, "job")
          }</span></li>`,
        ]
        : []),
    ],
  );
}

function wasteFigure({ allocated, failed, idle, spareMemory }: Figures): Html | undefined {
  if (allocated === undefined) return undefined;
  const { unit, seconds } = coreUnit(allocated.total);
  const of = (sum: Sum | undefined) => sum === undefined ? "0" : shortNumber(sum.total / seconds);
  const part = (sum: Sum | undefined) =>
    sum === undefined ? "0 %" : share(sum.total, allocated.total);
  if (idle === undefined) {
    return figure(`${capital(unit)} for jobs that failed`, of(failed), [
      line(part(failed), "of what was allocated"),
      html`<li><span class="none">how much was idle is not known</span></li>`,
    ]);
  }
  // What failed was idle in part: the two are not added.
  return figure(`${capital(unit)} idle while allocated`, of(idle), [
    line(part(idle), "of what was allocated"),
    line(of(failed), `for jobs that failed, ${part(failed)}`),
    ...(spareMemory === undefined ? [] : [memoryLine(spareMemory)]),
  ]);
}

function memoryLine({ total }: Sum): Html {
  const hours = total / 3600 / 1024 ** 3;
  return hours >= 1
    ? line(shortNumber(hours), "GiB hours of memory unused")
    : line(shortNumber(total / 60 / 1024 ** 3), "GiB minutes of memory unused");
}

function waitFigure({ waiting }: Figures): Html {
  if (waiting === undefined) {
    return figure("Median wait in the queue", "–", [
      html`<li><span class="none">not known</span></li>`,
    ]);
  }
  return figure("Median wait in the queue", roughDuration(waiting.median), [
    line(roughDuration(waiting.most), "nine of ten at most"),
    line(roughDuration(waiting.max), "the longest"),
  ]);
}

function figure(name: string, big: string, lines: readonly Content[]): Html {
  return html`
    <div>
      <dt>${name}</dt>
      <dd><span class="big">${big}</span><ul>${lines}</ul></dd>
    </div>
  `;
}

function line(amount: string, what: string): Html {
  return html`<li><b>${amount}</b><span>${what}</span></li>`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
