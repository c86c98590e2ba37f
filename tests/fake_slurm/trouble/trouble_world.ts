import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDataset } from "../../support/datasets.ts";
import { pollUntil } from "../../support/polling.ts";
import { type Outcome, Sandbox } from "../../support/sandbox.ts";
import { TestSlurm } from "../../support/slurm.ts";
import { storedClaims, storedJobs } from "../../support/snapshots.ts";
import { FakeSlurmWorld } from "../../support/world.ts";

/** A part of a scenario, as a user writes it. */
type ScenarioParts = Readonly<Record<string, unknown>>;

/** A dataset beside a fake Slurm in which a scenario can be set and taken away. */
export class TroubleWorld extends FakeSlurmWorld {
  /**
   * Makes a world in which a scenario holds from the start.
   *
   * @param variables settings of the fake, `DLSLURM_FAKE_SLURM_…`.
   */
  static async create(
    scenario: ScenarioParts,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<TroubleWorld> {
    const sandbox = await Sandbox.create();
    const slurm = await TestSlurm.startFake(sandbox, variables);
    sandbox.env["DLSLURM_FAKE_SLURM_SCENARIO"] = join(sandbox.root, "scenario.json");
    const world = new TroubleWorld(sandbox, slurm, await TestDataset.create(sandbox, "plain git"));
    await world.setScenario(scenario);
    await world.dataset.git("config", "dlslurm.slurm.timeout", "20");
    return world;
  }

  /** Lets another scenario hold from now on; `{}` is one without trouble. */
  async setScenario(scenario: ScenarioParts): Promise<void> {
    const file = this.sandbox.env["DLSLURM_FAKE_SLURM_SCENARIO"]!;
    await Deno.writeTextFile(file, JSON.stringify({ version: 1, ...scenario }));
  }

  /** Runs `dlslurm ARGS…` in the dataset. */
  async dlslurm(...args: readonly string[]): Promise<Outcome> {
    return await this.dataset.dlslurm(args);
  }

  /** Schedules a job with the output `out`, whose script runs `commands`; it need not succeed. */
  async trySchedule(commands: string, ...options: readonly string[]): Promise<Outcome> {
    const script = join(this.sandbox.root, "job.sh");
    await Deno.writeTextFile(script, `#!/bin/sh\n${commands}\n`);
    return await this.dlslurm("schedule", "-o", "out", "sbatch", ...options, script);
  }

  /** The same for a job that has to be taken; gives its ID. */
  async schedule(commands: string, ...options: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.trySchedule(commands, ...options);
    const jobId = /^Submitted batch job ([0-9]+)/m.exec(stdout)?.[1];
    assert.ok(
      code === 0 && jobId !== undefined,
      `schedule ended with ${code}:\n${stdout}${stderr}`,
    );
    return jobId;
  }

  /** Writes a result and ends well. */
  static readonly WORK = "mkdir -p out && echo result >>out/result.txt";

  /** What the fake says without any trouble, by job or task ID; every incarnation counts. */
  async trueStates(): Promise<string[]> {
    const rows = await this.sandbox.require(
      ["sacct", "-D", "-X", "-n", "-P", "-o", "JobID,State"],
      { env: { DLSLURM_FAKE_SLURM_SCENARIO: undefined } },
    );
    return rows.split("\n").filter((row) => row !== "");
  }

  /** Waits until the fake's own states are `states`. */
  async waitUntil(...states: readonly string[]): Promise<void> {
    await pollUntil(`the jobs are ${states.join(", ")}`, async () => {
      return (await this.trueStates()).join() === states.join();
    });
  }

  /** Requires that the one job waits in the store with its claim, and that nothing was committed. */
  async assertOpen(jobId: string): Promise<void> {
    assert.deepEqual(storedJobs(this.dataset), [{ stage: "open", jobId, commitOid: null }]);
    assert.deepEqual(storedClaims(this.dataset), ["out"]);
    assert.deepEqual(await this.dataset.log(), ["Add files"]);
  }

  /** Requires that finish leaves the job open, fails, and says what `says` matches. */
  async assertNotFinished(jobId: string, says: RegExp, ...options: string[]): Promise<void> {
    const outcome = await this.dlslurm("finish", ...options);
    const said = `${outcome.stdout}${outcome.stderr}`;
    assert.equal(outcome.code, 1, said);
    assert.match(said, says);
    await this.assertOpen(jobId);
  }

  /** Requires that finish commits the job, once, and that the next finish has nothing to do. */
  async assertFinishes(jobId: string, state = "Completed"): Promise<void> {
    const outcome = await this.dlslurm("finish");
    assert.equal(outcome.code, 0, `${outcome.stdout}${outcome.stderr}`);
    await this.dlslurm("finish");
    assert.deepEqual(await this.dataset.log(), [
      `[DATALAD SLURM RUN] Slurm job ${jobId}: ${state}`,
      "Add files",
    ]);
    assert.deepEqual(storedJobs(this.dataset).map(({ stage }) => stage), ["finished"]);
    assert.deepEqual(storedClaims(this.dataset), []);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.setScenario({});
    await super[Symbol.asyncDispose]();
  }
}
