import type { TestDataset } from "../../support/datasets.ts";
import { createExtensionDataset } from "../../support/extension_database.ts";
import { Sandbox } from "../../support/sandbox.ts";
import { TestSlurm } from "../../support/slurm.ts";

/** What a test of the extension's jobs works with. */
export interface Setting {
  readonly sandbox: Sandbox;
  readonly slurm: TestSlurm;
  readonly dataset: TestDataset;
}

/** A dataset with the ID that the extension's file is named after, and the embedded Slurm. */
export async function inDataset(test: (setting: Setting) => Promise<void>): Promise<void> {
  await using sandbox = await Sandbox.create();
  await using slurm = await TestSlurm.startFake(sandbox);
  await test({ sandbox, slurm, dataset: await createExtensionDataset(sandbox) });
}

/** A file's bytes, to be compared. */
export async function bytesOf(path: string): Promise<string> {
  return (await Deno.readFile(path)).toHex();
}
