/**
 * One process, told apart from every other one, also from a later one with the same process ID. Found out
 * at once and without a child process, which a Slurm that answers a thousand calls cannot afford.
 */
export interface ProcessIdentity {
  /** As `hostname` names it; processes of other hosts cannot be looked at. */
  readonly host: string;
  /** Process ID on that host; reused after the process has ended. */
  readonly pid: number;
  /** Seconds between the machine's boot and the start of the process. */
  readonly startedS: number;
  /** Seconds since 1970 of that boot. */
  readonly bootedS: number;
}

/** Both start times are rounded, one by us and one by the kernel. */
const START_TOLERANCE_S = 3;
/** The wall clock may have been set since; a boot takes longer than that to come round. */
const BOOT_TOLERANCE_S = 120;
/** USER_HZ, the unit of times in proc(5), is 100 on Linux whatever the kernel's own HZ. */
const TICKS_PER_S = 100;
/** The runtime may not read /proc itself; the shell's builtins may. */
const READ_STAT = 'read -r line < "/proc/$1/stat" && { printf "%s" "$line"; exit 0; }; ' +
  'kill -0 "$1"; exit 3';

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return identifyProcess(Deno.pid, performance.now());
}

/** The identity of the process `pid` of this host that was started `ageMs` milliseconds ago. */
export function identifyProcess(pid: number, ageMs: number): ProcessIdentity {
  const uptimeS = Deno.osUptime();
  return {
    host: Deno.hostname(),
    pid,
    startedS: Math.round(uptimeS - ageMs / 1000),
    bootedS: Math.round(Date.now() / 1000 - uptimeS),
  };
}

/** How often processes that nobody waits for are looked for, in milliseconds: a look costs a process. */
export const LOSS_POLL_MS = 1000;

/**
 * Whether the very process that `identity` names still runs; one of another host counts as gone. It
 * answers at once, for use inside a transaction, which the `Runner` interface cannot.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  const own = ownIdentity();
  const isSameBoot = identity.host === own.host &&
    Math.abs(identity.bootedS - own.bootedS) <= BOOT_TOLERANCE_S;
  if (!isSameBoot) return false;
  // A process that had our number before us started earlier.
  if (identity.pid === own.pid) return identity.startedS >= own.startedS - 1;
  const { code, stdout, stderr } = new Deno.Command("/bin/sh", {
    args: ["-c", READ_STAT, "sh", String(identity.pid)],
    env: { LC_ALL: "C" },
    stdin: "null",
  }).outputSync();
  const decoder = new TextDecoder();
  // Another user's process that is hidden from us (proc(5), hidepid) still refuses a signal.
  if (code !== 0) return /not permitted/i.test(decoder.decode(stderr));
  const line = decoder.decode(stdout);
  // The command's name, in parentheses, may hold anything: the numbers start behind the last one.
  const [state, ...fields] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended; only its parent has not looked yet.
  if (state === "Z" || state === "X") return false;
  // It may have been another program before (the start script, which unpacks for seconds); a process that
  // got the same number later has started later.
  return Number(fields[18]) / TICKS_PER_S <= identity.startedS + START_TOLERANCE_S;
}
