import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { OPERATIONS } from "./sample.ts";
import type { Operation } from "./sample.ts";
import type { Summary } from "./summary.ts";

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const PANEL_WIDTH = 260;
const PANEL_HEIGHT = 240;
const GAP = 60;
const TOP = 60;
const BOTTOM = 90;
/** A logarithmic axis has no zero. */
const LEAST_FILES = 1;

/** What the horizontal axis shows. */
type Axis = "jobs" | "files";

/**
 * Draws time a job against the number of open jobs or of files in the repository, both logarithmic: a
 * panel for each operation, a line for each tool and Slurm.
 *
 * @returns an SVG document.
 */
export function renderPlot(summaries: readonly Summary[], axis: Axis): string {
  const operations = OPERATIONS.filter((name) => summaries.some(({ of }) => of.operation === name));
  const width = GAP + operations.length * (PANEL_WIDTH + GAP);
  const chart = init(null, null, {
    renderer: "svg",
    ssr: true,
    width,
    height: TOP + PANEL_HEIGHT + BOTTOM,
  });
  chart.setOption({
    animation: false,
    backgroundColor: "#fff",
    title: operations.map((name, at) => ({
      text: name,
      left: leftOf(at) + PANEL_WIDTH / 2,
      top: 10,
      textAlign: "center",
      textStyle: { fontSize: 14 },
    })),
    grid: operations.map((_, at) => ({
      left: leftOf(at),
      top: TOP,
      width: PANEL_WIDTH,
      height: PANEL_HEIGHT,
    })),
    xAxis: operations.map((_, gridIndex) => ({
      ...logarithmic(gridIndex),
      name: axis === "jobs" ? "open jobs" : "files in the repository",
      nameLocation: "middle",
      nameGap: 28,
    })),
    yAxis: operations.map((name, gridIndex) => ({ ...logarithmic(gridIndex), name: unitOf(name) })),
    legend: { bottom: 10, itemGap: 60 },
    series: operations.flatMap((name, gridIndex) => linesOf(summaries, name, gridIndex, axis)),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function linesOf(
  summaries: readonly Summary[],
  operation: Operation,
  gridIndex: number,
  axis: Axis,
) {
  const own = summaries.filter(({ of, time }) => of.operation === operation && time.median > 0);
  return [...Map.groupBy(own, ({ of }) => `${of.tool}, ${of.slurm} Slurm`)].map(([name, line]) => ({
    name,
    type: "line",
    xAxisIndex: gridIndex,
    yAxisIndex: gridIndex,
    symbol: "circle",
    symbolSize: 6,
    color: line[0]!.of.tool === "dlslurm" ? "#2f6fb0" : "#d0702f",
    lineStyle: { type: line[0]!.of.slurm === "real" ? "solid" : "dashed" },
    data: line.map(({ of, time }) => [
      Math.max(of[axis], LEAST_FILES),
      Number((time.median * 1000).toPrecision(4)),
    ]).sort((a, b) => a[0]! - b[0]!),
  }));
}

function logarithmic(gridIndex: number) {
  return { type: "log", gridIndex, minorSplitLine: { show: false } };
}

function unitOf(operation: Operation): string {
  if (operation === "list") return "ms";
  return operation === "schedule" ? "ms beyond sbatch" : "ms a job";
}

function leftOf(panel: number): number {
  return GAP + panel * (PANEL_WIDTH + GAP);
}
