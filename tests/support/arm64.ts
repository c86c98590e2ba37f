/**
 * Programs for 64-bit ARM on whatever machine this is: by qemu, with Debian's packages qemu-user-static,
 * libc6-arm64-cross and libgcc-s1-arm64-cross.
 *
 * The kernel is told to hand such programs to qemu in a namespace of the test's own, which Linux 6.7 lets
 * everybody do; where the machine does it anyway, it is left as it is.
 *
 * @module
 */

const LIBRARIES = "/usr/aarch64-linux-gnu";
/** Itself a program for ARM. */
const LOADER = `${LIBRARIES}/lib/ld-linux-aarch64.so.1`;

/** First bytes of an ELF file for this processor, and which of their bits count: binfmt_misc's format. */
const MAGIC = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const MASK = String
  .raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;

const REGISTER = `
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit
printf '%s' "$1" >/proc/sys/fs/binfmt_misc/register || exit
shift
exec "$@"
`;

/** What the environment needs so that programs find ARM's libraries. */
export const ARM64_ENVIRONMENT: Readonly<Record<string, string>> = {
  QEMU_LD_PREFIX: LIBRARIES,
  // The oldest that is still in use; of the newest ones qemu checks each pointer: three times slower.
  QEMU_CPU: "cortex-a72",
};

let prefix: readonly string[] | undefined;

/** The words to put before a command so that programs for ARM run in it. */
export function arm64Prefix(): readonly string[] {
  return prefix ??= [[], namespacePrefix()].find(runsArm64) ?? [];
}

/** Why nothing for ARM can be run here; `undefined` if it can. */
export function reasonAgainstArm64(): string | undefined {
  return runsArm64(arm64Prefix()) ? undefined : "programs for 64-bit ARM cannot be run";
}

function namespacePrefix(): string[] {
  const entry = `:dlslurm-arm64:M::${MAGIC}:${MASK}:/usr/bin/qemu-aarch64-static:`;
  return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", REGISTER, "sh", entry];
}

function runsArm64(prefix: readonly string[]): boolean {
  const [program, ...args] = [...prefix, LOADER, "--version"];
  try {
    const { success, stdout } = new Deno.Command(program!, {
      args,
      env: ARM64_ENVIRONMENT,
      stdin: "null",
      stderr: "null",
    }).outputSync();
    return success && new TextDecoder().decode(stdout).startsWith("ld.so ");
  } catch {
    return false; // not there, or not to be executed
  }
}
