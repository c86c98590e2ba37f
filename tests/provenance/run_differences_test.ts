import assert from "node:assert/strict";
import type { AccountingEvidence } from "../../src/jobs/evidence.ts";
import { findDifferences } from "../../src/provenance/run_differences.ts";
import { History } from "./history.ts";
import type { MadeRun } from "./history.ts";

/** What two runs are told to be, one after the other: `= same`, `! what: before | after`. */
async function told(one: MadeRun, other: MadeRun, between: Record<string, string> = {}) {
  await using history = await History.create({ raw: "1\n", "job.sh": "#!/bin/sh\n" });
  const first = await history.run("1", one);
  if (Object.keys(between).length > 0) await history.edit(between);
  const second = await history.run("2", other);
  const provenance = await history.open();
  const { history: runs } = provenance.top;
  const [a, b] = [runs.at(first)!, runs.at(second)!];
  const rows = await findDifferences(
    provenance,
    { entry: a, run: await runs.read(a) },
    { entry: b, run: await runs.read(b) },
  );
  return rows.map(({ what, before, after, isSame }) =>
    `${isSame ? "=" : "!"} ${what}: ${before} | ${after}`.replaceAll(/[0-9a-f]{10}/g, "OID")
  );
}

Deno.test("findDifferences() says of state, command, script and inputs what differs", async () => {
  const runs: [MadeRun, MadeRun] = [
    { inputs: ["raw"] },
    { inputs: ["raw"], cmd: "sbatch job.sh 2", pwd: ".", state: "FAILED" },
  ];

  assert.deepEqual(await told(...runs), [
    "! state: COMPLETED | FAILED",
    "! command: sbatch job.sh | sbatch job.sh 2",
    "= script job.sh: OID | OID",
    "= inputs: 1 the same | 1 the same",
  ]);
  assert.deepEqual((await told(...runs, { raw: "2\n" })).slice(2), [
    ...["= script job.sh: OID | OID", "! input raw: OID | OID"],
  ]);
});

Deno.test("findDifferences() compares scripts as they were submitted", async () => {
  const ran = (blob: string): MadeRun => ({
    evidence: { version: "0.2.0", script: { path: "job.sh", blob, saved: false } },
  });

  assert.deepEqual((await told(ran("a".repeat(40)), ran("b".repeat(40)))).slice(2), [
    "! script job.sh: OID | OID",
  ]);
  assert.deepEqual((await told(ran("a".repeat(40)), ran("a".repeat(40)))).slice(2), [
    "= script job.sh: OID | OID",
  ]);
});

Deno.test("findDifferences() compares scripts that are not in the dataset, and under other names", async () => {
  const ran = (path: string, blob: string, outside: boolean): MadeRun => ({
    evidence: { version: "0.2.0", script: { path, blob, saved: false, ...outside && { outside } } },
  });
  const [a, b] = ["a".repeat(40), "b".repeat(40)];

  assert.deepEqual((await told(ran("/x.sh", a, true), ran("/x.sh", b, true))).slice(2), [
    "! script /x.sh: OID | OID",
  ]);
  assert.deepEqual((await told(ran("job.sh", a, true), ran("new.sh", a, false))).slice(2), [
    "= script: job.sh OID | new.sh OID",
  ]);
});

Deno.test("findDifferences() has `none` for an input of one run alone, and the folder if it differs", async () => {
  const rows = await told({ inputs: ["raw"] }, { pwd: "sub", cmd: "sbatch ../job.sh" });

  assert.ok(rows.includes("! folder: . | sub"), rows.join("\n"));
  assert.ok(rows.includes("! input raw: OID | none"), rows.join("\n"));
});

Deno.test("findDifferences() tells what jobs took, and takes it for no difference", async () => {
  const used = (accounting: AccountingEvidence): MadeRun => ({ evidence: { accounting } });
  const rows = await told(
    used({ elapsed: 5, partition: "short", nodeList: "n1", exitCode: "0:0" }),
    used({ elapsed: 60, partition: "long", exitCode: "0:0", maxRss: 1024 }),
  );

  const costs = rows.filter((row) => /elapsed|memory|where|partition|exit code/.test(row));
  assert.deepEqual(costs.map((row) => row.split(":")[0]), [
    ...["= exit code", "= elapsed", "= where", "! partition", "= memory"],
  ]);
});

Deno.test("findDifferences() takes what is known of one run alone for no difference", async () => {
  const collected: MadeRun = {
    evidence: {
      accounting: { exitCode: "0:0", partition: "short", timeLimit: 60, cluster: "c" },
    },
    files: { "slurm-job-1.env.json": JSON.stringify({ Account: "a", QOS: "x" }) },
    slurmOutputs: ["slurm-job-1.env.json"],
  };
  const none: MadeRun = { cmd: 'sbatch "$JOB"' };

  for (const rows of [await told(collected, none), await told(none, collected)]) {
    assert.deepEqual(rows.filter((row) => /^! (?!command)/.test(row)), [], rows.join("\n"));
    assert.match(rows.join("\n"), /^= script job\.sh: (OID \| unknown|unknown \| OID)$/m);
    assert.match(rows.join("\n"), /^= partition: (short \| | \| short)$/m);
  }
});

Deno.test("findDifferences() takes an input whose version is known of one run alone for no difference", async () => {
  const noted = (input: object): MadeRun => ({
    inputs: ["raw"],
    evidence: { version: "0.2.0", inputs: [{ path: "raw", ...input }] },
  });
  const [one, other] = [noted({ blob: "a".repeat(40) }), noted({ modified: true })];

  assert.ok((await told(one, other)).includes("= input raw: OID | unknown"));
});

Deno.test("findDifferences() compares environment files, but for what always differs", async () => {
  const environment = (jobId: string, fields: object): MadeRun => ({
    files: { [`slurm-job-${jobId}.env.json`]: JSON.stringify(fields) },
    slurmOutputs: [`slurm-job-${jobId}.env.json`],
  });
  const rows = await told(
    environment("1", { JobId: 1, Account: "a", Features: "gpu", QOS: "x", WorkDir: "/ds" }),
    environment("2", { JobId: 2, Account: "b", QOS: "x", WorkDir: "/onto/1" }),
  );

  assert.deepEqual(rows.filter((row) => !/state|command|script|inputs/.test(row)), [
    ...["! Account: a | b", "! Features: gpu | "],
  ]);
  const damaged = environment("2", {});
  const broken = { ...damaged, files: { "slurm-job-2.env.json": "no JSON" } };
  assert.doesNotMatch(
    (await told(environment("1", { Account: "a" }), broken)).join("\n"),
    /Account/,
  );
});
