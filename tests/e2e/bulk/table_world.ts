import { join } from "node:path";
import { TestDataset } from "../../support/datasets.ts";
import type { DatasetKind } from "../../support/datasets.ts";
import { Sandbox } from "../../support/sandbox.ts";
import type { Outcome } from "../../support/sandbox.ts";
import { TestSlurm } from "../../support/slurm.ts";
import { MISBEHAVIOUR, wrapProgram } from "../../support/wrapped_programs.ts";
import { FakeSlurmWorld } from "../../support/world.ts";

/** Writes what it was called with; fails for the name "bad" unless a file `mended` is there. */
const SCRIPT = `#!/bin/bash
#SBATCH --output=/dev/null
#SBATCH --job-name=row
mkdir -p "results/$1"
printf '%s\\n' "$SLURM_JOB_NAME" "$@" >"results/$1/said"
[ "$1" != bad ] || [ -e mended ] || exit 3
`;

/** A dataset with a batch script for rows, beside a fake Slurm. */
export class TableWorld extends FakeSlurmWorld {
  /**
   * Makes a world.
   *
   * @param limits what the fake refuses (docs/fake_slurm.md, "limits").
   */
  static async create(
    limits: Readonly<Record<string, number>> = {},
    kind: DatasetKind = "plain git",
  ): Promise<TableWorld> {
    const sandbox = await Sandbox.create();
    const slurm = await TestSlurm.startFake(sandbox);
    const dataset = await TestDataset.create(sandbox, kind, { "row.sh": SCRIPT });
    const world = new TableWorld(sandbox, slurm, dataset);
    await world.setLimits(limits);
    return world;
  }

  /** Lets the fake refuse more, or less, from now on. */
  async setLimits(limits: Readonly<Record<string, number>>): Promise<void> {
    const file = join(this.sandbox.root, "scenario.json");
    this.sandbox.env["DLSLURM_FAKE_SLURM_SCENARIO"] = file;
    await Deno.writeTextFile(file, JSON.stringify({ version: 1, limits }));
  }

  /** Has sbatch refuse the row of this name as where the site takes no more jobs, until it is unwrapped. */
  async fillSiteFor(name: string): Promise<void> {
    const refusal = MISBEHAVIOUR.fail(
      "sbatch: error: AssocMaxSubmitJobLimit\n" +
        "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy " +
        "(job submit limit, user's size and/or time limits)",
    );
    const script = `case "$* " in *" ${name} "*) ${refusal} ;; esac\nexec "$REAL" "$@"`;
    await wrapProgram(this.sandbox, "sbatch", script);
  }

  /** Writes a table beside the dataset and gives its path. */
  async writeTable(text: string, name = "table.csv"): Promise<string> {
    const path = join(this.sandbox.root, name);
    await Deno.writeTextFile(path, text);
    return path;
  }

  /** `schedule --from TABLE OPTIONS -o results/{name} sbatch row.sh {name} {value}`. */
  async schedule(table: string, ...options: readonly string[]): Promise<Outcome> {
    return await this.dataset.dlslurm(scheduleArguments(table, ...options));
  }

  /** Waits until all jobs of the sandbox are over. */
  async waitForAll(): Promise<void> {
    await this.slurm.waitUntilEnded(...await this.slurm.submittedJobs());
  }

  /** What the batch script wrote for a row. */
  async said(name: string): Promise<string[]> {
    const text = await Deno.readTextFile(join(this.dataset.root, "results", name, "said"));
    return text.slice(0, -1).split("\n");
  }
}

/** The arguments of {@linkcode TableWorld.schedule}. */
export function scheduleArguments(table: string, ...options: readonly string[]): string[] {
  return [
    ...["schedule", "--from", table, ...options],
    ...["-o", "results/{name}", "sbatch", "row.sh", "{name}", "{value}"],
  ];
}

/** The run record in a commit message. */
export function recordIn(message: string): Record<string, unknown> {
  return JSON.parse(message.slice(message.indexOf("\n{\n"), message.lastIndexOf("}") + 1));
}
