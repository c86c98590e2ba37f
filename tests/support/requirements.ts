/**
 * Tests that need a program which is not everywhere.
 *
 * Where it is missing the test is skipped, and its name says why; with `DLSLURM_TEST_NO_SKIP=1` it
 * fails instead, so that no machine that is meant to run everything skips anything unseen.
 *
 * @module
 */
import { reasonAgainstArm64 } from "./arm64.ts";
import { hasPythonModule } from "./python.ts";

/** Something that a test needs beside git and Deno. */
export type Requirement =
  | "git-annex"
  | "datalad"
  | "slurm"
  | "chroot"
  | "root"
  | "mount"
  | "strace"
  | "zsh"
  | "fish"
  | "mandoc"
  | "chromium"
  | "xz"
  | "npm"
  | "arm64"
  | "python3"
  | "prov";

/** What a test needs for each kind of Slurm. */
export const SLURM_REQUIREMENTS = {
  fake: [],
  replay: [],
  real: ["slurm"],
  chroot: ["chroot"],
} as const satisfies Record<string, readonly Requirement[]>;

type TestBody = (context: Deno.TestContext) => void | Promise<void>;

/** Name of the variable that turns skipping into failing when it is `1`. */
const NO_SKIP = "DLSLURM_TEST_NO_SKIP";

/**
 * Folder of a second system with a Slurm of its own, as scripts/start_slurm_chroot.sh makes it; empty
 * if there is none.
 */
export const CHROOT: string = (Deno.env.get("DLSLURM_TEST_CHROOT") ?? "").replace(/^none$/, "");

/** `DLSLURM_TEST_CHROOT=none` says that there cannot be one: then even NO_SKIP lets it be skipped. */
const HAS_NO_CHROOT = Deno.env.get("DLSLURM_TEST_CHROOT") === "none";

const reasons = new Map<Requirement, string | undefined>();

/** Registers a test that runs where all `requirements` are met. */
export function testIfAvailable(
  requirements: readonly Requirement[],
  name: string,
  test: TestBody,
): void {
  const missing = requirements.filter((one) => findReasonAgainst(one) !== undefined);
  if (missing.length === 0) {
    Deno.test(name, test);
    return;
  }
  const reason = missing.map(findReasonAgainst).join(", ");
  const mayBeSkipped = HAS_NO_CHROOT && missing.every((one) => one === "chroot");
  if (Deno.env.get(NO_SKIP) === "1" && !mayBeSkipped) {
    Deno.test(name, () => {
      throw new Error(`Cannot run this test: ${reason}, and ${NO_SKIP} is set`);
    });
  } else {
    Deno.test({ name: `${name} [skipped: ${reason}]`, ignore: true, fn: test });
  }
}

/** Says why `requirement` is not met here, or `undefined` if it is. */
function findReasonAgainst(requirement: Requirement): string | undefined {
  if (!reasons.has(requirement)) reasons.set(requirement, CHECKS[requirement]());
  return reasons.get(requirement);
}

const CHECKS: Readonly<Record<Requirement, () => string | undefined>> = {
  "git-annex": () => reasonIfNotOnPath("git-annex"),
  datalad: () => reasonIfNotOnPath("datalad"),
  zsh: () => reasonIfNotOnPath("zsh"),
  fish: () => reasonIfNotOnPath("fish"),
  mandoc: () => reasonIfNotOnPath("mandoc"),
  chromium: () => reasonIfNotOnPath("chromium"),
  xz: () => reasonIfNotOnPath("xz"),
  npm: () => reasonIfNotOnPath("npm"),
  arm64: reasonAgainstArm64,
  python3: () => reasonIfNotOnPath("python3"),
  prov: reasonAgainstProv,
  slurm: () => reasonIfNotOnPath("sbatch") ?? reasonIfSlurmIsDown("scontrol"),
  chroot: reasonAgainstChroot,
  root: () => Deno.uid() === 0 ? undefined : "not run as root",
  mount: reasonIfMountsAreRefused,
  strace: () => reasonIfNotOnPath("strace") ?? reasonIfTracingIsRefused(),
};

function reasonIfNotOnPath(program: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  return folders.some((folder) => isFile(`${folder}/${program}`))
    ? undefined
    : `${program} is not on PATH`;
}

function reasonAgainstProv(): string | undefined {
  return hasPythonModule("prov") ? undefined : "the Python package prov is not installed";
}

function reasonIfSlurmIsDown(...scontrol: [string, ...string[]]): string | undefined {
  const [program, ...args] = scontrol;
  try {
    const command = new Deno.Command(program, { args: [...args, "ping"], stdin: "null" });
    const answer = new TextDecoder().decode(command.outputSync().stdout);
    return /\bis UP\b/.test(answer) ? undefined : "no slurmctld answers";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `${program} is not on PATH`;
    throw error;
  }
}

function reasonAgainstChroot(): string | undefined {
  if (CHROOT === "") return "DLSLURM_TEST_CHROOT names no chroot";
  if (Deno.uid() !== 0) return "not run as root";
  const probe = Deno.makeTempFileSync();
  try {
    if (!isFile(`${CHROOT}${probe}`)) return `temporary files are not shared with "${CHROOT}"`;
  } finally {
    Deno.removeSync(probe);
  }
  return reasonIfSlurmIsDown("chroot", CHROOT, "scontrol");
}

function reasonIfMountsAreRefused(): string | undefined {
  const reason = "mounts in a namespace of its own are refused";
  const command = "mount -t tmpfs none /mnt";
  try {
    const { success } = new Deno.Command("unshare", {
      args: ["--mount", "sh", "-c", command],
      stdin: "null",
    }).outputSync();
    return success ? undefined : reason;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return reason;
    throw error;
  }
}

function reasonIfTracingIsRefused(): string | undefined {
  const args = ["-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"];
  const { success } = new Deno.Command("strace", { args, stdin: "null", stderr: "null" })
    .outputSync();
  return success ? undefined : "strace may not trace here";
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
