import * as v from "valibot";
import type { Runner } from "./runner.ts";
import { textOf } from "./runner.ts";

/**
 * One process, told apart from every other one: also from a later one with the same process ID, from one
 * in another container of the same machine, and whatever is done to the wall clock.
 */
export interface ProcessIdentity {
  /** As `hostname` names it; for people. */
  readonly host: string;
  /** `/etc/machine-id`, machine-id(5); empty where there is none. */
  readonly machine: string;
  /** The boot ID of the running kernel, proc(5): containers of one machine share it. Empty if unknown. */
  readonly boot: string;
  /** The PID namespace that `pid` counts in, pid_namespaces(7): `pid:[4026531836]`. Empty if unknown. */
  readonly pidNamespace: string;
  /** Process ID; reused after the process has ended. */
  readonly pid: number;
  /** Clock ticks between the boot and the start of the process: proc(5), `starttime`. */
  readonly startTicks: number;
}

const Identity = v.object({
  host: v.string(),
  machine: v.string(),
  boot: v.string(),
  pidNamespace: v.string(),
  pid: v.number(),
  startTicks: v.number(),
});

/**
 * The runtime may not read /proc itself; a shell may. It tells what the kernel calls the shell itself and
 * its parent, which is this program: with a /proc of another PID namespace both numbers are not ours.
 */
const IDENTIFY = "exec 2>/dev/null; read -r machine </etc/machine-id; " +
  "read -r boot </proc/sys/kernel/random/boot_id; read -r own </proc/self/stat; set -- $own; " +
  'read -r parent <"/proc/$4/stat"; [ "$1" = "$$" ] && space=$(readlink /proc/self/ns/pid); ' +
  'printf "%s\\n" "$machine" "$boot" "$space" "$parent"';

/** Says what the kernel knows of a process ID; where it knows nothing, why not. */
const READ_STAT =
  'read -r line 2>/dev/null <"/proc/$1/stat" && { printf "%s" "$line"; exit 0; }; ' +
  'kill -0 "$1"; exit 3';

const QUIET = { env: { LC_ALL: "C" } } as const;

/**
 * Finds out the identity of this process, with one child process. What the kernel does not tell stays
 * empty: then nobody will take this process for dead.
 */
export async function identifySelf(runner: Runner): Promise<ProcessIdentity> {
  const { stdout } = await runner.run(["/bin/sh", "-c", IDENTIFY], QUIET);
  const [machine = "", boot = "", pidNamespace = "", stat = ""] = textOf(stdout).split("\n");
  const { pid, startTicks } = parseStat(stat);
  const isOurs = pid === Deno.pid;
  return {
    host: Deno.hostname(),
    machine,
    boot,
    pidNamespace: isOurs ? pidNamespace : "",
    pid: Deno.pid,
    startTicks: isOurs ? startTicks : 0,
  };
}

/** Reads an identity that was written as JSON; `undefined` if it is none. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Identity), text);
  return parsed.success ? parsed.output : undefined;
}

/** The user ID that was noted with an identity, as JSON; `undefined` where there is none. */
export function uidIn(text: string): number | undefined {
  if (parseIdentity(text) === undefined) return undefined;
  const { uid } = JSON.parse(text) as { uid?: unknown };
  return Number.isSafeInteger(uid) && Number(uid) >= 0 ? Number(uid) : undefined;
}

/**
 * Whether a process still runs. `unknown`: nobody can tell from here, since it is one of another machine
 * or of another PID namespace; it must then be taken for alive.
 */
export type Liveness = "alive" | "dead" | "unknown";

/**
 * Whether the process with this identity still runs. This process itself counts as `dead`: what it asks
 * about are things that it is not doing now.
 */
export async function livenessOf(
  identity: ProcessIdentity | undefined,
  own: ProcessIdentity,
  runner: Runner,
): Promise<Liveness> {
  if (identity === undefined || identity.boot === "" || own.boot === "") return "unknown";
  if (identity.boot !== own.boot) {
    // The same machine since it was started anew; another one may have the same host name.
    const isSameMachine = identity.machine !== "" && identity.machine === own.machine;
    return isSameMachine && identity.host === own.host ? "dead" : "unknown";
  }
  if (identity.pidNamespace === "" || identity.pidNamespace !== own.pidNamespace) return "unknown";
  // This process, or one before it that had the same number.
  if (identity.pid === own.pid) return "dead";
  const said = await runner.run(["/bin/sh", "-c", READ_STAT, "sh", String(identity.pid)], QUIET);
  if (said.code !== 0) {
    // Another user's process may be hidden (proc(5), hidepid), and yet refuses a signal.
    return /no such process/i.test(said.stderr) ? "dead" : "unknown";
  }
  const { state, startTicks } = parseStat(textOf(said.stdout));
  // A zombie has ended; only its parent has not looked yet.
  return startTicks === identity.startTicks && state !== "Z" && state !== "X" ? "alive" : "dead";
}

/** The first line of /proc/PID/stat: `PID (NAME) STATE …`; the name may hold anything but a line break. */
function parseStat(line: string): { pid: number; state: string; startTicks: number } {
  const end = line.lastIndexOf(")");
  const [state = "", ...fields] = line.slice(end + 2).split(" ");
  return { pid: parseInt(line), state, startTicks: Number(fields[18] ?? NaN) };
}
