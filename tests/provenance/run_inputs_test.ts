import assert from "node:assert/strict";
import type { RunRecord } from "../../src/datalad/run_record.ts";
import { findRunInputs, fromRoot, scriptOf } from "../../src/provenance/run_inputs.ts";
import type { ScriptEvidence } from "../../src/jobs/evidence.ts";
import { History } from "./history.ts";
import type { MadeRun } from "./history.ts";

const FILES = {
  "in/a": "1\n",
  "in/b": "1\n",
  "in/deep/c": "1\n",
  inner: "1\n",
  "job.sh": "#!/bin/sh\n",
};

/** The inputs of a run as its record and the history tell them, the script marked. */
async function inputsOf(history: History, run: MadeRun) {
  const oid = await history.run("1", run);
  const provenance = await history.open();
  const { history: runs } = provenance.top;
  const entry = runs.at(oid)!;
  const [inputs] = await findRunInputs(provenance, [{ entry, run: await runs.read(entry) }]);
  return inputs!;
}

async function pathsOf(run: MadeRun): Promise<string[]> {
  await using history = await History.create(FILES);
  return (await inputsOf(history, run)).map(({ path, isScript }) => isScript ? `${path}*` : path);
}

Deno.test("findRunInputs() finds files, what is in folders, what patterns mean, and the script", async () => {
  assert.deepEqual(await pathsOf({ inputs: ["in/a", "gone"] }), ["in/a", "job.sh*"]);
  assert.deepEqual(await pathsOf({ inputs: ["in"] }), ["in/a", "in/b", "in/deep/c", "job.sh*"]);
  assert.deepEqual(await pathsOf({ inputs: ["in/[ab]"] }), ["in/a", "in/b", "job.sh*"]);
  assert.deepEqual(await pathsOf({ inputs: ["in/d*"], extraInputs: ["inner"] }), [
    ...["in/deep/c", "inner", "job.sh*"],
  ]);
});

Deno.test("findRunInputs() marks extra inputs, by the evidence or, without any, by the record's lists", async () => {
  await using history = await History.create(FILES);
  const marked = async (run: MadeRun) =>
    (await inputsOf(history, run)).filter(({ isExtra }) => isExtra).map(({ path }) => path);

  assert.deepEqual(await marked({ inputs: ["in/a"], extraInputs: ["in", "job.sh"] }), [
    ...["in/b", "in/deep/c"],
  ]);
  assert.deepEqual(await marked({ inputs: ["in/[a]"], extraInputs: ["in/[ab]"] }), ["in/b"]);
  const inputs = [{ path: "in/a" }, { path: "inner", extra: true }];
  assert.deepEqual(await marked({ extraInputs: ["in/a"], evidence: { inputs } }), ["inner"]);
});

Deno.test("findRunInputs() reads inputs from the folder of the command", async () => {
  const run = { pwd: "in", inputs: ["a", "../inner", "../../outside"], cmd: "sbatch ../job.sh" };

  assert.deepEqual(await pathsOf(run), ["in/a", "inner", "job.sh*"]);
});

Deno.test("findRunInputs() takes a large folder that had been edited for one input, and knows no versions of its files", async () => {
  await using history = await History.create(FILES);
  const tree = "c".repeat(40);
  const versions = async (modified: { readonly modified?: true }) =>
    (await inputsOf(history, {
      inputs: ["in"],
      evidence: {
        inputs: [{ path: "in", tree, ...modified }, { path: "inner", key: "MD5-s1--a" }],
      },
    })).map(({ path, oid }) => oid === undefined ? `${path}?` : path);

  assert.deepEqual(await versions({}), [
    ...["in?", "in/a", "in/b", "in/deep/c", "inner", "job.sh"],
  ]);
  assert.deepEqual(await versions({ modified: true }), ["in?", "inner", "job.sh"]);
});

Deno.test("findRunInputs() takes what evidence lists, and its versions, where there is any", async () => {
  await using history = await History.create(FILES);
  const blob = "c".repeat(40);
  const inputs = await inputsOf(history, {
    inputs: ["in"],
    evidence: { inputs: [{ path: "in/a", blob }, { path: "unsaved", size: 3 }] },
  });

  assert.deepEqual(inputs.map(({ path, oid }) => [path, oid?.length]), [
    ...[["in/a", 40], ["job.sh", 40], ["unsaved", undefined]],
  ]);
  assert.equal(inputs[0]!.oid, blob);
  assert.equal(inputs[2]!.evidence?.size, 3);
});

Deno.test("findRunInputs() looks at the commit before the run's, not at what the run wrote", async () => {
  await using history = await History.create(FILES);
  const before = await history.repository.dataset.git("rev-parse", "HEAD:in/a");
  const [input] = await inputsOf(history, { inputs: ["in/a"], files: { "in/a": "2\n" } });

  assert.equal(input!.oid, before);
});

const RECORD = { cmd: "sbatch job.sh", pwd: ".", subdataset: null } as RunRecord;

