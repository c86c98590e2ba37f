import { join } from "node:path";
import { answers, feed, output } from "./measure.ts";

/** A job's script, called with its output folder: two results, one of them binary and so for the annex; its log is the third file. */
const JOB_SCRIPT = `#!/bin/sh
mkdir -p "$1" && cd "$1" || exit
echo "$SLURM_JOB_ID"
seq 100 >table.csv
{ printf '\\000\\001'; head -c 2000 /dev/urandom; } >fields.bin
`;
/** Of git's empty blob; an empty file takes no block on the disk, and its content is nobody's matter here. */
const EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
const FILES_PER_FOLDER = 100;

/**
 * Makes a dataset that holds `files` files and a job script: of `datalad create -c text2git` where
 * datalad and git-annex are on PATH, otherwise plain Git.
 *
 * @param folder where it is made.
 * @returns its path.
 */
export async function makeDataset(folder: string, files: number): Promise<string> {
  const dataset = await Deno.makeTempDir({ dir: folder, prefix: "dataset-" });
  const place = { cwd: dataset, env: {} };
  if (await canUseDatalad()) {
    await output(["datalad", "create", "-f", "-c", "text2git", dataset], place);
  } else {
    await output(["git", "init", "-q", "-b", "main"], place);
  }
  await output(["git", "config", "user.name", "Bench"], place);
  await output(["git", "config", "user.email", "bench@example.org"], place);
  // Garbage collection in the background would be measured with whatever runs beside it.
  await output(["git", "config", "gc.auto", "0"], place);
  await Deno.writeTextFile(join(dataset, "job.sh"), JOB_SCRIPT, { mode: 0o755 });
  await output(["git", "add", "job.sh"], place);
  await output(["git", "commit", "-q", "-m", "Add job script"], place);
  if (files > 0) await addFiles(dataset, files);
  return dataset;
}

/** Whether datasets are DataLad's. */
async function canUseDatalad(): Promise<boolean> {
  return await answers(["datalad", "--version"]) && await answers(["git", "annex", "version"]);
}

/** Writes what a job with this output folder and log would have written. */
export async function writeOutputs(folder: string, log: string): Promise<void> {
  const rows = Array.from({ length: 100 }, (_, row) => `${row + 1}\n`).join("");
  const binary = crypto.getRandomValues(new Uint8Array(2_002));
  binary.set([0, 1]);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "table.csv"), rows);
  await Deno.writeFile(join(folder, "fields.bin"), binary);
  await Deno.writeTextFile(log, `${folder}\n`);
}

async function addFiles(dataset: string, count: number): Promise<void> {
  const place = { cwd: dataset, env: {} };
  const branch = (await output(["git", "symbolic-ref", "HEAD"], place)).trim();
  await output(["git", "hash-object", "-w", "--stdin"], place);
  await feed(["git", "fast-import", "--quiet"], place, commitOf(count, branch));
  // The annex's filter would be started for each file, and has nothing to do.
  const noFilter = ["-c", "filter.annex.smudge=", "-c", "filter.annex.process="];
  await output(["git", ...noFilter, "reset", "-q", "--hard"], place);
  // Git does not trust files as young as its index, and would hand each to the annex's filter again.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const now = new Date();
  await Deno.utime(join(dataset, ".git", "index"), now, now);
}

/** The commit as git-fast-import(1) reads it, in pieces. */
function* commitOf(count: number, branch: string): Generator<string> {
  yield `commit ${branch}\ncommitter Bench <bench@example.org> 0 +0000\ndata 9\nAdd files\n`;
  yield `from ${branch}^0\n`;
  for (let start = 0; start < count; start += FILES_PER_FOLDER) {
    const folder = start / FILES_PER_FOLDER;
    const lines: string[] = [];
    for (let file = start; file < Math.min(start + FILES_PER_FOLDER, count); file++) {
      const path = `data/${Math.floor(folder / 100)}/${folder}/${file}.dat`;
      lines.push(`M 100644 ${EMPTY_BLOB} ${path}\n`);
    }
    yield lines.join("");
  }
}
