import { join } from "node:path";

const FOLDER = new URL("../../fixtures/slurm", import.meta.url).pathname;

/** What a real Slurm answered to one call. */
export interface Recording {
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** The versions of Slurm that were recorded. */
export const VERSIONS = ["22.05", "24.11"] as const;

/** Reads a recorded answer: `fixtures/slurm/<version>/<name>`. */
export function readRecording(version: string, name: string): Recording {
  const read = (file: string) => Deno.readTextFileSync(join(FOLDER, version, name, file));
  return {
    argv: JSON.parse(read("argv.json")),
    stdout: read("stdout"),
    stderr: read("stderr"),
    code: Number(read("exit_code")),
  };
}
