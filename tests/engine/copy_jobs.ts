import { join } from "node:path";
import type { EngineWorld } from "./engine_world.ts";

/** Multiplies the one scheduled job, to `count` in all: as many starts of the program would be most of the test's time. */
export async function copyJobs(world: EngineWorld, count: number): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  using database = new DatabaseSync(join(world.root, ".git", "dlslurm", "jobs.sqlite"));
  const columns = database.prepare("PRAGMA table_info(job)").all().map((row) =>
    String(row["name"])
  );
  const first = database.prepare("SELECT * FROM job").get()!;
  const marks = columns.map(() => "?").join(", ");
  const insert = database.prepare(`INSERT INTO job (${columns.join(", ")}) VALUES (${marks})`);
  const claim = database.prepare("INSERT INTO claim (worktree, path, job_key) VALUES ('', ?, ?)");
  const evidence = database.prepare(
    `INSERT INTO job_evidence (job_key, noted, kept_script, kept_inputs)
       SELECT ?, noted, kept_script, kept_inputs FROM job_evidence WHERE job_key = 1`,
  );
  database.exec("BEGIN");
  for (let index = 2; index <= count; index++) {
    const own: Record<string, unknown> = {
      ...first,
      "job_key": index,
      "job_id": String(index),
      outputs: JSON.stringify([`out/${index}`]),
      details: String(first["details"]).replace(/slurm-1\.out/g, `slurm-${index}.out`)
        .replace(/slurm-job-1/g, `slurm-job-${index}`),
    };
    insert.run(...columns.map((column) => own[column] as string | number | null));
    claim.run(`out/${index}`, index);
    evidence.run(index);
    await Deno.mkdir(join(world.sandbox.root, "scripted slurm", `${index}.job`));
  }
  database.exec("COMMIT");
}
