import { join } from "node:path";
import { SLURM_FIXTURES } from "../support/slurm_fixtures.ts";

/** What a real Slurm answered to one call. */
interface Recording {
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Reads a recorded answer: `fixtures/slurm/<version>/<name>`. */
export function readRecording(version: string, name: string): Recording {
  const read = (file: string) => Deno.readTextFileSync(join(SLURM_FIXTURES, version, name, file));
  return {
    argv: JSON.parse(read("argv.json")),
    stdout: read("stdout"),
    stderr: read("stderr"),
    code: Number(read("exit_code")),
  };
}
