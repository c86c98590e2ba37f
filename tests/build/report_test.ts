/** The built file's report: what the bundler made of the page's script and style still works. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { campaign, streamOf } from "../report/recorded_history.ts";
import { Browser } from "../support/browser.ts";
import { installBuiltFile } from "../support/built_file.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { Sandbox } from "../support/sandbox.ts";

testIfAvailable(
  ["chromium"],
  "the built file's report sorts, zooms and complains of nothing",
  async () => {
    await using sandbox = await Sandbox.create();
    await installBuiltFile(sandbox);
    const root = join(sandbox.root, "climate");
    await sandbox.require(["git", "init", "-q", root]);
    await sandbox.require(["git", "commit", "-q", "--allow-empty", "-m", "Begin"], { cwd: root });
    await sandbox.require(["git", "fast-import", "--quiet"], {
      cwd: root,
      stdin: [...streamOf(campaign(300))].join(""),
    });

    await sandbox.require([join(sandbox.programs, "dlslurm"), "report"], { cwd: root });
    await using browser = await Browser.start();
    const page = await browser.open(join(root, "report.html"));
    await page.click("th[data-column='4'] button");
    const ticks =
      "document.querySelectorAll('.axis text').length && document.querySelector('.axis').textContent";
    const before = await page.evaluate(ticks);
    await page.click("#closer");

    assert.notEqual(await page.evaluate(ticks), before);
    assert.equal(await page.evaluate("document.querySelectorAll('#jobs tbody tr').length"), 100);
    assert.deepEqual(page.complaints, []);
  },
);
