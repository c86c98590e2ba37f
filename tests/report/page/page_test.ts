import assert from "node:assert/strict";
import type { Report, ReportedJob } from "../../../src/report/report.ts";
import { figuresOf } from "../../../src/report/figures.ts";
import { renderPage, REPORT_MARK } from "../../../src/report/page/page.ts";
import { requestsOf } from "../../../src/report/requests.ts";
import { Browser } from "../../support/browser.ts";
import type { Page } from "../../support/browser.ts";
import { testIfAvailable } from "../../support/requirements.ts";

const START = 1_790_000_000;

function jobAt(at: number, fields: Partial<ReportedJob> = {}): ReportedJob {
  return {
    jobId: String(1000 + at),
    state: "COMPLETED",
    phase: "completed",
    stage: "recorded",
    commit: (at + 1).toString(16).padStart(40, "0"),
    cmd: `sbatch code/fit.sh ${at}`,
    step: "code/fit.sh",
    submitS: START + at * 10,
    startS: START + at * 10 + 60,
    endS: START + at * 10 + 60 + 100 + at % 50,
    elapsed: 100 + at % 50,
    longest: 100 + at % 50,
    cpu: 90,
    cpus: 1,
    timeLimit: 600,
    maxRss: 2 ** 20 * (100 + at % 77),
    reqMem: 2 ** 30,
    attempts: [],
    logs: [],
    ...fields,
  };
}

function reportOf(jobs: readonly ReportedJob[], fields: Partial<Report> = {}): Report {
  return {
    title: "climate",
    range: "All branches",
    head: "a".repeat(40),
    madeS: START + 1_000_000,
    version: "0.2.0",
    jobs,
    figures: figuresOf(jobs),
    requests: requestsOf(jobs),
    causes: [],
    graph: { nodes: [], edges: [], isOfJobs: true, hidden: 0 },
    repeats: [],
    notes: [],
    ...fields,
  };
}

/** Jobs newest first, as a report has them, each eleventh of which failed. */
function manyJobs(count: number): ReportedJob[] {
  return Array.from({ length: count }, (_, at) =>
    jobAt(
      count - 1 - at,
      (count - 1 - at) % 11 === 0 ? { state: "FAILED", phase: "failed", exitCode: "1:0" } : {},
    ));
}

/** Writes a page, opens it and does something with it; the console has to be silent. */
async function withPage(
  report: Report,
  look: (page: Page, reopen: (options: object) => Promise<Page>) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".html" });
  try {
    await Deno.writeTextFile(file, await renderPage(report));
    await using browser = await Browser.start();
    const page = await browser.open(file);
    await look(page, async (options) => await browser.open(file, options));
    assert.deepEqual(page.complaints, []);
  } finally {
    await Deno.remove(file);
  }
}

const firstCell = "document.querySelector('#jobs tbody tr').cells[0].textContent";
const status = "document.getElementById('status').textContent";

testIfAvailable(
  ["chromium"],
  "renderPage() rows are sorted and searched, page by page",
  async () => {
    await withPage(reportOf(manyJobs(1234)), async (page) => {
      assert.equal(await page.evaluate("document.querySelectorAll('#jobs tbody tr').length"), 100);
      assert.equal(await page.evaluate(status), "1–100 of 1,234 jobs");
      assert.equal(await page.evaluate(firstCell), "2233");

      await page.click("#after");
      assert.equal(await page.evaluate(status), "101–200 of 1,234 jobs");
      await page.click("th[data-column='0'] button");
      const sort = "document.querySelector('[aria-sort]').getAttribute('aria-sort')";
      assert.equal(await page.evaluate(sort), "descending");
      await page.click("th[data-column='0'] button");
      assert.equal(await page.evaluate(sort), "ascending");
      assert.equal(await page.evaluate(firstCell), "1000");

      await page.click("#search");
      await page.type("failed 1011");
      assert.equal(await page.evaluate(status), "1 of 1,234 jobs");
      assert.equal(await page.evaluate(firstCell), "1011");
      assert.ok(await page.evaluate("document.getElementById('pages').hidden"));
    });
  },
);

testIfAvailable(
  ["chromium"],
  "renderPage() what is not known is sorted last both ways",
  async () => {
    const jobs = [jobAt(2), jobAt(1, { jobId: "7_10" }), jobAt(0, { jobId: "7_9" })];
    const { elapsed: _, ...unknown } = jobAt(5);
    await withPage(reportOf([...jobs, unknown]), async (page) => {
      const ids =
        "[...document.querySelectorAll('#jobs tbody tr')].map((r) => r.cells[0].textContent)";
      await page.click("th[data-column='4'] button");
      assert.equal((await page.evaluate(ids)).at(-1), "1005");
      await page.click("th[data-column='4'] button");
      assert.equal((await page.evaluate(ids)).at(-1), "1005");
      await page.click("th[data-column='0'] button");
      await page.click("th[data-column='0'] button");
      assert.deepEqual(await page.evaluate(ids), ["7_9", "7_10", "1002", "1005"]);
    });
  },
);

