import { hostname } from "node:os";
import { readProcessStat } from "./spawn_detached.ts";

/** Names one process beyond the reuse of its number: by host, boot and start. */
export interface ProcessIdentity {
  /** Its number, which the system gives to others later. */
  readonly pid: number;
  /** As hostname(1) prints it: the table may lie on a file system that machines share. */
  readonly host: string;
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

/** Identifies the process `pid` that started just now, or `ageMs` ago. */
export function identifyProcess(pid: number, ageMs = 0): ProcessIdentity {
  const uptimeS = Deno.osUptime();
  return {
    pid,
    host: hostname(),
    startedS: Math.round(uptimeS - ageMs / 1000),
    bootedS: Math.round(Date.now() / 1000 - uptimeS),
  };
}

/** Identifies this very process. */
export function ownIdentity(): ProcessIdentity {
  return identifyProcess(Deno.pid, performance.now());
}

/** Whether two identities were taken since the same boot of the same machine. */
export function isSameBoot(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.host === b.host && Math.abs(a.bootedS - b.bootedS) <= BOOT_TOLERANCE_S;
}

/** Whether the very process that `identity` names still runs; one of another host counts as gone. */
export function isAlive(identity: ProcessIdentity): boolean {
  const own = ownIdentity();
  if (!isSameBoot(identity, own)) return false;
  if (identity.pid === own.pid) {
    return Math.abs(identity.startedS - own.startedS) <= START_TOLERANCE_S;
  }
  const stat = readProcessStat(identity.pid);
  if (stat === undefined) return false;
  // The program's name may contain blanks and parentheses: fields count from the last ")".
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "Z" || state === "X") return false;
  return Math.abs(Number(fields[18]) / TICKS_PER_S - identity.startedS) <= START_TOLERANCE_S;
}
