import { parseSlurmTime } from "./query_sacct.ts";

/** What `scontrol show config` says. */
export interface ControllerConfig {
  /** The controller's clock when it answered, seconds since 1970; `null` if that was not said. */
  readonly atS: number | null;
  /** Settings of slurm.conf(5) by name, as printed; those without a value, `(null)` and `N/A`, are left out. */
  readonly values: ReadonlyMap<string, string>;
  /** The controllers, the primary one first, and whether each answers. */
  readonly daemons: readonly Daemon[];
}

/** A slurmctld. */
export interface Daemon {
  /** `primary`, `backup`, `backup1`. */
  readonly role: string;
  /** The machine that it runs on. */
  readonly host: string;
  /** Whether it answers. */
  readonly isUp: boolean;
}

/** Whether any line of an answer can be one of `scontrol show config`. */
export function isControllerConfig(stdout: string): boolean {
  return /^(?:Configuration data as of |[A-Za-z_]+ *=)/m.test(stdout);
}

/** Reads what `scontrol show config` printed; lines of another kind are passed over. */
export function parseControllerConfig(stdout: string): ControllerConfig {
  const values = new Map<string, string>();
  const daemons: Daemon[] = [];
  let atS: number | null = null;
  for (const line of stdout.split("\n")) {
    // `Slurmctld(primary) at HOST is UP`
    const [, role, host, word] = /^Slurmctld\((\S+)\) at (\S+) is (UP|DOWN)/.exec(line) ?? [];
    if (role !== undefined) {
      daemons.push({ role, host: host!, isUp: word === "UP" });
      continue;
    }
    const time = /^Configuration data as of (\S+)/.exec(line)?.[1];
    if (time !== undefined) {
      atS = parseSlurmTime(time);
      continue;
    }
    const [, name, value] = /^([A-Za-z_]+(?:\[[0-9]+\])?)\s*= ?(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    if (value !== "" && value !== "(null)" && value !== "N/A") values.set(name, value);
  }
  return { atS, values, daemons };
}

/** A setting that is a number, with its unit or without: `300 sec`; `undefined` if it is none, or not said. */
export function numberOfSetting(config: ControllerConfig, name: string): number | undefined {
  const digits = /^([0-9]+)(?: sec)?$/.exec(config.values.get(name) ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}
