import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { drawDemo } from "../../scripts/demo/draw_demo.ts";
import { Browser } from "../support/browser.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { withoutAccidents } from "../support/shown_page.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const PICTURE = `${PROJECT}docs/demo.svg`;
/** It is to be there before a reader looks for it. */
const MOST_BYTES = 60_000;

/** What differs between two runs: also the job IDs, which another order of starts would change. */
function withoutTimesAndIds(picture: string): string {
  return withoutAccidents(picture).replaceAll(/\b(job |slurm-(?:job-)?)\d+/g, "$1ID");
}

Deno.test("docs/demo.svg: shows what `deno task demo` types and prints", async () => {
  const shown = await Deno.readTextFile(PICTURE);

  const drawn = await drawDemo(PROJECT);

  assert.equal(withoutTimesAndIds(drawn), withoutTimesAndIds(shown));
  assert.ok(shown.length < MOST_BYTES);
});

const MOVING = "matchMedia('(prefers-reduced-motion:no-preference)').matches";
const LINES = "[...document.querySelectorAll('text')]";
/** How many lines are seen, and whether one is wider than the terminal. */
const SEEN = `${LINES}.filter((line) => {
  const { top, bottom } = line.getBoundingClientRect();
  const isSeen = [line, ...line.children].some((each) => getComputedStyle(each).visibility === 'visible');
  return isSeen && top >= 0 && bottom <= document.documentElement.getBoundingClientRect().height;
}).map((line) => line.textContent)`;
/** Lines in which blanks are not as wide as letters, or not there. */
const UNEVEN = `${LINES}.filter((line) => {
  const width = line.getComputedTextLength() / line.textContent.length;
  return Math.abs(width - ${LINES}[0].getComputedTextLength() / ${LINES}[0].textContent.length) > 0.05;
}).map((line) => line.textContent)`;
const WIDEST = `Math.max(...${LINES}.map((line) => line.getBBox().x + line.getBBox().width))`;

testIfAvailable(
  ["chromium"],
  "docs/demo.svg: in a browser nothing is wider than the terminal, and without motion it is the last screen",
  async () => {
    await using browser = await Browser.start();
    for (const scheme of ["light", "dark"] as const) {
      const page = await browser.open(PICTURE, { scheme, scripts: true });
      const width = await page.evaluate("document.documentElement.viewBox.baseVal.width");
      assert.ok(await page.evaluate(WIDEST) <= width - 10);
      assert.deepEqual(await page.evaluate(UNEVEN), []);
      assert.equal(await page.evaluate(MOVING), true);
      const early = await page.evaluate(SEEN);
      assert.ok(early.length < 10, early.join("\n"));
      assert.match(early[0], /^# Submit each job/);

      await page.call("Emulation.setEmulatedMedia", {
        features: [
          { name: "prefers-reduced-motion", value: "reduce" },
          { name: "prefers-color-scheme", value: scheme },
        ],
      });

      const last = await page.evaluate(SEEN);
      assert.equal(last.at(-1), "  save (ok: 1)");
      assert.ok(last.length > 15 && last.length <= 25, String(last.length));
      assert.deepEqual(page.complaints, []);
    }
  },
);
