import { findViolations } from "../json_schema.ts";
import schema from "../../../docs/record.schema.json" with { type: "json" };
import assert from "node:assert/strict";
import { DATASET_KINDS, TestDataset } from "../datasets.ts";
import type { DatasetKind } from "../datasets.ts";
import { SLURM_REQUIREMENTS, testIfAvailable } from "../requirements.ts";
import { Sandbox } from "../sandbox.ts";
import type { Outcome } from "../sandbox.ts";
import { SLURM_NAMES, TestSlurm } from "../slurm.ts";

/** What a case of the seed workflow works with: a fresh dataset with the four job scripts. */
export interface SeedWorld {
  readonly sandbox: Sandbox;
  readonly slurm: TestSlurm;
  readonly dataset: TestDataset;
}

/** One behaviour of the workflow; the same for every kind of dataset and of Slurm. */
export interface SeedCase {
  /** `<command> <situation> → <result>` */
  readonly name: string;
  /** Whether file contents, and so the kind of dataset, have a part in it. */
  readonly isAboutContents?: boolean;
  run(world: SeedWorld): Promise<void>;
}

/** The jobs of the seed workflow. */
export interface SeedJobs {
  readonly gold: string;
  readonly silver: string;
  readonly bronze: string;
  readonly platinum: string;
}

/**
 * Registers `cases` as tests in datasets of one kind, on one kind of Slurm. Where the dataset has an
 * annex, those that have nothing to do with it are left out.
 */
export function testSeedCases(
  cases: readonly SeedCase[],
  kind: DatasetKind,
  slurmKind: "fake" | "real" | "chroot",
): void {
  const requirements = [...DATASET_KINDS[kind], ...SLURM_REQUIREMENTS[slurmKind]];
  for (const { name, run, isAboutContents } of cases) {
    if (kind !== "plain git" && isAboutContents !== true) continue;
    testIfAvailable(requirements, `e2e: ${name} (${kind}, ${SLURM_NAMES[slurmKind]})`, async () => {
      await using sandbox = await Sandbox.create();
      await using slurm = await TestSlurm.start(slurmKind, sandbox);
      await run({ sandbox, slurm, dataset: await TestDataset.createSeed(sandbox, kind) });
    });
  }
}

/** Schedules all four jobs as the README does. */
export async function scheduleSeed(dataset: TestDataset): Promise<SeedJobs> {
  const schedule = (name: string, script: string) =>
    dataset.schedule("-o", `models/abrupt/${name}/`, "sbatch", script);
  return {
    gold: await schedule("gold", "submit_gold.slurm"),
    silver: await schedule("silver", "submit_silver.slurm"),
    bronze: await schedule("bronze", "submit_bronze.slurm"),
    platinum: await schedule("platinum", "submit_array_platinum.slurm"),
  };
}

/** Checks what a command said on standard output and its exit status, showing all of it if wrong. */
export function assertOutput(outcome: Outcome, code: number, lines: readonly string[]): void {
  assert.deepEqual(
    { stdout: outcome.stdout.replace(/\n$/, "").split("\n"), code: outcome.code },
    { stdout: [...lines], code },
    `standard error: ${outcome.stderr}`,
  );
}

/**
 * A commit message without what stands under `dlslurm` in its record: that has to be evidence as
 * docs/record.schema.json has it, whichever Slurm told it.
 */
export function withoutEvidence(message: string): string {
  const json = /^=== Do not change lines below ===\n(.*)\n\^\^\^ Do not/ms.exec(message)![1]!;
  const evidence = JSON.parse(json).dlslurm;
  assert.deepEqual(findViolations(schema, evidence), [], json);
  assert.equal(evidence.script.saved, true);
  // Of a job that has just ended accounting may know nothing yet.
  assert.match(evidence.accounting?.state ?? "COMPLETED", /^[A-Z_ ()]+$/);
  assert.match(evidence.submission.head, /^[0-9a-f]{40}$/);
  return message.replace(/^ "dlslurm": \{\n.*?^ \},\n/ms, "");
}

/** The commit message that BEHAVIOUR describes, for a command run in the dataset's root. */
export function expectedMessage(
  subject: string,
  record: {
    readonly chain?: readonly string[];
    readonly cmd: string;
    readonly dsid: string | null;
    readonly jobId: string;
    readonly outputs: readonly string[];
    readonly slurmOutputs: readonly string[];
  },
  paragraphs: readonly string[] = [],
): string {
  const list = (items: readonly string[]) =>
    items.length === 0 ? "[]" : `[\n${items.map((item) => `  "${item}"`).join(",\n")}\n ]`;
  return `${["[DATALAD SLURM RUN] " + subject, ...paragraphs].join("\n\n")}

=== Do not change lines below ===
{
 "chain": ${list(record.chain ?? [])},
 "cmd": "${record.cmd}",
 "commit_id": null,
 "dsid": ${record.dsid === null ? "null" : `"${record.dsid}"`},
 "extra_inputs": [],
 "inputs": [],
 "outputs": ${list([...record.outputs, ...record.slurmOutputs])},
 "pwd": ".",
 "slurm_job_id": ${record.jobId},
 "slurm_outputs": ${list(record.slurmOutputs)}
}
^^^ Do not change lines above ^^^`;
}

/** The dataset ID, `null` in a repository that is none. */
export async function datasetId(dataset: TestDataset): Promise<string | null> {
  if (dataset.kind !== "text2git") return null;
  return await dataset.git("config", "-f", ".datalad/config", "datalad.dataset.id");
}

/** Requires that git, git-annex and DataLad, as far as they know the dataset, find nothing to do. */
export async function assertClean({ dataset, sandbox }: SeedWorld): Promise<void> {
  assert.equal(await dataset.git("status", "--porcelain"), "");
  if (dataset.kind === "plain git") return;
  const fsck = await sandbox.run(["git", "annex", "fsck"], { cwd: dataset.root });
  assert.equal(fsck.code, 0, `${fsck.stdout}${fsck.stderr}`);
  if (dataset.kind !== "text2git") return;
  const status = await sandbox.require(["datalad", "status"], { cwd: dataset.root });
  assert.match(status, /nothing to save, working tree clean/);
}
