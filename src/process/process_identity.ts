import * as v from "valibot";
import type { Runner } from "./runner.ts";
import { textOf } from "./runner.ts";

/** One process, told apart from every other one, also from a later one with the same process ID. */
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

const Identity = v.object({
  host: v.string(),
  pid: v.number(),
  startedS: v.number(),
  bootedS: v.number(),
});

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

/** Whether two identities were taken since the same boot of the same host. */
export function isSameBoot(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.host === b.host && Math.abs(a.bootedS - b.bootedS) <= BOOT_TOLERANCE_S;
}

/** The command whose answer {@linkcode isStillRunning} reads; run it with `LC_ALL=C`. */
export function statCommand({ pid }: ProcessIdentity): [string, ...string[]] {
  return ["/bin/sh", "-c", READ_STAT, "sh", String(pid)];
}

/** Whether `identity`, of this host and boot, still runs by what {@linkcode statCommand} said. */
export function isStillRunning(
  identity: ProcessIdentity,
  said: { readonly code: number; readonly stdout: string; readonly stderr: string },
): boolean {
  // Another user's process that is hidden from us (proc(5), hidepid) still refuses a signal.
  if (said.code !== 0) return /not permitted/i.test(said.stderr);
  // The command's name, in parentheses, may hold anything: the numbers start behind the last one.
  const [state, ...fields] = said.stdout.slice(said.stdout.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended; only its parent has not looked yet.
  if (state === "Z" || state === "X") return false;
  const startedS = Number(fields[18]) / TICKS_PER_S;
  // It may have been another program before (the start script, which unpacks for seconds); a process that
  // got the same number later has started later.
  return startedS <= identity.startedS + START_TOLERANCE_S;
}

/** Reads an identity that was written as JSON; `undefined` if it is none. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Identity), text);
  return parsed.success ? parsed.output : undefined;
}

/** `elsewhere`: on another host, or unknown; nobody here can tell. */
export type Liveness = "alive" | "dead" | "elsewhere";

/**
 * Whether another process still runs. This process itself counts as `dead`: what it asks about are
 * things that it is not doing now.
 */
export async function livenessOf(
  identity: ProcessIdentity | undefined,
  runner: Runner,
): Promise<Liveness> {
  const own = ownIdentity();
  if (identity === undefined || identity.host !== own.host) return "elsewhere";
  if (identity.pid === own.pid || !isSameBoot(identity, own)) return "dead";
  const { code, stdout, stderr } = await runner.run(statCommand(identity), {
    env: { LC_ALL: "C" },
  });
  return isStillRunning(identity, { code, stdout: textOf(stdout), stderr }) ? "alive" : "dead";
}