testIfAvailable(
  ["chromium"],
  "renderPage() the time line tells, zooms and leads to the row",
  async () => {
    await withPage(reportOf(manyJobs(20)), async (page) => {
      const ticks = "[...document.querySelectorAll('.axis text')].map((t) => t.textContent).join()";
      const before = await page.evaluate(ticks);
      const box = await page.evaluate(`(() => {
      const line = document.getElementById("timeline");
      line.scrollIntoView({ block: "center" });
      const { x, y, width } = line.getBoundingClientRect();
      return { x, y, scale: width / 1000 };
    })()`);
      // The first job stands in the first row, right of the names and its wait.
      const bar = await page.evaluate("document.querySelector('.bar.failed').getAttribute('d')");
      const [left, top] = /^M([0-9.]+) ([0-9.]+)/.exec(bar)!.slice(1).map(Number);
      const x = box.x + (left! + 4) * box.scale;
      const y = box.y + (top! + 3) * box.scale;
      await page.mouse("hover", x, y);
      const tip = await page.evaluate("document.getElementById('tip').textContent");
      assert.match(
        tip,
        /^job 1000 {2}✗ failed\nsbatch code\/fit\.sh 0\nsubmitted .*, waited 1:00, ran 1:40 \(17 % of its limit\)/,
      );
      await page.mouse("mousePressed", x, y);
      await page.mouse("mouseReleased", x, y);
      assert.equal(
        await page.evaluate("document.querySelector('tr.found').cells[0].textContent"),
        "1000",
      );

      await page.click("#closer");
      await page.click("#closer");
      assert.notEqual(await page.evaluate(ticks), before);
      await page.click("#whole");
      assert.equal(await page.evaluate(ticks), before);
    });
  },
);

testIfAvailable(["chromium"], "renderPage() without scripts all is there to be read", async () => {
  await withPage(reportOf(manyJobs(500)), async (_, reopen) => {
    const page = await reopen({ scripts: false });
    const { root } = await page.call("DOM.getDocument", { depth: 0 });
    const count = async (selector: string) =>
      (await page.call("DOM.querySelectorAll", { nodeId: root.nodeId, selector })).nodeIds.length;
    assert.equal(await count("#jobs tbody tr"), 500);
    assert.equal(await count(".bar.completed"), 1);
    // What only a script can do is not offered.
    const { nodeIds } = await page.call("DOM.querySelectorAll", {
      nodeId: root.nodeId,
      selector: ".js-only",
    });
    await page.call("DOM.enable");
    await page.call("CSS.enable");
    for (const nodeId of nodeIds) {
      const { computedStyle } = await page.call("CSS.getComputedStyleForNode", { nodeId });
      const display = computedStyle.find(({ name }: { name: string }) => name === "display");
      assert.equal(display.value, "none");
    }
    assert.deepEqual(page.complaints, []);
  });
});

testIfAvailable(
  ["chromium"],
  "renderPage() is dark where the system is, and where the reader says so",
  async () => {
    const paper = "getComputedStyle(document.documentElement).backgroundColor";
    await withPage(reportOf(manyJobs(3)), async (page, reopen) => {
      const light = await page.evaluate(paper);
      const dark = await (await reopen({ scheme: "dark" })).evaluate(paper);
      assert.notEqual(light, dark);
      await page.click("#theme");
      assert.equal(await page.evaluate(paper), dark);
      await page.click("#theme");
      assert.equal(await page.evaluate(paper), light);
    });
  },
);

testIfAvailable(["chromium"], "renderPage() prints on paper", async () => {
  await withPage(reportOf(manyJobs(40)), async (page) => {
    const { data } = await page.call("Page.printToPDF", { preferCSSPageSize: true });
    assert.equal(atob(data).slice(0, 5), "%PDF-");
    await page.call("Emulation.setEmulatedMedia", { media: "print" });
    assert.equal(
      await page.evaluate("getComputedStyle(document.querySelector('nav')).display"),
      "none",
    );
    assert.equal(
      await page.evaluate("getComputedStyle(document.documentElement).backgroundColor"),
      "rgb(255, 255, 255)",
    );
  });
});

const HOSTILE =
  `</script></style><img src=x onerror="document.title='caught'"><script>document.title='caught'</script>&amp;'"\u202e\x1b`;

