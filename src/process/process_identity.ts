import * as v from "valibot";

/**
 * One process, told apart from every other one, also from a later one with the same process ID.
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Clock ticks since boot when it started, proc(5) `/proc/PID/stat` field 22; empty if unknown. */
  readonly startTime: string;
  /** `/proc/sys/kernel/random/boot_id`; empty if unknown. */
  readonly bootId: string;
}

const Identity = v.object({
  host: v.string(),
  pid: v.number(),
  startTime: v.string(),
  bootId: v.string(),
});

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return {
    host: Deno.hostname(),
    pid: Deno.pid,
    startTime: startTimeOf(Deno.pid) ?? "",
    bootId: read("/proc/sys/kernel/random/boot_id")?.trim() ?? "",
  };
}

/** Reads an identity that was written as JSON; `undefined` if it is none. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Identity), text);
  return parsed.success ? parsed.output : undefined;
}

/** Whether a process still runs; of another host that cannot be told. */
export function livenessOf(identity: ProcessIdentity): "alive" | "dead" | "elsewhere" {
  const own = ownIdentity();
  if (identity.host !== own.host) return "elsewhere";
  if (identity.bootId !== own.bootId) return "dead";
  return startTimeOf(identity.pid) === identity.startTime ? "alive" : "dead";
}

function startTimeOf(pid: number): string | undefined {
  // The command's name, in parentheses, may hold anything: the numbers start behind the last one.
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
