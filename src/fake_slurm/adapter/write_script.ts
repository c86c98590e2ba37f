import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import type { JobTable } from "../job_table.ts";

/**
 * Does what `scontrol write batch_script ID [FILE|-]` does, and gives what it prints. A file that is
 * there is replaced.
 *
 * @throws {SlurmRefusal} In scontrol's words, if there is no such job or the file cannot be written.
 */
export function writeBatchScript(
  words: readonly string[],
  table: JobTable,
  { cwd }: FakeSlurmContext,
): string {
  const [what = "", id = "", file] = words;
  if (what !== "batch_script") throw new SlurmRefusal(`invalid write argument:${what}\n`);
  const [task] = /^\d+$/.test(id) ? table.findByJobId(Number(id)) : [];
  if (task === undefined || !task.spec.batch) {
    throw new SlurmRefusal("job script retrieval failed: Invalid job id specified\n", 0);
  }
  const { script } = table.readContents(task.baseId);
  if (file === "-") return new TextDecoder().decode(script);
  const path = file ?? `slurm-${id}.sh`;
  try {
    writeFileSync(resolve(cwd, path), script, { mode: 0o700 });
  } catch (error) {
    throw new SlurmRefusal(`failed to write file ${path}: ${(error as Error).message}\n`);
  }
  return `batch script for job ${id} written to ${path}\n`;
}
