import assert from "node:assert/strict";
import { join } from "node:path";
import type { JobRequest } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { OutputConflictError } from "../../src/store/output_conflict.ts";
import { STORE_FILE } from "../../src/store/store_place.ts";

const REQUEST: JobRequest = {
  cmd: "sbatch 'job ü.sh'",
  pwd: "sub folder",
  dsid: null,
  message: "as\n\nsaid",
  chain: ["0123456789012345678901234567890123456789"],
  inputs: ["in *"],
  extraInputs: [],
  outputs: ["out"],
  altDir: null,
  rescheduledJobId: "17",
  label: "fit ü",
  after: [{ jobId: "382", label: "clean", type: "afterok" }, { jobId: "383_1" }],
  worktree: "",
};

async function withStore(test: (store: JobStore, folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "job store " });
  try {
    using store = JobStore.open(folder);
    test(store, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Begins a submission and gives its key. */
function begin(store: JobStore, outputs: readonly string[], worktree = ""): number {
  return store.beginSubmission({ ...REQUEST, outputs, worktree }, "{}", 1_000);
}

/** Takes a job as far as the open stage and gives its key. */
function submit(store: JobStore, outputs: readonly string[], jobId: string): number {
  const key = begin(store, outputs);
  store.receipts.store([{ key, jobId, cluster: null }]);
  return key;
}

function isFree(store: JobStore, path: string): boolean {
  try {
    store.abandonSubmission(begin(store, [path]));
    return true;
  } catch (error) {
    if (error instanceof OutputConflictError) return false;
    throw error;
  }
}

Deno.test("JobStore keeps all that is known of a job", async () => {
  await withStore((store, folder) => {
    const details = {
      logs: [{ task: null, path: "/x/slurm-4.out" }, { task: 2, path: "/x/4_2" }],
      environmentFile: "slurm-job-4.env.json",
      arrayTasks: "0-3",
      submitS: 1_800_000_000,
      jobName: "my run",
      user: "ada",
    };
    const end = {
      ...{ state: "ARRAY FAILED (SOME COMPLETE)", counts: { COMPLETED: 3, FAILED: 1 } },
      ...{ exitCode: "1:0", elapsed: "00:00:05", timeLimit: "01:00:00", endS: 1_800_000_009 },
    };
    const key = begin(store, ["out", "more/files"]);
    store.receipts.store([{ key, jobId: "4", cluster: "big" }], 2_000);
    store.notes.addDetails(new Map([[key, details]]));
    store.notes.addEnds(new Map([[key, end]]));

    using other = JobStore.open(folder);
    const [job] = other.listOpen("");

    assert.deepEqual(job, {
      ...REQUEST,
      outputs: ["out", "more/files"],
      jobKey: key,
      stage: "open",
      submitter: "{}",
      jobId: "4",
      cluster: "big",
      submittedAtMs: 1_000,
      acceptedAtMs: 2_000,
      details,
      reusedFromS: null,
      end,
      commitOid: null,
      commitBase: null,
      row: null,
      attempts: [],
      sbatchOptions: [],
      taskOutputs: null,
    });
    assert.deepEqual(other.findByJobId("4"), job);
  });
});

Deno.test("JobStore.beginSubmission() takes all claims or none", async () => {
  await withStore((store) => {
    submit(store, ["b"], "1");

    assert.throws(() => begin(store, ["a", "b/c", "d"]), (error) => {
      assert(error instanceof OutputConflictError);
      assert.deepEqual(error.conflict, { path: "b/c", claim: "b", jobKey: 1 });
      assert.equal(error.holder.jobId, "1");
      return true;
    });

    assert.deepEqual(store.listSubmitting(), []);
    assert(isFree(store, "a"));
    assert(isFree(store, "d"));
  });
});

Deno.test("JobStore.beginSubmission() lets a job claim a path twice or inside its own claim", async () => {
  await withStore((store) => {
    begin(store, ["a", "a", "a/b"]);

    assert(!isFree(store, "a/b/c"));
  });
});

Deno.test("JobStore.beginSubmission() keeps work trees apart", async () => {
  await withStore((store) => {
    begin(store, ["a"], "");
    begin(store, ["a"], "side");

    assert.throws(() => begin(store, ["a/x"], "side"), OutputConflictError);
  });
});

Deno.test("JobStore.abandonSubmission() releases the claims of what was never submitted", async () => {
  await withStore((store) => {
    const key = begin(store, ["a"]);

    store.abandonSubmission(key);

    assert(isFree(store, "a"));
    assert.deepEqual(store.listSubmitting(), []);
  });
});

Deno.test("JobStore.abandonSubmission() does nothing to a job that is open by now", async () => {
  await withStore((store) => {
    const key = submit(store, ["a"], "1");

    store.abandonSubmission(key);

    assert.equal(store.listOpen("").length, 1);
    assert(!isFree(store, "a"));
  });
});

for (const stage of ["finished", "closed"] as const) {
  Deno.test(`JobStore.end() releases the claims of a ${stage} job and keeps its row`, async () => {
    await withStore((store) => {
      const key = submit(store, ["a"], "1");
      submit(store, ["b"], "2");

      store.end([key], stage, 2_000);
      store.end([key], stage, 3_000);

      assert(isFree(store, "a"));
      assert(!isFree(store, "b"));
      assert.equal(store.findByJobId("1")!.stage, stage);
      assert.deepEqual(store.listOpen("").map((job) => job.jobId), ["2"]);
    });
  });
}

for (const length of [100, 1_000, 4_096, 8_192, 20_000]) {
  Deno.test(`JobStore says that a store cut off at ${length} bytes cannot be read`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "job store " });
    try {
      const whole = JobStore.open(folder);
      for (let index = 0; index < 40; index++) submit(whole, [`out/${index}`], String(index + 1));
      whole[Symbol.dispose]();
      await Deno.truncate(join(folder, STORE_FILE), length);

      assert.throws(() => {
        using store = JobStore.open(folder);
        store.listOpen("");
      }, { name: "UserError", code: "STORE_UNREADABLE" });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("JobStore.openIn() takes dlslurm.store.vfs from the dataset's configuration", async () => {
  await withStore((_store, commonDir) => {
    const withVfs = (name: string) => new Map([["dlslurm.store.vfs", name]]);
    for (const config of [new Map(), withVfs("unix"), withVfs("unix-dotfile")]) {
      JobStore.openIn({ commonDir, config })[Symbol.dispose]();
    }

    assert.throws(() => JobStore.openIn({ commonDir, config: withVfs("unix-none") }), {
      code: "USAGE",
      message: /"unix-none"/,
      hint: /unix-dotfile/,
    });
  });
});