Deno.test("scriptOf() tells the script by evidence, or else by the command", () => {
  assert.equal(scriptOf(RECORD), "job.sh");
  assert.equal(scriptOf({ ...RECORD, pwd: "in" }), "in/job.sh");
  assert.equal(scriptOf({ ...RECORD, cmd: "sbatch {script}" }), undefined);
  assert.equal(scriptOf({ ...RECORD, cmd: "sbatch -D sub job.sh" }), undefined);
  assert.equal(scriptOf({ ...RECORD, cmd: "sbatch -D sub ./job.sh" }), "job.sh");
  assert.equal(scriptOf({ ...RECORD, cmd: "sbatch -n1 : -n2 job.sh" }), "job.sh");
  assert.equal(scriptOf({ ...RECORD, evidence: { script: { path: "other.sh" } } }), "other.sh");
  assert.equal(scriptOf({ ...RECORD, evidence: { script: { path: "/opt/x.sh" } } }), undefined);
  assert.equal(scriptOf({ ...RECORD, evidence: { script: { wrap: true } } }), undefined);
  const outside = { script: { path: "job.sh", outside: true } };
  assert.equal(scriptOf({ ...RECORD, evidence: outside }), undefined);
});

Deno.test("scriptOf() does not guess where only a shell can tell, or where the script was looked for and not found", () => {
  assert.equal(scriptOf({ ...RECORD, cmd: "cd sub && sbatch job.sh" }), undefined);
  assert.equal(scriptOf({ ...RECORD, cmd: "sbatch <<E\nx\nE" }), undefined);
  assert.equal(scriptOf({ ...RECORD, evidence: { version: "0.2.0" } }), undefined);
  assert.equal(scriptOf({ ...RECORD, evidence: { accounting: {} } }), "job.sh");
});

Deno.test("findRunInputs() has of the script the version that was submitted, not the one that HEAD had", async () => {
  await using history = await History.create(FILES);
  const { dataset } = history.repository;
  const head = await dataset.git("rev-parse", "HEAD");
  const blob = "c".repeat(40);
  const scriptAs = async (script: ScriptEvidence) =>
    (await inputsOf(history, { evidence: { submission: { head }, script } }))
      .find(({ isScript }) => isScript)!;

  const edited = await scriptAs({ path: "job.sh", blob, saved: false });

  assert.deepEqual([edited.oid, edited.isUnsaved, edited.committed], [blob, true, undefined]);
});

Deno.test("findRunInputs() knows where commits have a script that is annexed, or that a link leads to", async () => {
  await using history = await History.create({
    ...FILES,
    "a.sh": "/annex/objects/MD5E-s3--a.sh\n",
  });
  const { dataset } = history.repository;
  await Deno.symlink("../job.sh", `${history.root}/in/link.sh`);
  await history.repository.commit();
  const head = await dataset.git("rev-parse", "HEAD");
  const oidOf = (path: string) => dataset.git("rev-parse", `HEAD:${path}`);
  const committedAs = async (path: string, blob: string) => {
    const evidence = { submission: { head }, script: { path, blob, saved: true } };
    return (await inputsOf(history, { evidence })).find(({ isScript }) => isScript)!.committed;
  };
  const [blob, other] = [await oidOf("job.sh"), "c".repeat(40)];

  assert.deepEqual(await committedAs("in/link.sh", blob), { path: "job.sh", oid: blob });
  assert.deepEqual(await committedAs("a.sh", other), { path: "a.sh", oid: await oidOf("a.sh") });
  assert.equal(await committedAs("job.sh", blob), undefined);
});

Deno.test("fromRoot() gives paths in the dataset that has the record, and none outside", () => {
  assert.equal(fromRoot({ ...RECORD, pwd: "in/deep" }, "../a/"), "in/a");
  assert.equal(fromRoot(RECORD, "../a"), undefined);
  assert.equal(fromRoot(RECORD, "/a"), undefined);
  assert.equal(fromRoot({ ...RECORD, subdataset: "sub" }, "sub/a"), "a");
  assert.equal(fromRoot({ ...RECORD, subdataset: "sub" }, "other"), undefined);
});

Deno.test("findRunInputs() reads a long list in the run's commit; without it no version is known", async () => {
  await using history = await History.create(FILES);
  const blob = "c".repeat(40);
  const text = `{"path":"in/a","blob":"${blob}"}\n{"path":"in/b","size":9,"modified":true}\n`;
  const sha = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const digest = `sha256:${new Uint8Array(sha).toHex()}`;
  const list = ".datalad/slurm/inputs/x.jsonl";
  const read = async (content: string) => {
    const evidence = { inputs: { count: 2, digest, list } };
    const run = { files: { [list]: content, out: content }, inputs: ["in"], evidence };
    return (await inputsOf(history, run)).filter(({ isScript }) => !isScript)
      .map(({ path, oid }) => [path, oid]);
  };

  assert.deepEqual(await read(text), [["in/a", blob], ["in/b", undefined]]);
  assert.deepEqual(await read("another list\n"), [
    ...[["in/a", undefined], ["in/b", undefined], ["in/deep/c", undefined]],
  ]);
});