testIfAvailable(
  ["chromium"],
  "renderPage() shows what is hostile as the text that it is",
  async () => {
    const jobs = [
      jobAt(0, { cmd: HOSTILE, step: HOSTILE, state: HOSTILE, phase: "failed", jobId: HOSTILE }),
      jobAt(1),
    ];
    const report = reportOf(jobs, {
      title: HOSTILE,
      range: HOSTILE,
      notes: [HOSTILE],
      commitUrl: "https://example.org/{commit}",
      causes: [{
        cause: HOSTILE,
        signs: [HOSTILE],
        failures: [{ jobId: HOSTILE, job: 0, isAttempt: false }],
        logs: [{ jobId: HOSTILE, path: HOSTILE, text: `${HOSTILE}\n\tend` }],
      }],
      graph: {
        nodes: [
          { kind: "source", name: HOSTILE, jobs: [], paths: [HOSTILE], pathCount: 1 },
          { kind: "jobs", name: HOSTILE, jobs: [0], paths: [HOSTILE], pathCount: 1 },
        ],
        edges: [{ from: 0, to: 1, count: 1 }],
        isOfJobs: true,
        hidden: 0,
      },
      repeats: [{
        job: 0,
        original: "b".repeat(40),
        originalJobId: HOSTILE,
        reproduces: { commit: "b".repeat(40), differs: [HOSTILE], identical: 0 },
      }],
    });
    for (const rows of [jobs, [...jobs, ...manyJobs(300)]]) {
      await withPage({ ...report, jobs: rows }, async (page) => {
        assert.match(
          await page.evaluate("document.title"),
          /^<\/script><\/style><img .*: Slurm jobs$/,
        );
        assert.equal(await page.evaluate("document.querySelectorAll('img').length"), 0);
        assert.equal(await page.evaluate("document.querySelectorAll('script').length"), 2);
        assert.match(
          await page.evaluate("document.querySelector('#jobs td:nth-child(10)').textContent"),
          /^<\/script>.*\\u202e\\x1b$/,
        );
        assert.match(
          await page.evaluate("document.querySelector('pre').textContent"),
          /^<\/script>.*\\x1b\n\tend$/,
        );
      });
    }
  },
);

testIfAvailable(
  ["chromium"],
  "renderPage() of ten thousand jobs is under 5 MB and quick to use",
  async () => {
    const report = reportOf(manyJobs(10_000));
    assert.ok((await renderPage(report)).length < 5_000_000);
    await withPage(report, async (page) => {
      assert.equal(await page.evaluate(status), "1–100 of 10,000 jobs");
      await page.click("th[data-column='4'] button");
      await page.click("#search");
      await page.type("10999");
      assert.equal(await page.evaluate(status), "1 of 10,000 jobs");
      // No more is laid out than is seen.
      assert.ok(await page.evaluate("document.querySelectorAll('*').length") < 2000);
    });
  },
);

testIfAvailable(
  ["chromium"],
  "renderPage() says what is not known, and shows nothing for it",
  async () => {
    const bare: ReportedJob = {
      ...{ jobId: "5", state: "COMPLETED", phase: "completed", stage: "recorded" },
      ...{ cmd: "sbatch job.sh", step: "job.sh", attempts: [], logs: [] },
    };
    await withPage(reportOf([bare]), async (page) => {
      const text = await page.evaluate("document.body.innerText");
      assert.match(text, /accounting was not collected/);
      assert.match(text, /Not known: Slurm's accounting has no times/);
      assert.match(text, /No job failed/);
      assert.match(text, /Nothing was repeated/);
      assert.doesNotMatch(text, /NaN|undefined|Infinity|null/);
    });
    await withPage(reportOf([jobAt(0)]), async (page) => {
      assert.doesNotMatch(
        await page.evaluate("document.body.innerText"),
        /NaN|undefined|Infinity|null/,
      );
    });
    const empty = await renderPage(reportOf([]));
    assert.match(empty, /No jobs are recorded here yet/);
  },
);

Deno.test("renderPage() holds a policy that lets nothing in but its own script and style", async () => {
  const page = await renderPage(reportOf([jobAt(0)]));
  assert.ok(page.startsWith(REPORT_MARK));
  assert.match(
    page,
    /content="default-src &#39;none&#39;; style-src &#39;sha256-[^&]+&#39;; script-src &#39;sha256-[^&]+&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"/,
  );
  assert.doesNotMatch(page, /<(link|img|iframe)|@import|src=/);
  // Style attributes would be refused.
  assert.doesNotMatch(page.replace(/<style>.*?<\/style>/s, ""), / style="/);
});

Deno.test("renderPage() of thousands of jobs at once is no higher than a screen", async () => {
  const jobs = Array.from(
    { length: 5000 },
    (_, at) => jobAt(at, { startS: START, endS: START + 9 }),
  );
  const page = await renderPage(reportOf(jobs));
  const [, height] = /id="timeline"[^>]* viewBox="0 0 1000 ([0-9]+)"/.exec(page)!;
  assert.ok(Number(height) < 400, height);
});
