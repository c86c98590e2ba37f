import { join } from "node:path";
import type { Outcome, Sandbox } from "./sandbox.ts";
import { wrapDlslurm } from "./wrapped_programs.ts";

/** What every script of {@linkcode runWithSmallDisk} can call. */
const PRELUDE = `
fill() { dd if=/dev/zero of=disk/fill bs=1k count=4096 2>/dev/null || true; }
make_room() { rm disk/fill; }
make_read_only() { mount -o remount,ro disk; }
`;

/**
 * Runs a shell script in the sandbox's root, where `disk` is a file system of its own of half a MiB.
 *
 * It can call `dlslurm`, `fill` (not one byte is left), `make_room` and `make_read_only`. Needs the
 * requirement "mount"; the file system ends with the script.
 */
export async function runWithSmallDisk(sandbox: Sandbox, script: string): Promise<Outcome> {
  const disk = join(sandbox.root, "disk");
  await Deno.mkdir(disk);
  await wrapDlslurm(sandbox);
  const mount = 'mount -t tmpfs -o size=512k none "$0" || exit 99';
  return await sandbox.run([
    "unshare",
    "--mount",
    "sh",
    "-c",
    `${mount}\n${PRELUDE}${script}`,
    disk,
  ]);
}
