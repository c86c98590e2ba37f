import { ProgramNotFoundError, textOf } from "../../../process/runner.ts";
import type { Runner } from "../../../process/runner.ts";
import type { Finding } from "../finding.ts";

/** A file system, as df(1) shows it. */
export interface Disk {
  /** Its type: `ext2/ext3`, `nfs4`, `lustre`. */
  readonly type: string;
  /** Room that an ordinary user may fill. */
  readonly freeBytes: number;
  /** Files that may still be made; `undefined` where the file system sets no limit. */
  readonly freeFiles: number | undefined;
  /** Where it is mounted. */
  readonly place: string;
}

/** Asks df about the file system of a folder; `undefined` where its df cannot tell. */
export async function askDisk(runner: Runner, folder: string): Promise<Disk | undefined> {
  const argv = ["df", "-k", "--output=fstype,avail,itotal,iavail,target", folder] as const;
  try {
    const { code, stdout } = await runner.run(argv, { env: { LC_ALL: "C" }, timeoutMs: 30_000 });
    return code === 0 ? parseDisk(textOf(stdout)) : undefined;
  } catch (error) {
    if (error instanceof ProgramNotFoundError) return undefined;
    throw error;
  }
}

/** Reads what df printed: a header, and a line. */
export function parseDisk(stdout: string): Disk | undefined {
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  const [, type, free, files, freeFiles, place] =
    /^(\S+)\s+([0-9]+)\s+([0-9]+|-)\s+([0-9]+|-)\s+(.*)$/.exec(line) ?? [];
  if (type === undefined || place === undefined) return undefined;
  const hasLimit = files !== "-" && files !== "0" && freeFiles !== "-";
  return {
    ...{ type, place },
    freeBytes: Number(free) * 1024,
    freeFiles: hasLimit ? Number(freeFiles) : undefined,
  };
}

const GB = 1e9;
/** With less not even the store and git's objects are safe. */
const LEAST_BYTES = 100e6;
const LEAST_FILES = 1_000;
const FEW_BYTES = 5 * GB;
const FEW_FILES = 100_000;

/** File systems of one machine, which its disk or memory holds. */
const LOCAL = /^(ext[234]|ext2\/ext3|xfs|btrfs|tmpfs|ramfs|overlay|overlayfs)$/;

/**
 * Whether there is room for outputs, and whether nodes can see the file system at all.
 *
 * @param isController whether this machine runs the controller; `undefined` if that is not known.
 */
export function checkDisk(disk: Disk | undefined, isController: boolean | undefined): Finding[] {
  if (disk === undefined) {
    const message = "df reports nothing for the file system of the dataset";
    return [{ check: "disk-space", verdict: "note", message }];
  }
  const { type, freeBytes, freeFiles, place } = disk;
  const room = `${(freeBytes / GB).toFixed(1)} GB` +
    (freeFiles === undefined ? "" : ` and ${freeFiles} files`);
  const files = freeFiles ?? Infinity;
  const isFull = freeBytes < LEAST_BYTES || files < LEAST_FILES;
  const isShort = freeBytes < FEW_BYTES || files < FEW_FILES;
  const findings: Finding[] = [
    isShort
      ? {
        ...{ check: "disk-space", verdict: isFull ? "problem" : "note" },
        message: `on ${place} there is room for ${room}`,
        consequence:
          "jobs cannot write their outputs, and finish cannot save them, once it is full",
        hint: `free space on ${place}`,
      }
      : {
        ...{ check: "disk-space", verdict: "ok" },
        message: `on ${place} (${type}) there is room for ${room}; quotas are not looked at`,
      },
  ];
  if (LOCAL.test(type) && isController === false) {
    findings.push({
      ...{ check: "seen-by-nodes", verdict: "note" },
      message:
        `${place} is a disk of this machine (${type}), and the controller is another machine`,
      consequence: "nodes may not see the dataset: their jobs fail at once, or write elsewhere",
      hint: "try: srun ls in the dataset; keep datasets on the file system that all nodes share",
    });
  }
  return findings;
}
