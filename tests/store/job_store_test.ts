import assert from "node:assert/strict";
import { join } from "node:path";
import * as fc from "fast-check";
import type { JobRequest } from "../../src/jobs/job.ts";
import { JobStore, OutputConflictError, STORE_FILE } from "../../src/store/job_store.ts";

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
  store.storeReceipt(key, jobId, null);
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
    };
    const key = begin(store, ["out", "more/files"]);
    store.storeReceipt(key, "4", "big");
    store.storeDetails(new Map([[key, details]]));

    using other = JobStore.open(folder);
    const [job] = other.listOpen("");

    assert.deepEqual(job, {
      ...REQUEST,
      outputs: ["out", "more/files"],
      key,
      stage: "open",
      submitter: "{}",
      jobId: "4",
      cluster: "big",
      submittedAtMs: 1_000,
      details,
      commitOid: null,
      commitBase: null,
      row: null,
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

Deno.test("JobStore.storeReceipt() can be repeated", async () => {
  await withStore((store) => {
    const key = submit(store, ["a"], "1");

    store.storeReceipt(key, "1", null);

    assert.equal(store.listOpen("").length, 1);
  });
});

Deno.test("JobStore.storeReceipt() tells two open jobs with one ID apart by cluster only", async () => {
  await withStore((store) => {
    submit(store, ["a"], "1");
    store.storeReceipt(begin(store, ["b"]), "1", "big");
    const third = begin(store, ["c"]);

    assert.throws(() => store.storeReceipt(third, "1", null), { code: "SUBMISSION_UNCLEAR" });

    assert.equal(store.listSubmitting()[0]!.key, third);
    assert(!isFree(store, "c"));
  });
});

Deno.test("JobStore.storeReceipt() takes an ID that came again after its job has ended", async () => {
  await withStore((store) => {
    store.end([submit(store, ["a"], "1")], "finished", 2_000);
    const again = submit(store, ["a"], "1");

    assert.equal(store.findByJobId("1")!.key, again);
    assert.equal(store.findByJobId("1")!.stage, "open");
  });
});

Deno.test("JobStore.storeReceipt() does not lose a job whose submission was given up meanwhile", async () => {
  await withStore((store) => {
    const key = begin(store, ["a"]);
    store.abandonSubmission(key);

    assert.throws(() => store.storeReceipt(key, "1", null));
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

Deno.test("JobStore.storeCommits() and forgetCommits() note what finish has built", async () => {
  await withStore((store) => {
    const key = submit(store, ["a"], "1");

    store.storeCommits(new Map([[key, "c1"]]), "base");
    assert.equal(store.findByJobId("1")!.commitOid, "c1");
    assert.equal(store.findByJobId("1")!.commitBase, "base");
    store.forgetCommits([key]);

    assert.equal(store.findByJobId("1")!.commitOid, null);
    assert.equal(store.findByJobId("1")!.stage, "open");
  });
});

/** The rule in words: the same path, one inside the other, or the whole dataset. */
function overlaps(a: string, b: string): boolean {
  return a === "." || b === "." || a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

Deno.test("JobStore.beginSubmission() decides every conflict as a plain comparison does", async () => {
  // Few names, with those around "/" in the order of bytes, so that neighbours and nesting are common.
  const part = fc.constantFrom("a", "b", "a.b", "a-b", "a0", "a b", "%", "_", "é", "A");
  const path = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.array(part, { minLength: 1, maxLength: 4 }).map((p) => p.join("/")),
    },
    { weight: 1, arbitrary: fc.constant(".") },
  );
  const step = fc.record({
    claims: fc.uniqueArray(path, { minLength: 1, maxLength: 3 }),
    ends: fc.nat(9),
  });
  await withStore((store) => {
    let worktree = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const tree = `tree ${worktree++}`;
        const held = new Map<number, readonly string[]>();
        for (const { claims, ends } of steps) {
          const isTaken = [...held.values()].flat().some((other) =>
            claims.some((claim) => overlaps(claim, other))
          );

          let key: number | undefined;
          try {
            key = begin(store, claims, tree);
          } catch (error) {
            if (!(error instanceof OutputConflictError)) throw error;
            assert(overlaps(error.conflict.claim, error.conflict.path));
            assert(held.get(error.conflict.jobKey)!.includes(error.conflict.claim));
          }

          assert.equal(key === undefined, isTaken);
          if (key !== undefined) held.set(key, claims);
          const ended = [...held.keys()][ends];
          if (ended !== undefined) {
            store.end([ended], "closed", 1);
            held.delete(ended);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

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

Deno.test("JobStore.openIn() takes the VFS of the dataset's configuration", async () => {
  await withStore((_store, commonDir) => {
    const config = new Map([["dlslurm.store.vfs", "no-such-vfs"]]);

    JobStore.openIn({ commonDir, config: new Map() })[Symbol.dispose]();

    assert.throws(() => JobStore.openIn({ commonDir, config }), /no such vfs: no-such-vfs/);
  });
});
