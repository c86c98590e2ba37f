import { SlurmRefusal } from "../../context.ts";
import type { SlurmVersion } from "../../manager/slurm_version.ts";

/** One sacct field. */
export interface SacctField {
  /** Its name as the header shows it; `--format` takes it in any case. */
  readonly header: string;
  /** Characters; negative aligns to the left. */
  readonly width: number;
}

/** All fields of sacct 22.05 with their widths, in the order of `sacct --helpformat`. */
const OLDER_FIELDS = toFields(`
  Account:10 AdminComment:15 AllocCPUS:10 AllocNodes:10 AllocTRES:10 AssocID:7 AveCPU:10
  AveCPUFreq:10 AveDiskRead:14 AveDiskWrite:14 AvePages:10 AveRSS:10 AveVMSize:10 BlockID:16
  Cluster:10 Comment:14 Constraints:19 ConsumedEnergy:14 ConsumedEnergyRaw:17 Container:19
  CPUTime:10 CPUTimeRAW:10 DBIndex:-10 DerivedExitCode:15 Elapsed:10 ElapsedRaw:10 Eligible:19
  End:19 ExitCode:8 Flags:19 GID:6 Group:9 JobID:-12 JobIDRaw:-12 JobName:10 Layout:9
  MaxDiskRead:12 MaxDiskReadNode:15 MaxDiskReadTask:15 MaxDiskWrite:12 MaxDiskWriteNode:16
  MaxDiskWriteTask:16 MaxPages:8 MaxPagesNode:12 MaxPagesTask:14 MaxRSS:10 MaxRSSNode:10
  MaxRSSTask:10 MaxVMSize:10 MaxVMSizeNode:14 MaxVMSizeTask:14 McsLabel:12 MinCPU:10
  MinCPUNode:10 MinCPUTask:10 NCPUS:10 NNodes:8 NodeList:15 NTasks:8 Partition:10 Priority:10
  QOS:10 QOSRAW:6 Reason:22 ReqCPUFreq:10 ReqCPUFreqGov:13 ReqCPUFreqMax:13 ReqCPUFreqMin:13
  ReqCPUS:8 ReqMem:10 ReqNodes:8 ReqTRES:10 Reservation:20 ReservationId:8 Reserved:10 ResvCPU:10
  ResvCPURAW:10 Start:19 State:10 Submit:19 SubmitLine:20 Suspended:10 SystemComment:15
  SystemCPU:10 Timelimit:10 TimelimitRaw:10 TotalCPU:10 TRESUsageInAve:14 TRESUsageInMax:14
  TRESUsageInMaxNode:18 TRESUsageInMaxTask:18 TRESUsageInMin:14 TRESUsageInMinNode:18
  TRESUsageInMinTask:18 TRESUsageInTot:14 TRESUsageOutAve:15 TRESUsageOutMax:15
  TRESUsageOutMaxNode:19 TRESUsageOutMaxTask:19 TRESUsageOutMin:15 TRESUsageOutMinNode:19
  TRESUsageOutMinTask:19 TRESUsageOutTot:15 UID:6 User:9 UserCPU:10 WCKey:10 WCKeyID:10
  WorkDir:20
`);

/** What 24.11 has no more, and what it has instead. */
const DROPPED = ["DBIndex", "Reserved", "ResvCPU", "ResvCPURAW"];
const ADDED = toFields(`
  DBIndex:-21 Extra:14 FailedNode:8 Licenses:10 Planned:10 PlannedCPU:10 PlannedCPURAW:13
  QOSREQ:10 Restarts:8 SLUID:14 StdErr:20 StdIn:20 StdOut:20
`);

const FIELDS: Readonly<Record<SlurmVersion, readonly SacctField[]>> = {
  "22.05": OLDER_FIELDS,
  "24.11": [...OLDER_FIELDS.filter(({ header }) => !DROPPED.includes(header)), ...ADDED]
    .sort((a, b) => a.header.toLowerCase() < b.header.toLowerCase() ? -1 : 1),
};

function toFields(table: string): SacctField[] {
  return table.trim().split(/\s+/).map((word) => {
    const [header = "", width] = word.split(":");
    return { header, width: Number(width) };
  });
}

/** What sacct shows when nothing else is asked for. */
export const DEFAULT_FORMAT = "jobid,jobname,partition,account,alloccpus,state,exitcode";

/**
 * Reads `--format`: names in any case, or their beginnings, with an optional `%width`.
 *
 * @throws {SlurmRefusal} In sacct's words, if there is no such field.
 */
export function parseFormat(text: string, version: SlurmVersion): SacctField[] {
  const known = FIELDS[version];
  return text.split(",").filter((word) => word !== "").flatMap((word) => {
    if (word.toLowerCase() === "all") return known;
    const [, name = "", width] = /^([^%]*)(?:%(-?\d+))?/.exec(word) ?? [];
    const field = known.find(({ header }) => header.toLowerCase().startsWith(name.toLowerCase()));
    if (field === undefined || name === "") {
      throw new SlurmRefusal(`sacct: error: Invalid field requested: "${name}"\n`);
    }
    return [width === undefined ? field : { header: field.header, width: Number(width) }];
  });
}

/** Fits a value into a column: cut with a `+` where it does not fit. */
export function fitWithPlus(value: string, width: number): string {
  const size = Math.abs(width);
  const cut = value.length > size ? `${value.slice(0, size - 1)}+` : value;
  return width < 0 ? cut.padEnd(size) : cut.padStart(size);
}
