/**
 * The fake Slurm as a program of its own, for tests: `deno run fake_program.ts fake-slurm ARGS…`.
 */
import { fileURLToPath } from "node:url";
import { runFakeSlurm } from "../../src/fake_slurm/mod.ts";

/** argv prefix that starts this file with the permissions that the real program has. */
export const FAKE_PROGRAM: readonly string[] = [
  Deno.execPath(),
  ...["run", "--quiet", "--no-prompt", "--allow-run", "--allow-read", "--allow-write"],
  ...[
    "--allow-env",
    "--allow-sys",
    `--config=${fileURLToPath(new URL("../../deno.json", import.meta.url))}`,
  ],
  fileURLToPath(import.meta.url),
];

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

if (import.meta.main) {
  const status = await runFakeSlurm(Deno.args.slice(1), {
    io: { out: (text) => write(Deno.stdout, text), err: (text) => write(Deno.stderr, text) },
    env: Deno.env,
    cwd: Deno.cwd(),
    selfCommand: FAKE_PROGRAM,
  });
  // srun may still wait for input that nobody reads any more.
  Deno.exit(status);
}
