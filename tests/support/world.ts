import { TestDataset } from "./datasets.ts";
import type { DatasetKind } from "./datasets.ts";
import { Sandbox } from "./sandbox.ts";
import { TestSlurm } from "./slurm.ts";

/** A dataset in a sandbox beside a fake Slurm of its own; everything goes when it is disposed of. */
export class FakeSlurmWorld implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly slurm: TestSlurm;
  readonly dataset: TestDataset;

  protected constructor(sandbox: Sandbox, slurm: TestSlurm, dataset: TestDataset) {
    this.sandbox = sandbox;
    this.slurm = slurm;
    this.dataset = dataset;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.slurm[Symbol.asyncDispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}

/** A sandbox with a fake Slurm of its own and the dataset of the seed workflow. */
export class World extends FakeSlurmWorld {
  /** Makes a world whose dataset is of this kind. */
  static async create(kind: DatasetKind = "plain git"): Promise<World> {
    const sandbox = await Sandbox.create();
    const slurm = await TestSlurm.startFake(sandbox);
    return new World(sandbox, slurm, await TestDataset.createSeed(sandbox, kind));
  }

  /**
   * Makes a world in which a job with the output `out` has completed and waits for finish.
   *
   * @param commands lines of the job's shell script; they run in the dataset's root.
   */
  static async createWithCompletedJob(
    commands = "mkdir -p out && echo result >out/result.txt",
    kind: DatasetKind = "plain git",
  ): Promise<World & { readonly jobId: string }> {
    const world = await World.create(kind);
    return Object.assign(world, { jobId: await world.completeJob(commands) });
  }

  /** Schedules a job with the output `out` and waits until it has completed. */
  async completeJob(commands: string, outputs: readonly string[] = ["out"]): Promise<string> {
    const script = `${this.sandbox.root}/job.sh`;
    await Deno.writeTextFile(script, `#!/bin/sh\nset -e\n${commands}\n`);
    const claims = outputs.flatMap((output) => ["-o", output]);
    const jobId = await this.dataset.schedule(...claims, "sbatch", script);
    await this.slurm.waitUntilEnded(jobId);
    return jobId;
  }
}
