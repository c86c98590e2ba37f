/**
 * Makes the picture of a report that the README shows: docs/report.png, and docs/report_dark.png beside it.
 *
 * usage: deno run -A scripts/report_picture.ts [--keep]
 *
 * Jobs of a made-up analysis run for real on the embedded Slurm; then their times are stretched, one second to
 * ten minutes, and what that Slurm does not count, processor time and memory, is made up. Needs git and
 * chromium. --keep leaves dataset and report behind and says where they are.
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { Browser } from "../tests/support/browser.ts";
import { runAnalysis } from "./report_picture/run_analysis.ts";
import { stretchTimes } from "./report_picture/stretch_times.ts";
import { say } from "./say.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
/** As wide as a page of text is on a README. */
const WIDTH = 1240;
/** Fine enough for a good screen, and half the bytes of twice as fine. */
const SCALE = 1.5;

if (import.meta.main) {
  const folder = await Deno.makeTempDir({ prefix: "dlslurm-picture-" });
  try {
    const { dataset, shell } = await runAnalysis(folder, PROJECT);
    await stretchTimes(dataset);
    await shell("dlslurm report -o ../report.html");
    const page = join(folder, "report.html");
    await using browser = await Browser.start();
    for (const [name, isDark] of [["report", false], ["report_dark", true]] as const) {
      await Deno.writeFile(
        `${PROJECT}docs/${name}.png`,
        await takePicture(browser, page, isDark),
      );
    }
  } finally {
    if (Deno.args.includes("--keep")) await say(`The dataset and its report are in ${folder}`);
    else await Deno.remove(folder, { recursive: true });
  }
}

/** As far down as the failures, so that the picture ends with a section. */
async function takePicture(browser: Browser, page: string, isDark: boolean): Promise<Uint8Array> {
  const shown = await browser.open(page, { scheme: isDark ? "dark" : "light" });
  const screen = { width: WIDTH, height: 900, deviceScaleFactor: SCALE, mobile: false };
  await shown.call("Emulation.setDeviceMetricsOverride", screen);
  const height = await shown.evaluate(
    "Math.floor(document.getElementById('failures').getBoundingClientRect().top + scrollY)",
  );
  const { data } = await shown.call("Page.captureScreenshot", {
    clip: { x: 0, y: 0, width: WIDTH, height: height - 20, scale: 1 },
    captureBeyondViewport: true,
  });
  return Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
}
