import assert from "node:assert/strict";
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

/**
 * Runs a program in the folder `root` while that lies on a disk that is full but for `freeKib`; the folder
 * is afterwards as the program left it. Needs the requirements "root" and "mount".
 *
 * @returns the program's exit status, and all that it printed as `stdout`.
 */
export async function runOnFullDisk(
  sandbox: Sandbox,
  root: string,
  freeKib: number,
  argv: readonly string[],
): Promise<Outcome> {
  const [disk, after] = [`${root}.disk`, `${root}.after`];
  const script = `set -e
root=$1 disk=$2 after=$3 free=$4
shift 4
mkdir "$disk"
mount -t tmpfs -o size=64m none "$disk"
cp -a "$root/." "$disk"
mount --bind "$disk" "$root"
cd "$root"
available=$(df --output=avail -k . | tail -n 1)
head -c $(((available - free) * 1024)) /dev/zero >.git/filler
status=0
"$@" 2>&1 || status=$?
rm .git/filler
cp -a . "$after"
exit "$status"`;
  const outcome = await sandbox.run(
    ["unshare", "--mount", "sh", "-c", script, "sh", root, disk, after, String(freeKib), ...argv],
  );
  assert.equal(outcome.stderr, "", "the disk could be made");
  await Deno.remove(disk);
  await Deno.remove(root, { recursive: true });
  await Deno.rename(after, root);
  return outcome;
}

/**
 * Runs a program in the folder `root` while that cannot be written to, as on a file system that is mounted
 * read-only. Needs the requirements "root" and "mount".
 */
export async function runOnReadOnlyDisk(
  sandbox: Sandbox,
  root: string,
  argv: readonly string[],
): Promise<Outcome> {
  const script = 'mount --bind . . && cd "$PWD" && mount -o remount,bind,ro . && exec "$@"';
  return await sandbox.run(["unshare", "--mount", "sh", "-c", script, "sh", ...argv], {
    cwd: root,
  });
}
