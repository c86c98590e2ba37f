import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { JobStore } from "../../src/store/job_store.ts";
import {
  frozenFolderOf,
  removeArrayBundle,
  removeArrayBundles,
} from "../../src/submit/array_bundles.ts";
import { jobRequest, openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";
import { testSession } from "../support/test_session.ts";

Deno.test("frozenFolderOf() lies where the nodes look, and is no other store's", () => {
  const dataset = { commonDir: "/set/.git" } as Dataset;
  const place = (changes: Parameters<typeof openJob>[0]) =>
    frozenFolderOf(dataset, openJob(changes));

  const here = place({ jobKey: 3, submittedAtMs: 7 });

  assert.match(here, /^\/set\/\.git\//);
  assert.match(place({ altDir: "/scratch" }), /^\/scratch\/\.dlslurm\//);
  assert.notEqual(place({ jobKey: 3, submittedAtMs: 8 }), here);
  assert.notEqual(place({ jobKey: 4, submittedAtMs: 7 }), here);
});

Deno.test("removeArrayBundles() leaves those of which tasks are open, and what is no bundle", async () => {
  await using folder = await TestFolder.create();
  const dataset = { root: folder.root, commonDir: folder.at(".git") } as Dataset;
  using store = JobStore.open(dataset.commonDir);
  const plan = {
    ...{ command: "sbatch x", directory: "/", inputs: [], toUnlock: [], transfers: null },
    array: { limit: null },
  };
  /** An array of two rows. */
  const submit = (jobId: string) => {
    const rows = ["a", "b"].map((name) => ({
      request: jobRequest({ outputs: [`${jobId}/${name}`] }),
      identity: `${jobId} ${name}`,
      plan,
    }));
    const options = { checksOutputs: true, again: false, isTrial: false };
    const added = store.waiting.add(rows, { ...options, submitter: "{}", nowMs: 1 });
    assert("keys" in added);
    store.waiting.takeAsArray(added.keys, { submitter: "{}", nowMs: 5, beforeTaking: () => {} });
    store.receipts.store([{ key: added.keys[0]!, jobId, cluster: null }]);
    return store.listOfSubmissions([added.keys[0]!]);
  };
  const [ended, open] = [submit("1"), submit("2")];
  store.end([...ended.map(({ jobKey }) => jobKey), open[0]!.jobKey], "finished", 9);
  const folders = [ended, open].map(([first]) => frozenFolderOf(dataset, first!));
  for (const each of folders) await Deno.mkdir(`${each}/deep`, { recursive: true });
  await Deno.writeTextFile(`${dirname(folders[0]!)}/somebody's`, "");
  const session = testSession();

  await removeArrayBundles(dataset, store, new Set([null, folder.at("no alt dir")]), session);

  const left = (await folder.paths(".git/dlslurm/arrays")).map((path) => folder.at(path));
  assert.deepEqual(
    left.sort(),
    [
      ...[`${dirname(folders[0]!)}/somebody's`, `${folders[1]}/`, `${folders[1]}/deep/`],
    ].sort(),
  );
  assert.deepEqual(session.warnings, []);
  await removeArrayBundle(dataset, open[0]!);
  await removeArrayBundle(dataset, open[0]!);
  await assert.rejects(Deno.lstat(folders[1]!), Deno.errors.NotFound);
});

Deno.test("removeArrayBundles() says that it could not, and goes on", async () => {
  await using folder = await TestFolder.create();
  const dataset = { root: folder.root, commonDir: folder.at(".git") } as Dataset;
  using store = JobStore.open(dataset.commonDir);
  await Deno.mkdir(folder.at("alt/.dlslurm"), { recursive: true });
  await Deno.symlink("arrays", folder.at("alt/.dlslurm/arrays"));
  const session = testSession();

  await removeArrayBundles(dataset, store, new Set([folder.at("alt"), null]), session);

  assert.match(
    session.warnings.join(),
    /^what the tasks of ended arrays ran stays in ".*alt\/\.dlslurm\/arrays": /,
  );
});
