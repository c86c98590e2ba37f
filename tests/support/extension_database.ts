import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { TestDataset } from "./datasets.ts";
import type { Sandbox } from "./sandbox.ts";

/** Dataset ID of {@linkcode createExtensionDataset}. */
export const DSID = "19575e14-a642-42ff-99dd-1031e9644a6e";

/** A row of the Python extension's `open_jobs`, with what is usual where nothing is said. */
export interface ExtensionRow {
  readonly slurmJobId: string;
  readonly cmd?: string;
  readonly message?: string | null;
  readonly chain?: readonly string[];
  readonly dsid?: string;
  readonly inputs?: readonly string[];
  /** As text, to write what is no JSON. */
  readonly extraInputs?: string;
  /** Relative to the root; the extension locks them as they are written here. */
  readonly outputs: readonly string[];
  readonly slurmOutputs?: readonly string[];
  readonly pwd?: string;
  readonly altDir?: string;
}

/** A dataset with an ID, as DataLad makes it, and a job script. */
export async function createExtensionDataset(sandbox: Sandbox): Promise<TestDataset> {
  return await TestDataset.create(sandbox, "plain git", {
    ".datalad/config": `[datalad "dataset"]\n\tid = ${DSID}\n`,
    "job.sh": '#!/bin/sh\nmkdir -p "$1"\necho result >"$1/result.txt"\n',
  });
}

/** Where the extension keeps the dataset's open jobs. */
export function extensionFile(dataset: TestDataset): string {
  return join(dataset.root, ".git", `${DSID}.db`);
}

/**
 * Writes the extension's database of open jobs, in the schema of its release 0.2.5, or in an older one
 * that knew no alternative folder.
 */
export function writeExtensionDatabase(
  dataset: TestDataset,
  rows: readonly ExtensionRow[],
  hasAltDir = true,
): void {
  using database = new DatabaseSync(extensionFile(dataset));
  // The CHECKs on JSON are left out, so that a test can write what a damaged file may hold.
  database.exec(
    "CREATE TABLE open_jobs (slurm_job_id INTEGER, message TEXT, chain TEXT, cmd TEXT, dsid TEXT, " +
      `inputs TEXT, extra_inputs TEXT, outputs TEXT, slurm_outputs TEXT, pwd TEXT${
        hasAltDir ? ", alt_dir TEXT" : ""
      });` +
      "CREATE TABLE locked_names (slurm_job_id INTEGER, name TEXT);" +
      "CREATE TABLE locked_prefixes (slurm_job_id INTEGER, prefix TEXT);",
  );
  const insert = database.prepare(
    `INSERT INTO open_jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?${hasAltDir ? ", ?" : ""})`,
  );
  const lock = database.prepare("INSERT INTO locked_names VALUES (?, ?)");
  for (const row of rows) {
    const log = [`slurm-${row.slurmJobId}.out`, `slurm-job-${row.slurmJobId}.env.json`];
    insert.run(
      Number(row.slurmJobId),
      row.message ?? null,
      JSON.stringify(row.chain ?? []),
      row.cmd ?? "sbatch job.sh",
      row.dsid ?? DSID,
      JSON.stringify(row.inputs ?? []),
      row.extraInputs ?? "[]",
      JSON.stringify(row.outputs),
      JSON.stringify(row.slurmOutputs ?? log),
      row.pwd ?? ".",
      ...(hasAltDir ? [row.altDir ?? ""] : []),
    );
    for (const output of row.outputs) lock.run(Number(row.slurmJobId), output);
  }
}
