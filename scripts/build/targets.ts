/**
 * The processors that dlslurm is built for, and the runtime for each.
 *
 * @module
 */

/** A kind of machine that a file is built for. */
export interface Target {
  /** As Deno names it. */
  readonly triple: string;
  /** As `uname -m` names its processor. */
  readonly cpu: string;
  /** What people call such a processor. */
  readonly words: string;
  /** Where a system with glibc has the loader that the runtime asks for. */
  readonly loader: string;
  /** The npm package that holds the runtime. */
  readonly packageName: string;
  /** SHA-512 of that package's tarball, as npm writes it. */
  readonly integrity: string;
}

/** Version of the runtimes that are pinned here; what bundles the program has to be the same. */
export const RUNTIME_VERSION = "2.9.6";

/** All targets. A new version of Deno: `npm view @deno/linux-arm64-glibc@VERSION dist.integrity`. */
export const TARGETS: readonly Target[] = [
  {
    triple: "aarch64-unknown-linux-gnu",
    cpu: "aarch64",
    words: "64-bit ARM",
    loader: "/lib/ld-linux-aarch64.so.1",
    packageName: "@deno/linux-arm64-glibc",
    integrity:
      "sha512-poqhoH9B3nYloigEMPT5t8HY+wBeiuea1An5Q7fqgJzP0SYmWsoS/oUnWO/pEiA4ofzIBy1Elt/in58xKtxEoQ==",
  },
  {
    triple: "x86_64-unknown-linux-gnu",
    cpu: "x86_64",
    words: "64-bit Intel and AMD",
    loader: "/lib64/ld-linux-x86-64.so.2",
    packageName: "@deno/linux-x64-glibc",
    integrity:
      "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
  },
];

/**
 * The target of that name.
 *
 * @throws {RangeError} If nothing is built for it.
 */
export function requireTarget(triple: string): Target {
  const target = TARGETS.find((one) => one.triple === triple);
  if (target !== undefined) return target;
  const known = TARGETS.map((one) => one.triple).join(", ");
  throw new RangeError(`Cannot build for "${triple}": the targets are ${known}`);
}
