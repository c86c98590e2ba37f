import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Names one process beyond the reuse of its number: by host, boot and start time. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  readonly boot: string;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTicks: string;
}

/** Identifies the running process `pid`; `undefined` if there is none or it has ended (a zombie). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name may contain blanks and parentheses: fields count from the last ")".
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return { pid, host: hostname(), boot: bootId(), startTicks: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

/** Whether the very process that `identity` names still runs; one of another host counts as gone. */
export function isAlive(identity: ProcessIdentity): boolean {
  const current = identifyProcess(identity.pid);
  return current !== undefined && current.host === identity.host &&
    current.boot === identity.boot && current.startTicks === identity.startTicks;
}

let cachedBootId: string | undefined;

function bootId(): string {
  return cachedBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** Session of the process `pid`, or 0 if it cannot be told. */
export function sessionOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3] ?? 0);
  } catch {
    return 0;
  }
}
