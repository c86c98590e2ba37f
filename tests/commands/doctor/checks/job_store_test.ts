import assert from "node:assert/strict";
import { checkJobStore } from "../../../../src/commands/doctor/checks/job_store.ts";
import type { Dataset } from "../../../../src/datalad/dataset.ts";
import { GitConfig } from "../../../../src/git/git_config.ts";
import { JobStore } from "../../../../src/store/job_store.ts";
import { PATH_SETTING, STORE_FILE } from "../../../../src/store/store_place.ts";
import { jobRequest } from "../../../support/jobs.ts";
import { TestFolder } from "../../../support/test_folder.ts";
import { verdictsOf } from "../site.ts";

async function createDataset() {
  const folder = await TestFolder.create();
  const dataset = { commonDir: folder.root, worktree: "", config: new GitConfig(new Map()) };
  return { folder, dataset: dataset as unknown as Dataset };
}

Deno.test("checkJobStore() of a store in order, or of none → ok", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  assert.deepEqual(verdictsOf(checkJobStore(dataset)), ["ok job-store"]);
  {
    using store = JobStore.openIn(dataset);
    const key = store.beginSubmission(jobRequest(), "{}", 1);
    store.receipts.store([{ key, jobId: "7", cluster: null }]);
  }
  const findings = checkJobStore(dataset);
  assert.deepEqual(verdictsOf(findings), ["ok job-store"]);
  assert.match(findings[0]!.message, /: 1 open job$/);
});

Deno.test("checkJobStore() notes a store elsewhere, and one that cannot be seen from here → problem", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  const elsewhere = folder.at("local disk");
  const config = new GitConfig(new Map([[PATH_SETTING, [elsewhere]]]));
  JobStore.openIn({ ...dataset, config })[Symbol.dispose]();

  const [finding] = checkJobStore(dataset);

  assert.equal(finding?.verdict, "note");
  assert.match(finding.message, /local disk.*dlslurm\.store\.path/);

  await Deno.rename(elsewhere, `${elsewhere} of another machine`);
  const [problem] = checkJobStore(dataset);
  assert.equal(problem?.verdict, "problem");
  assert.match(problem.message, /not to be seen/);
});

Deno.test("checkJobStore() notes submissions that are not settled, and rows that wait", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  {
    using store = JobStore.openIn(dataset);
    store.beginSubmission(jobRequest(), "{}", 1);
    const plan = {
      ...{ command: "sbatch job.sh", directory: "/set", inputs: [], transfers: 1, toUnlock: [] },
      array: null,
    };
    store.waiting.add([{ request: jobRequest({ outputs: ["b"] }), identity: "row", plan }], {
      ...{ checksOutputs: true, again: false, isTrial: false, submitter: "{}", nowMs: 1 },
    });
  }

  const findings = checkJobStore(dataset);

  assert.deepEqual(verdictsOf(findings), ["note job-store", "note job-store"]);
  assert.deepEqual(findings.map(({ hint }) => hint?.split(" ").slice(0, 2).join(" ")), [
    ...["dlslurm recover", "dlslurm schedule"],
  ]);
});

Deno.test("checkJobStore() of a store that cannot be read → problem, and nothing is written", async () => {
  const { folder, dataset } = await createDataset();
  await using _folder = folder;
  await folder.write(STORE_FILE, "no database at all, but long enough for a header".repeat(10));

  const findings = checkJobStore(dataset);

  assert.deepEqual(verdictsOf(findings), ["problem job-store"]);
  assert.equal(findings[0]!.consequence, "nothing can be scheduled or finished here");
  assert.match(await folder.read(STORE_FILE), /^no database/);
});
