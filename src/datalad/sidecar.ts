import { basename, join } from "node:path";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import { ProgramNotFoundError, textOf } from "../process/runner.ts";
import type { Runner, RunOptions } from "../process/runner.ts";
import type { Dataset } from "./dataset.ts";

/**
 * Reads a run record that is kept beside the commit message: the first line of an xz-compressed
 * JSON-lines file named by its ID (DataLad, "provenance capture").
 *
 * @throws {SyntaxError} If the file is not there or is not xz-compressed.
 * @throws {UserError} `BAD_RECORD` if there is no xz on PATH.
 */
export async function readSidecar(runner: Runner, dataset: Dataset, id: string): Promise<string> {
  if (!/^[\w.-]+$/.test(id)) throw new SyntaxError(`"${id}" is no sidecar ID`);
  const file = join(dataset.root, folderOf(dataset), id);
  const result = await runXz(runner, ["-dc", "--", file], {});
  if (result.code !== 0) {
    throw new SyntaxError(`its sidecar cannot be read: ${result.stderr.trim()}`);
  }
  return textOf(result.stdout).split("\n")[0]!;
}

/**
 * Writes a run record beside the commit message.
 *
 * A crash leaves a file that no commit has; it is written again under the same name.
 *
 * @param json the record on one line.
 * @returns its ID, and its path relative to the dataset's root.
 */
export async function writeSidecar(
  runner: Runner,
  dataset: Dataset,
  json: string,
): Promise<{ readonly id: string; readonly path: string }> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(json));
  // 32 digits, as DataLad's IDs have.
  const id = new Uint8Array(digest).toHex().slice(0, 32);
  const path = join(folderOf(dataset), id);
  const result = await runXz(runner, ["-zc"], { stdin: `${json}\n` });
  if (result.code !== 0) {
    throw new UserError("BAD_RECORD", "Cannot write a sidecar record: xz failed", {
      detail: result.stderr,
    });
  }
  await Deno.mkdir(join(dataset.root, folderOf(dataset)), { recursive: true });
  await writeFileAtomic(join(dataset.root, path), result.stdout);
  return { id, path };
}

/** Whether `datalad.run.record-sidecar` asks for records beside the message. */
export function wantsSidecar(dataset: Dataset): boolean {
  return dataset.config.getBoolean("datalad.run.record-sidecar") === true;
}

/** Whether a file of the dataset is a sidecar, by its path relative to the root. */
export function isSidecar(dataset: Dataset, path: string): boolean {
  return join(folderOf(dataset), basename(path)) === path;
}

function folderOf(dataset: Dataset): string {
  return dataset.config.get("datalad.run.record-directory") ?? join(".datalad", "runinfo");
}

async function runXz(runner: Runner, args: readonly string[], options: RunOptions) {
  try {
    return await runner.run(["xz", ...args], options);
  } catch (error) {
    if (!(error instanceof ProgramNotFoundError)) throw error;
    throw new UserError("BAD_RECORD", "Cannot handle sidecar records: there is no xz on PATH", {
      hint: "install xz-utils, or load its module, then run the same command again",
      cause: error,
    });
  }
}
