import assert from "node:assert/strict";
import type { JobRequest } from "../../src/jobs/job.ts";
import type { GatheredEvidence } from "../../src/jobs/noted_evidence.ts";
import { JobStore } from "../../src/store/job_store.ts";

const REQUEST: JobRequest = {
  ...{ cmd: "sbatch job.sh", pwd: ".", dsid: null, message: null, altDir: null, worktree: "" },
  ...{ chain: [], inputs: [], extraInputs: [], rescheduledJobId: null, outputs: [] },
};

function evidence(inputCount: number): GatheredEvidence {
  const inputs = Array.from({ length: inputCount }, (_, at) => ({ path: `${at}`, blob: `${at}` }));
  return {
    noted: {
      version: "0.2.0",
      submission: { head: "1" },
      script: { path: "job.sh", blob: "abc", saved: false },
      inputs,
    },
    script: { oid: "abc", content: new TextEncoder().encode("#!/bin/sh\n") },
    inputsName: inputCount > 100 ? `list of ${inputCount}` : null,
  };
}

async function withStore(test: (store: JobStore) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    using store = JobStore.open(folder);
    test(store);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function begin(store: JobStore, output: string, gathered: GatheredEvidence): number {
  const request = { ...REQUEST, outputs: [output] };
  return store.beginSubmission(request, "{}", 1, { evidence: gathered });
}

Deno.test("JobEvidence gives back what was noted with a job, long lists of inputs too", () =>
  withStore((store) => {
    for (const count of [0, 100, 101, 10_000]) {
      const gathered = evidence(count);
      const key = begin(store, `out/${count}`, gathered);
      assert.deepEqual(store.evidence.find(key), gathered.noted);
    }
    assert.equal(store.evidence.find(99), undefined);
  }));

Deno.test("JobEvidence keeps an unsaved script until the last job that has it is ended", () =>
  withStore((store) => {
    const one = begin(store, "a", evidence(101));
    const other = begin(store, "b", evidence(101));
    store.receipts.store([{ key: one, jobId: "1", cluster: null }]);

    store.end([one], "finished", 1);
    assert.equal(store.evidence.find(one), undefined);
    assert.equal(new TextDecoder().decode(store.evidence.contentOf("abc")), "#!/bin/sh\n");
    assert.equal(store.evidence.find(other)?.inputs.length, 101);

    store.abandonSubmission(one); // ended already: nothing of others may go
    store.abandonSubmission(other);
    assert.equal(store.evidence.contentOf("abc"), undefined);
    assert.equal(store.evidence.contentOf("list of 101"), undefined);
  }));

Deno.test("JobEvidence puts a later look in the place of the first", () =>
  withStore((store) => {
    const key = begin(store, "a", evidence(1));
    const later = { ...evidence(2), script: { oid: "def", content: new Uint8Array([1]) } };
    store.evidence.note(new Map([[key, later]]));
    assert.deepEqual(store.evidence.find(key), later.noted);
    assert.deepEqual(store.evidence.contentOf("def"), new Uint8Array([1]));
    assert.equal(store.evidence.contentOf("abc"), undefined);
  }));

Deno.test("JobEvidence.noteFoundBy() adds who told the job to what was noted, long lists left alone", () =>
  withStore((store) => {
    const key = begin(store, "a", evidence(101));
    const other = begin(store, "b", evidence(1));

    store.evidence.noteFoundBy(key, "accounting");
    store.evidence.noteFoundBy(99, "accounting");

    const { noted } = evidence(101);
    const submission = { ...noted.submission, foundBy: "accounting" };
    assert.deepEqual(store.evidence.find(key), { ...noted, submission });
    assert.deepEqual(store.evidence.find(other), evidence(1).noted);
  }));

Deno.test("JobEvidence.newest() is that of the newest job, or of the newest when the store was opened", async () => {
  const folder = await Deno.makeTempDir();
  const withScript = (blob: string, head: string): GatheredEvidence => {
    const { noted } = evidence(0);
    return {
      noted: { ...noted, submission: { head }, script: { path: "job.sh", blob, saved: true } },
      ...{ script: null, inputsName: null },
    };
  };
  const said = (store: JobStore) => {
    const newest = store.evidence.newest();
    return newest && `${newest.script?.blob} at ${newest.head}`;
  };
  try {
    using store = JobStore.open(folder);
    assert.equal(said(store), undefined);
    begin(store, "a", withScript("b1", "h1"));
    assert.equal(said(store), "b1 at h1");
    begin(store, "b", withScript("b2", "h2"));
    assert.equal(said(store), "b2 at h2");
    {
      using other = JobStore.open(folder);
      begin(store, "c", withScript("b3", "h3"));
      assert.equal(said(other), "b2 at h2", "read when it was opened");
    }
    const { noted } = evidence(2);
    begin(store, "d", { ...evidence(2), noted: { ...noted, submission: { head: "h4" } } });
    assert.deepEqual(store.evidence.newest()?.inputs, noted.inputs);
    begin(store, "e", { ...withScript("", ""), noted: { ...noted, submission: {} } });
    assert.equal(said(store), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
