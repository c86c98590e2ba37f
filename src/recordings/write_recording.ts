import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { syncToDisk } from "../fs/write_file_atomic.ts";
import { FILES_FOLDER, MANIFEST, type Recording } from "./format.ts";

/**
 * Requires that `directory` can become a recording: not there, or empty.
 *
 * @throws {UserError} `FAKE_SLURM` if something is there, `DISK` if its place cannot be written.
 */
export async function requireFree(directory: string): Promise<void> {
  try {
    for await (const _entry of Deno.readDir(directory)) {
      throw new UserError("FAKE_SLURM", `Cannot record into "${directory}": it is not empty`, {
        hint: "name a new folder, or remove that one; nothing was run",
      });
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (!(error instanceof Deno.errors.NotFound)) throw refused(directory, error);
  }
  try {
    await Deno.mkdir(dirname(directory), { recursive: true });
    // Found out now, not when everything is recorded and would be lost.
    await Deno.remove(await Deno.makeTempDir({ dir: dirname(directory), prefix: ".recording-" }));
  } catch (error) {
    throw refused(directory, error);
  }
}

/**
 * Writes a recording in one step: after a crash there is the whole folder or none.
 *
 * @throws {UserError} `DISK` if it cannot be written.
 */
export async function writeRecording(directory: string, recording: Recording): Promise<void> {
  const temporary = join(dirname(directory), `.${basename(directory)}.tmp-${crypto.randomUUID()}`);
  try {
    await Deno.mkdir(temporary);
    for (const call of recording.calls) {
      const folder = join(temporary, call.folder);
      await Deno.mkdir(folder);
      await Deno.writeTextFile(join(folder, "argv.json"), `${JSON.stringify(call.argv)}\n`);
      await Deno.writeTextFile(join(folder, "stdout"), call.stdout);
      await Deno.writeTextFile(join(folder, "stderr"), call.stderr);
      await Deno.writeTextFile(join(folder, "exit_code"), `${call.exitCode}\n`);
    }
    for (const { path, text } of recording.files) {
      const file = join(temporary, FILES_FOLDER, path);
      await Deno.mkdir(dirname(file), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    await Deno.writeTextFile(join(temporary, MANIFEST), renderManifest(recording));
    await syncToDisk(join(temporary, MANIFEST));
    // An empty folder gives way.
    await Deno.remove(directory).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    await Deno.rename(temporary, directory);
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => undefined);
    throw refused(directory, error);
  }
}

/** One line per call and file, so that a diff shows which one changed. */
function renderManifest({ manifest }: Recording): string {
  const { calls, files, ...head } = manifest;
  const list = (entries: readonly unknown[]) =>
    entries.length === 0
      ? "[]"
      : `[\n${entries.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n")}\n  ]`;
  const text = JSON.stringify(head, null, 2).replace(/\n\}$/, "");
  return `${text},\n  "calls": ${list(calls)},\n  "files": ${list(files)}\n}\n`;
}

function refused(directory: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError("DISK", `Cannot write recording "${directory}": ${reason}`, {
    hint: "name a folder on a disk that has room and may be written",
    cause,
  });
}
